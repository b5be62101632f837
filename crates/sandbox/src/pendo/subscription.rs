//! One subscription while the server runs.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::config;
use super::kind::{Kind, Region};
use super::population::{ANONYMOUS, Population};
use super::schema::Field;
use crate::hash::{mix, salt};

/// A subscription: what never changes outside, the rest behind a lock.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) name: String,
    pub(super) region: Region,
    state: Mutex<State>,
}

/// What calls and tests change.
#[derive(Debug)]
pub(super) struct State {
    pub(super) keys: Vec<config::Key>,
    populations: [Population; Kind::ALL.len()],
    /// When the calls of the last second came.
    recent: VecDeque<i64>,
}

impl Subscription {
    pub(super) fn new(config: &config::Subscription, seed: u64) -> Self {
        let mut state = State {
            keys: config.keys.clone(),
            populations: Kind::ALL.map(Population::new),
            recent: VecDeque::new(),
        };
        for field in &config.fields {
            let mut made = Field::new(field.group, &field.name, field.r#type);
            if !field.display_name.is_empty() {
                made.display_name.clone_from(&field.display_name);
            }
            made.is_hidden = field.hidden;
            made.is_deleted = field.deleted;
            state.of_mut(field.kind).schema.put(made);
        }
        for (kind, ids) in [
            (Kind::Visitor, &config.visitors),
            (Kind::Account, &config.accounts),
        ] {
            for id in ids {
                state.of_mut(kind).find_or_add(id, true);
            }
        }
        let seed = mix(seed ^ salt(&config.name));
        for n in 0..config.anonymous {
            let id = format!("{ANONYMOUS}{:016x}", mix(seed ^ u64::from(n)));
            state.of_mut(Kind::Visitor).find_or_add(&id, true);
        }
        Self {
            name: config.name.clone(),
            region: config.region,
            state: Mutex::new(state),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(super) fn of(&self, kind: Kind) -> &Population {
        &self.populations[kind as usize]
    }

    pub(super) fn of_mut(&mut self, kind: Kind) -> &mut Population {
        &mut self.populations[kind as usize]
    }

    /// Counts a call; `false` when the second is full. A refused call does not count.
    pub(super) fn may_call(&mut self, now: i64, per_second: u32) -> bool {
        while self.recent.front().is_some_and(|at| at + 1_000 <= now) {
            self.recent.pop_front();
        }
        let may = per_second == 0 || self.recent.len() < per_second as usize;
        if may && per_second > 0 {
            self.recent.push_back(now);
        }
        may
    }
}

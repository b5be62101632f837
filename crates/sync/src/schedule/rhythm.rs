//! How often.

use std::{fmt, str::FromStr};

use super::Cron;

/// The shortest interval, in minutes: a run of two levels takes its time, and each one costs calls.
pub(super) const SHORTEST: u16 = 5;

/// The longest, in minutes: a day. What comes less often has days, and is written as a cron expression.
const LONGEST: u16 = 24 * 60;

/// How often a subscription is synced by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Rhythm {
    /// Every night, between midnight and six o'clock of the subscription's time zone.
    #[default]
    Nightly,
    /// Every so many minutes, 5 to 1,440.
    Every(u16),
    /// Whenever a cron expression says so, in the subscription's time zone.
    Cron(Cron),
}

/// Why a text is no rhythm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRhythm {
    /// It begins like none.
    #[error(
        "{0:?} is no rhythm: write nightly, hourly, every 30 minutes, or cron and an expression such as 0 3 * * 1-5"
    )]
    Unknown(String),
    /// The interval is too short or too long.
    #[error("an interval is {SHORTEST} to {LONGEST} minutes, not {0}")]
    Interval(String),
    /// The expression cannot be read.
    #[error("the cron expression cannot be read: {0}")]
    Cron(String),
    /// It asks for runs too close to each other.
    #[error("the cron expression asks for runs less than {SHORTEST} minutes apart")]
    TooOften,
    /// It never comes about, such as on 30 February.
    #[error("the cron expression never comes about")]
    Never,
}

impl FromStr for Rhythm {
    type Err = BadRhythm;

    /// Reads what [`Rhythm`] writes; `hourly`, `every 90` and any case as well.
    fn from_str(text: &str) -> Result<Self, BadRhythm> {
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match (word.to_ascii_lowercase().as_str(), rest.trim()) {
            ("nightly", "") => Ok(Self::Nightly),
            ("hourly", "") => Ok(Self::Every(60)),
            ("every", rest) => {
                let number = rest.strip_suffix("minutes").unwrap_or(rest).trim();
                match number.parse() {
                    Ok(minutes) if (SHORTEST..=LONGEST).contains(&minutes) => {
                        Ok(Self::Every(minutes))
                    }
                    _ => Err(BadRhythm::Interval(number.into())),
                }
            }
            ("cron", expression) if !expression.is_empty() => expression.parse().map(Self::Cron),
            _ => Err(BadRhythm::Unknown(text.into())),
        }
    }
}

impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nightly => f.write_str("nightly"),
            Self::Every(minutes) => write!(f, "every {minutes} minutes"),
            Self::Cron(cron) => write!(f, "cron {cron}"),
        }
    }
}

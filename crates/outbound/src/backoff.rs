//! Waits between tries.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Waits that grow by a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// Each next wait is so many times longer.
    pub factor: u32,
    /// But never longer than this.
    pub most: Duration,
    /// Calls in all, the first included.
    pub tries: u32,
}

/// A `Retry-After` longer than this is not waited for in full.
pub const LONGEST_WAIT: Duration = Duration::from_mins(5);

impl Backoff {
    /// `first` and `most` in seconds.
    pub const fn new(first: u64, factor: u32, most: u64, tries: u32) -> Self {
        Self {
            first: Duration::from_secs(first),
            factor,
            most: Duration::from_secs(most),
            tries,
        }
    }

    /// How long to wait after `failed` failures, or `None` when that was the last try.
    ///
    /// `jitter` in 0 to 1 lengthens the wait by up to a half, so that many clients do not come back together.
    /// `asked` is the answer's `Retry-After`, honoured up to [`LONGEST_WAIT`].
    pub fn wait(&self, failed: u32, jitter: f64, asked: Option<Duration>) -> Option<Duration> {
        if failed >= self.tries {
            return None;
        }
        let growth = self.factor.saturating_pow(failed.saturating_sub(1));
        let wait = self.first.saturating_mul(growth).min(self.most);
        let wait = wait.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0);
        Some(wait.max(asked.unwrap_or_default().min(LONGEST_WAIT)))
    }
}

/// What lengthens waits by chance, the same chance for the same seed.
#[derive(Debug)]
pub struct Jitter(Mutex<ChaCha8Rng>);

impl Jitter {
    /// Begins a sequence.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    /// Uniform in 0 to 1.
    pub fn next(&self) -> f64 {
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f64::from(random.next_u32()) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_limit_and_end() {
        let backoff = Backoff::new(3, 2, 20, 5);
        let waits: Vec<_> = (1..=5)
            .map(|failed| backoff.wait(failed, 0.0, None).map(|wait| wait.as_secs()))
            .collect();
        assert_eq!(waits, [Some(3), Some(6), Some(12), Some(20), None]);
    }

    #[test]
    fn a_longer_retry_after_is_honoured_up_to_a_limit() {
        let backoff = Backoff::new(3, 2, 20, 5);
        let asked = |seconds| backoff.wait(1, 1.0, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(1), Some(Duration::from_millis(4_500)));
        assert_eq!(asked(9), Some(Duration::from_secs(9)));
        assert_eq!(asked(90_000), Some(LONGEST_WAIT));
    }

    #[test]
    fn chance_repeats_with_its_seed_and_stays_within_bounds() {
        let draw = |seed| {
            let jitter = Jitter::new(seed);
            [(); 8].map(|()| jitter.next().to_bits())
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let jitter = Jitter::new(9);
        assert!((0..99).all(|_| (0.0..=1.0).contains(&jitter.next())));
    }
}

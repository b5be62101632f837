//! Progress on standard error: a moving bar on a terminal, a line now and then elsewhere.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{Output, warn};

/// Between two lines where nothing can move.
const EVERY: Duration = Duration::from_secs(10);

/// Shows how far a long action is.
#[derive(Debug)]
pub(crate) struct Meter {
    bar: Option<ProgressBar>,
    /// Says lines instead of moving.
    plain: bool,
    said: Instant,
}

impl Meter {
    /// Starts at nothing.
    pub(crate) fn new(out: Output) -> Self {
        let bar = out.live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
            bar.set_style(spinner());
            bar
        });
        Self {
            plain: bar.is_none() && !out.quiet,
            bar,
            said: Instant::now(),
        }
    }

    /// Moves to `done` of `expected`, saying `message`.
    pub(crate) fn show<'a>(
        &mut self,
        done: u64,
        expected: Option<u64>,
        message: impl FnOnce() -> Cow<'a, str>,
    ) {
        if let Some(bar) = &self.bar {
            if bar.length() != expected {
                match expected {
                    Some(length) => {
                        bar.set_style(style());
                        bar.set_length(length);
                    }
                    None => bar.set_style(spinner()),
                }
            }
            bar.set_position(done);
            bar.set_message(message().into_owned());
        } else if self.plain && self.said.elapsed() >= EVERY {
            self.said = Instant::now();
            warn(message());
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.finish();
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {eta} left")
        .expect("the template is written here")
        .progress_chars("█▉▊▋▌▍▎▏ ")
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg}").expect("the template is written here")
}

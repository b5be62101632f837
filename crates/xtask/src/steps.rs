//! Steps with a title, a verdict and a time.

use std::{
    fmt,
    io::{self, Write},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use crate::workspace;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It found nothing wrong.
    Passed,
    /// It found something wrong, or could not be carried out.
    Failed(String),
    /// It was not carried out, and that is no fault.
    Skipped(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => formatter.write_str("passed"),
            Self::Failed(_) => formatter.write_str("FAILED"),
            Self::Skipped(_) => formatter.write_str("skipped"),
        }
    }
}

/// A sequence of steps; one that fails does not stop those after it, so that one run shows
/// everything.
#[derive(Debug)]
pub(crate) struct Steps {
    started: Instant,
    done: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    title: &'static str,
    verdict: Verdict,
    took: Duration,
}

impl Steps {
    /// No steps yet; the total time counts from here.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Carries out one step and says whether it passed; an error fails it.
    pub(crate) fn step(
        &mut self,
        title: &'static str,
        action: impl FnOnce() -> anyhow::Result<Verdict>,
    ) -> bool {
        println!("\n==> {title}");
        let started = Instant::now();
        let verdict = action().unwrap_or_else(|error| Verdict::Failed(format!("{error:#}")));
        let took = started.elapsed();
        match &verdict {
            Verdict::Passed => println!("    passed: {title} ({})", seconds(took)),
            Verdict::Failed(reason) => {
                println!("    FAILED: {title} ({reason}; {})", seconds(took));
            }
            Verdict::Skipped(reason) => println!("    skipped: {title} ({reason})"),
        }
        let passed = verdict == Verdict::Passed;
        self.done.push(Step {
            title,
            verdict,
            took,
        });
        passed
    }

    /// Runs a program as a step, its output on the terminal.
    pub(crate) fn command(&mut self, title: &'static str, command: &mut Command) -> bool {
        self.step(title, || run(command))
    }

    /// Notes a step that is left out.
    pub(crate) fn skip(&mut self, title: &'static str, reason: &str) {
        self.step(title, || Ok(Verdict::Skipped(reason.to_owned())));
    }

    /// Prints the summary; fails when any step failed.
    pub(crate) fn finish(self) -> ExitCode {
        println!("\n{}", self.summary(self.started.elapsed()));
        if self
            .done
            .iter()
            .any(|step| matches!(step.verdict, Verdict::Failed(_)))
        {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }

    fn summary(&self, total: Duration) -> String {
        let width = self
            .done
            .iter()
            .map(|step| step.title.len())
            .max()
            .unwrap_or(0);
        let mut lines = vec!["==> summary".to_owned()];
        for Step {
            title,
            verdict,
            took,
        } in &self.done
        {
            let reason = match verdict {
                Verdict::Passed => String::new(),
                Verdict::Failed(reason) | Verdict::Skipped(reason) => format!("  ({reason})"),
            };
            let state = verdict.to_string();
            lines.push(format!(
                "    {state:<7}  {title:<width$}  {:>8}{reason}",
                seconds(*took)
            ));
        }
        let failed = self
            .done
            .iter()
            .filter(|step| matches!(step.verdict, Verdict::Failed(_)))
            .count();
        let verdict = match failed {
            0 => "all passed".to_owned(),
            1 => "1 step FAILED".to_owned(),
            several => format!("{several} steps FAILED"),
        };
        lines.push(format!("{verdict} in {}", seconds(total)));
        lines.join("\n")
    }
}

/// Runs a program to its end, its output on the terminal.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<Verdict> {
    println!("    $ {}", workspace::line(command));
    io::stdout().flush()?;
    let status = command.status()?;
    Ok(if status.success() {
        Verdict::Passed
    } else {
        Verdict::Failed(status.to_string())
    })
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn one_failure_fails_the_whole_and_the_rest_still_runs() {
        let mut steps = Steps::new();
        assert!(!steps.step("first", || bail!("broken")));
        assert!(steps.step("second", || Ok(Verdict::Passed)));
        steps.skip("third", "no network");
        let summary = steps.summary(Duration::from_secs(3));
        assert!(
            summary.contains("FAILED   first      0.0 s  (broken)"),
            "{summary}"
        );
        assert!(summary.contains("passed   second"), "{summary}");
        assert!(summary.contains("(no network)"), "{summary}");
        assert!(summary.ends_with("1 step FAILED in 3.0 s"), "{summary}");
        assert_eq!(steps.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn what_is_skipped_fails_nothing() {
        let mut steps = Steps::new();
        steps.skip("advisories", "unreachable");
        assert_eq!(steps.finish(), ExitCode::SUCCESS);
    }

    #[test]
    fn a_program_that_fails_fails_its_step() {
        assert!(matches!(
            run(&mut Command::new("false")).expect("runs"),
            Verdict::Failed(_)
        ));
        assert_eq!(
            run(&mut Command::new("true")).expect("runs"),
            Verdict::Passed
        );
    }
}

//! What people and programs are shown: text for people, one JSON object for programs.

pub(crate) mod number;
pub(crate) mod table;
pub(crate) mod time;

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
};

use serde::Serialize;

use crate::failure::Failure;

/// Where and how to print.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about where output goes"
)]
pub(crate) struct Output {
    /// Exactly one JSON object on standard output.
    pub(crate) json: bool,
    /// Standard output may be coloured.
    pub(crate) colour: bool,
    /// Standard error is a terminal: progress moves.
    pub(crate) live: bool,
    /// No progress at all.
    pub(crate) quiet: bool,
}

/// How a word is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Strong,
    Faint,
    Good,
    Warning,
    Bad,
}

impl Output {
    /// For this process: `NO_COLOR` and pipes are respected.
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            json,
            colour: !plain && !dumb && !json && io::stdout().is_terminal(),
            live: !quiet && !dumb && io::stderr().is_terminal(),
            quiet,
        }
    }

    /// Prints the report: to a program as JSON, to people as text.
    pub(crate) fn report(self, json: &impl Serialize, text: impl Display) {
        if self.json {
            let json = serde_json::to_string(json).expect("reports serialise");
            print(&format!("{json}\n"));
        } else {
            print(&format!("{text}\n"));
        }
    }

    /// Prints a line for people only.
    pub(crate) fn say(self, text: impl Display) {
        if !self.json {
            print(&format!("{text}\n"));
        }
    }

    /// Prints a line about the work itself, beside the report.
    pub(crate) fn note(self, text: impl Display) {
        if !self.quiet {
            warn(text);
        }
    }

    /// Prints a failure.
    pub(crate) fn fail(self, failure: Failure) {
        if self.json {
            print(&format!("{}\n", failure.into_json()));
        } else {
            let explanation = &failure.explanation;
            warn(format_args!("error: {}", explanation.message));
            warn(format_args!("  {}", explanation.hint));
            warn(format_args!("  ({})", explanation.code));
        }
    }

    /// Sets a word off, where that can be seen.
    pub(crate) fn toned(self, tone: Tone, text: impl Display) -> String {
        if !self.colour {
            return text.to_string();
        }
        let code = match tone {
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Bad => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Prints a line to standard error, whatever becomes of it.
pub(crate) fn warn(text: impl Display) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Prints to standard output. Whoever reads it may stop at any time, as `head` does; that is no failure.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

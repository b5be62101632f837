//! What one process costs, told by the kernel.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use wait4::{ResUse, Wait4};

use crate::workspace;

/// The cost of one process from its start to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// Processor time, user and system together, over all threads.
    pub(super) cpu: Duration,
    /// Time on the wall.
    pub(super) wall: Duration,
    /// The most memory resident at any moment, in bytes.
    pub(super) peak: u64,
}

/// A process that ended well: its cost and what it wrote to standard output.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) usage: Usage,
    pub(super) output: String,
}

/// Runs `command` alone to its end; what it prints goes to files in `directory`, so that no pipe
/// slows it.
///
/// The kernel counts this process's own memory at the moment of the start into the child's peak:
/// read nothing large here.
pub(super) fn measured(command: Command, directory: &Path) -> anyhow::Result<Ended> {
    ending_with(0, command, directory)
}

/// The same of one that ends with another exit status.
pub(super) fn ending_with(
    expected: i32,
    mut command: Command,
    directory: &Path,
) -> anyhow::Result<Ended> {
    let (output, errors) = (directory.join("stdout"), directory.join("stderr"));
    command
        .stdin(Stdio::null())
        .stdout(File::create(&output)?)
        .stderr(File::create(&errors)?);
    let line = workspace::line(&command);
    let started = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let ResUse { status, rusage } = child.wait4()?;
    let wall = started.elapsed();
    let output = fs::read_to_string(&output)?;
    if status.code() != Some(expected) {
        let errors = fs::read_to_string(&errors)?;
        bail!(
            "`{line}` failed ({status})\n{}\n{}",
            last_lines(&output),
            last_lines(&errors)
        );
    }
    Ok(Ended {
        usage: Usage {
            cpu: rusage.utime + rusage.stime,
            wall,
            peak: rusage.maxrss,
        },
        output,
    })
}

/// A program in the background, ended with the value that stands for it.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    /// Starts `command` and reads the first line that it writes to standard output.
    pub(super) fn start(mut command: Command) -> anyhow::Result<(Self, String)> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let name = workspace::line(&command);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start `{name}`"))?;
        let mut process = Self(child);
        let output = process.0.stdout.as_mut();
        let output = output.with_context(|| format!("`{name}` has no standard output"))?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok((process, line))
    }

    /// Processor time so far, as [`cpu_of`] has it.
    pub(super) fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of(self.0.id(), Children::Not)
    }

    /// The most memory resident at any moment so far, in bytes, as Linux tells it.
    pub(super) fn peak(&self) -> anyhow::Result<u64> {
        let file = format!("/proc/{}/status", self.0.id());
        let status = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|text| text.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        Ok(kibibytes.with_context(|| format!("{file} tells no peak"))? * 1024)
    }
}

/// Whether the processor time of children that have ended counts for who started them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Children {
    Ended,
    Not,
}

/// Processor time of a process so far, user and system together, over all threads; in steps of 10 ms, as Linux tells it.
pub(super) fn cpu_of(process: u32, children: Children) -> anyhow::Result<Duration> {
    let file = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
    // After the name, which may hold anything: the state, ten other numbers, then two of its own and two of its children.
    let count = match children {
        Children::Ended => 4,
        Children::Not => 2,
    };
    let ticks = stat.rsplit_once(") ").map(|(_, numbers)| {
        let numbers = numbers.split(' ').skip(11).take(count);
        numbers
            .filter_map(|number| number.parse::<u64>().ok())
            .sum::<u64>()
    });
    let ticks = ticks.with_context(|| format!("{file} tells no processor time"))?;
    Ok(Duration::from_millis(ticks * 10))
}

impl Drop for Process {
    fn drop(&mut self) {
        // That it may be gone already is no matter.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_measured_and_heard() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = Command::new("echo");
        command.arg("hello");
        let ended = measured(command, directory.path()).expect("echo runs");
        assert_eq!(ended.output, "hello\n");
        assert!(ended.usage.peak > 100_000, "{:?}", ended.usage);
        assert!(ended.usage.wall > Duration::ZERO, "{:?}", ended.usage);
    }

    #[test]
    fn a_failure_carries_what_the_process_said() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo why >&2; exit 3"]);
        let error = measured(command, directory.path())
            .expect_err("exit 3")
            .to_string();
        assert!(error.contains("out\nwhy"), "{error}");
    }
}

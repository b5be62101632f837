//! The measurements as a Markdown table, each beside its target.

use std::{fmt, fs, thread, time::Duration};

use super::{measure::Usage, server::Work};

/// Megabyte, as in the targets.
pub(super) const MEGABYTE: u64 = 1_000_000;

/// The size the targets are set for.
pub(super) const FULL_SIZE: u64 = 1_000_000;

/// One row: what was measured, on how many contacts, and what it is held against.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) contacts: u64,
    pub(super) found: Found,
    /// None where no target is set, as for sizes other than the full one.
    pub(super) target: Option<Target>,
}

/// What a measurement yields.
#[derive(Debug)]
pub(super) enum Found {
    /// A process from start to end.
    Process(Usage),
    /// Records per second.
    Rate(f64),
    /// Bytes more than somewhere else; negative when less.
    Growth(i64),
    /// A time within the life of a process, and what the process spent on it, if it did nothing else.
    Wall {
        cpu: Option<Duration>,
        wall: Duration,
    },
    /// The most memory of a process that goes on, in bytes.
    Peak(u64),
    /// What a database server did beside a process that was measured.
    Server(Work),
}

/// A target and whether it was met; a miss is a fact to be shown, not an error.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) text: String,
    pub(super) met: bool,
}

impl Target {
    /// The import of visitor ids.
    pub(super) fn import(usage: Usage) -> Self {
        Self {
            text: "CPU ≤ 10 s".to_owned(),
            met: usage.cpu.as_secs_f64() <= 10.0,
        }
    }

    /// The first sync, by itself.
    pub(super) fn first_sync(usage: Usage) -> Self {
        Self {
            text: "CPU ≤ 25 s (aim 15), peak ≤ 150 MB".to_owned(),
            met: usage.cpu.as_secs_f64() <= 25.0 && usage.peak <= 150 * MEGABYTE,
        }
    }

    /// The second sync, against the first.
    pub(super) fn second_sync(first: Usage, second: Usage) -> Self {
        let share = second.cpu.as_secs_f64() / first.cpu.as_secs_f64();
        Self {
            text: format!("CPU ≤ 60 % of the first (is {:.0} %)", share * 100.0),
            met: share <= 0.6,
        }
    }

    /// How much more memory ten times the contacts may take.
    pub(super) fn growth(bytes: i64) -> Self {
        Self {
            text: "≤ 20 MB".to_owned(),
            met: bytes <= 20 * MEGABYTE.cast_signed(),
        }
    }

    /// Something that somebody waits for.
    pub(super) fn within(wall: Duration, seconds: u64) -> Self {
        Self {
            text: format!("≤ {seconds} s"),
            met: wall <= Duration::from_secs(seconds),
        }
    }

    /// A process that syncs many subscriptions.
    pub(super) fn night(peak: u64) -> Self {
        Self {
            text: "peak ≤ 400 MB".to_owned(),
            met: peak <= 400 * MEGABYTE,
        }
    }

    /// A delivery, against the time that its calls take at best.
    pub(super) fn delivery(usage: Usage, best: Duration) -> Self {
        let share = usage.wall.as_secs_f64() / best.as_secs_f64();
        Self {
            text: format!(
                "wall ≤ 1.05 × {:.0} s (is {share:.3}), CPU ≤ 40 s, peak ≤ 150 MB",
                best.as_secs_f64()
            ),
            met: share <= 1.05 && usage.cpu.as_secs_f64() <= 40.0 && usage.peak <= 150 * MEGABYTE,
        }
    }

    /// A sync that finds nothing to deliver.
    pub(super) fn nothing_to_deliver(reads: u64, writes: u64) -> Self {
        Self {
            text: format!("no write call, ≤ 5 read calls (are {writes} and {reads})"),
            met: writes == 0 && reads <= 5,
        }
    }

    /// A process that has nothing to do.
    pub(super) fn idle(usage: Usage) -> Self {
        let share = usage.cpu.as_secs_f64() / usage.wall.as_secs_f64();
        Self {
            text: format!(
                "CPU ≤ 1 % of a core (is {:.2} %), peak ≤ 60 MB",
                share * 100.0
            ),
            met: share <= 0.01 && usage.peak <= 60 * MEGABYTE,
        }
    }

    /// Records the sandbox serves each second.
    pub(super) fn sandbox(rate: f64) -> Self {
        Self {
            text: "≥ 100,000 records/s".to_owned(),
            met: rate >= 100_000.0,
        }
    }
}

/// When and where the rows were measured.
#[derive(Debug)]
pub(super) struct Circumstances {
    pub(super) date: String,
    pub(super) commit: String,
    pub(super) machine: String,
}

const HEADINGS: [&str; 9] = [
    "date", "commit", "contacts", "what", "CPU s", "wall s", "peak MB", "target", "met",
];

/// The rows as an aligned Markdown table under the machine they were measured on.
pub(super) fn table(circumstances: &Circumstances, rows: &[Row]) -> String {
    let cells: Vec<_> = rows.iter().map(|row| cells(circumstances, row)).collect();
    format!(
        "Machine: {}.\n\n{}",
        circumstances.machine,
        aligned(&HEADINGS, &cells)
    )
}

/// A Markdown table whose columns are as wide as their widest cell.
pub(super) fn aligned<const COLUMNS: usize>(
    headings: &[&str; COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    let widths: Vec<_> = (0..COLUMNS)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .chain([headings[column].len()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |cells: &[String]| {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:<width$}"));
        format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
    };
    let mut lines = vec![line(&headings.map(str::to_owned))];
    lines.push(format!(
        "|{}|",
        widths
            .iter()
            .map(|width| "-".repeat(width + 2))
            .collect::<Vec<_>>()
            .join("|")
    ));
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

fn cells(circumstances: &Circumstances, row: &Row) -> [String; HEADINGS.len()] {
    let none = || "–".to_owned();
    let (cpu, wall, peak, found) = match &row.found {
        Found::Process(usage) => (
            format!("{:.2}", usage.cpu.as_secs_f64()),
            format!("{:.2}", usage.wall.as_secs_f64()),
            format!("{:.1}", megabytes(usage.peak.cast_signed())),
            None,
        ),
        Found::Rate(rate) => (
            none(),
            none(),
            none(),
            Some(format!("{} records/s", thousands(rate.round()))),
        ),
        Found::Growth(bytes) => (none(), none(), format!("{:+.1}", megabytes(*bytes)), None),
        Found::Wall { cpu, wall } => (
            cpu.map_or_else(none, |cpu| format!("{:.2}", cpu.as_secs_f64())),
            format!("{:.2}", wall.as_secs_f64()),
            none(),
            None,
        ),
        Found::Peak(bytes) => {
            let peak = format!("{:.1}", megabytes(bytes.cast_signed()));
            (none(), none(), peak, None)
        }
        Found::Server(work) => (
            format!("{:.2}", work.cpu.as_secs_f64()),
            none(),
            none(),
            Some(format!("{} MB of log", thousands(work.wal / MEGABYTE))),
        ),
    };
    let what = found.map_or_else(
        || row.what.clone(),
        |found| format!("{}: {found}", row.what),
    );
    let (target, met) = row.target.as_ref().map_or_else(
        || (none(), none()),
        |target| {
            (
                target.text.clone(),
                if target.met { "yes" } else { "no" }.to_owned(),
            )
        },
    );
    [
        circumstances.date.clone(),
        circumstances.commit.clone(),
        thousands(row.contacts),
        what,
        cpu,
        wall,
        peak,
        target,
        met,
    ]
}

/// The processor, how many of its cores may be used, and the memory, as Linux tells them.
pub(super) fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let processor =
        fact("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = fact("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map_or_else(String::new, |kibibytes| {
            format!(", {} GiB of memory", (kibibytes + (1 << 19)) >> 20)
        });
    format!("{cores} cores of {processor}{memory}")
}

fn fact(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// A whole number with a comma between its thousands.
pub(super) fn thousands(number: impl fmt::Display) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn megabytes(bytes: i64) -> f64 {
    bytes as f64 / MEGABYTE as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn usage(cpu: u64, peak: u64) -> Usage {
        Usage {
            cpu: Duration::from_secs(cpu),
            wall: Duration::from_secs(cpu + 1),
            peak: peak * MEGABYTE,
        }
    }

    #[test]
    fn a_target_is_met_up_to_its_bound() {
        assert!(Target::first_sync(usage(25, 150)).met);
        assert!(!Target::first_sync(usage(26, 150)).met);
        assert!(!Target::first_sync(usage(25, 151)).met);
        assert!(Target::second_sync(usage(10, 1), usage(6, 1)).met);
        assert!(!Target::second_sync(usage(10, 1), usage(7, 1)).met);
        assert!(Target::night(400_000_000).met);
        assert!(!Target::night(400_000_001).met);
        let idle = |cpu, wall, peak| Usage {
            cpu: Duration::from_millis(cpu),
            wall: Duration::from_secs(wall),
            peak,
        };
        assert!(Target::idle(idle(600, 60, 60_000_000)).met);
        assert!(!Target::idle(idle(610, 60, 60_000_000)).met);
        assert!(!Target::idle(idle(600, 60, 60_000_001)).met);
        assert!(Target::growth(-3).met);
        assert!(!Target::growth(20_000_001).met);
        assert!(!Target::sandbox(99_999.0).met);
    }

    #[test]
    fn rows_are_aligned_and_ready_to_be_pasted() {
        let circumstances = Circumstances {
            date: "2026-01-31".to_owned(),
            commit: "abc1234".to_owned(),
            machine: "2 cores".to_owned(),
        };
        let first = usage(14, 120);
        let rows = [
            Row {
                what: "first sync".to_owned(),
                contacts: 1_000_000,
                found: Found::Process(first),
                target: Some(Target::first_sync(first)),
            },
            Row {
                what: "sandbox".to_owned(),
                contacts: 1_000_000,
                found: Found::Rate(123_456.7),
                target: None,
            },
            Row {
                what: "growth".to_owned(),
                contacts: 1_000_000,
                found: Found::Growth(-1_500_000),
                target: None,
            },
        ];
        let table = table(&circumstances, &rows);
        let lines: Vec<_> = table.lines().skip(2).collect();
        assert!(
            lines
                .iter()
                .all(|line| line.chars().count() == lines[0].chars().count()),
            "{table}"
        );
        assert!(lines[2].contains("| 1,000,000 | first sync"), "{table}");
        assert!(lines[2].contains("| 14.00 | 15.00  | 120.0"), "{table}");
        assert!(lines[3].contains("sandbox: 123,457 records/s"), "{table}");
        assert!(lines[4].contains("| -1.5"), "{table}");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(100_000), "100,000");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}

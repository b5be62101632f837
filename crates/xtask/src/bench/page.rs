//! How quickly a page comes and how large it is.

use std::time::Duration;

use super::{
    browser::Browser,
    measure::Process,
    report::{self, Circumstances, FULL_SIZE},
};

/// How often each page is asked for, after once that does not count.
const TIMES: u32 = 20;

/// Compressed bytes of a page with all its files, when a browser has none of them.
const COLD: u64 = 150_000;

/// How long a page may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// For every page.
    Page,
    /// For what looks through many visitors.
    Search,
    /// For parts that a page asks for when it is there already.
    None,
}

/// A page as it was measured.
#[derive(Debug)]
pub(super) struct Page {
    what: String,
    median: Duration,
    worst: Duration,
    /// Mean processor time of the server.
    cpu: Duration,
    /// Compressed bytes of the page alone.
    bytes: u64,
    /// The same with all the files it loads.
    cold: u64,
    limit: Limit,
}

impl Limit {
    const fn time(self) -> Option<Duration> {
        match self {
            Self::Page => Some(Duration::from_millis(100)),
            Self::Search => Some(Duration::from_secs(1)),
            Self::None => None,
        }
    }
}

impl Page {
    /// Asks for a page again and again.
    pub(super) fn measure(
        (browser, server): (&mut Browser, &Process),
        what: &str,
        path: &str,
        limit: Limit,
    ) -> anyhow::Result<Self> {
        let bytes = browser.ask(path)?.body.len() as u64;
        let mut times = Vec::new();
        let before = server.cpu()?;
        for _ in 0..TIMES {
            times.push(browser.ask(path)?.took);
        }
        let cpu = server.cpu()?.saturating_sub(before);
        times.sort_unstable();
        let text = browser.read(path)?;
        let page = Self {
            what: what.to_owned(),
            median: (times[times.len() / 2 - 1] + times[times.len() / 2]) / 2,
            worst: times[times.len() - 1],
            cpu: cpu / TIMES,
            bytes,
            cold: bytes + browser.files_of(&text)?,
            limit,
        };
        println!(
            "    {what}: {} ms, worst {} ms, {} CPU ms, {bytes} bytes, cold {} bytes",
            milliseconds(page.median),
            milliseconds(page.worst),
            milliseconds(page.cpu),
            page.cold
        );
        Ok(page)
    }

    fn met(&self) -> bool {
        let quick = self.limit.time().is_none_or(|most| self.worst <= most);
        quick && self.cold <= COLD
    }
}

const HEADINGS: [&str; 11] = [
    "date",
    "commit",
    "visitors",
    "page",
    "median ms",
    "worst ms",
    "CPU ms",
    "kB",
    "cold kB",
    "target",
    "met",
];

/// The pages as an aligned Markdown table.
pub(super) fn table(circumstances: &Circumstances, visitors: u64, pages: &[Page]) -> String {
    let rows: Vec<_> = pages
        .iter()
        .map(|page| {
            let (target, met) = match page.limit.time() {
                Some(most) if visitors == FULL_SIZE => (
                    format!("≤ {} ms, cold ≤ {} kB", most.as_millis(), COLD / 1_000),
                    if page.met() { "yes" } else { "no" }.to_owned(),
                ),
                _ => ("–".to_owned(), "–".to_owned()),
            };
            [
                circumstances.date.clone(),
                circumstances.commit.clone(),
                report::thousands(visitors),
                page.what.clone(),
                milliseconds(page.median),
                milliseconds(page.worst),
                milliseconds(page.cpu),
                kilobytes(page.bytes),
                kilobytes(page.cold),
                target,
                met,
            ]
        })
        .collect();
    report::aligned(&HEADINGS, &rows)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1_000.0)
}

#[expect(clippy::cast_precision_loss, reason = "pages are far below 2^52 bytes")]
fn kilobytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_held_against_its_slowest_answer_and_its_size() {
        let page = |worst, cold, limit| Page {
            what: "overview".to_owned(),
            median: Duration::ZERO,
            worst: Duration::from_millis(worst),
            cpu: Duration::ZERO,
            bytes: cold,
            cold,
            limit,
        };
        assert!(page(100, COLD, Limit::Page).met());
        assert!(!page(101, COLD, Limit::Page).met());
        assert!(!page(1, COLD + 1, Limit::Page).met());
        assert!(page(1_000, 1, Limit::Search).met());
        assert!(page(9_000, 1, Limit::None).met());
    }
}

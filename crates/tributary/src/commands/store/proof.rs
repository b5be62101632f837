//! How a copy is shown: its progress, and the proof.

use serde_json::json;
use store::copy::{Checksum, Progress, Proof};

use crate::{
    failure::{Exit, Failure, Outcome},
    meter::Meter,
    output::{
        Output, Tone,
        number::{counted, grouped},
        table::{Align, Table},
    },
    trouble::Trouble,
};

/// The progress of a copy on standard error.
#[derive(Debug)]
pub(crate) struct Shown(Meter);

impl Shown {
    pub(crate) fn new(out: Output) -> Self {
        Self(Meter::new(out))
    }

    pub(crate) fn show(&mut self, progress: Progress<'_>) {
        let Progress {
            table,
            rows,
            proving,
        } = progress;
        self.0.show(rows, None, || {
            let (rows, what) = (grouped(rows), if proving { "read back" } else { "copied" });
            format!("{rows} rows {what}, {table}").into()
        });
    }
}

/// Shows the proof and what is left to do; a proof that does not hold is a failure.
pub(crate) fn report(out: Output, proof: &Proof, then: &str) -> Outcome {
    let tables: Vec<_> = proof
        .tables
        .iter()
        .map(|one| {
            json!({
                "table": one.table,
                "from": { "rows": one.from.rows, "checksum": hexadecimal(one.from) },
                "to": { "rows": one.to.rows, "checksum": hexadecimal(one.to) },
                "agrees": one.from == one.to,
            })
        })
        .collect();
    let json = json!({
        "schema": 1,
        "from": proof.from.to_string(),
        "to": proof.to.to_string(),
        "rows": proof.rows(),
        "proved": proof.holds(),
        "tables": tables,
        "then": then,
    });
    let table = table(out, proof);
    if !proof.holds() {
        out.say(table);
        let trouble = Trouble::CopyDiffers {
            place: proof.to.to_string(),
        };
        return Err(Failure::from(trouble).reporting(json));
    }
    let proved = out.toned(Tone::Good, "Proved");
    let rows = counted(proof.rows(), "row");
    let (from, to) = (&proof.from, &proof.to);
    out.report(
        &json,
        format_args!(
            "{table}\n\n{proved}: {rows} went from {from} to {to} and were read back.\n\n{then}"
        ),
    );
    Ok(Exit::Done)
}

/// Every table with what it held, and what it holds if that is something else.
fn table(out: Output, proof: &Proof) -> Table {
    let mut table = Table::new([
        ("table", Align::Left),
        ("rows", Align::Right),
        ("checksum", Align::Left),
        ("read back", Align::Left),
    ]);
    for one in &proof.tables {
        let back = if one.from == one.to {
            out.toned(Tone::Good, "the same")
        } else {
            let found = format!("{}, {}", counted(one.to.rows, "row"), hexadecimal(one.to));
            out.toned(Tone::Bad, found)
        };
        table.row([
            one.table.clone(),
            grouped(one.from.rows),
            hexadecimal(one.from),
            back,
        ]);
    }
    table
}

fn hexadecimal(checksum: Checksum) -> String {
    format!("{:016x}", checksum.sum)
}

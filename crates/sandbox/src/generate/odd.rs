//! Values as they should not be: what years of imports, old integrations and people leave behind.

use super::names::write_number;
use crate::catalogue::Type;
use crate::hash::{below, mix, pick};
use crate::instant::{write_date, write_iso};

/// A value that does not fit the type; `ms` is an instant to misspell.
pub(super) fn write_bad(kind: &Type, hash: u64, ms: i64, out: &mut Vec<u8>) {
    match kind {
        Type::Number => {
            let text: &str = pick(
                hash,
                &[
                    "N/A",
                    "1234;5678",
                    "1.5E7",
                    "6.02e-3",
                    "12,345.6",
                    "-",
                    "unknown",
                    "１２３",
                    "9999999999999999999999999999999999999999",
                ],
            );
            out.extend_from_slice(text.as_bytes());
        }
        Type::Bool => out.extend_from_slice(pick(hash, &["yes", "1", "TRUE", "no"]).as_bytes()),
        Type::Date => match hash & 3 {
            0 => write_number(ms.unsigned_abs(), out),
            1 => write_iso(ms, true, out),
            2 => {
                write_date(ms, out);
                out.extend_from_slice(b" 00:00");
            }
            _ => {
                out.extend_from_slice(pick(hash, &["31/12/2025", "2025-02-30", "soon"]).as_bytes());
            }
        },
        Type::Datetime => match hash & 3 {
            0 => write_number(ms.unsigned_abs(), out),
            1 => {
                write_number(ms.unsigned_abs(), out);
                out.extend_from_slice(b".0");
            }
            2 => write_iso(ms, false, out),
            _ => out.extend_from_slice(
                pick(hash, &["yesterday", "2025-06-31T00:00:00Z", "0"]).as_bytes(),
            ),
        },
        _ => out.extend_from_slice(
            pick(hash, &["discontinued_option", "Option A", "legacy;2019"]).as_bytes(),
        ),
    }
}

/// A text that trips careless code: mark-up, quotes, breaks, control characters, other scripts, length.
pub(super) fn write_odd_text(hash: u64, out: &mut Vec<u8>) {
    const ODD: [&str; 12] = [
        "<p>Met at <b>expo</b> &amp; liked it</p><script>alert('x')</script>",
        "line one\nline two\r\n\ttabbed",
        "C:\\temp\\\"quoted\" \\u0041",
        "👩‍👩‍👧‍👦 very happy 🎉🇯🇵",
        "مرحبا بالعالم",
        "bell\u{7} and escape\u{1b}[31m",
        "zero\u{200b}width and \u{202e}reversed",
        " leading and trailing ",
        "=HYPERLINK(\"http://example.com\")",
        "'; DROP TABLE contacts; --",
        "e\u{301} is not é; ﾊﾝｶｸ ｶﾅ; ①②③",
        "null",
    ];
    if hash.is_multiple_of(64) {
        let target = 2_000 + below(mix(hash), 60_000) as usize;
        let from = out.len();
        while out.len() - from < target {
            out.extend_from_slice("長い文章が続きます。A very long remark goes on. ".as_bytes());
        }
    } else {
        out.extend_from_slice(pick(mix(hash), &ODD).as_bytes());
    }
}

//! Texts, amounts and choices that are drawn and nothing more.

use super::Record;
use super::names::write_number;
use crate::catalogue::{Property, Source};
use crate::hash::{below, mix, pick};

const TITLES: [&str; 14] = [
    "営業部長",
    "プロダクトマネージャー",
    "代表取締役",
    "情報システム部",
    "人事担当",
    "Head of Operations",
    "Software Engineer",
    "VP, Customer Success",
    "CEO & Co-founder",
    "Data Analyst",
    "Marketing Manager",
    "IT Administrator",
    "Procurement",
    "Consultant",
];

const WORDS: [&str; 16] = [
    "Product newsletter",
    "Spring webinar",
    "Pricing page",
    "無料トライアル申込",
    "Onboarding call",
    "Partner referral",
    "Trade show Osaka",
    "Customer story",
    "Renewal talk",
    "資料請求フォーム",
    "Quarterly review",
    "Docs search",
    "Community event",
    "Integration guide",
    "Contact form",
    "Roadmap survey",
];

const SENTENCES: [&str; 8] = [
    "Asked for an offer for the larger plan before the end of the quarter.",
    "導入は来月を予定。担当者の確認待ち。",
    "Uses the export daily; wants a report per team.",
    "Prefers e-mail over calls, answers within a day or two.",
    "見積書を送付済み。次回の打ち合わせで決定予定。",
    "Switched from another tool last year and brought 40 seats along.",
    "Security questionnaire is answered; legal review goes on.",
    "Met at the fair, would like to see the guides.",
];

const SLUGS: [&str; 10] = [
    "2026-spring-launch",
    "nurture_b2b_q3",
    "brand-jp-search",
    "retargeting_07",
    "partner-program",
    "webinar-0412",
    "winback-2025",
    "product-tour",
    "beta-invite",
    "summer_camp",
];

/// Two or three of the options, `;` between them, in the order they are listed.
pub(super) fn write_options(property: &Property, hash: u64, out: &mut Vec<u8>) {
    let from = out.len();
    for (n, choice) in property.choices.iter().enumerate() {
        if hash >> n & 1 == 1 || (out.len() == from && n + 1 == property.choices.len()) {
            if out.len() > from {
                out.push(b';');
            }
            out.extend_from_slice(choice.value.as_bytes());
        }
    }
}

pub(super) fn write_amount(source: Source, hash: u64, out: &mut Vec<u8>) {
    match source {
        Source::Int(low, high) => {
            write_number(low + below(hash, high.saturating_sub(low) + 1), out);
        }
        Source::Decimal(low, high, places) => {
            let scale = 10_u64.pow(u32::from(places));
            let n = low * scale + below(hash, (high - low) * scale + 1);
            write_number(n / scale, out);
            let mut rest = n % scale;
            if rest > 0 {
                out.push(b'.');
                let mut unit = scale / 10;
                while rest > 0 {
                    out.push(b'0' + (rest / unit) as u8);
                    rest %= unit;
                    unit /= 10;
                }
            }
        }
        _ => {
            write_number(below(hash, 180), out);
            out.extend_from_slice(b".0");
        }
    }
}

/// Texts that are not about the record itself.
pub(super) fn write_text(source: Source, record: Record, hash: u64, out: &mut Vec<u8>) {
    match source {
        Source::JobTitle => out.extend_from_slice(pick(hash, &TITLES).as_bytes()),
        Source::Words => out.extend_from_slice(pick(hash, &WORDS).as_bytes()),
        Source::Sentence => out.extend_from_slice(pick(hash, &SENTENCES).as_bytes()),
        Source::Note => {
            for n in 0..=(hash & 3) {
                out.extend_from_slice(pick(mix(hash ^ n), &SENTENCES).as_bytes());
                out.push(if n & 1 == 0 { b' ' } else { b'\n' });
            }
            out.truncate(out.len() - 1);
        }
        Source::Html => {
            out.extend_from_slice(b"<p>");
            out.extend_from_slice(pick(hash, &SENTENCES).as_bytes());
            out.extend_from_slice(b"</p><br/><a href=\"https://docs.example/\">docs</a>");
        }
        Source::Slug => out.extend_from_slice(pick(hash, &SLUGS).as_bytes()),
        Source::Url => {
            out.extend_from_slice(b"https://www.example.com/");
            out.extend_from_slice(pick(hash, &SLUGS).as_bytes());
            out.extend_from_slice(b"?utm_id=");
            write_number(hash & 0xffff, out);
        }
        Source::Coordinates => {
            write_number(30 + below(hash, 20), out);
            out.push(b'.');
            write_number(100_000 + below(hash.rotate_left(7), 899_999), out);
            out.extend_from_slice(b",139.");
            write_number(100_000 + below(hash.rotate_left(19), 899_999), out);
        }
        Source::Json => {
            out.extend_from_slice(br#"{"import":{"id":"#);
            write_number(hash & 0xf_ffff, out);
            out.extend_from_slice(br#","row":"#);
            write_number(u64::from(record.index), out);
            out.extend_from_slice(b"}}");
        }
        Source::Files => {
            write_number(90_000_000_000 + (hash & 0xffff_ffff), out);
            if hash & 1 << 40 != 0 {
                out.push(b';');
                write_number(90_000_000_000 + (mix(hash) & 0xffff_ffff), out);
            }
        }
        _ => {}
    }
}

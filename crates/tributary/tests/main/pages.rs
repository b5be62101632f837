use std::{collections::BTreeSet, fs, path::Path};

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");

/// The tables of numbers, as they stand in the source: a number is `=> 7,` in one and `(107, "` in the other.
const TABLES: [(&str, &str); 2] = [
    (include_str!("../../../sync/src/trouble.rs"), "=> "),
    (include_str!("../../src/trouble.rs"), "("),
];

fn numbers() -> BTreeSet<String> {
    let mut numbers = BTreeSet::new();
    for (table, before) in TABLES {
        for line in table.lines() {
            for (at, _) in line.match_indices(before) {
                let rest = &line[at + before.len()..];
                let digits = rest.split(',').next().unwrap_or_default();
                if rest.contains(',')
                    && !digits.is_empty()
                    && digits.bytes().all(|byte| byte.is_ascii_digit())
                {
                    numbers.insert(format!("TRB{digits:0>4}"));
                }
            }
            // A tuple that does not fit its line begins on one of its own.
            let alone = line.trim().trim_end_matches(',');
            if before == "(" && alone.len() == 3 && alone.bytes().all(|byte| byte.is_ascii_digit())
            {
                numbers.insert(format!("TRB{alone:0>4}"));
            }
        }
    }
    numbers
}

#[test]
fn every_number_has_a_page_and_every_page_a_number() {
    let numbers = numbers();
    assert!(numbers.len() > 60, "{numbers:?}");
    let pages: BTreeSet<String> = fs::read_dir(PAGES)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name.starts_with("TRB"))
        .collect();
    assert_eq!(numbers, pages);
    let index = fs::read_to_string(Path::new(PAGES).join("README.md")).unwrap();
    for page in &pages {
        let text = fs::read_to_string(Path::new(PAGES).join(format!("{page}.md"))).unwrap();
        let (title, _) = text.split_once('\n').unwrap();
        let title = title.strip_prefix(&format!("# {page}: ")).unwrap();
        for heading in ["## What happened", "## Why", "## What to do"] {
            assert!(text.contains(heading), "{page} lacks {heading:?}");
        }
        let row = format!("| [{page}]({page}.md) | {title} |");
        assert!(index.contains(&row), "the index lacks {row}");
    }
}

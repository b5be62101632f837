//! `docs/types.md` says what the code does.

use std::{env, fs, path::Path};

#[test]
fn the_document_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/types.md");
    let generated = model::table::translation_table();
    if env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        fs::write(&path, &generated).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if let Some((number, (kept, generated))) = kept
        .lines()
        .zip(generated.lines())
        .enumerate()
        .find(|(_, (kept, generated))| kept != generated)
    {
        panic!(
            "docs/types.md differs from the code in line {}\n  document: {kept}\n  code:     {generated}\n\
             run UPDATE_DOCS=1 cargo test -p model",
            number + 1
        );
    }
    assert!(
        kept == generated,
        "docs/types.md is cut short or has extra lines; run UPDATE_DOCS=1 cargo test -p model"
    );
}

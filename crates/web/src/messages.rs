//! Every text that a page asks for is there, in both languages, with the same arguments; and none is there for nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use crate::locale::Language;

/// Families whose names come from elsewhere in the program: codes of errors, actions of the audit trail, and the like. Each is
/// followed by the names that it must have.
fn families() -> Vec<(&'static str, Vec<String>)> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    vec![
        ("type", owned(&["string", "decimal", "boolean", "time"])),
        ("group", owned(&["auto", "agent", "custom", "hubspot"])),
        ("source", owned(&["auto", "agent", "custom", "hubspot"])),
        ("auto", owned(&["id", "accounts", "firstknown", "lastsync"])),
        (
            "unimportable",
            owned(&["file", "json", "object_coordinates", "unknown_type"]),
        ),
        (
            "near",
            store::Miss::ALL.map(|miss| miss.code().to_owned()).to_vec(),
        ),
        (
            "sync-state",
            owned(&[
                "running",
                "delivering",
                "success",
                "partial",
                "failed",
                "cancelled",
            ]),
        ),
        (
            "detail",
            owned(&[
                "active",
                "all",
                "client_id",
                "count",
                "email",
                "field",
                "fields",
                "file",
                "group",
                "key",
                "level",
                "mirror",
                "name",
                "portal",
                "prefix",
                "region",
                "revoked",
                "role",
                "run",
                "scopes",
                "time_zone",
                "works",
            ]),
        ),
        ("region", owned(&["us", "us1", "eu", "jp", "au"])),
        ("ago", owned(&["minutes", "hours", "days"])),
        ("ahead", owned(&["minutes", "hours", "days"])),
    ]
}

/// A message's name, and the arguments it takes.
type Messages = BTreeMap<String, BTreeSet<String>>;

fn messages(language: Language) -> Messages {
    let mut found = Messages::new();
    for source in language.sources() {
        let resource = FluentResource::try_new(source.to_owned()).expect("a fluent file");
        for entry in resource.entries() {
            let Entry::Message(message) = entry else {
                continue;
            };
            let mut arguments = BTreeSet::new();
            let pattern = message.value.as_ref().expect("a message has a text");
            collect(pattern, &mut arguments);
            let before = found.insert(message.id.name.to_owned(), arguments);
            assert_eq!(
                before, None,
                "{language:?}: {} stands twice",
                message.id.name
            );
        }
    }
    found
}

fn collect(pattern: &Pattern<&str>, arguments: &mut BTreeSet<String>) {
    let mut inline = |expression: &InlineExpression<&str>| {
        if let InlineExpression::VariableReference { id } = expression {
            arguments.insert(id.name.to_owned());
        }
    };
    let mut nested = Vec::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { .. } => {}
            PatternElement::Placeable {
                expression: Expression::Inline(expression),
            } => inline(expression),
            PatternElement::Placeable {
                // What only decides between forms need not decide in every language.
                expression: Expression::Select { variants, .. },
            } => {
                nested.extend(variants.iter().map(|variant| &variant.value));
            }
        }
    }
    for pattern in nested {
        collect(pattern, arguments);
    }
}

/// All sources that may ask for a message: the program's without its tests, and the templates.
fn sources() -> String {
    fn read(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder of the crate") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(&path, all);
            } else {
                let text = fs::read_to_string(&path).expect("a text file");
                all.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = String::new();
    read(&root.join("src"), &mut all);
    read(&root.join("templates"), &mut all);
    all
}

/// The quoted texts of the sources.
fn quoted(sources: &str) -> BTreeSet<&str> {
    sources.split('"').collect()
}

#[test]
fn both_languages_say_the_same_with_the_same_arguments() {
    let [english, japanese] = Language::ALL.map(messages);
    let names = |messages: &Messages| messages.keys().cloned().collect::<BTreeSet<_>>();
    let (ours, theirs) = (names(&english), names(&japanese));
    let apart: Vec<_> = ours.symmetric_difference(&theirs).collect();
    assert!(apart.is_empty(), "in one language only: {apart:?}");
    for (name, arguments) in &english {
        assert_eq!(arguments, &japanese[name], "the arguments of {name}");
    }
}

#[test]
fn every_message_that_is_asked_for_is_there() {
    let sources = sources();
    let there = messages(Language::English);
    let mut missing = BTreeSet::new();
    for call in [".text(\"", ".say(\"", "Invalid(\""] {
        let asked = sources
            .split(call)
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        // What is put together is in `families`, and forms are asked for texts, too.
        let is_name = |name: &&str| name.contains('-');
        missing.extend(
            asked
                .filter(is_name)
                .filter(|name| !there.contains_key(*name)),
        );
    }
    assert!(missing.is_empty(), "not in the fluent files: {missing:?}");
    for (family, names) in families() {
        for name in names {
            let key = format!("{family}-{name}");
            assert!(there.contains_key(&key), "not in the fluent files: {key}");
        }
    }
}

#[test]
fn no_message_is_there_for_nothing() {
    let sources = sources();
    let quoted = quoted(&sources);
    let named: BTreeSet<&str> = sources
        .split("named(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .chain(["unimportable", "ago", "ahead", "audit", "subjects-chip"])
        .collect();
    let unused: Vec<String> = messages(Language::English)
        .into_keys()
        .filter(|key| {
            let base = key.strip_suffix("-do").unwrap_or(key);
            let numbered = base.strip_prefix("trb").is_some_and(|rest| rest.len() == 4);
            let of_family = named.iter().any(|family| {
                key.strip_prefix(family)
                    .is_some_and(|rest| rest.starts_with('-'))
            });
            !(quoted.contains(key.as_str()) || quoted.contains(base) || numbered || of_family)
        })
        .collect();
    assert!(unused.is_empty(), "nothing asks for {unused:?}");
}

#[test]
fn every_action_of_the_audit_trail_has_a_message() {
    let sources = sources();
    let there = messages(Language::English);
    for language in Language::ALL {
        let there = messages(language);
        let actions = there.keys().filter(|key| key.starts_with("audit-"));
        assert!(actions.count() > 10);
    }
    let is_action = |text: &&&str| {
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'.' || byte == b'-');
        plain && text.split('.').count() == 2 && !text.starts_with('.') && !text.ends_with('.')
    };
    let folders = ["html", "css", "js", "svg", "csv", "ftl", "rs", "example"];
    let missing: Vec<&str> = quoted(&sources)
        .iter()
        .filter(is_action)
        .filter(|text| {
            !folders
                .iter()
                .any(|ending| text.ends_with(&format!(".{ending}")))
        })
        .filter(|text| !text.starts_with("crm."))
        .filter(|text| !there.contains_key(&format!("audit-{}", text.replace('.', "-"))))
        .copied()
        .collect();
    assert!(missing.is_empty(), "no message for {missing:?}");
}

/// A numbered error that a page may show is explained in both languages.
#[test]
fn every_numbered_error_has_its_messages() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let there = messages(Language::English);
    let mut count = 0;
    for entry in fs::read_dir(pages).expect("the pages of errors") {
        let name = entry.expect("a page").file_name();
        let Some(number) = name.to_str().and_then(|name| name.strip_suffix(".md")) else {
            continue;
        };
        if !number.starts_with("TRB") {
            continue;
        }
        count += 1;
        let key = number.to_lowercase();
        assert!(there.contains_key(&key), "no message {key}");
        assert!(
            there.contains_key(&format!("{key}-do")),
            "no message {key}-do"
        );
    }
    assert!(count > 20, "{count} pages");
}

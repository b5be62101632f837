use crate::product::{Product, assert_error};

#[test]
fn wrong_words_are_usage_errors() {
    let product = Product::empty();
    for line in [
        "",
        "nonsense",
        "visitors",
        "visitors import",
        "sync --level nobody",
        "export visitors --format xml",
        "subscription create --name X",
        "sync --nonsense",
        "visitors import x --yes",
        "visitors import x --types seats",
        "serve --listen 8700",
        "serve --public-url tributary.example",
        "users add nobody",
        "users add a@b.example --role owner",
    ] {
        let ended = product.run(line);
        ended.ended_with(2);
        assert!(!ended.err().is_empty());
        let (report, status) = product.json(line);
        assert_eq!(status, 2, "{line}");
        assert_error(&report, "TRB0100");
    }
}

#[test]
fn help_and_version_are_no_failures() {
    let product = Product::empty();
    let help = product.run("--help").done();
    assert!(help.contains("tributary demo"), "{help}");
    assert!(help.contains("Exit status"), "{help}");
    assert!(product.run("--version").done().starts_with("tributary "));
    for command in [
        "visitors import",
        "export",
        "hubspot connect",
        "mapping set",
        "sync",
        "runs show",
        "serve",
        "users add",
        "users reset",
        "demo",
    ] {
        let help = product.run(&format!("{command} --help")).done();
        assert!(help.contains("Usage: tributary"), "{help}");
    }
}

#[test]
fn help_says_how_the_pages_start_and_end() {
    let product = Product::empty();
    let help = product.run("serve --help").done();
    for part in [
        "a link that makes the first admin",
        "Ctrl-C ends it",
        "set_up",
    ] {
        assert!(help.contains(part), "{part:?} is missing in {help}");
    }
    let help = product.run("demo --help").done();
    assert!(help.contains("an admin and a viewer"), "{help}");
}

#[test]
fn a_failure_is_shown_with_cause_hint_and_number() {
    let product = Product::subscribed();
    let shown = product
        .run("visitors import /nowhere/file.ndjson")
        .failed_with(1, "(TRB0110)");
    assert!(
        shown.starts_with("error: cannot open /nowhere/file.ndjson: No such file"),
        "{shown}"
    );
    assert!(shown.contains("Check the path"), "{shown}");
}

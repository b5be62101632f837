use std::{fs, path::Path};

use secrecy::ExposeSecret as _;

use super::*;

fn load(dir: &Path, file: &str, environment: &[(&str, &str)]) -> Result<Config, Trouble> {
    if !file.is_empty() {
        fs::write(dir.join(FILE_NAME), file).unwrap();
    }
    let environment = environment
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::load(dir, None, environment)
}

fn message(loaded: Result<Config, Trouble>) -> String {
    loaded.unwrap_err().to_string()
}

#[test]
fn the_documentation_names_every_setting_and_no_other() {
    let table: toml::Table = DEFAULT.parse().unwrap();
    let mut documented = Vec::new();
    for (key, value) in &table {
        match value.as_table() {
            None => documented.push(key.clone()),
            Some(section) => {
                for (name, value) in section {
                    match value.as_table() {
                        None => documented.push(format!("{key}.{name}")),
                        Some(inner) => documented
                            .extend(inner.keys().map(|inner| format!("{key}.{name}.{inner}"))),
                    }
                }
            }
        }
    }
    documented.sort();
    let mut known: Vec<_> = SETTINGS.iter().map(|(key, _)| (*key).to_owned()).collect();
    known.sort();
    assert_eq!(documented, known);
}

#[test]
fn the_defaults_are_those_of_the_client() {
    let dir = tempfile::tempdir().unwrap();
    let config = load(dir.path(), "", &[]).unwrap();
    let client = hubspot::Settings::default();
    assert_eq!(config.hubspot.base_url, client.base_url);
    assert_eq!(config.hubspot.authorize_url, client.authorize_url);
    assert_eq!(config.hubspot.version, client.version);
    assert_eq!(config.hubspot.quota, client.quota);
    assert_eq!(config.retention_days, 30);
    config.hubspot.check().unwrap();
}

#[test]
fn the_environment_wins_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[hubspot]\nclient_id = \"file\"\n[hubspot.quota]\ndaily = 7\nin_flight = 2";
    let environment = [
        ("TRIBUTARY_HUBSPOT__QUOTA__DAILY", "0"),
        ("TRIBUTARY_SERVICE_HOST", "10.0.0.1"),
        ("PATH", "/bin"),
    ];
    let config = load(dir.path(), file, &environment).unwrap();
    assert_eq!(config.hubspot.quota.daily, Some(0));
    assert_eq!(config.hubspot.quota.in_flight, 2);
    assert_eq!(config.hubspot.quota.ten_secondly, None);
    assert_eq!(config.hubspot.client_id.as_deref(), Some("file"));
    let origin = |wanted: &str| {
        let found = config.shown().find(|(key, ..)| *key == wanted);
        found.unwrap().2.clone()
    };
    assert_eq!(
        origin("hubspot.quota.daily"),
        Origin::Environment("TRIBUTARY_HUBSPOT__QUOTA__DAILY".into())
    );
    assert_eq!(
        origin("hubspot.client_id"),
        Origin::File(dir.path().join(FILE_NAME))
    );
    assert_eq!(origin("sync.reader"), Origin::Default);
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("s"), "from-file\n").unwrap();
    let file = "[hubspot]\nclient_secret_file = \"s\"";
    let config = load(dir.path(), file, &[]).unwrap();
    assert_eq!(
        config.hubspot.client_secret.unwrap().expose_secret(),
        "from-file"
    );

    let environment = [("TRIBUTARY_HUBSPOT__CLIENT_SECRET", "direct")];
    let config = load(dir.path(), file, &environment).unwrap();
    assert_eq!(
        config
            .hubspot
            .client_secret
            .as_ref()
            .unwrap()
            .expose_secret(),
        "direct"
    );
    assert!(
        config
            .shown()
            .all(|(_, shown, _)| shown.as_deref() != Some("direct"))
    );

    let both = "[hubspot]\nclient_secret_file = \"s\"\nclient_secret = \"x\"";
    assert!(message(load(dir.path(), both, &[])).contains("set one of the two"));
}

#[test]
fn mistakes_are_named() {
    let dir = tempfile::tempdir().unwrap();
    for (file, expected) in [
        (
            "[hubspot]\nbase_urll = 1",
            "unknown setting hubspot.base_urll",
        ),
        (
            "[hubspot]\nbase_urll = 1",
            "did you mean \"hubspot.base_url\"?",
        ),
        ("nonsense", "is not TOML"),
        ("[retention]\ndays = -1", "the setting retention.days"),
        ("[retention]\ndays = true", "neither a text nor a number"),
        ("[sync]\nreader = \"fast\"", "none of auto, search and list"),
        ("[hubspot]\ncallback_port = 70000", "is not a port"),
    ] {
        let message = message(load(dir.path(), file, &[]));
        assert!(message.contains(expected), "{message}");
    }
    fs::write(dir.path().join(FILE_NAME), "").unwrap();
    let message = message(load(dir.path(), "", &[("TRIBUTARY_HUBSPOT__NOPE", "1")]));
    assert!(
        message.contains("unknown setting hubspot.nope (TRIBUTARY_HUBSPOT__NOPE)"),
        "{message}"
    );
}

#[test]
fn a_named_file_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.toml");
    assert!(Config::load(dir.path(), Some(&missing), []).is_err());
}

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
        ("[hubspot]\nscopes = [1]", "nor a list of texts"),
        (
            "[hubspot]\nclient_id = [\"x\"]",
            "neither a text nor a number",
        ),
        ("[web]\nlisten = \"8700\"", "write them like 127.0.0.1:8700"),
        ("[web]\nlisten = \"\"", "is no address and port"),
        (
            "[web]\npublic_url = \"tributary.example\"",
            "write it like https://",
        ),
        (
            "[web]\npublic_url = \"ftp://t.example\"",
            "no address of the web",
        ),
        (
            "[web]\npublic_url = \"https://a:b@t.example\"",
            "a name or a password",
        ),
        (
            "[web]\npublic_url = \"https://t.example/x\"",
            "goes on after the host",
        ),
        (
            "[web]\ntrusted_proxies = [\"10.0.0\"]",
            "write networks like 10.0.0.0/8",
        ),
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

#[test]
fn the_pages_are_on_this_machine_unless_it_is_said_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let web = load(dir.path(), "", &[]).unwrap().web;
    assert_eq!(web.listen.to_string(), "127.0.0.1:8700");
    for (listening, public) in [
        ("127.0.0.1:8700", "http://localhost:8700/"),
        ("[::1]:9", "http://localhost:9/"),
        ("0.0.0.0:80", "http://localhost/"),
        ("10.0.0.7:8700", "http://10.0.0.7:8700/"),
        ("[fd00::7]:8700", "http://[fd00::7]:8700/"),
    ] {
        let url = web.public_url(listening.parse().unwrap());
        assert_eq!(url.as_str(), public);
        assert_eq!(web::is_local(&url), public.contains("localhost"), "{url}");
    }

    let file = "[web]\nlisten = \"localhost:81\"\npublic_url = \"https://t.example\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]";
    let config = load(dir.path(), file, &[]).unwrap().web;
    assert_eq!(config.listen.to_string(), "127.0.0.1:81");
    let url = config.public_url(config.listen);
    assert_eq!(url.as_str(), "https://t.example/");
    assert!(!web::is_local(&url));
    let proxies: Vec<String> = config
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(proxies, ["10.0.0.0/8", "::1/128"]);

    let environment = [
        ("TRIBUTARY_WEB__LISTEN", "0.0.0.0:0"),
        ("TRIBUTARY_WEB__PUBLIC_URL", ""),
        ("TRIBUTARY_WEB__TRUSTED_PROXIES", "192.168.0.1 fd00::/8"),
    ];
    let config = load(dir.path(), file, &environment).unwrap().web;
    assert_eq!(config.listen.to_string(), "0.0.0.0:0");
    assert_eq!(config.public_url, None);
    assert_eq!(config.trusted_proxies.len(), 2);
}

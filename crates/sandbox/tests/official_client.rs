//! HubSpot's Python client runs against the sandbox, where Python and the package index are at hand.

use std::path::PathBuf;
use std::process::Command;

use sandbox::{DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET};

use crate::client::{HUB, Hub};

const PINNED: &str = "hubspot-api-client==12.0.0";

fn skip(why: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "in CI this test must run: {why}"
    );
    println!("skipped: {why}");
}

/// Runs a command; its output when it failed.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(text)
    } else {
        Err(text)
    }
}

#[test]
fn the_official_python_client_reads_the_sandbox() {
    if run(Command::new("python3").arg("--version")).is_err() {
        println!("skipped: there is no python3");
        return;
    }
    let environment = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("official-client");
    let python = environment.join("bin/python");
    let ready = environment.join(PINNED);
    if !ready.exists() {
        if let Err(why) = run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&environment))
        {
            return skip(&format!("no virtual environment: {why}"));
        }
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PINNED,
        ];
        if let Err(why) = run(Command::new(&python).args(install)) {
            return skip(&format!("the client cannot be installed: {why}"));
        }
        std::fs::write(&ready, "").unwrap();
    }
    let hub = Hub::small();
    let tokens = hub
        .sandbox
        .install(HUB, DEFAULT_CLIENT_ID, &["crm.objects.owners.read"])
        .unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/official_client.py");
    let output = run(Command::new(&python).arg(script).args([
        &hub.sandbox.base_url(),
        &HUB.to_string(),
        DEFAULT_CLIENT_ID,
        DEFAULT_CLIENT_SECRET,
        &tokens.refresh_token,
    ]))
    .unwrap_or_else(|failed| panic!("{failed}"));
    assert_eq!(output.lines().last(), Some("ok"), "{output}");
}

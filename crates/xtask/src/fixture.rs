//! What a release leaves behind, for the tests of the releases after it.

use std::process::ExitCode;

use crate::{debian::Packages, postgres, postgres::Server, steps::run, workspace::Workspace};

/// Has the store's tests make the fixture of the present version, under `crates/store/tests/fixtures`. One that is there is
/// never changed.
pub(crate) fn make(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let mut packages = Packages::prepare(workspace, &[postgres::POSTGRES])?;
    packages.ready(&postgres::POSTGRES)?;
    let server = Server::start()?;
    let mut make = workspace.cargo(["test", "--package", "store", "--test", "main", "--"]);
    make.args(["--ignored", "--exact", "releases::make"]);
    run(make.env("TRIBUTARY_TEST_POSTGRES", server.url()))?;
    Ok(ExitCode::SUCCESS)
}

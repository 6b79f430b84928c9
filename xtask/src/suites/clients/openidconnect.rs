//! The Rust crate openidconnect: a native application without a secret, which hears its user's browser on a loopback port.

use std::process::Command;

use anyhow::Result;

use super::program::{Identity, follow};
use super::{Authority, Stage};
use crate::cargo;
use crate::report::Report;
use crate::rig::process::free_port;

/// Runs the suite.
pub(in crate::suites) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    // Its crates are built for it alone, and stay for the next run.
    let target = stage.scratch.join("openidconnect-target");
    let mut build = cargo::command(&["build", "--quiet", "--locked", "--target-dir"]);
    build.arg(&target).current_dir(cargo::root().join("xtask/clients/openidconnect"));
    cargo::finish(&mut build, "cargo build in xtask/clients/openidconnect")?;

    let authority = Authority::start(stage, "openidconnect", &[])?;
    let port = free_port()?;
    // The port is left out, since the system hands those out when the application runs (RFC 8252 §7.3).
    authority.add_client(
        "native",
        &[
            "--public",
            "--redirect-uri",
            "http://127.0.0.1/callback",
            "--post-logout-redirect-uri",
            &format!("http://127.0.0.1:{port}/bye"),
        ],
    )?;
    let mut command = Command::new(target.join("debug/jeton-client-openidconnect"));
    let identity = Identity { id: "native", secret: "", port };
    follow("openidconnect", &mut command, &identity, &authority, report)?;
    authority.server.stop()
}

//! npm's openid-client on Node: a web application with a secret.

use std::process::Command;

use anyhow::Result;

use super::program::{Identity, follow, write_files};
use super::{Authority, Stage};
use crate::machine;
use crate::report::Report;
use crate::rig::process::free_port;

/// Runs the suite.
pub(in crate::suites) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let node = machine::node(
        &stage.scratch,
        include_str!("../../../clients/node/package.json"),
        include_str!("../../../clients/node/package-lock.json"),
    )?;
    write_files(
        &node,
        &[
            ("said.mjs", include_str!("../../../clients/node/said.mjs")),
            ("openid-client.mjs", include_str!("../../../clients/node/openid-client.mjs")),
        ],
    )?;
    let authority = Authority::start(stage, "openid-client", &[])?;
    let port = free_port()?;
    let site = format!("http://127.0.0.1:{port}");
    let secret = authority.add_client(
        "web",
        &[
            "--redirect-uri",
            &format!("{site}/callback"),
            "--post-logout-redirect-uri",
            &format!("{site}/bye"),
        ],
    )?;
    let mut command = Command::new("node");
    command.arg(node.join("openid-client.mjs"));
    let identity = Identity { id: "web", secret: &secret, port };
    follow("openid-client", &mut command, &identity, &authority, report)?;
    authority.server.stop()
}

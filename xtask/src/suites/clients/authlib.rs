//! Python's Authlib: a web application that authenticates with a key of its own.

use std::process::Command;

use anyhow::Result;

use super::program::{Identity, follow};
use super::{Authority, Stage};
use crate::report::Report;
use crate::rig::process::free_port;
use crate::{cargo, machine};

/// Runs the suite.
pub(in crate::suites) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let python = machine::python(
        &stage.scratch,
        "authlib-python",
        include_str!("../../../clients/authlib/requirements.txt"),
    )?;
    let authority = Authority::start(stage, "authlib", &[])?;
    let port = free_port()?;
    let site = format!("http://127.0.0.1:{port}");
    let [private, public] = ["client.jwk", "client-public.jwk"].map(|name| authority.folder.join(name));
    let [private, public] = [private.display().to_string(), public.display().to_string()];
    std::fs::write(&private, authority.jeton.tool(&["jwk", "generate", "ES256"])?)?;
    std::fs::write(&public, authority.jeton.tool(&["jwk", "public", &private])?)?;
    authority.add_client(
        "signing",
        &[
            "--auth-method",
            "private_key_jwt",
            "--jwks",
            &public,
            "--redirect-uri",
            &format!("{site}/callback"),
            "--post-logout-redirect-uri",
            &format!("{site}/bye"),
        ],
    )?;
    let mut command = Command::new(python);
    command.arg(cargo::root().join("xtask/clients/authlib/main.py"));
    // Authlib wants https, except where told otherwise.
    command.env("AUTHLIB_INSECURE_TRANSPORT", "1").env("CLIENT_KEY", &private);
    let identity = Identity { id: "signing", secret: "", port };
    follow("authlib", &mut command, &identity, &authority, report)?;
    authority.server.stop()
}

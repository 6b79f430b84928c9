//! Clients that people use, unmodified: each signs in through the pages of a real server, refreshes and signs out.
//!
//! What runs them lies in `xtask/clients`, a folder for each language.

mod apache;
mod authlib;
mod form_redirects;
mod nginx;
mod oidc_client_ts;
mod openid_client;
mod openidconnect;
mod program;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

pub(super) use self::apache::run as apache;
pub(super) use self::authlib::run as authlib;
pub(super) use self::form_redirects::run as form_redirects;
pub(super) use self::nginx::run as nginx;
pub(super) use self::oidc_client_ts::run as oidc_client_ts;
pub(super) use self::openid_client::run as openid_client;
pub(super) use self::openidconnect::run as openidconnect;
use super::Stage;
use crate::rig::jeton::{Jeton, Server};
use crate::rig::visitor::Visitor;

/// The person who signs in.
const USERNAME: &str = "ada";
const PASSWORD: &str = "correct horse battery";

/// An authority with one user.
struct Authority {
    jeton: Jeton,
    server: Server,
    folder: PathBuf,
}

impl Authority {
    /// Starts one in an empty folder, with these settings.
    fn start(stage: &Stage, name: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let jeton = stage.jeton(name)?;
        let jeton = settings.iter().fold(jeton, |jeton, (variable, value)| jeton.with(variable, value));
        jeton.add_user(USERNAME, PASSWORD)?;
        let server = jeton.serve()?;
        Ok(Self { jeton, server, folder: stage.scratch.join(name) })
    }

    fn issuer(&self) -> &str {
        self.server.client().base()
    }

    /// Adds a client and answers its secret, which is empty where it has none.
    fn add_client(&self, id: &str, arguments: &[&str]) -> Result<String> {
        let mut all = vec!["client", "add", "--json", "--id", id];
        all.extend(arguments);
        let added = self.jeton.run(&all)?;
        let added: Value = serde_json::from_str(&added).context("jeton client add --json printed no JSON")?;
        Ok(added["client_secret"].as_str().unwrap_or_default().to_owned())
    }
}

fn visitor() -> Visitor {
    Visitor::new(USERNAME, PASSWORD)
}

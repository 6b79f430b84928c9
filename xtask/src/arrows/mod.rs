//! `cargo xtask arrows`: which crate may depend on what, held by the dependency graph itself.

mod graph;
mod rules;

use anyhow::{Result, bail};

use crate::{cargo, console};
use graph::Graph;

/// Checks every rule against the graph that cargo resolves, then asks cargo-deny where it is installed.
///
/// # Errors
/// When an edge is forbidden; each is printed with the rule that it breaks.
pub(crate) fn check() -> Result<()> {
    let graph = Graph::parse(&cargo::print(&Graph::CARGO)?)?;
    let broken = rules::broken(&graph);
    for violation in &broken {
        console::say(violation);
    }
    if !broken.is_empty() {
        bail!("{} dependencies go against the arrows of ARCHITECTURE.md", broken.len());
    }
    console::say(&format!("arrows: {} packages, every dependency goes where it may", graph.len()));
    deny()
}

/// Licences, sources and bans, which cargo-deny knows how to read. Advisories are left out: they need a download, and
/// would turn a commit red that changed nothing.
fn deny() -> Result<()> {
    if !cargo::has("deny") {
        console::say("cargo-deny is not installed: licences, sources and bans of deny.toml were not checked");
        return Ok(());
    }
    cargo::run(&["deny", "check", "bans", "licenses", "sources"])
}

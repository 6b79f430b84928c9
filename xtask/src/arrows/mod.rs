//! `cargo xtask arrows`: which crate may depend on what, checked in the dependency graph, and no circles between the rooms of
//! a crate, checked in its sources.

mod circles;
mod graph;
mod rules;
mod sources;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{cargo, console};
use graph::Graph;
use rules::Arrows;

/// Checks every rule against the graph that cargo resolves and against the sources, then asks cargo-deny where it is installed.
///
/// # Errors
/// When an edge is forbidden or rooms form a circle; each is printed with the rule that it breaks.
pub(crate) fn check() -> Result<()> {
    let page = cargo::root().join("ARCHITECTURE.md");
    let page = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let graph = Graph::parse(&cargo::print(&Graph::CARGO)?)?;
    let broken = rules::broken(&graph, &Arrows::parse(&page)?);
    let circles = circles::found()?;
    broken.iter().chain(&circles).for_each(|violation| console::say(violation));
    if !broken.is_empty() || !circles.is_empty() {
        bail!("{} dependencies go against the arrows; {} circles between rooms", broken.len(), circles.len());
    }
    console::say(&format!(
        "arrows: {} packages, every dependency goes where it may; no circles between rooms",
        graph.len()
    ));
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

//! The rules: the arrows between our crates, as ARCHITECTURE.md draws them, and what other crates may be used where.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::graph::Graph;

/// What each crate of ours may use of the workspace. Everything else of ours is forbidden to it.
#[derive(Debug, Default)]
pub(super) struct Arrows(BTreeMap<String, BTreeSet<String>>);

impl Arrows {
    /// Reads the arrows out of ARCHITECTURE.md: the lines in its code blocks that have the form `a → b → c`. An arrow
    /// leads on: who may use `b` may use what `b` may use.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn parse(page: &str) -> Result<Self> {
        let mut arrows = Self::default();
        let blocks = page.split("```").skip(1).step_by(2);
        for line in blocks.flat_map(str::lines).filter(|line| line.contains('→')) {
            let packages: Vec<String> = line.split('→').map(package).collect();
            for pair in packages.windows(2) {
                arrows.0.entry(pair[0].clone()).or_default().insert(pair[1].clone());
                arrows.0.entry(pair[1].clone()).or_default();
            }
        }
        while arrows.lead_on() {}
        (!arrows.0.is_empty()).then_some(arrows).context("no arrows in ARCHITECTURE.md")
    }

    /// Adds what the next ones may use, and says whether that was anything new.
    fn lead_on(&mut self) -> bool {
        let before = self.0.clone();
        for next in self.0.values_mut() {
            let further: Vec<String> =
                next.iter().filter_map(|next| before.get(next)).flatten().cloned().collect();
            next.extend(further);
        }
        self.0 != before
    }
}

/// The package that an arrow calls by the name of its folder.
fn package(folder: &str) -> String {
    match folder.trim() {
        "cli" => "jeton".to_owned(),
        other => format!("jeton-{other}"),
    }
}

/// What a crate never reaches, not even through others.
const NEVER: &[(&str, &[&str])] = &[
    ("jeton-jose", &["tokio", "http", "hyper", "axum", "rusqlite", "async-trait", "reqwest", "ureq"]),
    ("jeton-oauth", &["tokio", "http", "hyper", "axum", "rusqlite", "reqwest", "ureq"]),
    ("jeton-fetch", &["axum", "rusqlite", "tokio-postgres"]),
    ("jeton-authority", &["http", "hyper", "axum", "rusqlite", "tokio-postgres", "reqwest", "ureq"]),
    ("jeton-store", &["http", "hyper", "axum"]),
    ("jeton-server", &["rusqlite", "tokio-postgres"]),
    ("jeton-guard", &["rusqlite", "tokio-postgres"]),
];

/// What only these may name: the crypto library and each database driver stay in one crate, with the benchmark's floor
/// beside it; there is one TLS and one crypto library.
const ONLY_FROM: &[(&str, &[&str])] = &[
    ("aws-lc-rs", &["jeton-jose", "jeton-bench", "rustls", "rustls-webpki", "tokio-rustls"]),
    ("rusqlite", &["jeton-store", "jeton-bench"]),
    ("tokio-postgres", &["jeton-store", "jeton-bench"]),
    ("axum", &["jeton-server", "jeton-guard", "jeton-demo", "jeton", "jeton-bench"]),
    ("ring", &[]),
    ("openssl-sys", &[]),
    ("native-tls", &[]),
];

/// Every rule that the graph breaks, in one line each: the edge, and what was wanted.
pub(super) fn broken(graph: &Graph, arrows: &Arrows) -> Vec<String> {
    let mut broken = Vec::new();
    for package in graph.ours() {
        let allowed = arrows.0.get(package);
        let ours = graph.direct(package).filter(|needed| graph.is_ours(needed));
        let forbidden = ours.filter(|needed| !allowed.is_some_and(|allowed| allowed.contains(*needed)));
        broken.extend(
            forbidden.map(|needed| format!("{package} → {needed}: no arrow of ARCHITECTURE.md leads there")),
        );
    }
    for (package, never) in NEVER {
        let ways = never.iter().filter_map(|never| graph.path(package, never));
        broken.extend(
            ways.map(|way| format!("{}: {package} never depends on {}", way.join(" → "), way[way.len() - 1])),
        );
    }
    for (package, users) in ONLY_FROM {
        let strangers = graph.users(package).filter(|user| !users.contains(user));
        broken.extend(strangers.map(|user| format!("{user} → {package}: it may be used by {}", list(users))));
    }
    broken
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{Arrows, Graph, broken};

    const PAGE: &str =
        "text\n```\ncli → server → authority → oauth → jose\ncli → store → authority\n```\na → b";

    fn arrows() -> Arrows {
        Arrows::parse(PAGE).expect("arrows")
    }

    #[test]
    fn the_design_breaks_no_rule() {
        let graph = Graph::of(
            &["jeton", "jeton-server", "jeton-authority", "jeton-store", "jeton-jose"],
            &[
                ("jeton", "jeton-server"),
                ("jeton", "jeton-store"),
                ("jeton-server", "jeton-authority"),
                ("jeton-server", "axum"),
                ("jeton-store", "jeton-authority"),
                ("jeton-store", "rusqlite"),
                ("jeton-authority", "jeton-jose"),
                ("jeton-jose", "aws-lc-rs"),
            ],
        );
        assert_eq!(broken(&graph, &arrows()), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_upwards_is_named() {
        let graph = Graph::of(&["jeton-authority", "jeton-store"], &[("jeton-authority", "jeton-store")]);
        assert_eq!(
            broken(&graph, &arrows()),
            ["jeton-authority → jeton-store: no arrow of ARCHITECTURE.md leads there"]
        );
    }

    #[test]
    fn a_runtime_below_the_rules_is_found_through_others() {
        let graph = Graph::of(&["jeton-jose"], &[("jeton-jose", "handy"), ("handy", "tokio")]);
        assert_eq!(
            broken(&graph, &arrows()),
            ["jeton-jose → handy → tokio: jeton-jose never depends on tokio"]
        );
    }

    #[test]
    fn a_second_user_of_the_crypto_library_is_found() {
        let graph = Graph::of(&["jeton-guard"], &[("jeton-guard", "aws-lc-rs")]);
        assert!(
            broken(&graph, &arrows())[0].starts_with("jeton-guard → aws-lc-rs: it may be used by jeton-jose")
        );
    }

    #[test]
    fn an_arrow_leads_on_and_only_those_of_the_block_count() {
        let graph = Graph::of(
            &["jeton", "jeton-jose", "jeton-a", "jeton-b"],
            &[("jeton", "jeton-jose"), ("jeton-a", "jeton-b")],
        );
        assert_eq!(broken(&graph, &arrows()), ["jeton-a → jeton-b: no arrow of ARCHITECTURE.md leads there"]);
        assert!(Arrows::parse("a → b").is_err());
    }
}

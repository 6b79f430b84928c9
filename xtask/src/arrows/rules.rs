//! The arrows themselves.

use super::graph::Graph;

/// What a crate of ours may use of the workspace. Everything else of ours is forbidden to it.
const LAYERS: &[(&str, &[&str])] = &[
    ("jeton-jose", &[]),
    ("jeton-oauth", &["jeton-jose"]),
    ("jeton-fetch", &["jeton-jose"]),
    ("jeton-authority", &["jeton-jose", "jeton-oauth"]),
    ("jeton-store", &["jeton-jose", "jeton-oauth", "jeton-authority"]),
    ("jeton-guard", &["jeton-jose", "jeton-oauth", "jeton-fetch"]),
    ("jeton-server", &["jeton-jose", "jeton-oauth", "jeton-authority", "jeton-fetch"]),
    (
        "jeton",
        &["jeton-jose", "jeton-oauth", "jeton-authority", "jeton-store", "jeton-server", "jeton-guard"],
    ),
    (
        "jeton-bench",
        &["jeton-jose", "jeton-oauth", "jeton-authority", "jeton-store", "jeton-server", "jeton-guard"],
    ),
    ("xtask", &[]),
];

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
/// beside it.
const ONLY_FROM: &[(&str, &[&str])] = &[
    ("aws-lc-rs", &["jeton-jose", "jeton-bench", "rustls", "rustls-webpki", "tokio-rustls"]),
    ("rusqlite", &["jeton-store", "jeton-bench"]),
    ("tokio-postgres", &["jeton-store", "jeton-bench"]),
    ("ring", &[]),
    ("openssl-sys", &[]),
    ("native-tls", &[]),
];

/// Every rule that the graph breaks, in one line each: the edge, and what was wanted.
pub(super) fn broken(graph: &Graph) -> Vec<String> {
    let mut broken = Vec::new();
    for package in graph.ours() {
        match LAYERS.iter().find(|(name, _)| *name == package) {
            None => {
                broken.push(format!("{package} has no place among the arrows: give it one in xtask's rules"))
            }
            Some((_, allowed)) => broken.extend(
                graph
                    .direct(package)
                    .filter(|needed| graph.is_ours(needed) && !allowed.contains(needed))
                    .map(|needed| {
                        format!("{package} → {needed}: of the workspace it may use {}", list(allowed))
                    }),
            ),
        }
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
    use super::{Graph, broken};

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
        assert_eq!(broken(&graph), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_upwards_is_named() {
        let graph = Graph::of(&["jeton-authority", "jeton-store"], &[("jeton-authority", "jeton-store")]);
        assert_eq!(
            broken(&graph),
            ["jeton-authority → jeton-store: of the workspace it may use jeton-jose, jeton-oauth"]
        );
    }

    #[test]
    fn a_runtime_below_the_rules_is_found_through_others() {
        let graph = Graph::of(&["jeton-jose"], &[("jeton-jose", "handy"), ("handy", "tokio")]);
        assert_eq!(broken(&graph), ["jeton-jose → handy → tokio: jeton-jose never depends on tokio"]);
    }

    #[test]
    fn a_second_user_of_the_crypto_library_is_found() {
        let graph = Graph::of(&["jeton-guard"], &[("jeton-guard", "aws-lc-rs")]);
        assert!(broken(&graph)[0].starts_with("jeton-guard → aws-lc-rs: it may be used by jeton-jose"));
    }

    #[test]
    fn a_crate_without_a_place_is_named() {
        let graph = Graph::of(&["jeton-extra"], &[("jeton-extra", "serde")]);
        assert_eq!(
            broken(&graph),
            ["jeton-extra has no place among the arrows: give it one in xtask's rules"]
        );
    }
}

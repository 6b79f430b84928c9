//! The dependency graph: which package names which, as cargo resolved it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result};

/// The dependencies between packages, by name. What only tests, build scripts or macros take is left out: it is not part
/// of what is shipped.
#[derive(Debug, Default)]
pub(super) struct Graph {
    edges: BTreeMap<String, BTreeSet<String>>,
    ours: BTreeSet<String>,
}

impl Graph {
    /// The arguments with which cargo prints what [`Graph::parse`] reads.
    ///
    /// `cargo tree` and not `cargo metadata`, which joins features that are never built together.
    pub(super) const CARGO: [&str; 7] = [
        "tree",
        "--workspace",
        "--edges=normal,no-proc-macro",
        "--prefix=depth",
        "--format",
        " {p}",
        "--quiet",
    ];

    /// Reads what cargo printed: a line for each package, with its depth before it.
    ///
    /// # Errors
    /// For a line of another form.
    pub(super) fn parse(tree: &str) -> Result<Self> {
        let mut graph = Self::default();
        let mut way: Vec<String> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let mut words = line.split(' ');
            let depth = words.next().and_then(|word| word.parse::<usize>().ok());
            let (Some(depth), Some(name)) = (depth, words.next()) else {
                anyhow::bail!("not a line of cargo tree: {line}");
            };
            way.truncate(depth);
            match way.last() {
                None => _ = graph.ours.insert(name.to_owned()),
                Some(user) => {
                    let needs = graph.edges.get_mut(user).context("cargo tree starts in the middle")?;
                    needs.insert(name.to_owned());
                }
            }
            graph.edges.entry(name.to_owned()).or_default();
            way.push(name.to_owned());
        }
        Ok(graph)
    }

    /// How many packages there are.
    pub(super) fn len(&self) -> usize {
        self.edges.len()
    }

    /// The packages of the workspace.
    pub(super) fn ours(&self) -> impl Iterator<Item = &str> {
        self.ours.iter().map(String::as_str)
    }

    /// Whether a package is one of the workspace.
    pub(super) fn is_ours(&self, package: &str) -> bool {
        self.ours.contains(package)
    }

    /// What a package names itself.
    pub(super) fn direct(&self, package: &str) -> impl Iterator<Item = &str> {
        self.edges.get(package).into_iter().flatten().map(String::as_str)
    }

    /// Who names a package.
    pub(super) fn users(&self, package: &str) -> impl Iterator<Item = &str> {
        self.edges.iter().filter(move |(_, needs)| needs.contains(package)).map(|(from, _)| from.as_str())
    }

    /// The shortest way from one package to another, both ends included.
    pub(super) fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut ways = VecDeque::from([vec![from.to_owned()]]);
        let mut seen = BTreeSet::from([from.to_owned()]);
        while let Some(way) = ways.pop_front() {
            let end = way.last()?;
            if end == to {
                return Some(way);
            }
            for next in self.direct(end) {
                if seen.insert(next.to_owned()) {
                    ways.push_back(way.iter().cloned().chain([next.to_owned()]).collect());
                }
            }
        }
        None
    }
}

#[cfg(test)]
impl Graph {
    /// A graph written by hand: `ours` and edges from the first to the second.
    pub(super) fn of(ours: &[&str], edges: &[(&str, &str)]) -> Self {
        let ours = ours.iter().map(|name| (*name).to_owned()).collect();
        let mut graph = Self { ours, edges: BTreeMap::new() };
        for (from, to) in edges {
            graph.edges.entry((*to).to_owned()).or_default();
            graph.edges.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;

    #[test]
    fn depths_become_edges() {
        let tree =
            "0 a v1.0.0 (/a)\n1 b v1.0.0\n2 c v1.0.0\n1 c v1.0.0 (*)\n\n0 d v1.0.0 (/d)\n1 a v1.0.0 (/a)\n";
        let graph = Graph::parse(tree).expect("a graph");
        assert_eq!(graph.ours().collect::<Vec<_>>(), ["a", "d"]);
        assert_eq!(graph.direct("a").collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(graph.users("c").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(graph.len(), 4);
    }

    #[test]
    fn a_line_of_another_form_is_refused() {
        assert!(Graph::parse("a v1.0.0").is_err());
    }

    #[test]
    fn a_path_is_the_shortest_one() {
        let graph = Graph::of(&[], &[("a", "b"), ("b", "c"), ("c", "d"), ("a", "c")]);
        assert_eq!(graph.path("a", "d"), Some(vec!["a".to_owned(), "c".to_owned(), "d".to_owned()]));
        assert_eq!(graph.path("d", "a"), None);
    }
}

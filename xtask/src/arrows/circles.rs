//! Circles: rooms of one crate that know each other, directly or by way of others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::sources::{self, Tie};
use crate::cargo;

/// How many places are shown of what ties one room to another.
const SHOWN: usize = 3;

/// Every circle in the crates, one text each.
///
/// # Errors
/// When a source cannot be read.
pub(super) fn found() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (package, folder) in folders()? {
        let circles = circles(&sources::ties(&root_of(&folder)?)?);
        found.extend(circles.iter().map(|circle| shown(&package, circle)));
    }
    Ok(found)
}

/// The packages of the workspace, each with its folder.
fn folders() -> Result<Vec<(String, PathBuf)>> {
    let metadata: serde_json::Value =
        serde_json::from_str(&cargo::print(&["metadata", "--format-version=1", "--no-deps"])?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let folder = |package: &serde_json::Value| {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        let folder = manifest.parent()?;
        // Places are shown as they are seen from the root.
        Some((package["name"].as_str()?.to_owned(), folder.strip_prefix(cargo::root()).ok()?.to_owned()))
    };
    packages.iter().map(|package| folder(package).context("a package without a folder here")).collect()
}

fn root_of(folder: &Path) -> Result<PathBuf> {
    let root = ["lib.rs", "main.rs"].map(|name| folder.join("src").join(name));
    root.into_iter().find(|file| file.is_file()).with_context(|| format!("{}: no root", folder.display()))
}

/// Rooms that can all be reached from each other, with what ties them.
fn circles(ties: &[Tie]) -> Vec<Vec<Tie>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for tie in ties {
        next.entry(&tie.from).or_default().insert(&tie.to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|room| (*room, reached(&next, room))).collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (room, all) in &reached {
        let circle: BTreeSet<&str> = all
            .iter()
            .copied()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(room)))
            .collect();
        if circle.len() > 1 && seen.is_disjoint(&circle) {
            let inside = ties
                .iter()
                .filter(|tie| circle.contains(tie.from.as_str()) && circle.contains(tie.to.as_str()));
            circles.push(inside.cloned().collect());
            seen.extend(circle);
        }
    }
    circles
}

/// What can be reached from a room, itself included where a way leads back.
fn reached<'a>(next: &BTreeMap<&'a str, BTreeSet<&'a str>>, room: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = next.get(room).into_iter().flatten().copied().collect();
    while let Some(room) = open.pop() {
        if reached.insert(room) {
            open.extend(next.get(room).into_iter().flatten());
        }
    }
    reached
}

/// A circle for people: its rooms, and of each tie the first places. The thinnest ties come first, since they are the
/// ones to cut.
fn shown(package: &str, circle: &[Tie]) -> String {
    let mut pairs: BTreeMap<(&str, &str), Vec<&Tie>> = BTreeMap::new();
    for tie in circle {
        pairs.entry((&tie.from, &tie.to)).or_default().push(tie);
    }
    let rooms: BTreeSet<&str> = pairs.keys().map(|(from, _)| *from).collect();
    let rooms: Vec<&str> = rooms.into_iter().collect();
    let mut lines = vec![format!("{package}: a circle of {} rooms: {}", rooms.len(), rooms.join(", "))];
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_by_key(|(_, ties)| ties.len());
    for ((from, to), ties) in pairs {
        lines.push(format!("  {from} → {to}"));
        lines.extend(ties.iter().take(SHOWN).map(|tie| format!("    {}  {}", tie.place, tie.name)));
        if ties.len() > SHOWN {
            lines.push(format!("    and {} more", ties.len() - SHOWN));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Tie, circles, shown, sources};

    /// The ties of a crate whose files are these.
    fn ties(files: &[(&str, &str)]) -> Vec<Tie> {
        let folder = std::env::temp_dir().join(format!("xtask-circles-{}", fastrand::u64(..)));
        for (name, text) in files {
            let file = folder.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let ties = sources::ties(&folder.join("lib.rs"));
        fs::remove_dir_all(folder).unwrap();
        ties.unwrap()
    }

    fn pairs(ties: &[Tie]) -> Vec<(&str, &str, &str)> {
        ties.iter().map(|tie| (tie.from.as_str(), tie.to.as_str(), tie.name.as_str())).collect()
    }

    #[test]
    fn a_name_that_the_root_passes_on_belongs_to_its_room() {
        let ties = ties(&[
            ("lib.rs", "mod key; mod token; pub use key::{Key, Pair as Both}; pub use other::Far;"),
            ("key.rs", "pub struct Key;"),
            ("token.rs", "use crate::{Both, Far}; fn f(_: crate::Key) {}"),
        ]);
        assert_eq!(pairs(&ties), [("token", "key", "Both"), ("token", "key", "Key")]);
    }

    #[test]
    fn ties_are_found_in_macros_attributes_and_inner_modules() {
        let ties = ties(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod inner; fn f() { assert!(matches!(1, crate::b::ONE)); }"),
            (
                "a/inner.rs",
                "#[derive(X)] struct S { #[serde(with = \"crate::b::hex\")] s: super::super::b::T }",
            ),
            ("b.rs", ""),
        ]);
        assert_eq!(pairs(&ties), [("a", "b", "b::hex"), ("a", "b", "b::T"), ("a", "b", "b::ONE")],);
    }

    #[test]
    fn tests_tie_nothing() {
        let ties = ties(&[
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod c;"),
            (
                "a.rs",
                "#[cfg(test)] mod tests { use crate::b::B; } #[cfg(test)] use crate::b::C; pub(in crate::b) fn f() {}",
            ),
            ("b.rs", "impl S { #[cfg(test)] fn f() { crate::a::f() } }"),
        ]);
        assert_eq!(ties, []);
    }

    #[test]
    fn a_circle_is_shown_with_its_places() {
        let ties = ties(&[
            ("lib.rs", "mod a; mod b; mod c; mod d; fn root() { d::f() }"),
            ("a.rs", "use crate::b::{\n  B,\n  C};"),
            ("b.rs", "use crate::c;"),
            ("c.rs", "use super::a;"),
            ("d.rs", "use crate::a;"),
        ]);
        let circles = circles(&ties);
        assert_eq!(circles.len(), 1);
        let shown = shown("jeton-x", &circles[0]);
        assert!(shown.starts_with("jeton-x: a circle of 3 rooms: a, b, c\n  b → c\n"), "{shown}");
        assert!(shown.ends_with("a.rs:3  b::C"), "{shown}");
        assert!(!shown.contains("d →"), "{shown}");
    }

    #[test]
    fn what_the_root_defines_belongs_to_the_root() {
        let ties = ties(&[("lib.rs", "mod a; const X: u8 = a::Y;"), ("a.rs", "const Y: u8 = crate::X;")]);
        assert_eq!(circles(&ties).len(), 1);
    }
}

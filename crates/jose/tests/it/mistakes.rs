//! That each known fault has its test, and each mistake that the types rule out is tried.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const FAULTS: &str = include_str!("../FAULTS.md");

fn files(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The functions that have `#[test]`, or a test of a run-time's or of proptest's, before them.
fn tests() -> BTreeSet<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = BTreeMap::new();
    for folder in
        ["tests/it", "src", "../guard/tests/it", "../guard/src", "../fetch/src", "../fetch/tests/it"]
    {
        files(&here.join(folder), &mut sources);
    }
    let mut tests = BTreeSet::new();
    for source in sources.values() {
        let mut is_test = false;
        for line in source.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some(rest) = line.strip_prefix("async fn ").or(line.strip_prefix("fn "))
                && std::mem::take(&mut is_test)
            {
                tests.insert(rest.split('(').next().unwrap().to_owned());
            }
        }
    }
    tests
}

fn mistakes() -> BTreeSet<String> {
    let mut found = BTreeMap::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail"), &mut found);
    found.keys().map(|path| Path::new(path).file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_known_fault_has_its_tests() {
    let (tests, mistakes) = (tests(), mistakes());
    let rows =
        FAULTS.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    let rows: Vec<_> = rows.filter(|(fault, _)| *fault != "fault").collect();
    for (fault, names) in &rows {
        for name in names.split(", ") {
            assert!(tests.contains(name) || mistakes.contains(name), "{fault}: there is no test {name}");
        }
    }
    let faults: BTreeSet<_> = rows.iter().map(|(fault, _)| fault).collect();
    assert_eq!((rows.len(), faults.len()), (106, 106), "each fault stands once");
}

#[test]
fn every_mistake_is_tried_and_belongs_to_a_fault() {
    let tried = include_str!("../../src/mistakes.rs");
    for file in mistakes() {
        let name = file.strip_suffix(".rs").unwrap();
        assert!(tried.contains(&format!("    {name} \"E")), "{file} is not tried in src/mistakes.rs");
    }
    assert!(mistakes().len() >= 13);
}

//! Finding and reading the published test data.

use std::path::PathBuf;

use serde_json::Value;

/// The folder of published vectors: `JETON_VECTORS`, else `../shared/vectors` beside the project. Nothing where it is missing,
/// unless the environment says that it must be there.
pub(crate) fn folder() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let folder = std::env::var_os("JETON_VECTORS").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("JETON_VECTORS").is_none() && std::env::var_os("CI").is_none(),
        "the published vectors are missing: {} is no folder",
        folder.display()
    );
    eprintln!("SKIPPED: the published vectors are missing ({}); set JETON_VECTORS", folder.display());
    None
}

/// One file of the folder.
pub(crate) fn read(file: &str) -> Option<Value> {
    let path = folder()?.join(file);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {value}"))
}

pub(crate) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("no list `{name}`"))
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

//! Finding and reading the published test data: what the RFCs print is in `vectors/`, the rest is in a folder beside the project.

use std::io::Write;
use std::path::PathBuf;

use serde_json::Value;

/// The project's own folder.
fn own() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

/// The folder of the vectors that the project does not have: `JETON_VECTORS`, else `../shared/vectors` beside it. Nothing where
/// it is missing, unless the environment says that it must be there.
fn others() -> Option<PathBuf> {
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
    count_skipped();
    None
}

/// Tells `cargo xtask test` which test was skipped, in the file that it names.
fn count_skipped() {
    let Some(file) = std::env::var_os("SKIPPED_TESTS") else { return };
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
    file.and_then(|mut file| writeln!(file, "{} {test}", env!("CARGO_PKG_NAME"))).unwrap();
}

/// The place of a file or folder of vectors.
pub(crate) fn place(name: &str) -> Option<PathBuf> {
    let own = own().join(name);
    if own.exists() { Some(own) } else { others().map(|folder| folder.join(name)) }
}

/// One file of vectors.
pub(crate) fn read(file: &str) -> Option<Value> {
    let path = place(file)?;
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

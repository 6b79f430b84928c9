//! `cargo xtask api`: the public API of the libraries, as it stands in `docs/api/`, so that a review sees what changes for
//! those who use them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use public_api::Builder;

use crate::{cargo, console};

/// The crates that others build on.
const LIBRARIES: &[&str] = &["jeton-jose", "jeton-oauth", "jeton-guard"];

/// What to do with a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// It is a failure.
    Refused,
    /// It is written down.
    Blessed,
}

/// Compares the API of each library with what is written in `docs/api/`, or writes it there.
///
/// # Errors
/// When they differ, or rustdoc fails.
pub(crate) fn run(difference: Difference) -> Result<()> {
    let target = cargo::target_directory()?;
    let permissive = permissive_rustdoc(&cargo::scratch()?)?;
    let mut differing = Vec::new();
    for library in LIBRARIES {
        rustdoc(library, &permissive)?;
        let json = target.join("doc").join(library.replace('-', "_")).with_extension("json");
        let api = Builder::from_rustdoc_json(&json)
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .build()
            .with_context(|| {
                format!("cannot read {}: does this compiler write another format?", json.display())
            })?
            .to_string();
        let file = cargo::root().join("docs/api").join(library).with_extension("txt");
        let written = fs::read_to_string(&file).unwrap_or_default();
        if difference == Difference::Blessed {
            fs::write(&file, &api).with_context(|| format!("cannot write {}", file.display()))?;
        } else if written != api {
            show(library, &written, &api);
            differing.push(*library);
        }
    }
    if !differing.is_empty() {
        bail!("the public API of {} differs from docs/api/: `cargo xtask api --bless`", differing.join(", "));
    }
    Ok(())
}

/// The API as JSON, into the folder of the docs.
fn rustdoc(library: &str, permissive: &Path) -> Result<()> {
    let mut command =
        cargo::command(&["rustdoc", "--quiet", "--lib", "--all-features", "--package", library]);
    command.args(["--", "-Zunstable-options", "--output-format=json", "--cap-lints=allow"]);
    command.env("RUSTDOC", permissive);
    cargo::finish(&mut command, "cargo rustdoc")
}

/// A rustdoc that writes JSON, which is not stable yet, as a script. Were cargo itself told so, by the same variable, it would
/// build half of all dependencies anew, and again for the next command without it.
fn permissive_rustdoc(folder: &Path) -> Result<PathBuf> {
    let script = folder.join("rustdoc");
    let rustdoc = std::env::var_os("CARGO").map(|cargo| Path::new(&cargo).with_file_name("rustdoc"));
    let rustdoc = rustdoc.filter(|path| path.is_file()).unwrap_or_else(|| "rustdoc".into());
    let text = format!("#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec '{}' \"$@\"\n", rustdoc.display());
    let cannot = || format!("cannot write {}", script.display());
    fs::write(&script, text).with_context(cannot)?;
    fs::set_permissions(&script, Permissions::from_mode(0o755)).with_context(cannot)?;
    Ok(script)
}

fn show(library: &str, written: &str, api: &str) {
    let (before, after): (Vec<&str>, Vec<&str>) = (written.lines().collect(), api.lines().collect());
    console::say(&format!("{library}:"));
    for line in before.iter().filter(|line| !after.contains(line)) {
        console::say(&format!("  - {line}"));
    }
    for line in after.iter().filter(|line| !before.contains(line)) {
        console::say(&format!("  + {line}"));
    }
}

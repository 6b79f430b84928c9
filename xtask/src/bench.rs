//! `cargo xtask bench`: the benchmark program in release mode.

use anyhow::Result;

use crate::{cargo, machine};

/// Builds the benchmark program and runs it.
///
/// # Errors
/// When the benchmark fails, or what it compares with is missing and cannot be installed.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    if arguments.contains(&"jose") {
        // One of the libraries compared uses the system's OpenSSL.
        machine::need_library("openssl", &["libssl-dev", "pkg-config"])?;
    }
    let mut all = vec!["run", "--release", "--package=jeton-bench", "--bin=bench", "--"];
    all.extend(arguments);
    cargo::run(&all)
}

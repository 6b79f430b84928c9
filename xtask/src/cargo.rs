//! Running cargo, and finding what it built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// A cargo command in the root of the workspace, with the cargo that runs this program.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(arguments);
    command
}

/// Runs cargo, its output passed on.
///
/// # Errors
/// When it cannot be run or exits with a failure.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    finish(&mut command(arguments), &format!("cargo {}", arguments.join(" ")))
}

/// Runs a command to its end, its output passed on; `name` is what a failure calls it.
///
/// # Errors
/// When it cannot be run or exits with a failure.
pub(crate) fn finish(command: &mut Command, name: &str) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot run {name}"))?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// Whether `cargo NAME` is installed.
pub(crate) fn has(subcommand: &str) -> bool {
    let probe = command(&[subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    probe.is_ok_and(|status| status.success())
}

/// Runs cargo and answers what it prints.
///
/// # Errors
/// When it cannot be run or exits with a failure.
pub(crate) fn print(arguments: &[&str]) -> Result<String> {
    let name = format!("cargo {}", arguments.join(" "));
    let output = command(arguments).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name} failed ({})", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{name} did not print text"))
}

/// Builds the `jeton` command as `cargo run` would and answers where it is.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_jeton() -> Result<PathBuf> {
    let arguments = ["build", "--package=jeton", "--bin=jeton", "--message-format=json-render-diagnostics"];
    let messages = print(&arguments)?;
    let executable = messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.context("cargo build did not say where it put the jeton command")
}

/// The `jeton` command that the tests of the crates were run with, if they have been built.
///
/// # Errors
/// When cargo does not say where it builds.
pub(crate) fn tested_jeton() -> Result<Option<PathBuf>> {
    let jeton = target_directory()?.join("debug/jeton");
    Ok(jeton.is_file().then_some(jeton))
}

/// The name of this machine's platform, as the compiler has it.
///
/// # Errors
/// When cargo does not say.
pub(crate) fn host() -> Result<String> {
    let version = print(&["--version", "--verbose"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("cargo --version --verbose names no host")
}

/// The folder `target/`, wherever it is.
///
/// # Errors
/// When cargo does not say.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata: Value = serde_json::from_str(&print(&["metadata", "--format-version=1", "--no-deps"])?)?;
    let target = metadata["target_directory"].as_str().context("cargo metadata names no target_directory")?;
    Ok(PathBuf::from(target))
}

/// The folder under `target/` where the suites keep what they install and what their servers write.
///
/// # Errors
/// When cargo does not say where `target/` is, or the folder cannot be made.
pub(crate) fn scratch() -> Result<PathBuf> {
    let scratch = target_directory()?.join("e2e");
    std::fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    Ok(scratch)
}

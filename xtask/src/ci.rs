//! `cargo xtask ci`: what has to be green before a change lands.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{api, arrows, cargo, console, errors, fuzz, test};

type Step = (&'static str, fn() -> Result<()>);

const TESTS: Step = ("tests", || test::run(&test::Selection::all()));

const STEPS: [Step; 8] = [
    ("formatting", formatting),
    ("lints", || cargo::run(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
    ("features", features),
    ("docs", docs),
    ("arrows", arrows::check),
    ("api", || api::run(api::Difference::Refused)),
    ("errors", || errors::run(api::Difference::Refused)),
    ("fuzz", || fuzz::run(&fuzz::Selection::smoke())),
];

/// Whether the tests are a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tests {
    /// They come first.
    Included,
    /// They have been run already.
    Done,
}

/// Runs every step, even after one failed, and ends with what each took.
///
/// # Errors
/// When a step failed, or the published test vectors are not there.
pub(crate) fn run(tests: Tests) -> Result<()> {
    need_vectors()?;
    let first = (tests == Tests::Included).then_some(&TESTS);
    let outcomes: Vec<(&str, Duration, Result<()>)> = first
        .into_iter()
        .chain(&STEPS)
        .map(|(name, step)| {
            console::headline(name);
            let started = Instant::now();
            let outcome = step();
            if let Err(error) = &outcome {
                console::say(&format!("{name}: {error:#}"));
            }
            (*name, started.elapsed(), outcome)
        })
        .collect();
    console::headline("timings");
    for (name, took, outcome) in &outcomes {
        let word = if outcome.is_ok() { "ok" } else { "FAIL" };
        console::say(&format!("  {word:4}  {name:10} {:7.1} s", took.as_secs_f32()));
    }
    let failed = outcomes.iter().filter(|(_, _, outcome)| outcome.is_err()).count();
    if failed > 0 {
        bail!("{failed} of {} steps failed", outcomes.len());
    }
    Ok(())
}

/// Without the vectors the tests that read them would not run, and a green result would say too much.
fn need_vectors() -> Result<()> {
    let folder = std::env::var_os("JETON_VECTORS")
        .map_or_else(|| cargo::root().join("../shared/vectors"), PathBuf::from);
    if !folder.join("README.md").is_file() {
        bail!(
            "the published test vectors are not in {}: set JETON_VECTORS to the folder that holds them",
            folder.display()
        );
    }
    Ok(())
}

/// The fuzz targets are a workspace of their own.
fn formatting() -> Result<()> {
    let ours = cargo::run(&["fmt", "--all", "--check"]);
    ours.and(cargo::run(&["fmt", "--manifest-path=fuzz/Cargo.toml", "--check"]))
}

/// The library builds with each of its features alone, and with none; the command without the demo.
fn features() -> Result<()> {
    const ALONE: [&str; 7] = ["", "dpop", "hpke", "jwe", "sd-jwt", "status-list", "x509"];
    let without_demo =
        ["clippy", "--package=jeton", "--no-default-features", "--bins", "--", "-D", "warnings"];
    cargo::run(&without_demo)?;
    ALONE.iter().try_for_each(|feature| {
        cargo::run(&[
            "clippy",
            "--package=jeton-jose",
            "--no-default-features",
            &format!("--features={feature}"),
            "--",
            "-D",
            "warnings",
        ])
    })
}

fn docs() -> Result<()> {
    let mut command = cargo::command(&["doc", "--workspace", "--no-deps"]);
    let flags = std::env::var("RUSTDOCFLAGS").unwrap_or_default();
    command.env("RUSTDOCFLAGS", format!("{flags} -D warnings"));
    cargo::finish(&mut command, "cargo doc")
}

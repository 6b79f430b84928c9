//! `cargo xtask fuzz`: the fuzz targets, built with plain cargo.
//!
//! libFuzzer needs nothing but coverage counters in the code, which the stable compiler puts there when told to; so neither
//! cargo-fuzz nor a nightly toolchain is installed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::report::Report;
use crate::{cargo, console, machine};

/// What cargo-fuzz passes to the compiler, without a sanitizer: our code is safe Rust.
const FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Ccodegen-units=1",
];

/// How long a target runs, unless said.
const LONG: Duration = Duration::from_secs(600);
/// How long a target runs in CI.
const SMOKE: Duration = Duration::from_secs(3);
/// The longest input (bytes): room for an RSA key of 8192 bits in PEM.
const MAX_LEN: usize = 8192;
/// How long a single input may take (seconds).
const TIMEOUT: u32 = 20;

/// What to run.
#[derive(Debug)]
pub(crate) struct Selection {
    target: Option<String>,
    time: Duration,
    corpus: Corpus,
}

/// What a run starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Corpus {
    /// The seeds, and what earlier runs have found.
    Kept,
    /// The seeds alone.
    Fresh,
}

impl Selection {
    /// Every target for a few seconds.
    pub(crate) fn smoke() -> Self {
        Self { target: None, time: SMOKE, corpus: Corpus::Fresh }
    }

    /// Parses the arguments after `fuzz`; nothing where they make no sense.
    pub(crate) fn parse(arguments: &[&str]) -> Option<Self> {
        let mut selection = Self { target: None, time: LONG, corpus: Corpus::Kept };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match *argument {
                "--smoke" => selection = Self { target: selection.target, ..Self::smoke() },
                "--seconds" => selection.time = Duration::from_secs(rest.next()?.parse().ok()?),
                option if option.starts_with('-') => return None,
                name if selection.target.is_none() => selection.target = Some(name.to_owned()),
                _ => return None,
            }
        }
        Some(selection)
    }
}

/// Builds the targets and runs those that are selected, as many at a time as there are cores.
///
/// # Errors
/// When one does not build, or found something; the input that it found is kept.
pub(crate) fn run(selection: &Selection) -> Result<()> {
    let all = targets()?;
    let wanted: Vec<&String> =
        all.iter().filter(|name| selection.target.as_ref().is_none_or(|wanted| wanted == *name)).collect();
    if wanted.is_empty() {
        bail!("no such target: there are {}", all.join(", "));
    }
    let scratch = cargo::target_directory()?.join("fuzz");
    let programs = build(selection, &scratch)?;
    let mut report = Report::default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for some in wanted.chunks(cores) {
        let outcomes = std::thread::scope(|scope| {
            let run = |name| run_one(selection, name, &programs, &scratch);
            let running: Vec<_> = some.iter().map(|name| scope.spawn(move || run(name))).collect();
            running.into_iter().map(|one| one.join().expect("it does not panic")).collect::<Vec<_>>()
        });
        for (name, outcome) in some.iter().zip(outcomes) {
            report.check(&format!("{name} finds nothing"), || outcome);
        }
    }
    console::say(&format!("\n{}", report.closing_line()));
    if report.failures().is_empty() { Ok(()) } else { bail!("the fuzz targets have found something") }
}

fn folder() -> PathBuf {
    cargo::root().join("fuzz")
}

/// The names of the targets: each is a file in `fuzz/fuzz_targets/`.
fn targets() -> Result<Vec<String>> {
    let folder = folder().join("fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

/// Builds one target or all, and answers the folder that the programs are in.
fn build(selection: &Selection, scratch: &Path) -> Result<PathBuf> {
    machine::need_program("c++", &["g++"])?;
    let host = cargo::host()?;
    let mut arguments = vec!["build", "--release", "--target", &host];
    // For a few seconds of running, optimizing would take longer than it saves.
    let scratch = match selection.corpus {
        Corpus::Kept => scratch.to_owned(),
        Corpus::Fresh => {
            arguments.extend(["--config", "profile.release.opt-level=1"]);
            scratch.join("smoke")
        }
    };
    match selection.target.as_deref() {
        Some(name) => arguments.extend(["--bin", name]),
        None => arguments.push("--bins"),
    }
    let mut command = cargo::command(&arguments);
    // With a target of its own, what runs while building is not slowed down by counters.
    command.current_dir(folder()).env("CARGO_TARGET_DIR", &scratch);
    command.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    cargo::finish(&mut command, "cargo build in fuzz/")?;
    Ok(scratch.join(host).join("release"))
}

fn run_one(selection: &Selection, name: &str, programs: &Path, scratch: &Path) -> Result<()> {
    let seeds = folder().join("seeds").join(name);
    if !seeds.is_dir() {
        bail!("{name} has no seeds: `cargo run --example seeds` in fuzz/ writes them");
    }
    let corpus = scratch.join("corpus").join(match selection.corpus {
        Corpus::Kept => name.to_owned(),
        Corpus::Fresh => format!("{name}.smoke"),
    });
    if selection.corpus == Corpus::Fresh && corpus.exists() {
        fs::remove_dir_all(&corpus).with_context(|| format!("cannot empty {}", corpus.display()))?;
    }
    let found = scratch.join("found");
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let log = found.join(format!("{name}.log"));
    let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = Command::new(programs.join(name));
    // What is found goes into the first folder; the seeds stay as they are.
    command.arg(&corpus).arg(&seeds);
    command.arg(format!("-max_total_time={}", selection.time.as_secs()));
    command.arg(format!("-max_len={MAX_LEN}")).arg(format!("-timeout={TIMEOUT}"));
    command.arg(format!("-artifact_prefix={}/{name}-", found.display())).arg("-print_final_stats=1");
    let dictionary = folder().join("dictionaries").join(name).with_extension("dict");
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).status();
    let status = status.with_context(|| format!("cannot run {name}"))?;
    let text = String::from_utf8_lossy(&fs::read(&log).context("the log is gone")?).into_owned();
    if status.success() {
        let runs = text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        console::say(&format!("        {} executions", runs.unwrap_or("an unknown number of").trim()));
        return Ok(());
    }
    // libFuzzer ends with the input, which is in a file anyway; what happened stands before it.
    let from = text.find("panicked at").or_else(|| text.find("ERROR: ")).unwrap_or(0);
    let happened: Vec<&str> = text[from..].lines().take(6).collect();
    let kept = text.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, path)| path);
    bail!("{}\nthe input: {}\nthe log: {}", happened.join("\n"), kept.unwrap_or("none"), log.display())
}

//! `cargo xtask test`: the workspace's own tests, then the suites that need the real command and real peers.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::report::Report;
use crate::rig::postgres::Postgres;
use crate::suites::{self, Stage, Suite};
use crate::{cargo, console, failed_tests};

/// The tests of the crates themselves, as a name beside the suites.
const RUST: &str = "rust";

/// What of all tests to run.
#[derive(Debug)]
pub(crate) struct Selection {
    rust: bool,
    suites: Vec<&'static Suite>,
    quick: bool,
}

impl Selection {
    /// Everything.
    pub(crate) fn all() -> Self {
        Self { rust: true, suites: suites::ALL.iter().collect(), quick: false }
    }

    /// Parses the arguments after `test`: `--quick`, and names; without names it is everything.
    ///
    /// # Errors
    /// For a name that is neither `rust` nor a suite.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let quick = arguments.contains(&"--quick");
        let names: Vec<&str> = arguments.iter().copied().filter(|argument| *argument != "--quick").collect();
        if names.is_empty() {
            return Ok(Self { quick, ..Self::all() });
        }
        let mut selection = Self { rust: false, suites: Vec::new(), quick };
        for name in names {
            if name == RUST {
                selection.rust = true;
            } else {
                let known = suites::ALL.iter().find(|suite| suite.name == name);
                selection.suites.push(known.with_context(|| {
                    let all: Vec<&str> = suites::ALL.iter().map(|suite| suite.name).collect();
                    format!("no tests are called {name}: there are {RUST}, {}", all.join(", "))
                })?);
            }
        }
        Ok(selection)
    }
}

/// Runs the tests that are selected; the last line on standard output counts the checks of the suites.
///
/// # Errors
/// When anything failed.
pub(crate) fn run(selection: &Selection) -> Result<()> {
    let mut report = Report::default();
    if selection.rust {
        console::headline("tests of the crates");
        let skipped = Skipped::begin()?;
        let postgres = Server::start(&mut report);
        report.check("the tests of the crates pass", || rust(&skipped, &postgres));
        skipped.tell(&mut report);
    }
    if !selection.suites.is_empty() {
        let stage = match selection.rust {
            true => Stage::after_the_tests(selection.quick)?,
            false => Stage::new(selection.quick)?,
        };
        let (alone, beside): (Vec<&Suite>, Vec<&Suite>) =
            selection.suites.iter().copied().partition(|suite| suite.alone);
        report.add(run_beside_each_other(&beside, &stage));
        for suite in alone {
            run_suite(suite, &stage, &mut report);
        }
    }
    close(&report)
}

/// Runs the crash suite alone, with so many kills.
///
/// # Errors
/// When a check failed.
pub(crate) fn crash(kills: usize) -> Result<()> {
    let stage = Stage::new(false)?;
    let mut report = Report::default();
    console::headline("crash");
    suites::crash::run_with(&stage, kills, &mut report)?;
    close(&report)
}

/// Tries high availability: Patroni, etcd and PostgreSQL on machines of their own.
///
/// # Errors
/// When a check failed.
pub(crate) fn ha(options: suites::ha::Options) -> Result<()> {
    let stage = Stage::new(false)?;
    let mut report = Report::default();
    console::headline("ha: three PostgreSQL servers under Patroni, whose primaries go away under load");
    suites::ha::run(&stage, options, &mut report)?;
    close(&report)
}

/// Says at the end what failed, and writes it where `.ci/run` finds it after the checks that follow.
fn close(report: &Report) -> Result<()> {
    let failures = report.failures().join("\n");
    fs::write(cargo::root().join("target/failures"), &failures).context("cannot write target/failures")?;
    if !failures.is_empty() {
        console::headline("what failed");
        console::say(&failures);
    }
    console::say(&format!("\n{}", report.closing_line()));
    if !failures.is_empty() {
        bail!("some tests failed");
    }
    Ok(())
}

/// Suites wait for browsers, packages and time limits more than they compute, so two of them run at a time.
const BESIDE: usize = 2;

/// Runs suites, some at a time; what each says is printed when it ends.
fn run_beside_each_other(suites: &[&Suite], stage: &Stage) -> Report {
    let waiting = Mutex::new(suites.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        let mut report = Report::default();
        while let Some(suite) = next() {
            console::together(|| run_suite(suite, stage, &mut report));
        }
        report
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..BESIDE.min(suites.len())).map(|_| scope.spawn(run)).collect();
        let mut all = Report::default();
        lanes.into_iter().for_each(|lane| all.add(lane.join().expect("a suite does not panic")));
        all
    })
}

fn run_suite(suite: &Suite, stage: &Stage, report: &mut Report) {
    console::headline(&format!("{}: {}", suite.name, suite.about));
    let started = Instant::now();
    if let Err(error) = (suite.run)(stage, report) {
        report.check(&format!("{} could be carried out to its end", suite.name), || Err(error));
    }
    console::say(&format!("  {} took {:.1} s", suite.name, started.elapsed().as_secs_f32()));
}

/// `cargo nextest` where it is installed, which runs more of them at once; it leaves out the examples in the docs.
fn rust(skipped: &Skipped, postgres: &Server) -> Result<()> {
    let run = |arguments: &[&str]| {
        let mut command = cargo::command(arguments);
        command.env("SKIPPED_TESTS", &skipped.file);
        if let Server::Started(postgres) = postgres {
            command.env(POSTGRES, postgres.url());
        }
        failed_tests::run(&mut command)
    };
    if cargo::has("nextest") {
        let tests = run(&["nextest", "run", "--workspace", "--no-fail-fast", "--status-level=fail"]);
        let examples = run(&["test", "--workspace", "--doc", "--no-fail-fast"]);
        tests.and(examples)
    } else {
        run(&["test", "--workspace", "--no-fail-fast"])
    }
}

/// The variable that names the tests' PostgreSQL server.
const POSTGRES: &str = "JETON_TEST_POSTGRES";

/// The PostgreSQL server that the tests are given.
enum Server {
    /// It was started for them.
    Started(Postgres),
    /// The variable names one already, or there is none; then the tests of it are skipped.
    NotOurs,
}

impl Server {
    fn start(report: &mut Report) -> Self {
        if std::env::var_os(POSTGRES).is_some() {
            return Self::NotOurs;
        }
        match Postgres::start_without_flushes() {
            Ok(postgres) => Self::Started(postgres),
            Err(error) => {
                report.skip("PostgreSQL starts", &format!("{error:#}"));
                Self::NotOurs
            }
        }
    }
}

/// The tests that were skipped since what they need is not here: they write their names into a file, and what it is unless it is the
/// published vectors.
struct Skipped {
    file: PathBuf,
}

impl Skipped {
    fn begin() -> Result<Self> {
        let file = cargo::root().join("target/skipped-tests");
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", file.display()))
            }
            _ => Ok(Self { file }),
        }
    }

    /// Counts them in the report.
    fn tell(&self, report: &mut Report) {
        let names = fs::read_to_string(&self.file).unwrap_or_default();
        let names: BTreeSet<&str> = names.lines().collect();
        for line in names {
            let vectors = (line, "its published vectors are not here: set JETON_VECTORS");
            let (name, why) = line.split_once(": ").unwrap_or(vectors);
            report.skip(name, why);
        }
    }
}

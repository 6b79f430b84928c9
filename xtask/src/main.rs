//! The project's own chores: `cargo xtask test | fuzz | bench | deb | ci | crash | ha | arrows | api | errors | baseline`.

mod api;
mod arrows;
mod baseline;
mod bench;
mod cargo;
mod ci;
mod console;
mod deb;
mod errors;
mod failed_tests;
mod fuzz;
mod machine;
mod report;
mod rig;
mod suites;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
The project's own chores.

  cargo xtask test [--quick] [NAME...]   all tests, or only those named: rust, or a suite of the list below
  cargo xtask crash [KILLS]              the crash suite alone, with this many kills (50)
  cargo xtask ha [--rounds N] [--asynchronous]  PostgreSQL under Patroni loses its primary, ten times (root, Debian)
  cargo xtask fuzz [TARGET] [--seconds N]  the fuzz targets, or one of them, for ten minutes each
  cargo xtask fuzz --smoke               each for a few seconds, from its seeds
  cargo xtask bench [ARGUMENT...]        the benchmarks, in release mode; arguments go to the benchmark
  cargo xtask deb                        the Debian package, in target/debian
  cargo xtask arrows                     which crate may depend on what; no circles inside a crate
  cargo xtask api [--bless]              the libraries' public API against docs/api/, or written there
  cargo xtask baseline                   the tables and statements of this version, for the tests of the next one
  cargo xtask errors [--bless]           docs/errors.md against docs/errors.toml, or written from it
  cargo xtask ci [--after-tests]         all tests, then formatting, lints, docs, arrows, API and fuzz --smoke

Suites of `cargo xtask test`, each against the real command:
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test", rest @ ..] => test::Selection::parse(rest).and_then(|selection| test::run(&selection)),
        ["crash"] => test::crash(suites::crash::KILLS),
        ["crash", kills] => match kills.parse() {
            Ok(kills) => test::crash(kills),
            Err(_) => return wrong_usage(),
        },
        ["ha", rest @ ..] => match suites::ha::Options::parse(rest) {
            Some(options) => test::ha(options),
            None => return wrong_usage(),
        },
        ["fuzz", rest @ ..] => match fuzz::Selection::parse(rest) {
            Some(selection) => fuzz::run(&selection),
            None => return wrong_usage(),
        },
        ["api"] => api::run(api::Difference::Refused),
        ["api", "--bless"] => api::run(api::Difference::Blessed),
        ["errors"] => errors::run(api::Difference::Refused),
        ["errors", "--bless"] => errors::run(api::Difference::Blessed),
        ["bench", rest @ ..] => bench::run(rest),
        ["deb"] => deb::run(),
        ["baseline"] => baseline::run(),
        ["arrows"] => arrows::check(),
        ["ci"] => ci::run(ci::Tests::Included),
        ["ci", "--after-tests"] => ci::run(ci::Tests::Done),
        _ => return wrong_usage(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn wrong_usage() -> ExitCode {
    console::complain(USAGE);
    for suite in suites::ALL {
        console::complain(&format!("  {:8} {}", suite.name, suite.about));
    }
    ExitCode::from(2)
}

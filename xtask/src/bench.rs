//! `cargo xtask bench`: the benchmark program in release mode.

use anyhow::Result;

use crate::rig::postgres::Postgres;
use crate::{cargo, console, machine};

/// The variable that names the benchmark's PostgreSQL server.
const POSTGRES: &str = "BENCH_POSTGRES";

/// What is measured on PostgreSQL too.
const ON_POSTGRES: [&str; 4] = ["server", "refresh-postgresql", "feed", "grants"];

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
    let postgres = if on_postgres(arguments) { start_postgres() } else { None };
    let mut command = cargo::command(&all);
    command.envs(postgres.as_ref().map(|postgres| (POSTGRES, postgres.url())));
    cargo::finish(&mut command, "the benchmark")
}

/// Without the name of anything to measure, everything is measured.
fn on_postgres(arguments: &[&str]) -> bool {
    // Options, and numbers that belong to one.
    let is_name = |argument: &&&str| !argument.starts_with("--") && argument.parse::<f64>().is_err();
    let names: Vec<_> = arguments.iter().filter(is_name).collect();
    names.is_empty() || names.into_iter().any(|name| ON_POSTGRES.contains(name))
}

/// None, and says why, where there is none: the benchmark then leaves out what it would measure on it.
fn start_postgres() -> Option<Postgres> {
    if std::env::var_os(POSTGRES).is_some() {
        return None;
    }
    // The disk that the other contenders write to, with flushes that count.
    match Postgres::start() {
        Ok(postgres) => Some(postgres),
        Err(error) => {
            console::say(&format!("there is no PostgreSQL server to measure on: {error:#}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::on_postgres;

    #[test]
    fn postgres_is_started_for_whatever_is_measured_on_it() {
        for arguments in [&[][..], &["--windows", "5", "--seconds", "1.5"], &["verify", "feed"], &["grants"]]
        {
            assert!(on_postgres(arguments), "{arguments:?}");
        }
        for arguments in [&["verify"][..], &["--windows", "5", "refresh"]] {
            assert!(!on_postgres(arguments), "{arguments:?}");
        }
    }
}

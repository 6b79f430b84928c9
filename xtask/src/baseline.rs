//! `cargo xtask baseline`: writes down the tables and statements of this version, and what it seals, for the tests that run the next one
//! beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::rig::postgres::Postgres;
use crate::rig::process;
use crate::{cargo, console, machine};

/// Where the tests of the store have them.
const FOLDER: &str = "crates/store/tests/before";

/// Where the tests of the server have what was sealed.
const SEALED: &str = "crates/server/tests/before/sealed.json";

/// The fewest statements that there are.
const STATEMENTS: usize = 100;

/// Writes `postgres.sql`, `postgres.jsonl`, `sqlite.sql` and `sealed.json`.
///
/// # Errors
/// When a server or a program is missing, or a test fails.
pub(crate) fn run() -> Result<()> {
    let folder = cargo::root().join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let scratch = cargo::scratch()?;
    let postgres = Postgres::start()?;
    let write = |name: &str, text: String| {
        let file = folder.join(name);
        console::say(&format!("  {}: {} lines", file.display(), text.lines().count()));
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    };
    write("postgres.jsonl", statements(&postgres, &scratch.join("statements"))?)?;
    postgres.sql("CREATE DATABASE before")?;
    fill(&postgres.url_of("before"))?;
    write("postgres.sql", without_noise(&postgres.dump("before")?))?;
    write("sqlite.sql", sqlite(&scratch.join("before.db"))?)?;
    sealed()
}

/// Forms, cookies and addresses.
fn sealed() -> Result<()> {
    let tests = "sso::version_before::what_this_version_seals";
    let mut command = cargo::command(&["test", "-p", "jeton-server", "--test", "it", tests, "--", "--quiet"]);
    command.env("JETON_RECORD_SEALED", cargo::root().join(SEALED));
    cargo::finish(&mut command, "cargo test")?;
    console::say(&format!("  {SEALED}"));
    Ok(())
}

/// Every statement that the tests of the store send, with the types of its parameters.
fn statements(postgres: &Postgres, file: &Path) -> Result<String> {
    let _ = fs::remove_file(file);
    let tests = "postgres::conforming::with_eight_connections";
    let mut command = cargo::command(&["test", "-p", "jeton-store", "--test", "it", tests, "--", "--quiet"]);
    command.env("JETON_TEST_POSTGRES", postgres.url()).env("JETON_RECORD_STATEMENTS", file);
    cargo::finish(&mut command, "cargo test")?;
    let lines = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines: BTreeSet<&str> = lines.lines().collect();
    ensure!(lines.len() >= STATEMENTS, "only {} statements were written down", lines.len());
    Ok(lines.into_iter().map(|line| format!("{line}\n")).collect())
}

fn fill(url: &str) -> Result<()> {
    cargo::run(&["run", "--quiet", "-p", "jeton-store", "--example", "fill", "--", url])
}

/// A dump as a schema of any name takes it: without the name of its own, without settings, and with tables alone.
fn without_noise(dump: &str) -> String {
    let noise = ["SET ", "SELECT pg_catalog.set_config", "--", "\\"];
    let lines =
        dump.lines().filter(|line| !line.is_empty() && !noise.iter().any(|noise| line.starts_with(noise)));
    lines.map(|line| format!("{}\n", line.replace("public.", ""))).collect()
}

fn sqlite(file: &Path) -> Result<String> {
    machine::need_program("sqlite3", &["sqlite3"])?;
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", file.display()));
    }
    fill(&format!("sqlite:{}", file.display()))?;
    let ask = |what: &str| process::output("sqlite3", Command::new("sqlite3").arg(file).arg(what));
    let mut dump = format!("{}\n", ask(".dump")?);
    for pragma in ["application_id", "user_version"] {
        dump += &format!("PRAGMA {pragma} = {};\n", ask(&format!("PRAGMA {pragma}"))?);
    }
    Ok(dump)
}

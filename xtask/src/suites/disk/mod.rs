//! A full disk, one that takes no more writes, or one whose flushes fail: what has to write says so, everything else goes on, and when
//! the disk works again the same server uses it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use super::Stage;
use crate::machine;
use crate::report::Report;
use crate::rig::http::Answer;
use crate::rig::jeton::{Jeton, Server, TokenPair, refresh, sign_in};
use crate::rig::{expect, process};

const PASSWORD: &str = "correct horse battery";
const SIZE: &str = "size=16m";

/// Fails flushes in the processes that load it.
const FAILING_FLUSH: &str = include_str!("failing_flush.c");

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    flushes_fail(stage, report)?;
    const FULL: &str = "a full disk stops writes alone, and only while it is full";
    const READ_ONLY: &str = "a read-only folder stops writes alone, and only while it is read-only";
    if !machine::is_root() {
        report.skip(FULL, "only root can mount a small filesystem");
        report.skip(READ_ONLY, "only root can make open files immutable");
        return Ok(());
    }
    let jeton = stage.jeton("disk-full").or_else(|_| {
        // A run that was killed may have left its filesystem mounted.
        unmount(&stage.scratch.join("disk-full/data"))?;
        stage.jeton("disk-full")
    })?;
    match mount(jeton.data()) {
        Ok(mounted) => {
            let filler = jeton.data().join("filler");
            report
                .check(FULL, || holds_while(&jeton, || fill(&filler), || Ok(std::fs::remove_file(&filler)?)));
            drop(mounted);
        }
        Err(refusal) => report.skip(FULL, &format!("{refusal:#}")),
    }
    let jeton = stage.jeton("disk-read-only")?;
    let probe = [jeton.data().with_extension("probe")];
    std::fs::write(&probe[0], "")?;
    match immutable(&probe, true).and_then(|()| immutable(&probe, false)) {
        Ok(()) => {
            let freeze = |frozen: bool| {
                let mut paths = vec![jeton.data().to_owned()];
                for entry in std::fs::read_dir(jeton.data())? {
                    let entry = entry?;
                    // The shared memory of SQLite's readers is a mapped file: a write that the kernel refuses there is
                    // a signal and not an error, to any program.
                    let mapped = entry.file_name().to_string_lossy().ends_with("-shm");
                    if entry.file_type()?.is_file() && !mapped {
                        paths.push(entry.path());
                    }
                }
                immutable(&paths, frozen)
            };
            report.check(READ_ONLY, || {
                let outcome = holds_while(&jeton, || freeze(true), || freeze(false));
                // Whatever came of it, the next run must be able to remove the folder.
                freeze(false).and(outcome)
            });
        }
        Err(refusal) => report.skip(READ_ONLY, &format!("{refusal:#}")),
    }
    Ok(())
}

/// What is written and cannot be flushed is not acknowledged, and neither is it lost for good: the kernel may have dropped the pages that
/// it could not write.
fn flushes_fail(stage: &Stage, report: &mut Report) -> Result<()> {
    let jeton = stage.jeton("disk-flushes")?;
    let [source, library, flag] =
        ["c", "so", "flag"].map(|ending| jeton.data().with_extension(format!("flush.{ending}")));
    std::fs::write(&source, FAILING_FLUSH)?;
    let mut compiler = Command::new("cc");
    process::output("cc", compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source))?;
    let text = |path: &Path| path.display().to_string();
    let jeton = jeton.with("LD_PRELOAD", &text(&library)).with("FAIL_FLUSHES_WHILE", &text(&flag));
    report.check("a flush that fails stops writes alone, and only while flushes fail", || {
        holds_while(&jeton, || Ok(std::fs::write(&flag, "")?), || Ok(std::fs::remove_file(&flag)?))
    });
    Ok(())
}

/// Starts a server, lets the disk fail, looks, lets it recover, looks again.
fn holds_while(
    jeton: &Jeton,
    fail: impl FnOnce() -> Result<()>,
    recover: impl FnOnce() -> Result<()>,
) -> Result<()> {
    jeton.add_user("ada", PASSWORD)?;
    let jeton = jeton.clone().with("JETON_REFRESH_GRACE", "0s");
    let server = jeton.serve()?;
    let pair = TokenPair::of(sign_in(server.client(), "ada", PASSWORD)?)?;
    let pair = TokenPair::of(refresh(server.client(), &pair.refresh)?)?;

    fail().context("making the disk fail")?;
    let pair = use_up_what_is_left(&server, pair).context("using up what is left of the last block")?;
    let while_failing = writes_are_refused(&server, &pair).and_then(|()| reads_go_on(&server, &pair));
    recover().context("letting the disk recover")?;
    while_failing.context("while the disk takes no writes")?;

    writes_go_on(&server, pair).context("after the disk has recovered, without a restart")?;
    server.stop()?;
    let server = jeton.serve().context("a restart after that")?;
    TokenPair::of(sign_in(server.client(), "ada", PASSWORD)?)?;
    server.stop()
}

/// The last block of the database's log is the log's already, however full the disk is, and may take a write or two.
fn use_up_what_is_left(server: &Server, mut pair: TokenPair) -> Result<TokenPair> {
    const WRITES: usize = 8;
    for _ in 0..WRITES {
        let answer = refresh(server.client(), &pair.refresh)?;
        if answer.status != 200 {
            break;
        }
        pair = TokenPair::of(answer)?;
    }
    Ok(pair)
}

fn writes_are_refused(server: &Server, pair: &TokenPair) -> Result<()> {
    for _ in 0..3 {
        unavailable("refresh", &refresh(server.client(), &pair.refresh)?)?;
        unavailable("sign-in", &sign_in(server.client(), "ada", PASSWORD)?)?;
        let sign_out = json!({ "refresh": pair.refresh });
        unavailable("sign-out", &server.client().post("/api/token/blacklist/", &sign_out)?)?;
    }
    Ok(())
}

fn unavailable(what: &str, answer: &Answer) -> Result<()> {
    let right = answer.status == 503
        && answer.header("retry-after").is_some_and(|after| after.parse::<u64>().is_ok());
    expect(right, || {
        format!("{what}: wanted 503 with Retry-After, got {} {:?}", answer.line(), answer.headers)
    })
}

fn reads_go_on(server: &Server, pair: &TokenPair) -> Result<()> {
    let client = server.client();
    client.fetch("/healthz")?.expect(200).context("/healthz")?;
    client.fetch("/.well-known/jwks.json")?.expect(200).context("the JWK Set")?;
    let verify = |token: &str| client.post("/api/token/verify/", &json!({ "token": token }))?.expect(200);
    verify(&pair.access).context("verify of an access token")?;
    verify(&pair.refresh).context("verify of a refresh token")?;
    client
        .post("/api/token/verify/", &json!({"token": "garbage"}))?
        .expect(401)
        .context("verify of garbage")?;
    Ok(())
}

/// The token from before is still good: nothing that was refused had happened.
fn writes_go_on(server: &Server, pair: TokenPair) -> Result<()> {
    let client = server.client();
    let pair = TokenPair::of(refresh(client, &pair.refresh)?)?;
    let pair = TokenPair::of(refresh(client, &pair.refresh)?)?;
    TokenPair::of(sign_in(client, "ada", PASSWORD)?)?;
    client.post("/api/token/blacklist/", &json!({ "refresh": pair.refresh }))?.expect(200)?;
    Ok(())
}

/// A small filesystem that is unmounted again with this value.
#[derive(Debug)]
struct Mounted<'a>(&'a Path);

fn mount(folder: &Path) -> Result<Mounted<'_>> {
    std::fs::create_dir_all(folder)?;
    let mut command = Command::new("mount");
    process::output("mount", command.args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(folder))?;
    Ok(Mounted(folder))
}

fn unmount(folder: &Path) -> Result<()> {
    process::output("umount", Command::new("umount").arg("--lazy").arg(folder)).map(drop)
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // What is left mounted is found by the next run.
        let _ = unmount(self.0);
    }
}

/// Writes until there is no room left for a single byte.
fn fill(filler: &Path) -> Result<()> {
    use std::io::{ErrorKind, Write};
    let mut file = std::fs::File::create(filler)?;
    for size in [64 * 1024, 4096, 1] {
        let block = vec![0; size];
        loop {
            match file.write_all(&block) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// Makes files immutable or lets them go: the kernel refuses writes even to those that are already open, as it does on
/// a filesystem that went read-only after an error.
fn immutable(paths: &[PathBuf], frozen: bool) -> Result<()> {
    let flag = if frozen { "+i" } else { "-i" };
    process::output("chattr", Command::new("chattr").arg(flag).args(paths)).map(drop)
}

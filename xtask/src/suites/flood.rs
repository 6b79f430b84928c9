//! A flood of sign-ins: the queue for password hashes is bounded, and nobody else waits in it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Stage;
use crate::console;
use crate::report::Report;
use crate::rig::http::{Answer, Client};
use crate::rig::jeton::{Server, TokenPair, refresh, sign_in};
use crate::rig::{expect, wait_for};

const PASSWORD: &str = "correct horse battery";
const USERS: usize = 8;
const CALLERS: usize = 64;
const CALLS_EACH: usize = 8;

/// Generous: this is not a benchmark. A refresh that waited for the flood would take far longer.
const SLOWEST_REFRESH: Duration = Duration::from_secs(5);
const MEMORY_MIB: u64 = 256;

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let jeton = stage.jeton("flood")?.with("JETON_PASSWORD_THREADS", "1").with("JETON_PASSWORD_QUEUE", "8");
    for number in 0..USERS {
        jeton.add_user(&name(number), PASSWORD)?;
    }
    let mut server = jeton.serve()?;
    let pair = TokenPair::of(sign_in(server.client(), &name(0), PASSWORD)?)?;

    let over = AtomicBool::new(false);
    let (answers, slowest) = std::thread::scope(|scope| -> Result<_> {
        let refresher = scope.spawn(|| refresh_until(&over, server.client(), pair.refresh));
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                scope.spawn({
                    let base = server.client().base();
                    move || flood(&Client::new(base), caller)
                })
            })
            .collect();
        let answers =
            callers.into_iter().map(|caller| caller.join().ok().context("a caller died")?).collect();
        over.store(true, Ordering::Relaxed);
        let slowest = refresher.join().ok().context("the refresher died")?;
        let answers: Result<Vec<Vec<Answer>>> = answers;
        Ok((answers?.concat(), slowest))
    })?;

    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    console::say(&format!(
        "        {} sign-ins: {} let in, {} told that the queue is full, {} throttled",
        answers.len(),
        count(200),
        count(503),
        count(429)
    ));
    report.check("beyond the queue a sign-in is answered 503, with Retry-After", || {
        expect(count(503) > 0 && count(200) > 0, || {
            "the queue never filled, or let nobody through".to_owned()
        })?;
        for answer in &answers {
            match answer.status {
                200 => {}
                503 | 429 => {
                    let after = answer.header("retry-after").and_then(|text| text.parse::<u64>().ok());
                    expect(after.is_some(), || format!("no Retry-After: {}", answer.line()))?;
                }
                _ => bail!("an answer of another kind: {}", answer.line()),
            }
        }
        Ok(())
    });
    report.check("refreshes go on being answered meanwhile", || {
        let (refreshes, slowest) = slowest?;
        console::say(&format!("        {refreshes} refreshes, the slowest {} ms", slowest.as_millis()));
        expect(refreshes > 1 && slowest < SLOWEST_REFRESH, || "refreshes waited for the flood".to_owned())
    });
    report.check("memory stays bounded", || {
        let peak = peak_memory_mib(&mut server)?;
        console::say(&format!("        {peak} MiB at its peak"));
        expect(peak < MEMORY_MIB, || format!("more than {MEMORY_MIB} MiB"))
    });
    report.check("after the flood people sign in as before", || {
        wait_for("a sign-in", Duration::from_secs(60), || {
            let answer = sign_in(server.client(), &name(1), PASSWORD)?;
            Ok((answer.status == 200).then_some(()))
        })
    });
    server.stop()
}

fn name(number: usize) -> String {
    format!("user-{number}")
}

fn flood(client: &Client, caller: usize) -> Result<Vec<Answer>> {
    (0..CALLS_EACH).map(|call| sign_in(client, &name((caller + call) % USERS), PASSWORD)).collect()
}

/// How many refreshes were answered until the flood was over, and how long the slowest took.
fn refresh_until(over: &AtomicBool, client: &Client, first: String) -> Result<(usize, Duration)> {
    let (mut token, mut refreshes, mut slowest) = (first, 0, Duration::ZERO);
    while !over.load(Ordering::Relaxed) {
        let started = Instant::now();
        token = TokenPair::of(refresh(client, &token)?)?.refresh;
        slowest = slowest.max(started.elapsed());
        refreshes += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok((refreshes, slowest))
}

fn peak_memory_mib(server: &mut Server) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process().id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024)
}

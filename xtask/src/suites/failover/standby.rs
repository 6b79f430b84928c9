//! A synchronous standby that does not answer: commits wait for it, and nobody may wait with them for ever.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::load::Load;
use super::{Nodes, PASSWORD};
use crate::console;
use crate::rig::http::Client;
use crate::rig::jeton::sign_in;
use crate::rig::postgres::Postgres;
use crate::rig::{expect, wait_for};

/// How long a request may take: a statement may take five seconds, and so may finding out what became of it.
const ANSWER: Duration = Duration::from_secs(14);

/// For how long the standby is silent.
const SILENCE: Duration = Duration::from_secs(15);

/// How many connections both nodes may have at the server: those of their pools, and as many that are being ended.
const CONNECTIONS: u32 = 32;

/// By how much a node may grow meanwhile.
const GROWTH_KIB: u64 = 24 << 10;

/// How long it may take until all are served once the standby is back.
const RECOVERY: Duration = Duration::from_secs(15);

/// Has the standby stop answering, and come back.
pub(super) fn goes_silent(
    nodes: &mut Nodes,
    load: &Load,
    primary: &Postgres,
    standby: &Postgres,
) -> Result<()> {
    load.wait_for_advances(2)?;
    load.felt();
    let before = nodes.memory_kib()?;
    standby.freeze()?;
    let seen = while_silent(nodes, primary, before);
    standby.thaw()?;
    seen?;
    let back = Instant::now();
    load.wait_for_advances(3)?;
    let recovery = back.elapsed();
    super::tell(load, "a synchronous standby silent", Duration::ZERO);
    expect(recovery < RECOVERY, || format!("it took {recovery:?} until all were served again"))
}

fn while_silent(nodes: &mut Nodes, primary: &Postgres, memory_before: u64) -> Result<()> {
    let started = Instant::now();
    let answer = sign_in(&nodes.clients()[0], "ada", PASSWORD)?;
    let took = started.elapsed();
    expect(answer.status == 503 && answer.header("retry-after").is_some(), || {
        format!("a sign-in that no standby confirms: {}", answer.line())
    })?;
    expect(took < ANSWER, || format!("it was answered after {took:?}"))?;
    let ready = nodes.clients()[1].fetch("/readyz")?;
    expect(ready.status == 503, || format!("a node that cannot write is ready: {}", ready.line()))?;

    // It sees commits that have waited for a while, and those that waited too long are given up.
    wait_for("jeton doctor to name the cause", Duration::from_secs(10), || {
        let jeton = nodes.command();
        let said = jeton.command(&["doctor", "--json"]).arg("--data").arg(jeton.data()).output()?;
        Ok(String::from_utf8_lossy(&said.stdout).contains("standby_silent").then_some(()))
    })?;

    std::thread::sleep(SILENCE.saturating_sub(started.elapsed()));
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jeton'";
    let connections: u32 = primary.sql(connections)?.parse()?;
    expect(connections <= CONNECTIONS, || format!("{connections} connections to the database"))?;
    let memory = nodes.memory_kib()?;
    expect(memory < memory_before + GROWTH_KIB, || {
        format!("a node grew from {memory_before} to {memory} KiB")
    })?;
    let unknown = metric(nodes.metrics(), "jeton_store_unknown_outcomes_total")?;
    expect(unknown > 0.0, || "no outcome is counted as unknown".to_owned())?;
    let log = nodes.first_log()?;
    let cause = "no standby confirms commits (synchronous_standby_names is '*')";
    expect(log.contains(cause), || "the log does not name the cause".to_owned())?;
    console::say(&format!(
        "        answered 503 after {:.1} s; {connections} connections, {unknown} unknown outcomes, {} KiB more memory",
        took.as_secs_f32(),
        memory.saturating_sub(memory_before)
    ));
    Ok(())
}

fn metric(client: &Client, name: &str) -> Result<f64> {
    let text = client.fetch("/metrics")?.expect(200)?.body;
    let line = text.lines().find(|line| line.starts_with(name) && !line.starts_with('#'));
    let value = line.and_then(|line| line.rsplit(' ').next()).with_context(|| format!("no {name}"))?;
    Ok(value.parse()?)
}

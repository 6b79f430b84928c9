//! Nodes are replaced one after the other, behind a balancer that notices late: nobody is refused.

use std::time::Duration;

use anyhow::Result;

use crate::console;
use crate::rig::balancer::Balancer;
use crate::rig::expect;
use crate::rig::postgres::Postgres;
use crate::suites::Stage;
use crate::suites::failover::load::Load;
use crate::suites::failover::{Nodes, PASSWORD, USERS, open_sessions, settings};

/// How often the balancer asks whether a node is ready.
const ASKED_EVERY: Duration = Duration::from_secs(2);

/// For how long a node that is told to stop goes on, which is longer.
const DRAIN: &str = "3s";

/// Replaces both.
pub(super) fn roll(stage: &Stage) -> Result<()> {
    let postgres = Postgres::start()?;
    let node = |name| {
        let node = settings(stage.jeton(name)?, &postgres.url());
        Ok::<_, anyhow::Error>(node.with("JETON_LIMITS_DRAIN_TIME", DRAIN))
    };
    let commands = [node("rolled-a")?, node("rolled-b")?];
    for user in USERS {
        commands[0].add_user(user, PASSWORD)?;
    }
    let mut nodes = Nodes::start(commands)?;
    let sessions = open_sessions(&nodes)?;
    let balancer = Balancer::before(&nodes.ports(), ASKED_EVERY)?;
    let load = Load::start(&[balancer.client()], sessions);
    load.wait_for_advances(3)?;
    load.felt();
    let before = balancer.requests();
    nodes.roll(&load)?;
    load.wait_for_advances(5)?;
    let felt = load.felt();
    let sent: Vec<_> = balancer.requests().iter().zip(before).map(|(after, before)| after - before).collect();
    console::say(&format!(
        "        {} requests, {} failed; nobody was served for {:.2} s at most",
        sent.iter().sum::<usize>(),
        felt.refused,
        felt.silence.as_secs_f32()
    ));
    load.stop()?;
    nodes.stop()?;
    expect(sent.iter().all(|sent| *sent > 0), || format!("a node was sent nothing: {sent:?}"))?;
    expect(felt.refused == 0, || format!("{} requests failed", felt.refused))
}

//! `cargo xtask ha`: three PostgreSQL servers under Patroni on machines of their own, two nodes, and refresh load, while primaries lose power, are
//! taken from the network, or are parted from the other servers and not from the nodes.
//!
//! For each round and for all: how long nobody was served, what was refused, which acknowledged rotations, sessions and endings were lost.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Stage;
use super::failover::endings::{Application, Endings};
use super::failover::load::{Felt, Load};
use super::failover::{Nodes, PASSWORD, SESSIONS, USERS, open_sessions, settings};
use crate::console;
use crate::report::Report;
use crate::rig::expect;
use crate::rig::jeton::refresh;
use crate::rig::patroni::{Cluster, MEMBERS, Replication};

/// How many rounds there are unless somebody says otherwise.
const ROUNDS: usize = 10;

/// How long it may take until another server takes writes: Patroni waits until the lock of the primary has run out.
const PROMOTION: Duration = Duration::from_secs(60);

/// How long all may take to be served again by the server that took over.
const RECOVERY: Duration = Duration::from_secs(20);

/// What to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    rounds: usize,
    replication: Replication,
}

impl Options {
    /// Parses the arguments after `ha`: `--rounds N` and `--asynchronous`.
    pub(crate) fn parse(arguments: &[&str]) -> Option<Self> {
        let mut options = Self { rounds: ROUNDS, replication: Replication::Synchronous };
        let mut rest = arguments;
        loop {
            rest = match rest {
                [] => return Some(options),
                ["--asynchronous", rest @ ..] => {
                    options.replication = Replication::Asynchronous;
                    rest
                }
                ["--rounds", rounds, rest @ ..] => {
                    options.rounds = rounds.parse().ok().filter(|rounds| *rounds > 0)?;
                    rest
                }
                _ => return None,
            };
        }
    }
}

/// What happens to the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// PostgreSQL, Patroni and etcd end at once.
    Power,
    /// Nobody hears of it any more.
    Unplugged,
    /// The other servers do not hear of it any more, and the nodes do.
    Parted,
}

impl Fault {
    const ALL: [Self; 3] = [Self::Power, Self::Unplugged, Self::Parted];

    fn words(self) -> &'static str {
        match self {
            Self::Power => "killed",
            Self::Unplugged => "unplugged",
            Self::Parted => "parted from the standbys",
        }
    }
}

/// What a round came to.
#[derive(Debug, Default, Clone, Copy)]
struct Outcome {
    unavailable: Duration,
    refused: u64,
    /// Rotations that were acknowledged and that the server which took over did not have.
    rotations_lost: u64,
    /// What was good that had ended: at first, before nodes had ended it again.
    risen_at_first: usize,
}

/// Runs it.
pub(crate) fn run(stage: &Stage, options: Options, report: &mut Report) -> Result<()> {
    let mut cluster = Cluster::start(options.replication)?;
    let node = |name| Ok::<_, anyhow::Error>(settings(stage.jeton(name)?, &cluster.url()));
    let commands = [node("ha-a")?, node("ha-b")?];
    for user in USERS {
        commands[0].add_user(user, PASSWORD)?;
    }
    let nodes = Nodes::start(commands)?;
    let application = Application::register(&nodes)?;
    let load = Load::start(&nodes.clients(), open_sessions(&nodes)?);

    let (mut outcomes, mut all_endings) = (vec![], vec![]);
    for round in 1..=options.rounds {
        let fault = Fault::ALL[(round - 1) % Fault::ALL.len()];
        let mut endings = prepare(&nodes, &application, round)?;
        let passed = report.check(&format!("round {round}: the primary is {}", fault.words()), || {
            let act = Act { fault, replication: options.replication, application: &application };
            let outcome = act.play(&mut cluster, &nodes, &load, &mut endings)?;
            outcomes.push(outcome);
            Ok(())
        });
        all_endings.push(endings);
        if !passed {
            break;
        }
    }
    let (lost, forked) = load.lost_and_forked();
    tell_all(&outcomes, lost, forked);
    let sessions = load.stop();
    report.check("no session is lost, none is forked, no generation goes back", || {
        let sessions = sessions?;
        expect(sessions.len() == SESSIONS, || "a client died".to_owned())?;
        for session in &sessions {
            let answer = refresh(&nodes.clients()[0], session.refresh_token())?;
            expect(answer.status == 200, || format!("{}: {}", session.name(), answer.line()))?;
        }
        Ok(())
    });
    report.check("what ended in any round is ended in the end", || {
        all_endings.iter().try_for_each(|endings| endings.hold(&nodes, &application))
    });
    if options.replication == Replication::Synchronous {
        report.check("synchronous replication: no acknowledged rotation is lost, nothing has risen", || {
            let lost: u64 = outcomes.iter().map(|outcome| outcome.rotations_lost).sum();
            let risen: usize = outcomes.iter().map(|outcome| outcome.risen_at_first).sum();
            expect((lost, risen) == (0, 0), || format!("{lost} rotations lost, {risen} endings risen"))
        });
    }
    nodes.stop()
}

/// Prepares a round. When a server that comes back becomes the one that confirms commits, some may be answered 503.
fn prepare(nodes: &Nodes, application: &Application, round: usize) -> Result<Endings> {
    const TRIES: usize = 5;
    for number in 1.. {
        match Endings::prepare(nodes, application, round * 10 + number) {
            Err(error) if number < TRIES => console::say(&format!("        not yet: {error:#}")),
            prepared => return prepared,
        }
        std::thread::sleep(Duration::from_secs(5));
    }
    bail!("it could not be prepared")
}

/// One round.
struct Act<'a> {
    fault: Fault,
    replication: Replication,
    application: &'a Application,
}

impl Act<'_> {
    fn play(
        &self,
        cluster: &mut Cluster,
        nodes: &Nodes,
        load: &Load,
        endings: &mut Endings,
    ) -> Result<Outcome> {
        load.wait_for_advances(3)?;
        let primary = cluster.primary()?.context("there is no primary")?;
        load.felt();
        // A primary that is parted from its standbys confirms nothing where replication is synchronous. Otherwise it goes on for as long as
        // Patroni lets it, and what ends then is lost for certain.
        if self.fault == Fault::Parted && self.replication == Replication::Asynchronous {
            cluster.network().part(primary)?;
            if let Err(error) = endings.carry_out(nodes, self.application) {
                console::say(&format!("        not all endings were acknowledged: {error:#}"));
            }
        } else {
            endings.carry_out(nodes, self.application)?;
            match self.fault {
                Fault::Power => cluster.cut_power(primary)?,
                Fault::Unplugged => cluster.network().unplug(primary)?,
                Fault::Parted => cluster.network().part(primary)?,
            }
        }
        let since = Instant::now();
        let rotations_lost = watch(cluster, primary, load)?;
        let promotion = since.elapsed();
        load.wait_for_advances(2)?;
        let recovery = since.elapsed().saturating_sub(promotion);
        let Felt { silence, refused } = load.felt();
        console::say(&format!(
            "        unavailable for {:.1} s (a standby took over after {:.1} s, and all were served {:.1} s later), \
             {refused} requests refused, {rotations_lost} rotations lost",
            silence.as_secs_f32(),
            promotion.as_secs_f32(),
            recovery.as_secs_f32(),
        ));
        expect(recovery < RECOVERY, || format!("it took {recovery:?} until all were served again"))?;
        let risen_at_first = endings.hold_soon(nodes, self.application)?;
        match self.fault {
            Fault::Power => cluster.restore_power(primary)?,
            Fault::Unplugged => cluster.network().plug(primary)?,
            Fault::Parted => cluster.network().join(primary)?,
        }
        cluster.wait_until_whole()?;
        load.wait_for_advances(2)?;
        Ok(Outcome { unavailable: silence, refused, rotations_lost, risen_at_first })
    }
}

/// Watches the standbys until one of them takes writes; answers how many acknowledged rotations it does not have.
///
/// What a standby has is what it had when it was last seen to be one: nothing reaches it once its primary is gone. What was acknowledged until
/// then was so by the primary before.
fn watch(cluster: &Cluster, gone: usize, load: &Load) -> Result<u64> {
    let statement = "SELECT pg_is_in_recovery()
            || coalesce(' ' || string_agg(replace(id::text, '-', '') || '=' || generation, ' '), '') FROM grants";
    let mut had: BTreeMap<usize, BTreeMap<String, u64>> = BTreeMap::new();
    let started = Instant::now();
    let mut acknowledged = load.acknowledged();
    loop {
        let before = load.acknowledged();
        for number in (0..MEMBERS).filter(|number| *number != gone) {
            let Ok(answer) = cluster.ask(number, statement) else { continue };
            let (recovering, grants) = answer.split_once(' ').unwrap_or((&answer, ""));
            if recovering == "false" {
                let had = had.remove(&number).context("a standby was not seen before it took over")?;
                let missing = |(grant, generation): (&String, &u64)| {
                    generation.saturating_sub(had.get(grant).copied().unwrap_or(0))
                };
                return Ok(acknowledged.iter().map(missing).sum());
            }
            let grants = grants.split(' ').filter_map(|pair| {
                let (grant, generation) = pair.split_once('=')?;
                Some((grant.to_owned(), generation.parse().ok()?))
            });
            had.insert(number, grants.collect());
        }
        acknowledged = before;
        if started.elapsed() > PROMOTION {
            bail!("no standby took over within {} s", PROMOTION.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn tell_all(outcomes: &[Outcome], lost: usize, forked: usize) {
    let seconds = |outcome: &Outcome| outcome.unavailable.as_secs_f32();
    let total: f32 = outcomes.iter().map(seconds).sum();
    let longest = outcomes.iter().map(seconds).fold(0.0, f32::max);
    let refused: u64 = outcomes.iter().map(|outcome| outcome.refused).sum();
    let rotations: u64 = outcomes.iter().map(|outcome| outcome.rotations_lost).sum();
    let risen: usize = outcomes.iter().map(|outcome| outcome.risen_at_first).sum();
    console::say(&format!(
        "\n  {} rounds: unavailable for {total:.1} s in all, {longest:.1} s at most; {refused} requests refused; {rotations} acknowledged \
         rotations lost; {lost} sessions lost; {forked} sessions forked; {risen} endings risen at first",
        outcomes.len(),
    ));
}

//! Two nodes on PostgreSQL with a standby, under refresh load: the primary is killed and the standby takes over, with synchronous and with
//! asynchronous replication; roles change while the old primary lives; nodes are killed and restarted.
//!
//! A rotation that was acknowledged and lost costs nobody a session, and nothing that was ended is good again for longer than nodes need
//! to end it again.

pub(in crate::suites) mod endings;
pub(in crate::suites) mod load;
mod replica;
mod standby;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Stage;
use crate::console;
use crate::report::Report;
use crate::rig::http::Client;
use crate::rig::jeton::{Jeton, Server, TokenPair, refresh, sign_in};
use crate::rig::postgres::{self, Postgres};
use crate::rig::session::Session;
use crate::rig::{expect, process};
use endings::{Application, Endings};
use load::Load;

pub(in crate::suites) const SESSIONS: usize = 12;
pub(in crate::suites) const USERS: [&str; 4] = ["ada", "bela", "chao", "dana"];
pub(in crate::suites) const PASSWORD: &str = "correct horse battery";

/// 32 bytes in base64url.
const MASTER_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

/// How long it takes until the standby is promoted: an orchestrator has to be sure that the primary is gone.
const DETECTION: Duration = Duration::from_millis(1_000);

/// How long nobody may be answered once the standby takes writes; generous, for a busy machine.
const RECOVERY: Duration = Duration::from_secs(8);

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let ports = [process::free_port()?, process::free_port()?, process::free_port()?, process::free_port()?];
    let mut first = Postgres::start_on(ports[0], &["synchronous_standby_names=*"])?;
    let mut second = first.standby_on(ports[1])?;
    first.wait_until_followed()?;

    let url = postgres::url(&ports);
    let node = |name| Ok::<_, anyhow::Error>(settings(stage.jeton(name)?, &url));
    let commands = [node("failover-a")?, node("failover-b")?];
    for user in USERS {
        commands[0].add_user(user, PASSWORD)?;
    }
    let mut nodes = Nodes::start(commands)?;
    let application = Application::register(&nodes)?;
    let mut endings = Endings::prepare(&nodes, &application, 0)?;
    let load = Load::start(&nodes.clients(), open_sessions(&nodes)?);

    report.check("a replica that lags shows old lists, and nothing else is old", || {
        replica::lags(&nodes, &url, &second)
    });
    report.check("userinfo from a replica that lags: a sign-out counts within a second", || {
        replica::shows_userinfo(&nodes, &url, &second, &application)
    });
    report.check("a synchronous standby is silent: 503 in time, and everything names the cause", || {
        standby::goes_silent(&mut nodes, &load, &first, &second)
    });
    report.check("synchronous replication: killed, promoted, and no acknowledged rotation is lost", || {
        load.wait_for_advances(5)?;
        load.felt();
        first.kill()?;
        std::thread::sleep(DETECTION);
        second.promote()?;
        recovered(&load, "synchronous", &second)?;
        expect(caught_up(&second)? == 0, || "a client's token was ahead of the database".to_owned())
    });

    let third = second.standby_on(ports[2])?;
    second.wait_until_followed()?;
    report.check("asynchronous replication: the last rotations are lost, and still no session", || {
        load.wait_for_advances(3)?;
        stop_following(&third)?;
        endings.carry_out(&nodes, &application)?;
        load.wait_for_advances(3)?;
        load.felt();
        second.kill()?;
        std::thread::sleep(DETECTION);
        third.promote()?;
        recovered(&load, "asynchronous", &third)?;
        let lost = caught_up(&third)?;
        console::say(&format!("        {lost} sessions had rotations that were lost, all caught up"));
        expect(lost > 0, || "no rotation was lost: there was nothing to see".to_owned())
    });
    report.check("what was ended before the failover and forgotten by it is ended again", || {
        endings.hold_soon(&nodes, &application).map(drop)
    });

    let fourth = third.standby_on(ports[3])?;
    third.wait_until_followed()?;
    report.check("a primary that takes no writes any more is left, without a restart", || {
        load.wait_for_advances(3)?;
        load.felt();
        third.sql("ALTER SYSTEM SET default_transaction_read_only = on")?;
        third.sql("SELECT pg_reload_conf()")?;
        std::thread::sleep(DETECTION);
        fourth.promote()?;
        recovered(&load, "roles changed", &fourth)
    });
    report.check("a node is killed, and the other serves everybody", || {
        load.felt();
        nodes.kill_first()?;
        load.wait_for_advances(5)?;
        tell(&load, "a node killed", Duration::ZERO);
        nodes.restart_first()
    });
    report.check("both nodes are replaced one after the other, and nobody is refused by both", || {
        load.wait_for_advances(3)?;
        load.felt();
        nodes.roll(&load)?;
        load.wait_for_advances(5)?;
        let silence = tell(&load, "rolled", Duration::ZERO);
        expect(silence < RECOVERY, || format!("nobody was served for {silence:?}"))
    });
    let sessions = load.stop();
    report.check("no session is lost, none is forked, no generation goes back", || {
        let sessions = sessions?;
        let answers: u64 = sessions.iter().map(|session| session.answers).sum();
        console::say(&format!("        {answers} answers in {} sessions", sessions.len()));
        expect(sessions.len() == SESSIONS, || "a client died".to_owned())?;
        for session in &sessions {
            let answer = refresh(&nodes.clients()[0], session.refresh_token())?;
            expect(answer.status == 200, || format!("{}: {}", session.name(), answer.line()))?;
        }
        Ok(())
    });
    report.check("and what was ended stays ended", || endings.hold(&nodes, &application));
    nodes.stop()
}

/// The command with the settings of a node.
pub(in crate::suites) fn settings(jeton: Jeton, url: &str) -> Jeton {
    jeton
        .with("JETON_DATABASE", url)
        .with("JETON_KEYS_MASTER_KEY", MASTER_KEY)
        .with("JETON_ISSUER", "http://127.0.0.1")
        // So that each refresh advances and writes.
        .with("JETON_REFRESH_GRACE", "0s")
        // Longer than a failover takes, so that a code is refused since it is spent and not since it has expired.
        .with("JETON_AUTHORIZATION_CODE_LIFETIME", "10m")
}

/// The two nodes.
#[derive(Debug)]
pub(in crate::suites) struct Nodes {
    commands: [Jeton; 2],
    ports: [u16; 2],
    /// The metrics of the first.
    metrics: Client,
    servers: [Option<Server>; 2],
}

impl Nodes {
    pub(in crate::suites) fn start(commands: [Jeton; 2]) -> Result<Self> {
        let ports = [process::free_port()?, process::free_port()?];
        let metrics = format!("127.0.0.1:{}", process::free_port()?);
        let [first, second] = commands;
        let commands = [first.with("JETON_METRICS_LISTEN", &metrics), second];
        let metrics = Client::new(format!("http://{metrics}"));
        let servers = [Some(commands[0].serve_on(ports[0])?), Some(commands[1].serve_on(ports[1])?)];
        Ok(Self { commands, ports, metrics, servers })
    }

    /// The command, for what an operator does.
    pub(in crate::suites) fn command(&self) -> &Jeton {
        &self.commands[0]
    }

    pub(in crate::suites) fn clients(&self) -> [Client; 2] {
        self.ports.map(|port| Client::new(format!("http://127.0.0.1:{port}")))
    }

    pub(in crate::suites) fn ports(&self) -> [u16; 2] {
        self.ports
    }

    fn metrics(&self) -> &Client {
        &self.metrics
    }

    /// The memory of the first.
    fn memory_kib(&mut self) -> Result<u64> {
        let id = self.servers[0].as_mut().context("it runs")?.process().id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
        Ok(number.parse()?)
    }

    /// What the first has logged.
    fn first_log(&mut self) -> Result<String> {
        Ok(self.servers[0].as_mut().context("it runs")?.process().log())
    }

    fn kill_first(&mut self) -> Result<()> {
        self.servers[0].take().context("it runs")?.kill()
    }

    fn restart_first(&mut self) -> Result<()> {
        self.servers[0] = Some(self.commands[0].serve_on(self.ports[0])?);
        Ok(())
    }

    /// Replaces each with another process, while the other one serves.
    pub(in crate::suites) fn roll(&mut self, load: &Load) -> Result<()> {
        for number in 0..2 {
            self.servers[number].take().context("it runs")?.stop()?;
            self.servers[number] = Some(self.commands[number].serve_on(self.ports[number])?);
            load.wait_for_advances(2)?;
        }
        Ok(())
    }

    pub(in crate::suites) fn stop(self) -> Result<()> {
        self.servers.into_iter().flatten().try_for_each(Server::stop)
    }
}

/// Signs everybody in.
pub(in crate::suites) fn open_sessions(nodes: &Nodes) -> Result<Vec<Session>> {
    let clients = nodes.clients();
    let open = |number: usize| {
        let user = USERS[number % USERS.len()];
        let pair = TokenPair::of(sign_in(&clients[number % 2], user, PASSWORD)?)?;
        Session::open(format!("session {number} of {user}"), pair.refresh)
    };
    (0..SESSIONS).map(open).collect()
}

/// Cuts a standby off from its primary, so that it has no writes from now on.
fn stop_following(standby: &Postgres) -> Result<()> {
    standby.sql("ALTER SYSTEM SET primary_conninfo = ''")?;
    standby.sql("SELECT pg_reload_conf()")?;
    crate::rig::wait_for("the standby to be cut off", Duration::from_secs(10), || {
        let receivers = standby.sql("SELECT count(*) FROM pg_stat_wal_receiver")?;
        Ok((receivers == "0").then_some(()))
    })
}

/// How many sessions came with a token that the database did not know of.
fn caught_up(postgres: &Postgres) -> Result<u64> {
    Ok(postgres.sql("SELECT count(*) FROM audit WHERE event = 'refresh_caught_up'")?.parse()?)
}

/// Waits until every session is served again by a server that was just promoted.
fn recovered(load: &Load, what: &str, promoted: &Postgres) -> Result<()> {
    let since = Instant::now();
    load.wait_for_advances(3)?;
    let recovery = since.elapsed();
    tell(load, what, recovery);
    let writes = promoted.sql("SELECT NOT pg_is_in_recovery()")?;
    expect(writes == "t", || "the standby was not promoted".to_owned())?;
    expect(recovery < RECOVERY, || format!("it took {recovery:?} until all were served again"))
}

/// Says what the clients went through; answers how long none was served.
fn tell(load: &Load, what: &str, recovery: Duration) -> Duration {
    let felt = load.felt();
    let after = match recovery {
        Duration::ZERO => String::new(),
        recovery => format!(", all were served {:.1} s after the promotion", recovery.as_secs_f32()),
    };
    console::say(&format!(
        "        {what}: unavailable for {:.1} s{after}, {} requests refused",
        felt.silence.as_secs_f32(),
        felt.refused
    ));
    felt.silence
}

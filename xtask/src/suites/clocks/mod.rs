//! Clocks that step by an hour and back: of one node, and of all machines together, the database's included. Nobody is signed out, who
//! signs out stays signed out, and no restart is needed.

mod stepping;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::Stage;
use super::failover::load::Load;
use super::failover::{Nodes, PASSWORD, SESSIONS, USERS, open_sessions, settings};
use crate::console;
use crate::report::Report;
use crate::rig::http::Client;
use crate::rig::jeton::{TokenPair, refresh, sign_in};
use crate::rig::postgres::Postgres;
use crate::rig::{expect, jwt, wait_for};
use stepping::{Clock, Clocks};

const HOUR: i64 = 3_600;

/// How long a node may take to notice that its clock was set.
const NOTICED: Duration = Duration::from_secs(10);

/// How soon readers of the feed hear of a sign-out.
const HEARD: Duration = Duration::from_secs(2);

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let clocks = Clocks::new()?;
    report.check("SQLite: the clock steps by an hour and back, and nobody is signed out", || {
        one_server(stage, &clocks)
    });

    let [of_database, of_first, of_second] =
        [clocks.clock("database")?, clocks.clock("first")?, clocks.clock("second")?];
    let postgres = Postgres::start_with(&of_database.environment())?;
    let node = |name, clock: &Clock| -> Result<_> {
        let jeton = settings(stage.jeton(name)?, &postgres.url());
        Ok(clock.environment().into_iter().fold(jeton, |jeton, (name, value)| jeton.with(name, &value)))
    };
    let commands = [node("clocks-a", &of_first)?, node("clocks-b", &of_second)?];
    for user in USERS {
        commands[0].add_user(user, PASSWORD)?;
    }
    let nodes = Nodes::start(commands)?;
    let load = Load::start(&nodes.clients(), open_sessions(&nodes)?);
    let mut signed_out = vec![];

    for step in [HOUR, -HOUR] {
        report.check(
            &format!("PostgreSQL: the clock of one node {}, and the other serves", words(step)),
            || one_node(&nodes, &load, &of_first, step),
        );
    }
    for step in [HOUR, -HOUR] {
        for (step, what) in [(step, words(step)), (0, "is right again")] {
            report.check(
                &format!("PostgreSQL: every machine's clock {what}, and everything keeps working"),
                || {
                    for clock in [&of_database, &of_first, &of_second] {
                        clock.step(step)?;
                    }
                    all_machines(&nodes, &load, &mut signed_out)
                },
            );
        }
    }
    let sessions = load.stop();
    report.check("PostgreSQL: no session is lost or forked, and who signed out stays signed out", || {
        let sessions = sessions?;
        expect(sessions.len() == SESSIONS, || "a client died".to_owned())?;
        for session in &sessions {
            refresh(&nodes.clients()[1], session.refresh_token())?.expect(200)?;
        }
        stay_signed_out(&nodes, &signed_out)
    });
    nodes.stop()
}

const fn words(step: i64) -> &'static str {
    if step > 0 { "is an hour ahead" } else { "is an hour behind" }
}

/// A server with SQLite, which has no other clock than its own.
fn one_server(stage: &Stage, clocks: &Clocks) -> Result<()> {
    let clock = clocks.clock("sqlite")?;
    let jeton = stage.jeton("clocks-sqlite")?.with("JETON_REFRESH_GRACE", "0s");
    let jeton = clock.environment().into_iter().fold(jeton, |jeton, (name, value)| jeton.with(name, &value));
    jeton.add_user("ada", PASSWORD)?;
    let server = jeton.serve()?;
    let client = server.client();
    let mut pair = TokenPair::of(sign_in(client, "ada", PASSWORD)?)?;
    for step in [HOUR, 0, -HOUR, 0] {
        clock.step(step)?;
        std::thread::sleep(Duration::from_millis(1_500));
        for _ in 0..3 {
            pair = TokenPair::of(refresh(client, &pair.refresh)?)?;
        }
        let leaving = TokenPair::of(sign_in(client, "ada", PASSWORD)?)?;
        sign_out(client, &leaving.refresh)?;
        refresh(client, &leaving.refresh)?.expect(401)?;
    }
    server.stop()
}

/// One node's clock differs from everybody else's: it serves nobody until it is right again.
fn one_node(nodes: &Nodes, load: &Load, clock: &Clock, step: i64) -> Result<()> {
    let [wrong, right] = nodes.clients();
    load.wait_for_advances(3)?;
    load.felt();
    clock.step(step)?;
    let stepped = Instant::now();
    let seen: Result<()> = (|| {
        wait_for("the node to notice", NOTICED, || {
            let answer = wrong.fetch("/readyz")?;
            Ok((answer.status == 503 && answer.body.contains("clock")).then_some(()))
        })?;
        let noticed = stepped.elapsed();
        let refused = sign_in(&wrong, USERS[0], PASSWORD)?.expect(503)?;
        expect(refused.header("retry-after").is_some(), || "no Retry-After".to_owned())?;
        right.fetch("/readyz")?.expect(200)?;
        load.wait_for_advances(5)?;
        let felt = load.felt();
        console::say(&format!(
            "        noticed after {:.1} s; unavailable for {:.1} s, {} requests refused meanwhile",
            noticed.as_secs_f32(),
            felt.silence.as_secs_f32(),
            felt.refused
        ));
        Ok(())
    })();
    clock.step(0)?;
    seen?;
    wait_for("the node to serve again", NOTICED, || {
        Ok((wrong.fetch("/readyz")?.status == 200).then_some(()))
    })?;
    load.wait_for_advances(5)
}

/// All clocks agree on a time that is not what it was a moment ago.
fn all_machines(nodes: &Nodes, load: &Load, signed_out: &mut Vec<TokenPair>) -> Result<()> {
    let [first, second] = nodes.clients();
    for node in [&first, &second] {
        wait_for("the nodes to agree", NOTICED, || Ok((node.fetch("/readyz")?.status == 200).then_some(())))?;
    }
    load.wait_for_advances(5)?;
    stay_signed_out(nodes, signed_out)?;
    let pair = TokenPair::of(sign_in(&first, USERS[0], PASSWORD)?)?;
    let pair = TokenPair::of(refresh(&second, &pair.refresh)?)?;
    first.post("/api/token/verify/", &json!({ "token": pair.access }))?.expect(200)?;
    let grant = jwt::decode(&pair.access)?.claims.text("sid")?.to_owned();
    let reader = Reader::open(&second)?;
    sign_out(&first, &pair.refresh)?;
    let ended = Instant::now();
    reader.hears_of(&grant)?;
    console::say(&format!(
        "        the feed of the other node told it after {} ms",
        ended.elapsed().as_millis()
    ));
    signed_out.push(pair);
    stay_signed_out(nodes, signed_out)
}

fn sign_out(client: &Client, refresh_token: &str) -> Result<()> {
    client.post("/api/token/blacklist/", &json!({ "refresh": refresh_token }))?.expect(200).map(drop)
}

fn stay_signed_out(nodes: &Nodes, signed_out: &[TokenPair]) -> Result<()> {
    for pair in signed_out {
        for node in nodes.clients() {
            refresh(&node, &pair.refresh)?.expect(401)?;
        }
    }
    Ok(())
}

/// A reader of the revocation feed.
struct Reader(BufReader<TcpStream>);

impl Reader {
    /// Connects, and reads the first list.
    fn open(node: &Client) -> Result<Self> {
        let address = node.base().strip_prefix("http://").context("plain http")?;
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(HEARD))?;
        write!(stream, "GET /revocations HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
        let mut reader = Self(BufReader::new(stream));
        reader.next_token()?;
        Ok(reader)
    }

    fn next_token(&mut self) -> Result<String> {
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).context("the feed was silent")?;
            if read == 0 {
                bail!("the feed ended");
            }
            if let Some(token) = line.trim_end().strip_prefix("data: ") {
                return Ok(token.to_owned());
            }
        }
    }

    fn hears_of(mut self, grant: &str) -> Result<()> {
        loop {
            let token = self.next_token().with_context(|| format!("nothing of the grant {grant}"))?;
            if format!("{:?}", jwt::decode(&token)?.claims).contains(grant) {
                return Ok(());
            }
        }
    }
}

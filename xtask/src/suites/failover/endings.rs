//! What is ended while the standby is cut off, and must not be good again after it takes over.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Nodes, PASSWORD};
use crate::console;
use crate::rig::expect;
use crate::rig::jeton::{TokenPair, refresh, sign_in};

/// Until when what was forgotten must be ended again.
const SOON: Duration = Duration::from_secs(10);

/// How long an ending at the command line takes until nodes know of it.
const KNOWN: Duration = Duration::from_millis(1_500);

const DISABLED: &str = "eve";
const SIGNED_OUT: &str = "fay";

#[derive(Debug)]
pub(super) struct Endings {
    /// Refresh tokens of sessions that sign out at the one node or the other.
    leaving: Vec<String>,
    /// Those of a user who is signed out everywhere by the operator.
    evicted: Vec<String>,
    /// A key that is retired.
    key: String,
}

impl Endings {
    /// Prepares what is to be ended later.
    pub(super) fn prepare(nodes: &Nodes) -> Result<Self> {
        let (operator, clients) = (nodes.command(), nodes.clients());
        for user in [DISABLED, SIGNED_OUT] {
            operator.add_user(user, PASSWORD)?;
        }
        let sign_in = |number: usize, user| -> Result<String> {
            Ok(TokenPair::of(sign_in(&clients[number % 2], user, PASSWORD)?)?.refresh)
        };
        let leaving = (0..6).map(|number| sign_in(number, "ada")).collect::<Result<_>>()?;
        let evicted = (0..2).map(|number| sign_in(number, SIGNED_OUT)).collect::<Result<_>>()?;
        let key = retirable(&serde_json::from_str(&operator.run(&["key", "list", "--json"])?)?)?;
        operator.run(&["key", "rotate", "--now"])?;
        Ok(Self { leaving, evicted, key })
    }

    /// Ends all of it, and waits until nodes know.
    pub(super) fn carry_out(&self, nodes: &Nodes) -> Result<()> {
        let operator = nodes.command();
        operator.run(&["user", "disable", DISABLED])?;
        operator.run(&["session", "end", "--user", SIGNED_OUT])?;
        operator.run(&["key", "retire", &self.key])?;
        std::thread::sleep(KNOWN);
        let clients = nodes.clients();
        for (number, token) in self.leaving.iter().enumerate() {
            clients[number % 2].post("/api/token/blacklist/", &json!({ "refresh": token }))?.expect(200)?;
        }
        self.hold(nodes)
    }

    /// Waits until all of it has ended again.
    ///
    /// # Errors
    /// When something has risen for good.
    pub(super) fn hold_soon(&self, nodes: &Nodes) -> Result<()> {
        let started = Instant::now();
        loop {
            match self.hold(nodes) {
                Ok(()) => break,
                Err(risen) if started.elapsed() > SOON => return Err(risen),
                Err(risen) => {
                    console::say(&format!(
                        "        after {:.1} s: {risen:#}",
                        started.elapsed().as_secs_f32()
                    ));
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
        console::say(&format!("        0 risen {:.1} s after that", started.elapsed().as_secs_f32()));
        Ok(())
    }

    /// That all of it has ended.
    ///
    /// # Errors
    /// With what is good.
    pub(super) fn hold(&self, nodes: &Nodes) -> Result<()> {
        let clients = nodes.clients();
        let mut risen = vec![];
        for (number, token) in self.leaving.iter().chain(&self.evicted).enumerate() {
            let answer = refresh(&clients[number % 2], token)?;
            match answer.status {
                401 => {}
                200 => risen.push(format!("session {number}")),
                _ => bail!("a session that was ended: {}", answer.line()),
            }
        }
        if sign_in(&clients[0], DISABLED, PASSWORD)?.status == 200 {
            risen.push(format!("the user {DISABLED}"));
        }
        for client in &clients {
            let published = client.fetch("/.well-known/jwks.json")?.expect(200)?.body;
            if published.contains(&self.key) {
                risen.push(format!("the key {}", self.key));
            }
        }
        expect(risen.is_empty(), || format!("{} risen: {}", risen.len(), risen.join(", ")))
    }
}

/// A key of access tokens.
fn retirable(keys: &Value) -> Result<String> {
    let keys = keys.as_array().context("no list of keys")?;
    let key = keys.iter().find(|key| key["purpose"] == "access");
    let kid = key.with_context(|| format!("no key for access tokens: {keys:?}"))?["kid"].as_str();
    Ok(kid.context("a key has no identifier")?.to_owned())
}

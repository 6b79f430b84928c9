//! What ends while the standby is cut off, and must not be good again after it takes over.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Nodes, PASSWORD};
use crate::console;
use crate::rig::expect;
use crate::rig::http::{Answer, Client};
use crate::rig::jeton::{TokenPair, refresh, sign_in};
use crate::rig::page::encode;
use crate::rig::site::Site;
use crate::rig::visitor::Visitor;

/// Until when what was forgotten must be ended again.
const SOON: Duration = Duration::from_secs(10);

/// How long an ending at the command line takes until nodes know of it.
const KNOWN: Duration = Duration::from_millis(1_500);

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The client whose codes are exchanged.
const CLIENT: &str = "codes";

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

const SIGNED_OUT_HERE: usize = 6;
const SIGNED_OUT_EVERYWHERE: usize = 2;
const CODES: usize = 4;

/// Where codes are sent to.
#[derive(Debug)]
pub(in crate::suites) struct Application {
    redirect_uri: String,
}

impl Application {
    /// Registers it.
    pub(in crate::suites) fn register(nodes: &Nodes) -> Result<Self> {
        let site = Site::start([127, 0, 0, 1].into(), None)?;
        let redirect_uri = format!("{}/callback", site.at("127.0.0.1"));
        let add = ["client", "add", "--id", CLIENT, "--public", "--redirect-uri", &redirect_uri];
        nodes.command().run(&add)?;
        Ok(Self { redirect_uri })
    }

    /// A code for somebody who signs in, or has signed in, at a node.
    pub(super) fn code(&self, visitor: &mut Visitor, node: &Client) -> Result<String> {
        let request = encode(&[
            ("client_id".to_owned(), CLIENT.to_owned()),
            ("redirect_uri".to_owned(), self.redirect_uri.clone()),
            ("response_type".to_owned(), "code".to_owned()),
            ("scope".to_owned(), "openid email".to_owned()),
            ("code_challenge".to_owned(), CHALLENGE.to_owned()),
            ("code_challenge_method".to_owned(), "S256".to_owned()),
        ]);
        let arrival = visitor.visit(&format!("{}/authorize?{request}", node.base()))?;
        let code = arrival.url.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
        code.map(str::to_owned).with_context(|| format!("no code:\n{}", visitor.take_exchanges().join("\n")))
    }

    pub(super) fn exchange(&self, node: &Client, code: &str) -> Result<Answer> {
        let request = encode(&[
            ("grant_type".to_owned(), "authorization_code".to_owned()),
            ("client_id".to_owned(), CLIENT.to_owned()),
            ("code".to_owned(), code.to_owned()),
            ("redirect_uri".to_owned(), self.redirect_uri.clone()),
            ("code_verifier".to_owned(), VERIFIER.to_owned()),
        ]);
        node.send("POST", "/token", &[FORM], &request)
    }

    /// Gives a refresh token back.
    pub(super) fn revoke(&self, node: &Client, token: &str) -> Result<Answer> {
        let request =
            encode(&[("client_id".to_owned(), CLIENT.to_owned()), ("token".to_owned(), token.to_owned())]);
        node.send("POST", "/revoke", &[FORM], &request)
    }
}

/// What is to end, and how much of it was acknowledged to have ended.
#[derive(Debug)]
pub(in crate::suites) struct Endings {
    disabled: String,
    signed_out: String,
    /// Refresh tokens of sessions that sign out at the one node or the other.
    leaving: Vec<String>,
    /// Those of a user who is signed out everywhere by the operator.
    evicted: Vec<String>,
    /// A key that is retired.
    key: String,
    /// Codes that are exchanged at the one node or the other.
    codes: Vec<String>,
    acknowledged: Acknowledged,
}

#[derive(Debug, Default)]
struct Acknowledged {
    disabled: bool,
    evicted: bool,
    key: bool,
    leaving: usize,
    codes: usize,
}

impl Endings {
    /// Prepares what is to be ended later, with users of its own for each round.
    pub(in crate::suites) fn prepare(nodes: &Nodes, application: &Application, round: usize) -> Result<Self> {
        let (operator, clients) = (nodes.command(), nodes.clients());
        let [disabled, signed_out] = [format!("eve{round}"), format!("fay{round}")];
        for user in [&disabled, &signed_out] {
            operator.add_user(user, PASSWORD)?;
        }
        let sign_in = |number: usize, user: &str| -> Result<String> {
            Ok(TokenPair::of(sign_in(&clients[number % 2], user, PASSWORD)?)?.refresh)
        };
        let leaving = (0..SIGNED_OUT_HERE).map(|number| sign_in(number, "ada")).collect::<Result<_>>()?;
        let evicted =
            (0..SIGNED_OUT_EVERYWHERE).map(|number| sign_in(number, &signed_out)).collect::<Result<_>>()?;
        let mut visitor = Visitor::new("ada", PASSWORD);
        let codes = (0..CODES).map(|_| application.code(&mut visitor, &clients[0])).collect::<Result<_>>()?;
        let key = retirable(&serde_json::from_str(&operator.run(&["key", "list", "--json"])?)?)?;
        operator.run(&["key", "rotate", "--now"])?;
        let acknowledged = Acknowledged::default();
        Ok(Self { disabled, signed_out, leaving, evicted, key, codes, acknowledged })
    }

    /// Ends all of it, and waits until nodes know. What comes first is what takes longest.
    ///
    /// # Errors
    /// When something was not acknowledged; what had been before counts.
    pub(in crate::suites) fn carry_out(&mut self, nodes: &Nodes, application: &Application) -> Result<()> {
        let (operator, clients) = (nodes.command(), nodes.clients());
        operator.run(&["user", "disable", &self.disabled])?;
        self.acknowledged.disabled = true;
        operator.run(&["session", "end", "--user", &self.signed_out])?;
        self.acknowledged.evicted = true;
        operator.run(&["key", "retire", &self.key])?;
        self.acknowledged.key = true;
        std::thread::sleep(KNOWN);
        for (number, token) in self.leaving.iter().enumerate() {
            clients[number % 2].post("/api/token/blacklist/", &json!({ "refresh": token }))?.expect(200)?;
            self.acknowledged.leaving += 1;
        }
        for (number, code) in self.codes.iter().enumerate() {
            application.exchange(&clients[number % 2], code)?.expect(200)?;
            self.acknowledged.codes += 1;
        }
        Ok(())
    }

    /// Waits until all of it has ended again; answers how much was good when it was looked for the first time.
    ///
    /// # Errors
    /// When something has risen for good.
    pub(in crate::suites) fn hold_soon(&self, nodes: &Nodes, application: &Application) -> Result<usize> {
        let started = Instant::now();
        let mut at_first = None;
        loop {
            let risen = self.risen(nodes)?;
            let at_first = *at_first.get_or_insert(risen.len());
            if risen.is_empty() {
                self.codes_are_spent(nodes, application)?;
                console::say(&format!("        0 risen {:.1} s after that", started.elapsed().as_secs_f32()));
                return Ok(at_first);
            }
            let words = format!("{} risen: {}", risen.len(), risen.join(", "));
            if started.elapsed() > SOON {
                bail!(words);
            }
            console::say(&format!("        after {:.1} s: {words}", started.elapsed().as_secs_f32()));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// That all of it has ended.
    ///
    /// # Errors
    /// With what is good.
    pub(in crate::suites) fn hold(&self, nodes: &Nodes, application: &Application) -> Result<()> {
        let risen = self.risen(nodes)?;
        expect(risen.is_empty(), || format!("{} risen: {}", risen.len(), risen.join(", ")))?;
        self.codes_are_spent(nodes, application)
    }

    /// That no code is good that was exchanged. Whoever looks spends it, so this comes last.
    fn codes_are_spent(&self, nodes: &Nodes, application: &Application) -> Result<()> {
        let clients = nodes.clients();
        let mut risen = vec![];
        // Each at the node that did not exchange it.
        for (number, code) in self.codes.iter().take(self.acknowledged.codes).enumerate() {
            let answer = application.exchange(&clients[(number + 1) % 2], code)?;
            match answer.status {
                400 => {}
                200 => risen.push(format!("code {number}")),
                _ => bail!("a code that was spent: {}", answer.line()),
            }
        }
        expect(risen.is_empty(), || format!("{} risen: {}", risen.len(), risen.join(", ")))
    }

    /// What was acknowledged to have ended and is good, but for codes.
    fn risen(&self, nodes: &Nodes) -> Result<Vec<String>> {
        let (clients, acknowledged) = (nodes.clients(), &self.acknowledged);
        let evicted = self.evicted.iter().filter(|_| acknowledged.evicted);
        let mut risen = vec![];
        for (number, token) in self.leaving.iter().take(acknowledged.leaving).chain(evicted).enumerate() {
            let answer = refresh(&clients[number % 2], token)?;
            match answer.status {
                401 => {}
                200 => risen.push(format!("session {number}")),
                _ => bail!("a session that was ended: {}", answer.line()),
            }
        }
        if acknowledged.disabled && sign_in(&clients[0], &self.disabled, PASSWORD)?.status == 200 {
            risen.push(format!("the user {}", self.disabled));
        }
        for client in clients.iter().filter(|_| acknowledged.key) {
            let published = client.fetch("/.well-known/jwks.json")?.expect(200)?.body;
            if published.contains(&self.key) {
                risen.push(format!("the key {}", self.key));
            }
        }
        Ok(risen)
    }
}

/// A key of access tokens.
fn retirable(keys: &Value) -> Result<String> {
    let keys = keys.as_array().context("no list of keys")?;
    let key = keys.iter().find(|key| key["purpose"] == "access" && key["state"] == "signing");
    let kid = key.with_context(|| format!("no key for access tokens: {keys:?}"))?["kid"].as_str();
    Ok(kid.context("a key has no identifier")?.to_owned())
}

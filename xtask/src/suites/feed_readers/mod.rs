//! The readers of the revocation feed that the guide shows: each verifies tokens for an API of its language, against a real server.

mod language;
mod page;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use self::language::Language;
use self::page::Page;
use super::Stage;
use crate::report::Report;
use crate::rig::http::{Answer, Client};
use crate::rig::jeton::{Jeton, Server, TokenPair, refresh, sign_in};
use crate::rig::process::{Running, free_port};
use crate::rig::relay::Relay;
use crate::rig::{expect, jwt, wait_for};

const USERNAME: &str = "ada";
/// A client that acts for itself.
const SERVICE: &str = "report";
/// Signs in and out all the time, so that the feed is never quiet for long.
const BUSY: &str = "bob";
const PASSWORD: &str = "correct horse battery";
const AUDIENCE: &str = "https://api.example.com";

/// How long an event may take. The machine may be busy with other things; the guide's second is measured elsewhere.
const SOON: Duration = Duration::from_secs(10);
/// How long a reader may take to notice that its connection is silent, and to come back.
const COMING_BACK: Duration = Duration::from_secs(40);

const REVOKED: &str = "the access token was revoked";
const OUT_OF_DATE: &str = "the access token is out of date, refresh it";

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let page = Page::read()?;
    let jeton = stage.jeton("feed-readers")?;
    let port = free_port()?;
    let relay = Relay::start(port)?;
    let issuer = format!("http://127.0.0.1:{}", relay.port());
    let jeton = jeton.with("JETON_ISSUER", &issuer).with("JETON_ACCESS_AUDIENCE", AUDIENCE);
    for name in [USERNAME, BUSY] {
        jeton.add_user(name, PASSWORD)?;
    }
    let server = jeton.serve_on(port)?;
    let mut apis = Vec::new();
    for language in Language::ALL {
        match language.missing() {
            None => apis.push(Api::start(stage, &page, *language, &issuer)?),
            Some(missing) => report.skip(&format!("{}: the guide's reader", language.name()), missing),
        }
    }
    for api in &mut apis {
        api.is_up_to_date()?;
    }
    let authority = Authority { jeton, port, relay, apis };
    let _chatter = Chatter::start(server.client().clone());
    authority.follow(server, report)
}

/// An authority, and the APIs that read its feed.
struct Authority {
    jeton: Jeton,
    port: u16,
    relay: Relay,
    apis: Vec<Api>,
}

impl Authority {
    fn follow(&self, server: Server, report: &mut Report) -> Result<()> {
        let client = server.client().clone();
        let pair = self.signed_in(&client)?;
        sign_out(&client, &pair)?;
        self.each(report, "a token is refused after its sign-out", |api| {
            api.refuses(&pair.access, REVOKED, SOON)
        });

        let pair = self.signed_in(&client)?;
        self.jeton.run(&["user", "set", USERNAME, "roles:=[\"editor\"]"])?;
        self.each(report, "a token is out of date after a change of roles", |api| {
            api.refuses(&pair.access, OUT_OF_DATE, SOON)
        });
        let pair = self.refreshed(&client, &pair)?;
        self.each(report, "the refreshed token is good", |api| api.accepts(&pair.access));

        let kid = jwt::decode(&pair.access)?.header.text("kid")?.to_owned();
        self.jeton.run(&["key", "rotate", "--now"])?;
        self.jeton.run(&["key", "retire", &kid])?;
        // Either the reader says so, or the key is not in the set any more.
        self.each(report, "a token of a withdrawn key is refused", |api| api.refuses(&pair.access, "", SOON));
        let pair = self.refreshed(&client, &pair)?;
        self.each(report, "a token of the next key is good", |api| api.accepts(&pair.access));

        self.clients_own_tokens(&client, report)?;

        self.relay.go_silent();
        sign_out(&client, &pair)?;
        self.each(report, "the reader notices a silent connection, and comes back", |api| {
            api.refuses(&pair.access, REVOKED, COMING_BACK)
        });

        let pair = self.signed_in(&client)?;
        server.stop()?;
        self.jeton.run(&["session", "end", "--user", USERNAME])?;
        let server = self.jeton.serve_on(self.port)?;
        self.each(report, "the reader comes back after a restart, and learns what it missed", |api| {
            api.refuses(&pair.access, REVOKED, COMING_BACK)
        });
        server.stop()
    }

    /// Tokens of a client that acts for itself.
    fn clients_own_tokens(&self, client: &Client, report: &mut Report) -> Result<()> {
        let grants =
            ["--grant-type", "client_credentials", "--scope", "orders:read", "--scope", "orders:write"];
        let added = self.jeton.run(&[&["client", "add", "--json", "--id", SERVICE], &grants[..]].concat())?;
        let added: Value = serde_json::from_str(&added).context("jeton client add --json printed no JSON")?;
        let secret = added["client_secret"].as_str().context("no secret")?;
        let basic = format!("Basic {}", STANDARD.encode(format!("{SERVICE}:{secret}")));
        let headers = [("authorization", &*basic), ("content-type", "application/x-www-form-urlencoded")];
        let post = |path: &str, body: &str| client.send("POST", path, &headers, body)?.expect(200);
        let token = || post("/token", "grant_type=client_credentials")?.text("access_token");

        let (revoked, changed) = (token()?, token()?);
        post("/revoke", &format!("token={revoked}"))?;
        self.each(report, "a single token is refused after it was revoked", |api| {
            api.refuses(&revoked, REVOKED, SOON)?;
            api.accepts(&changed)
        });
        self.jeton.run(&["client", "set", SERVICE, "--scope", "orders:read"])?;
        self.each(report, "the tokens of a client are out of date after a change", |api| {
            api.refuses(&changed, OUT_OF_DATE, SOON)
        });
        Ok(())
    }

    /// Signs in, and waits until each API accepts the token.
    fn signed_in(&self, client: &Client) -> Result<TokenPair> {
        let pair = TokenPair::of(sign_in(client, USERNAME, PASSWORD)?)?;
        self.apis.iter().try_for_each(|api| api.accepts(&pair.access))?;
        Ok(pair)
    }

    /// Refreshes until no API calls the token out of date: one of the second of a change may be from before it.
    fn refreshed(&self, client: &Client, pair: &TokenPair) -> Result<TokenPair> {
        let mut pair = pair.clone();
        wait_for("a token that is not out of date", SOON, || {
            pair = TokenPair::of(refresh(client, &pair.refresh)?)?;
            for api in &self.apis {
                if api.ask(&pair.access)?.status != 200 {
                    thread::sleep(Duration::from_millis(200));
                    return Ok(None);
                }
            }
            Ok(Some(pair.clone()))
        })
    }

    fn each(&self, report: &mut Report, sentence: &str, check: impl Fn(&Api) -> Result<()>) {
        for api in &self.apis {
            report.check(&format!("{}: {sentence}", api.language.name()), || {
                check(api).with_context(|| format!("the log:\n{}", api.process.log()))
            });
        }
    }
}

fn sign_out(client: &Client, pair: &TokenPair) -> Result<()> {
    let body = serde_json::json!({ "refresh": pair.refresh });
    client.post("/api/token/blacklist/", &body)?.expect(200).map(drop)
}

/// An API in one language.
struct Api {
    language: Language,
    process: Running,
    client: Client,
}

impl Api {
    fn start(stage: &Stage, page: &Page, language: Language, issuer: &str) -> Result<Self> {
        let mut command = language.build(stage, page, issuer)?;
        let port = free_port()?;
        let log = stage.scratch.join("feed-readers").join(format!("{}.log", language.name()));
        let process = Running::start(language.name(), command.env("PORT", port.to_string()), &log)?;
        Ok(Self { language, process, client: Client::new(format!("http://127.0.0.1:{port}")) })
    }

    fn is_up_to_date(&mut self) -> Result<()> {
        let client = &self.client;
        self.process.wait_until("its reader is up to date", || {
            client.fetch("/ready").is_ok_and(|answer| answer.status == 200)
        })
    }

    fn ask(&self, token: &str) -> Result<Answer> {
        self.client.fetch_with("/", token)
    }

    fn accepts(&self, token: &str) -> Result<()> {
        let answer = self.ask(token)?;
        expect(answer.status == 200, || format!("{} answers {}", self.language.name(), answer.line()))
    }

    fn refuses(&self, token: &str, why: &str, patience: Duration) -> Result<()> {
        wait_for(&format!("the refusal: {why}"), patience, || {
            let answer = self.ask(token)?;
            if answer.status == 200 {
                return Ok(None);
            }
            expect(answer.status == 401 && answer.body.contains(why), || answer.line())?;
            Ok(Some(()))
        })
    }
}

/// Somebody who signs in and out all the time.
struct Chatter {
    is_over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Chatter {
    fn start(client: Client) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                // The server is away for a moment in between.
                let signed_in = sign_in(&client, BUSY, PASSWORD).and_then(TokenPair::of);
                let _ = signed_in.and_then(|pair| sign_out(&client, &pair));
                thread::sleep(Duration::from_secs(1));
            }
        });
        Self { is_over, thread: Some(thread) }
    }
}

impl Drop for Chatter {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

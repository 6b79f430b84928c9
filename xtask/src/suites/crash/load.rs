//! The clients: a thread for each session, and one that signs in and out.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::USERS;
use crate::rig::http::Client;
use crate::rig::jeton::{Server, TokenPair, refresh, sign_in};
use crate::rig::session::Session;
use crate::rig::{expect, wait_for};

/// How long a client waits before it asks a server again that did not answer.
const PAUSE: Duration = Duration::from_millis(3);

/// How long the slowest session may take to advance; generous, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the threads share with the one that kills.
#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    violations: Mutex<Vec<String>>,
}

/// The running clients.
#[derive(Debug)]
pub(super) struct Load {
    shared: Arc<Shared>,
    advances: Vec<Arc<AtomicU64>>,
    sessions: Vec<JoinHandle<Session>>,
    leaver: JoinHandle<Vec<String>>,
}

/// What the clients have seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// The sessions as they ended.
    pub(super) sessions: Vec<Session>,
    signed_out: Vec<String>,
    violations: Vec<String>,
}

impl Load {
    /// Sets every session to work against the server of this client, which may go away and come back.
    pub(super) fn start(client: &Client, sessions: Vec<Session>, password: &'static str) -> Self {
        let shared = Arc::new(Shared::default());
        let advances: Vec<Arc<AtomicU64>> = sessions.iter().map(|_| Arc::default()).collect();
        let sessions = sessions
            .into_iter()
            .zip(&advances)
            .map(|(session, advances)| {
                let (shared, advances) = (Arc::clone(&shared), Arc::clone(advances));
                let client = Client::new(client.base());
                std::thread::spawn(move || refresh_without_end(session, &client, &shared, &advances))
            })
            .collect();
        let leaver = {
            let (shared, client) = (Arc::clone(&shared), Client::new(client.base()));
            std::thread::spawn(move || sign_in_and_out(&client, &shared, password))
        };
        Self { shared, advances, sessions, leaver }
    }

    /// Waits until every session has advanced so often from here.
    ///
    /// # Errors
    /// When one does not, or a promise was broken meanwhile, or the server ended by itself.
    pub(super) fn wait_for_advances(&self, wanted: u64, server: &mut Server) -> Result<()> {
        let count = || self.advances.iter().map(|count| count.load(Ordering::Relaxed));
        let goals: Vec<u64> = count().map(|count| count + wanted).collect();
        wait_for("every session to advance", PATIENCE, || {
            if let Some(violation) = self.shared.violations().first() {
                bail!("{violation}");
            }
            if let Some(status) = server.process().ended()? {
                bail!("the server ended by itself ({status})");
            }
            Ok(count().zip(&goals).all(|(count, goal)| count >= *goal).then_some(()))
        })
    }

    /// Stops the clients.
    pub(super) fn stop(self) -> Seen {
        self.shared.stop.store(true, Ordering::Relaxed);
        let sessions = self.sessions.into_iter().filter_map(|thread| thread.join().ok()).collect();
        let signed_out = self.leaver.join().unwrap_or_default();
        Seen { sessions, signed_out, violations: self.shared.violations() }
    }
}

impl Shared {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn violations(&self) -> Vec<String> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn violated(&self, violation: String) {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner).push(violation);
    }
}

fn refresh_without_end(
    mut session: Session,
    client: &Client,
    shared: &Shared,
    advances: &AtomicU64,
) -> Session {
    while !shared.stopped() {
        // No answer, or one that says that the server is coming or going: the same token again.
        let answer = refresh(client, session.refresh_token()).ok().filter(|answer| answer.status != 503);
        let Some(answer) = answer else {
            session.unanswered += 1;
            std::thread::sleep(PAUSE);
            continue;
        };
        match session.take(answer) {
            Ok(true) => _ = advances.fetch_add(1, Ordering::Relaxed),
            Ok(false) => std::thread::sleep(PAUSE),
            Err(violation) => {
                shared.violated(format!("{violation:#}"));
                break;
            }
        }
    }
    session
}

/// Signs in, refreshes once and signs out, and keeps the tokens whose sign-out was acknowledged.
fn sign_in_and_out(client: &Client, shared: &Shared, password: &str) -> Vec<String> {
    let mut signed_out = Vec::new();
    for number in 0.. {
        if shared.stopped() {
            break;
        }
        let come_and_go = || -> Result<Option<String>> {
            let pair = TokenPair::of(sign_in(client, USERS[number % USERS.len()], password)?)?;
            let last = TokenPair::of(refresh(client, &pair.refresh)?)?.refresh;
            let answer = client.post("/api/token/blacklist/", &json!({ "refresh": last }))?;
            Ok((answer.status == 200).then_some(last))
        };
        signed_out.extend(come_and_go().ok().flatten());
        std::thread::sleep(PAUSE);
    }
    signed_out
}

impl Seen {
    /// How many answers all sessions had.
    pub(super) fn answers(&self) -> u64 {
        self.sessions.iter().map(|session| session.answers).sum()
    }

    /// How many requests were never answered.
    pub(super) fn unanswered(&self) -> u64 {
        self.sessions.iter().map(|session| session.unanswered).sum()
    }

    /// That every promise was kept.
    ///
    /// # Errors
    /// With what was broken.
    pub(super) fn no_violation(&self) -> Result<()> {
        expect(self.violations.is_empty(), || self.violations.join("\n"))
    }

    /// That each sign-out which was acknowledged still holds.
    ///
    /// # Errors
    /// When one of the signed-out tokens is taken, or nobody signed out at all.
    pub(super) fn sign_outs_hold(&self, client: &Client) -> Result<()> {
        self.signed_out.first().context("nobody managed to sign out")?;
        for token in &self.signed_out {
            let answer = refresh(client, token)?;
            expect(answer.status == 401, || {
                format!("a signed-out session was refreshed: {}", answer.line())
            })?;
        }
        Ok(())
    }
}

//! The clients: a thread for each session, which goes from one node to the next as if a balancer stood before them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::rig::http::Client;
use crate::rig::jeton::refresh;
use crate::rig::session::{Session, Violation};
use crate::rig::{expect, wait_for};

/// How long a client waits before its next request.
const PAUSE: Duration = Duration::from_millis(5);

/// How long the slowest session may take to advance; generous, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    refused: AtomicU64,
    silence: Mutex<Silence>,
    violations: Mutex<Vec<Violation>>,
}

/// The time in which nobody was answered.
#[derive(Debug)]
struct Silence {
    since: Instant,
    longest: Duration,
}

/// The running clients.
#[derive(Debug)]
pub(in crate::suites) struct Load {
    shared: Arc<Shared>,
    clients: Vec<Arc<Progress>>,
    threads: Vec<JoinHandle<Session>>,
}

/// How far a client has got.
#[derive(Debug)]
struct Progress {
    /// The grant, as the database names it.
    grant: String,
    /// The generation that was acknowledged last.
    generation: AtomicU64,
    advances: AtomicU64,
}

/// What the clients went through since they were last asked.
#[derive(Debug, Clone, Copy)]
pub(in crate::suites) struct Felt {
    /// The longest time in which no client had a token from any node.
    pub(in crate::suites) silence: Duration,
    /// Requests that were answered 503, or not at all.
    pub(in crate::suites) refused: u64,
}

impl Load {
    /// Sets every session to work at these nodes, which may go away and come back.
    pub(in crate::suites) fn start(nodes: &[Client], sessions: Vec<Session>) -> Self {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            refused: AtomicU64::new(0),
            silence: Mutex::new(Silence { since: Instant::now(), longest: Duration::ZERO }),
            violations: Mutex::default(),
        });
        let progress = |session: &Session| {
            Arc::new(Progress {
                grant: session.grant().to_owned(),
                generation: AtomicU64::new(session.generation()),
                advances: AtomicU64::new(0),
            })
        };
        let clients: Vec<Arc<Progress>> = sessions.iter().map(progress).collect();
        let threads = sessions.into_iter().zip(&clients).enumerate().map(|(first, (session, progress))| {
            let (shared, progress) = (Arc::clone(&shared), Arc::clone(progress));
            let nodes: Vec<_> = nodes.iter().map(|node| Client::new(node.base())).collect();
            std::thread::spawn(move || go_on_refreshing(session, &nodes, first, &shared, &progress))
        });
        let threads = threads.collect();
        Self { shared, clients, threads }
    }

    /// Waits until every session has advanced so often from here.
    ///
    /// # Errors
    /// When one does not, or was lost or forked.
    pub(in crate::suites) fn wait_for_advances(&self, wanted: u64) -> Result<()> {
        let count = || self.clients.iter().map(|client| client.advances.load(Ordering::Relaxed));
        let goals: Vec<u64> = count().map(|count| count + wanted).collect();
        wait_for("every session to advance", PATIENCE, || {
            if let Some(violation) = lock(&self.shared.violations).first() {
                bail!("{violation}");
            }
            Ok(count().zip(&goals).all(|(count, goal)| count >= *goal).then_some(()))
        })
    }

    /// The generation of each grant that was acknowledged last.
    pub(in crate::suites) fn acknowledged(&self) -> BTreeMap<String, u64> {
        let of = |client: &Arc<Progress>| (client.grant.clone(), client.generation.load(Ordering::Relaxed));
        self.clients.iter().map(of).collect()
    }

    /// How many sessions were lost, and how many forked.
    pub(in crate::suites) fn lost_and_forked(&self) -> (usize, usize) {
        let violations = lock(&self.shared.violations);
        let lost = violations.iter().filter(|violation| matches!(violation, Violation::Lost(_))).count();
        (lost, violations.len() - lost)
    }

    /// What the clients went through since the last call.
    pub(in crate::suites) fn felt(&self) -> Felt {
        let mut silence = lock(&self.shared.silence);
        let longest = silence.longest.max(silence.since.elapsed());
        *silence = Silence { since: Instant::now(), longest: Duration::ZERO };
        Felt { silence: longest, refused: self.shared.refused.swap(0, Ordering::Relaxed) }
    }

    /// Stops the clients; answers their sessions.
    ///
    /// # Errors
    /// When a session was lost or forked.
    pub(in crate::suites) fn stop(self) -> Result<Vec<Session>> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let sessions = self.threads.into_iter().filter_map(|thread| thread.join().ok()).collect();
        let violations = lock(&self.shared.violations);
        let words: Vec<String> = violations.iter().map(ToString::to_string).collect();
        expect(words.is_empty(), || words.join("\n"))?;
        Ok(sessions)
    }
}

fn go_on_refreshing(
    mut session: Session,
    nodes: &[Client],
    first: usize,
    shared: &Shared,
    progress: &Progress,
) -> Session {
    for node in nodes.iter().cycle().skip(first) {
        if shared.stop.load(Ordering::Relaxed) {
            break;
        }
        let answer = refresh(node, session.refresh_token()).ok();
        match answer {
            Some(answer) if answer.status == 503 && answer.header("retry-after").is_none() => {
                let words = format!("no Retry-After: {}", answer.line());
                lock(&shared.violations).push(Violation::Lost(words));
                break;
            }
            // No answer, or one that says that there is none for the moment: the same token again, at the next node.
            None => _ = shared.refused.fetch_add(1, Ordering::Relaxed),
            Some(answer) if answer.status == 503 => _ = shared.refused.fetch_add(1, Ordering::Relaxed),
            Some(answer) => match session.take(answer) {
                Ok(advanced) => {
                    progress.generation.store(session.generation(), Ordering::Relaxed);
                    progress.advances.fetch_add(u64::from(advanced), Ordering::Relaxed);
                    let mut silence = lock(&shared.silence);
                    silence.longest = silence.longest.max(silence.since.elapsed());
                    silence.since = Instant::now();
                }
                Err(violation) => {
                    lock(&shared.violations).push(violation);
                    break;
                }
            },
        }
        std::thread::sleep(PAUSE);
    }
    session
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

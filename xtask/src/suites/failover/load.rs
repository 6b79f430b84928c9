//! The clients: a thread for each session, which goes from one node to the next as if a balancer stood before them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::rig::http::Client;
use crate::rig::jeton::refresh;
use crate::rig::session::Session;
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
    violations: Mutex<Vec<String>>,
}

/// The time in which nobody was answered.
#[derive(Debug)]
struct Silence {
    since: Instant,
    longest: Duration,
}

/// The running clients.
#[derive(Debug)]
pub(super) struct Load {
    shared: Arc<Shared>,
    advances: Vec<Arc<AtomicU64>>,
    threads: Vec<JoinHandle<Session>>,
}

/// What the clients went through since they were last asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Felt {
    /// The longest time in which no client had a token from any node.
    pub(super) silence: Duration,
    /// Requests that were answered 503, or not at all.
    pub(super) refused: u64,
}

impl Load {
    /// Sets every session to work at these nodes, which may go away and come back.
    pub(super) fn start(nodes: &[Client], sessions: Vec<Session>) -> Self {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            refused: AtomicU64::new(0),
            silence: Mutex::new(Silence { since: Instant::now(), longest: Duration::ZERO }),
            violations: Mutex::default(),
        });
        let advances: Vec<Arc<AtomicU64>> = sessions.iter().map(|_| Arc::default()).collect();
        let threads = sessions.into_iter().zip(&advances).enumerate().map(|(first, (session, advances))| {
            let (shared, advances) = (Arc::clone(&shared), Arc::clone(advances));
            let nodes: Vec<_> = nodes.iter().map(|node| Client::new(node.base())).collect();
            std::thread::spawn(move || go_on_refreshing(session, &nodes, first, &shared, &advances))
        });
        let threads = threads.collect();
        Self { shared, advances, threads }
    }

    /// Waits until every session has advanced so often from here.
    ///
    /// # Errors
    /// When one does not, or was lost or forked.
    pub(super) fn wait_for_advances(&self, wanted: u64) -> Result<()> {
        let count = || self.advances.iter().map(|count| count.load(Ordering::Relaxed));
        let goals: Vec<u64> = count().map(|count| count + wanted).collect();
        wait_for("every session to advance", PATIENCE, || {
            if let Some(violation) = lock(&self.shared.violations).first() {
                bail!("{violation}");
            }
            Ok(count().zip(&goals).all(|(count, goal)| count >= *goal).then_some(()))
        })
    }

    /// What the clients went through since the last call.
    pub(super) fn felt(&self) -> Felt {
        let mut silence = lock(&self.shared.silence);
        let longest = silence.longest.max(silence.since.elapsed());
        *silence = Silence { since: Instant::now(), longest: Duration::ZERO };
        Felt { silence: longest, refused: self.shared.refused.swap(0, Ordering::Relaxed) }
    }

    /// Stops the clients; answers their sessions.
    ///
    /// # Errors
    /// When a session was lost or forked.
    pub(super) fn stop(self) -> Result<Vec<Session>> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let sessions = self.threads.into_iter().filter_map(|thread| thread.join().ok()).collect();
        let violations = lock(&self.shared.violations);
        expect(violations.is_empty(), || violations.join("\n"))?;
        Ok(sessions)
    }
}

fn go_on_refreshing(
    mut session: Session,
    nodes: &[Client],
    first: usize,
    shared: &Shared,
    advances: &AtomicU64,
) -> Session {
    for node in nodes.iter().cycle().skip(first) {
        if shared.stop.load(Ordering::Relaxed) {
            break;
        }
        let answer = refresh(node, session.refresh_token()).ok();
        match answer {
            Some(answer) if answer.status == 503 && answer.header("retry-after").is_none() => {
                lock(&shared.violations).push(format!("no Retry-After: {}", answer.line()));
                break;
            }
            // No answer, or one that says that there is none for the moment: the same token again, at the next node.
            None => _ = shared.refused.fetch_add(1, Ordering::Relaxed),
            Some(answer) if answer.status == 503 => _ = shared.refused.fetch_add(1, Ordering::Relaxed),
            Some(answer) => match session.take(answer) {
                Ok(advanced) => {
                    advances.fetch_add(u64::from(advanced), Ordering::Relaxed);
                    let mut silence = lock(&shared.silence);
                    silence.longest = silence.longest.max(silence.since.elapsed());
                    silence.since = Instant::now();
                }
                Err(violation) => {
                    lock(&shared.violations).push(format!("{violation:#}"));
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

//! Whether this node can serve requests: it is not about to stop, its clock is right, and the store can be written.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::Duration;

use jeton_authority::{Authority, ClockReading};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::machine::ClockAgreement;

/// How long a result is cached, so that frequent requests cost nothing.
const KEPT: Duration = Duration::from_secs(1);
/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long ago somebody must have asked to be expected to ask again.
const ASKED_LATELY: Duration = Duration::from_secs(60);

/// Why a node is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotReady {
    /// It is about to stop.
    Stopping,
    /// Its clock differs from the database's.
    Clock(ClockReading),
    /// The store cannot be written.
    Store,
}

/// Which of the things that a node needs are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// All of them.
    All,
    /// All but the store, which all nodes share: what needs no store is still served without it.
    WithoutStore,
}

/// The latest result of asking the store, and whether the node is about to stop.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    store: Mutex<Option<(Instant, bool)>>,
    leaving: AtomicBool,
    asked: StdMutex<Option<Instant>>,
}

impl Readiness {
    /// Whether the node can serve requests.
    ///
    /// # Errors
    /// The reason if it cannot.
    pub(crate) async fn ask(
        &self,
        about: About,
        authority: &Authority,
        clocks: &ClockAgreement,
    ) -> Result<(), NotReady> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        if self.is_leaving() {
            return Err(NotReady::Stopping);
        }
        if let Some(reading) = clocks.reading().filter(|_| clocks.disagrees()) {
            return Err(NotReady::Clock(reading));
        }
        match about {
            About::All if !self.ask_store(authority).await => Err(NotReady::Store),
            _ => Ok(()),
        }
    }

    /// Says from now on that the node is about to stop.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    /// Whether the node is about to stop. Cheap enough for every request.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Whether somebody asks every now and then, such as a load balancer.
    pub(crate) fn is_watched(&self) -> bool {
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.is_some_and(|at| at.elapsed() < ASKED_LATELY)
    }

    /// Whether the store can read and write. Concurrent callers share one check.
    ///
    /// Keys need no check: the authority does not open without them.
    async fn ask_store(&self, authority: &Authority) -> bool {
        let mut known = self.store.lock().await;
        if let Some((asked, ready)) = *known
            && asked.elapsed() < KEPT
        {
            return ready;
        }
        let probe = timeout(PATIENCE, authority.probe()).await;
        let ready = matches!(probe, Ok(Ok(())));
        let before = known.replace((Instant::now(), ready)).is_none_or(|(_, ready)| ready);
        match (before, ready) {
            (true, false) => match probe {
                Ok(Err(error)) => tracing::error!(code = "not_ready", "not ready: {error}"),
                _ => {
                    tracing::error!(
                        code = "not_ready",
                        "not ready: the store did not answer within {PATIENCE:?}"
                    )
                }
            },
            (false, true) => tracing::info!("ready again"),
            _ => {}
        }
        ready
    }
}

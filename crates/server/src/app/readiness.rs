//! Whether the store can read and write.

use std::time::Duration;

use jeton_authority::Authority;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long a result is cached, so that frequent requests cost nothing.
const KEPT: Duration = Duration::from_secs(1);
/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The latest result.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    /// Whether the store can read and write. Concurrent callers share one check.
    ///
    /// Keys need no check: the authority does not open without them.
    pub(crate) async fn ask(&self, authority: &Authority) -> bool {
        let mut known = self.0.lock().await;
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

//! Watching the files: a renewed certificate is used without a restart.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use jeton_authority::Authority;
use jeton_jose::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use super::certificate::load;
use super::{Tls, TlsError};
use crate::logging::Trouble;
use crate::machine::Clock;
use crate::machine::HangUps;

/// How often the files are checked.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The metadata of a file. A file that replaces another one differs from it, even behind a link.
type Look = Option<(u64, u64, u64, i64, i64)>;

impl Tls {
    /// Watches the files forever: reloads them when one of them changes, and immediately on `SIGHUP`. Errors are
    /// logged, and the previous certificate stays in use.
    pub fn follow(
        &self,
        authority: Arc<Authority>,
        clock: Clock,
        mut hang_ups: HangUps,
        look_every: Duration,
    ) -> impl Future<Output = ()> + Send + use<> {
        let tls = self.clone();
        let mut seen = tls.looks();
        async move {
            let mut looks = interval(look_every);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut expired = Trouble::new("tls_certificate_expired");
            loop {
                let asked = tokio::select! {
                    _ = looks.tick() => false,
                    () = hang_ups.next() => true,
                };
                let now_seen = tls.looks();
                if asked || now_seen != seen {
                    seen = now_seen;
                    tls.read_again(&authority);
                }
                if tls.not_after() < clock.now() {
                    let not_after = date(tls.not_after());
                    expired.again(&format_args!("the certificate of the server expired on {not_after}"));
                } else {
                    expired.over();
                }
            }
        }
    }

    fn read_again(&self, authority: &Authority) {
        match self.reload() {
            Ok(()) => {
                if let Some(roots) = self.client_roots() {
                    authority.client_auth().trust_roots(roots);
                }
                let not_after = date(self.not_after());
                tracing::info!(not_after, "reloaded the server certificate");
            }
            Err(error) => {
                tracing::error!(code = error.code(), "{error}; the previous certificate stays in use")
            }
        }
    }

    /// Reloads the files. New connections then get their contents.
    ///
    /// # Errors
    /// [`TlsError`]; the previous certificate stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.shared.loaded.store(Arc::new(load(&self.shared.files)?));
        Ok(())
    }

    fn looks(&self) -> Vec<Look> {
        self.shared.files.paths().map(look).collect()
    }
}

fn date(at: Timestamp) -> String {
    let since = at.saturating_since(Timestamp::MIN);
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}

fn look(file: &Path) -> Look {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

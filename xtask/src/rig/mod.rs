//! What the suites share: the command under test, processes that always end, an HTTP client, and a look into tokens.

pub(crate) mod balancer;
pub(crate) mod browser;
pub(crate) mod django;
pub(crate) mod http;
pub(crate) mod jeton;
pub(crate) mod jwt;
pub(crate) mod network;
pub(crate) mod page;
pub(crate) mod patroni;
pub(crate) mod pgbouncer;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod redact;
pub(crate) mod relay;
pub(crate) mod session;
pub(crate) mod site;
pub(crate) mod visitor;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// An empty folder of this name.
///
/// # Errors
/// When what is in its place cannot be removed, or it cannot be made.
pub(crate) fn empty_folder(parent: &Path, name: &str) -> Result<PathBuf> {
    /// For how long a program that was told to end may still write there.
    const PATIENCE: Duration = Duration::from_secs(10);
    let folder = parent.join(name);
    let started = Instant::now();
    while folder.exists() {
        match std::fs::remove_dir_all(&folder) {
            Err(error) if started.elapsed() > PATIENCE => {
                return Err(error).with_context(|| format!("cannot empty {}", folder.display()));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
            Ok(()) => {}
        }
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Asks again and again until there is an answer.
///
/// # Errors
/// When there is none within `patience`; `what` says what was waited for.
pub(crate) fn wait_for<T>(
    what: &str,
    patience: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() >= deadline {
            bail!("waited {} s in vain for {what}", patience.as_secs());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A check that must hold, with what was found where it does not.
///
/// # Errors
/// When it does not hold.
pub(crate) fn expect(holds: bool, found: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { bail!(found()) }
}

//! The signals that ask a server to stop.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ready on the first `SIGTERM` or `SIGINT` from now on.
///
/// # Errors
/// When the system refuses to hand signals over.
pub fn stop_requested() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

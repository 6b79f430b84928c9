//! The signals that a server handles or ignores.

use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals of this process, from the moment that they are taken over.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Takes the signals over. From then on, none of `SIGTERM`, `SIGINT`, `SIGHUP`, `SIGUSR1`, `SIGUSR2` and `SIGXFSZ`
    /// ends the process by itself. A file that has reached its size limit then causes a write error, like a full disk.
    ///
    /// # Errors
    /// The system does not hand signals over.
    pub fn take_over() -> io::Result<Self> {
        // A signal that was handled once stays handled, even when nobody waits for it.
        for harmless in [Number::USR1, Number::USR2, Number::XFSZ] {
            drop(signal(SignalKind::from_raw(harmless.as_raw()))?);
        }
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The signals that end a server: completes on the first `SIGTERM` or `SIGINT`; and the `SIGHUP`s.
    pub fn split(self) -> (impl Future<Output = ()>, HangUps) {
        let Self { mut terminate, mut interrupt, hang_up } = self;
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        (stop, HangUps(hang_up))
    }
}

/// The `SIGHUP`s of this process: a request to reload files, or a closed terminal.
#[derive(Debug)]
pub struct HangUps(Signal);

impl HangUps {
    /// The next signal.
    pub async fn next(&mut self) {
        // The stream of a signal does not end.
        let _ = self.0.recv().await;
    }

    /// Logs for each signal that there is nothing to reload.
    pub async fn ignore(mut self) {
        loop {
            self.next().await;
            tracing::info!("SIGHUP received: nothing to reload without TLS");
        }
    }
}

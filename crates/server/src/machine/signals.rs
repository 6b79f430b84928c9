//! The signals that a server knows. Those that it does not act on do not end it either.

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
    /// Takes the signals over: from here on none of `SIGTERM`, `SIGINT`, `SIGHUP`, `SIGUSR1`, `SIGUSR2` and `SIGXFSZ` ends the
    /// process by itself. A file that may not grow any more is then an error of the write, as a full disk is.
    ///
    /// # Errors
    /// When the system refuses to hand signals over.
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

    /// What ends a server, and what does not: ready on the first `SIGTERM` or `SIGINT`; and the `SIGHUP`s.
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

/// The `SIGHUP`s of this process: somebody wants files to be read again, or closed a terminal.
#[derive(Debug)]
pub struct HangUps(Signal);

impl HangUps {
    /// The next one.
    pub async fn next(&mut self) {
        // The stream of a signal does not end.
        let _ = self.0.recv().await;
    }

    /// Says of each that there is nothing to read again.
    pub async fn ignore(mut self) {
        loop {
            self.next().await;
            tracing::info!("SIGHUP received: nothing to reload without TLS");
        }
    }
}

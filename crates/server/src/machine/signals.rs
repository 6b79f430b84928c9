//! The signals that a server handles or ignores.

use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

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

    /// The signals that end a server, and the `SIGHUP`s.
    pub fn split(self) -> (Stop, HangUps) {
        let Self { mut terminate, mut interrupt, hang_up } = self;
        let (count, signals) = watch::channel(0_u32);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                count.send_modify(|count| *count = count.saturating_add(1));
            }
        });
        (Stop(signals), HangUps(hang_up))
    }
}

/// The `SIGTERM`s and `SIGINT`s of this process.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<u32>);

impl Stop {
    /// Completes on the first signal.
    pub fn first(&self) -> impl Future<Output = ()> + Send + 'static {
        self.nth(1)
    }

    /// Completes on the second signal: whoever sent it wants the end without delay.
    pub fn second(&self) -> impl Future<Output = ()> + Send + 'static {
        self.nth(2)
    }

    fn nth(&self, number: u32) -> impl Future<Output = ()> + Send + 'static {
        let mut signals = self.0.clone();
        async move {
            if signals.wait_for(|count| *count >= number).await.is_err() {
                // Nobody counts any more, because the process ends.
                std::future::pending::<()>().await;
            }
        }
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

//! Looking for news while somebody listens.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::Hub;
use crate::logging::Trouble;
use crate::machine::Clock;

/// How often the store is looked at while somebody listens.
const EVERY: Duration = Duration::from_millis(100);
/// The least time between two looks, however much the store knows of.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks at the store while somebody listens. Runs for as long as the server does.
pub(crate) async fn read(hub: Arc<Hub>, clock: Clock) {
    let mut trouble = Trouble::new("revocations_not_read");
    loop {
        hub.wanted().await;
        while hub.is_heard() {
            let next = Instant::now() + PAUSE;
            match hub.look(clock.now()).await {
                Ok(()) => trouble.over(),
                // The streams go on: their readers know nothing wrong, and hear the news when the store is back.
                Err(error) => trouble.again(&error),
            }
            tokio::select! {
                () = hub.written() => {}
                () = sleep(EVERY) => {}
            }
            sleep_until(next).await;
        }
    }
}

//! Polling the store for the readers, and so that this node remembers what ended: the database may forget it in a failover.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::Hub;
use crate::logging::Trouble;
use crate::machine::{Clock, ClockAgreement};

/// How often the store is polled while there are no readers.
const UNHEARD: Duration = Duration::from_secs(1);
/// How often the store is polled while there are readers, or this node itself relies on it.
const EVERY: Duration = Duration::from_millis(100);
/// The shortest time between two polls, however often the store reports events.
const PAUSE: Duration = Duration::from_millis(50);

/// Polls the store for as long as the server runs.
pub(crate) async fn read(hub: Arc<Hub>, clock: Clock, clocks: Arc<ClockAgreement>) {
    let mut trouble = Trouble::new("revocations_not_read");
    loop {
        let next = Instant::now() + PAUSE;
        // By a wrong clock, events would be overlooked. The readers continue with another node.
        if clocks.disagrees() {
            if hub.is_heard() {
                hub.disconnect_readers();
            }
            sleep_until(next).await;
            continue;
        }
        match hub.look(clock.now()).await {
            Ok(()) => trouble.over(),
            // The streams stay open: what readers know is still right, and they get the events when the store works again.
            Err(error) => trouble.again(&error),
        }
        if hub.is_heard() || hub.is_followed() {
            tokio::select! {
                () = hub.written() => {}
                () = sleep(EVERY) => {}
            }
        } else {
            tokio::select! {
                () = hub.wanted() => {}
                () = sleep(UNHEARD) => {}
            }
        }
        sleep_until(next).await;
    }
}

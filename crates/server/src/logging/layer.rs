//! Which events are written: all without a `code`, and others as their summary decides.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use jeton_authority::Network;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::summary::{Kind, SharedSummary};

/// How many bytes of a field distinguish events.
const KIND_BYTES: usize = 96;

thread_local! {
    /// The network whose request this thread handles.
    static NETWORK: Cell<Option<Network>> = const { Cell::new(None) };
}

/// Runs a function for a request from this network, so that its log events are counted for the network.
pub(crate) fn on_behalf_of<T>(network: Network, act: impl FnOnce() -> T) -> T {
    /// Restores the previous network, even if `act` panics.
    struct Before(Option<Network>);
    impl Drop for Before {
        fn drop(&mut self) {
            NETWORK.set(self.0);
        }
    }
    let _before = Before(NETWORK.replace(Some(network)));
    act()
}

/// Passes the events that the summary passes.
pub(super) struct Summarise(pub(super) Arc<SharedSummary>);

impl<S: Subscriber> Layer<S> for Summarise {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        // Who asks for more than is logged by default gets all of it.
        if *metadata.level() > Level::INFO || metadata.fields().field("code").is_none() {
            return true;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Some(code) = fields.code else { return true };
        let refusal = *metadata.level() == Level::INFO;
        let network = fields.network.or_else(|| {
            let network = if refusal { NETWORK.get() } else { None };
            network.map(|network| network.to_string().into())
        });
        self.0.count(Kind { level: *metadata.level(), code, network }, fields.cause.as_deref())
    }
}

/// The fields that distinguish events.
#[derive(Default)]
struct Fields {
    code: Option<Box<str>>,
    cause: Option<Box<str>>,
    network: Option<Box<str>>,
}

impl Fields {
    fn of_name(&mut self, name: &str) -> Option<&mut Option<Box<str>>> {
        match name {
            "code" => Some(&mut self.code),
            "cause" => Some(&mut self.cause),
            "network" => Some(&mut self.network),
            _ => None,
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(place) = self.of_name(field.name()) {
            let end = value.floor_char_boundary(KIND_BYTES);
            *place = Some(value[..end].into());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.of_name(field.name()).is_some() {
            self.record_str(field, &format!("{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::super::summary::WRITTEN;
    use super::*;

    /// Counts the events that are passed.
    struct Written(Arc<std::sync::Mutex<usize>>);

    impl<S: Subscriber> Layer<S> for Written {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            *self.0.lock().expect("no panic") += 1;
        }
    }

    fn written(log: impl FnOnce()) -> usize {
        let count = Arc::new(std::sync::Mutex::new(0));
        let subscriber = tracing_subscriber::registry()
            .with(Summarise(Arc::new(SharedSummary::default())))
            .with(Written(Arc::clone(&count)));
        tracing::subscriber::with_default(subscriber, log);
        *count.lock().expect("no panic")
    }

    fn network(address: &str) -> Network {
        Network::of(address.parse().expect("an address"))
    }

    #[test]
    fn refusals_are_counted_for_the_network_of_their_request() {
        let per_network = usize::try_from(WRITTEN).expect("small");
        let refuse = || {
            for number in 0..100 {
                tracing::info!(code = "invalid_client", client = number, "refused");
            }
        };
        assert_eq!(written(refuse), per_network);
        let from_two = || {
            on_behalf_of(network("192.0.2.1"), refuse);
            on_behalf_of(network("198.51.100.1"), refuse);
            on_behalf_of(network("192.0.2.77"), refuse);
        };
        assert_eq!(written(from_two), 2 * per_network);
    }

    #[test]
    fn what_succeeded_and_what_is_asked_for_is_all_written() {
        let log = || {
            for _ in 0..100 {
                tracing::info!("signed in");
                tracing::debug!(code = "not_found", "no such path");
            }
        };
        assert_eq!(written(log), 200);
    }

    #[test]
    fn failures_of_the_server_are_counted_together_wherever_the_request_came_from() {
        let log = || {
            for number in 0..100_u8 {
                let address = format!("192.0.{number}.1");
                on_behalf_of(network(&address), || tracing::warn!(code = "store_failed", "no room"));
            }
        };
        assert_eq!(written(log), usize::try_from(WRITTEN).expect("small"));
    }
}

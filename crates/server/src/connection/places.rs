//! The open connections: how many there may be in total and per network, and which one is closed for a new one.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};

use super::progress::Progress;

/// The prefix length of an IPv4 network that shares a limit.
const V4_PREFIX: u8 = 24;
/// The prefix length of an IPv6 network that shares a limit: what a provider assigns to one customer.
const V6_PREFIX: u8 = 56;
/// How long the accept loop waits for a connection that was told to close before it tells another one.
const LEAVING_TIME: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// A network, which has a limited share.
    Network(IpNet),
    /// A trusted proxy, which has no limit, because it speaks for everyone behind it.
    Proxy(IpAddr),
}

impl Holder {
    /// The network of an address that is not a trusted proxy.
    pub(crate) fn network(address: IpAddr) -> Self {
        Self::Network(match address.to_canonical() {
            IpAddr::V4(v4) => Ipv4Net::new_assert(v4, V4_PREFIX).trunc().into(),
            IpAddr::V6(v6) => Ipv6Net::new_assert(v6, V6_PREFIX).trunc().into(),
        })
    }
}

#[derive(Debug)]
pub(crate) struct Connections {
    limit: usize,
    share: usize,
    open: Mutex<Open>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    /// In the order in which they were accepted.
    places: BTreeMap<u64, Entry>,
    holders: HashMap<Holder, Held>,
    /// The log has said that all places are in use; and how many connections were closed since.
    full: Option<u64>,
}

#[derive(Debug)]
struct Entry {
    holder: Holder,
    progress: Arc<Progress>,
    /// `None` after the connection was told to close.
    ask: Option<oneshot::Sender<()>>,
}

/// How many connections a holder has, without those that were told to close.
#[derive(Debug, Default)]
struct Held {
    staying: usize,
    all: usize,
    /// The log has said that the share is used up.
    said: bool,
}

/// The open connections of a server, to be counted.
#[derive(Debug, Clone)]
pub struct OpenConnections(pub(super) Arc<Connections>);

impl OpenConnections {
    /// How many there are, and how many there may be.
    pub fn count_and_limit(&self) -> (usize, usize) {
        (self.0.count(), self.0.limit)
    }
}

/// Why there is no place for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// All places are in use. One may become free.
    Full,
    /// Its network has used up its share, and none of its connections is idle.
    ShareReached,
}

impl Connections {
    /// At most `limit` connections at once, and at most `share` per network.
    pub(crate) fn at_most(limit: u32, share: u32) -> Arc<Self> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).max(1);
        let share = usize::try_from(share).unwrap_or(usize::MAX).clamp(1, limit);
        Arc::new(Self { limit, share, open: Mutex::default(), freed: Notify::new() })
    }

    /// A place for a connection, if there is one. If the holder has used up its share, its connection that has been
    /// idle longest is closed.
    pub(crate) fn place(self: &Arc<Self>, holder: Holder) -> Result<Place, NoPlace> {
        let now = Instant::now();
        let mut open = self.open();
        // A share that is all of them bounds nothing: whoever comes waits as others do.
        if let Holder::Network(network) = holder
            && self.share < self.limit
        {
            let held = open.holders.get_mut(&holder);
            let reached = held.as_ref().is_some_and(|held| held.staying >= self.share);
            if let Some(held) = held.filter(|held| reached && !held.said) {
                held.said = true;
                tracing::warn!(
                    code = "connections_share_reached",
                    %network,
                    share = self.share,
                    "this network has reached the limit for one network; if it is a proxy, list it in proxy.trusted"
                );
            }
            if reached && !open.ask_one_to_leave(Some(holder), now) {
                return Err(NoPlace::ShareReached);
            }
        }
        if open.places.len() >= self.limit {
            return Err(NoPlace::Full);
        }
        let number = open.next;
        open.next += 1;
        let held = open.holders.entry(holder).or_default();
        held.staying += 1;
        held.all += 1;
        let (ask, asked) = oneshot::channel();
        let progress = Arc::new(Progress::new());
        open.places.insert(number, Entry { holder, progress: Arc::clone(&progress), ask: Some(ask) });
        Ok(Place { connections: Arc::clone(self), number, progress, asked })
    }

    /// Tells the least important connection to close, and waits briefly until any connection has closed.
    pub(crate) async fn make_room(&self) {
        let now = Instant::now();
        let mut freed = pin!(self.freed.notified());
        // What left before is known already.
        if freed.as_mut().enable() {
            freed.set(self.freed.notified());
        }
        {
            let mut open = self.open();
            let asked = open.ask_one_to_leave(None, now);
            if open.full.is_none() {
                tracing::warn!(
                    code = "connections_full",
                    connections = open.places.len(),
                    "all connections are in use; closing idle ones for new ones"
                );
            }
            *open.full.get_or_insert(0) += u64::from(asked);
        }
        let _ = timeout_at(now + LEAVING_TIME, freed).await;
    }

    pub(crate) fn count(&self) -> usize {
        self.open().places.len()
    }

    /// Waits until there are no connections, or until the deadline. Returns whether there are none.
    pub(crate) async fn ended(&self, deadline: Instant) -> bool {
        while self.count() > 0 {
            if timeout_at(deadline, self.freed.notified()).await.is_err() {
                return self.count() == 0;
            }
        }
        true
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, number: u64) {
        let mut open = self.open();
        if let Some(entry) = open.places.remove(&number)
            && let Some(held) = open.holders.get_mut(&entry.holder)
        {
            held.all -= 1;
            held.staying -= usize::from(entry.ask.is_some());
            if held.all == 0 {
                open.holders.remove(&entry.holder);
            }
        }
        // With some room to spare, so that a number about the limit is not a beginning and an end each time.
        if open.places.len() < self.limit - self.limit / 8
            && let Some(gave_way) = open.full.take()
        {
            tracing::info!(code = "connections_full", gave_way, "connections are available again");
        }
        drop(open);
        self.freed.notify_one();
    }
}

impl Open {
    /// Tells one connection to close, of this holder or of any. Returns whether there was one.
    ///
    /// Trusted proxies come last. A holder with many connections comes before a holder with few. An idle client comes
    /// before one that is slow to send, and among those the one that has waited longest.
    fn ask_one_to_leave(&mut self, of: Option<Holder>, now: Instant) -> bool {
        let waiting = self.places.iter().filter(|(_, entry)| entry.ask.is_some());
        let candidates = waiting.filter(|(_, entry)| of.is_none_or(|holder| entry.holder == holder));
        let ranked = candidates.filter_map(|(number, entry)| {
            let (idleness, since) = entry.progress.idleness(now)?;
            let held = self.holders.get(&entry.holder).map_or(0, |held| held.staying);
            let few = usize::BITS - held.checked_ilog2().unwrap_or(0);
            Some(((matches!(entry.holder, Holder::Proxy(_)), few, idleness, since), *number))
        });
        let Some((_, number)) = ranked.min() else { return false };
        let Some(entry) = self.places.get_mut(&number) else { return false };
        entry.ask = None;
        if let Some(held) = self.holders.get_mut(&entry.holder) {
            held.staying -= 1;
        }
        true
    }
}

/// A place among the connections, which becomes free when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Arc<Connections>,
    number: u64,
    progress: Arc<Progress>,
    asked: oneshot::Receiver<()>,
}

impl Place {
    /// The progress of the connection.
    pub(crate) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Completes when the connection is told to close, which happens once.
    pub(crate) async fn asked_to_leave(&mut self) {
        let _ = (&mut self.asked).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.leave(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::progress::Phase;

    fn from(address: &str) -> Holder {
        Holder::network(address.parse().expect("an address"))
    }

    fn proxy() -> Holder {
        Holder::Proxy(IpAddr::from([10, 0, 0, 1]))
    }

    fn idle(connections: &Arc<Connections>, holder: Holder) -> Place {
        let place = connections.place(holder).expect("a place");
        place.progress().enter(Phase::Idle);
        place
    }

    fn is_asked(place: &mut Place) -> bool {
        place.asked.try_recv() == Err(oneshot::error::TryRecvError::Closed)
    }

    #[test]
    fn networks_are_what_one_customer_has() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.254", true),
            ("192.0.2.1", "::ffff:192.0.2.7", true),
            ("192.0.2.1", "192.0.3.1", false),
            ("2001:db8:1:2::1", "2001:db8:1:ff::1", true),
            ("2001:db8:1:2::1", "2001:db8:1:100::1", false),
        ] {
            assert_eq!(from(one) == from(other), same, "{one} {other}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_connection_gives_way_when_all_places_are_taken() {
        let connections = Connections::at_most(3, 3);
        let home = from("192.0.2.1");
        let mut first = idle(&connections, home);
        tokio::time::advance(Duration::from_secs(1)).await;
        let mut second = idle(&connections, home);
        let mut busy = connections.place(home).expect("a place");
        busy.progress().enter(Phase::Answering);
        assert_eq!(connections.place(from("198.51.100.1")).err(), Some(NoPlace::Full));
        connections.make_room().await;
        assert!(is_asked(&mut first) && !is_asked(&mut second) && !is_asked(&mut busy));
        connections.make_room().await;
        connections.make_room().await;
        assert!(is_asked(&mut second) && !is_asked(&mut busy), "a request is never cut off");
        assert_eq!(connections.place(home).err(), Some(NoPlace::Full), "nobody has left yet");
        drop(first);
        connections.place(home).expect("a place is free");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_holds_many_gives_way_before_whoever_holds_few_and_a_proxy_last() {
        let connections = Connections::at_most(8, 8);
        let mut of_proxy = idle(&connections, proxy());
        let mut single = idle(&connections, from("198.51.100.1"));
        tokio::time::advance(Duration::from_secs(60)).await;
        let mut many: Vec<_> = (0..6).map(|_| idle(&connections, from("192.0.2.1"))).collect();
        for _ in 0..5 {
            connections.make_room().await;
        }
        assert!(!is_asked(&mut of_proxy) && !is_asked(&mut single));
        assert_eq!(many.iter_mut().filter_map(|place| is_asked(place).then_some(())).count(), 5);
        connections.make_room().await;
        assert!(is_asked(&mut single) && !is_asked(&mut of_proxy));
        connections.make_room().await;
        connections.make_room().await;
        assert!(is_asked(&mut of_proxy), "a proxy gives way too");
    }

    #[tokio::test(start_paused = true)]
    async fn one_network_holds_no_more_than_its_share_and_a_proxy_any_number() {
        let connections = Connections::at_most(100, 2);
        let home = from("192.0.2.1");
        let mut places: Vec<_> = (0..2).map(|_| connections.place(home).expect("a place")).collect();
        assert_eq!(connections.place(home).err(), Some(NoPlace::ShareReached));
        places[1].progress().enter(Phase::Idle);
        let third = connections.place(home).expect("the idle one gives way");
        assert!(!is_asked(&mut places[0]) && is_asked(&mut places[1]));
        assert_eq!(connections.place(from("192.0.2.200")).err(), Some(NoPlace::ShareReached));
        connections.place(from("198.51.100.1")).expect("another network has its own share");
        let of_proxy: Vec<_> = (0..50).map(|_| connections.place(proxy()).expect("a place")).collect();
        drop((places, third, of_proxy));
        assert!(connections.open().holders.is_empty(), "nothing is remembered of those that left");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_slow_to_send_gives_way_and_one_that_has_just_come_does_not() {
        let connections = Connections::at_most(2, 2);
        let mut slow = connections.place(from("192.0.2.1")).expect("a place");
        slow.progress().enter(Phase::ReadingHead);
        tokio::time::advance(Duration::from_secs(5)).await;
        let mut fresh = connections.place(from("192.0.2.1")).expect("a place");
        connections.make_room().await;
        connections.make_room().await;
        assert!(is_asked(&mut slow) && !is_asked(&mut fresh));
    }
}

//! Limits the concurrent fetches that untrusted clients cause: in total, per host and per network. A slow host, or a
//! network that names many of them, leaves room for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jeton_authority::Network;
use jeton_authority::ports::FetchFor;

/// The largest number of concurrent fetches.
pub(super) const AT_ONCE: usize = 64;
/// The largest number of them per host.
pub(super) const AT_ONCE_PER_HOST: usize = 2;
/// The largest number of them per network.
pub(super) const AT_ONCE_PER_NETWORK: usize = 8;
/// The largest number of them per IPv6 site (a /48), which has many networks, and for requests from unknown networks.
pub(super) const AT_ONCE_PER_SITE: usize = 16;

/// The permits. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct FetchPlaces(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    all: usize,
    by: HashMap<Holder, usize>,
}

/// A party that can have only a share of the permits.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Holder {
    Host(Box<str>),
    Network(Network),
    Site([u8; 6]),
    UnknownNetwork,
}

impl Holder {
    const fn share(&self) -> usize {
        match self {
            Self::Host(_) => AT_ONCE_PER_HOST,
            Self::Network(_) => AT_ONCE_PER_NETWORK,
            Self::Site(_) | Self::UnknownNetwork => AT_ONCE_PER_SITE,
        }
    }
}

/// A permit for one fetch, which is returned when it is dropped.
pub(crate) struct Place {
    /// `None` if the fetch needs no permit.
    held: Option<(FetchPlaces, Vec<Holder>)>,
}

impl FetchPlaces {
    /// A permit for a fetch from this host; `None` if its share is used up. Fetches from the operator's URLs need
    /// none: there are few, and each is fetched once at a time.
    pub(crate) fn enter(&self, host: &str, cause: FetchFor) -> Option<Place> {
        let FetchFor::Stranger(network) = cause else { return Some(Place { held: None }) };
        let mut holders = vec![Holder::Host(host.into())];
        match network {
            None => holders.push(Holder::UnknownNetwork),
            Some(network) => {
                holders.push(Holder::Network(network));
                holders.extend(network.site().map(Holder::Site));
            }
        }
        let mut taken = self.taken();
        let full = |holder: &Holder| taken.by.get(holder).copied().unwrap_or_default() >= holder.share();
        if taken.all >= AT_ONCE || holders.iter().any(full) {
            return None;
        }
        taken.all += 1;
        for holder in &holders {
            *taken.by.entry(holder.clone()).or_default() += 1;
        }
        Some(Place { held: Some((self.clone(), holders)) })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((places, holders)) = self.held.take() else { return };
        let mut taken = places.taken();
        taken.all = taken.all.saturating_sub(1);
        for holder in holders {
            if let Some(count) = taken.by.get_mut(&holder) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    taken.by.remove(&holder);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> FetchFor {
        FetchFor::Stranger(Some(Network::V4([192, 0, last])))
    }

    fn host(number: usize) -> String {
        format!("slow{number}.example")
    }

    #[test]
    fn one_network_takes_a_few_places_however_many_hosts_it_names() {
        let places = FetchPlaces::default();
        let held: Vec<_> = (0..100).filter_map(|number| places.enter(&host(number), from(1))).collect();
        assert_eq!(held.len(), AT_ONCE_PER_NETWORK);
        assert!(places.enter("good.example", from(2)).is_some());
    }

    #[test]
    fn one_host_takes_a_few_places_from_however_many_networks_it_is_named() {
        let places = FetchPlaces::default();
        let held: Vec<_> = (0..100).filter_map(|last| places.enter("slow.example", from(last))).collect();
        assert_eq!(held.len(), AT_ONCE_PER_HOST);
        assert!(places.enter("good.example", from(1)).is_some());
    }

    #[test]
    fn the_networks_of_one_site_share_and_so_do_requests_of_unknown_networks() {
        let places = FetchPlaces::default();
        let network = |last| Some(Network::V6([0x20, 1, 0xd, 0xb8, 0, 1, 0, last]));
        let entering = |number: u8, network| places.enter(&host(number.into()), FetchFor::Stranger(network));
        let site: Vec<_> = (0..100).filter_map(|last| entering(last, network(last))).collect();
        let unknown: Vec<_> = (0..100).filter_map(|last| entering(last + 100, None)).collect();
        assert_eq!((site.len(), unknown.len()), (AT_ONCE_PER_SITE, AT_ONCE_PER_SITE));
    }

    #[test]
    fn there_is_a_bound_in_all_but_not_for_what_the_operator_names() {
        let places = FetchPlaces::default();
        let entering = |number: u8| places.enter(&host(number.into()), from(number));
        let held: Vec<_> = (0..=255).filter_map(entering).collect();
        assert_eq!(held.len(), AT_ONCE);
        assert!(places.enter("good.example", FetchFor::OperatorsClient).is_some());
    }

    #[test]
    fn a_place_is_free_again_when_its_fetch_is_over() {
        let places = FetchPlaces::default();
        for _ in 0..1000 {
            let held: Vec<_> = (0..2).filter_map(|_| places.enter("slow.example", from(1))).collect();
            assert_eq!(held.len(), 2);
        }
        assert!(places.taken().by.is_empty());
        assert_eq!(places.taken().all, 0);
    }
}

//! Where attempts come from and where they are in progress: the keys of the throttle's memory.

use super::level::Allowance;
use super::{NETWORK_FAILURES, SITE_FAILURES, Standing};
use crate::{Caller, Network};

const NETWORK: Allowance = Allowance { most: NETWORK_FAILURES, falls: 1, every: 1 };
const SITE: Allowance = Allowance { most: SITE_FAILURES, falls: 10, every: 1 };

/// An area from which many accounts may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Area {
    Network(Network),
    /// An IPv6 /48.
    Site([u8; 6]),
}

impl Area {
    /// The areas of a network. All requests from unknown networks share one.
    pub(super) fn of(network: Network) -> [Option<Self>; 2] {
        let site = match network {
            Network::V4(_) | Network::Unknown => None,
            Network::V6([a, b, c, d, e, f, _, _]) => Some(Self::Site([a, b, c, d, e, f])),
        };
        [Some(Self::Network(network)), site]
    }

    /// How many failures are allowed there, over all accounts.
    pub(super) fn allowance(self) -> Allowance {
        match self {
            Self::Network(_) => NETWORK,
            Self::Site(_) => SITE,
        }
    }
}

/// An account, and the door through which it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Door {
    pub(super) account: u64,
    pub(super) through: Through,
}

/// The door through which an account is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Through {
    Browser([u8; 16]),
    /// One IPv4 address: neighbours in its network are distinguished.
    Address([u8; 4]),
    /// An IPv6 network, in which one host can have any number of addresses; or an unknown one.
    Network(Network),
}

impl Through {
    pub(super) fn of(caller: &Caller, standing: Standing) -> Self {
        match (standing, caller.ipv4()) {
            (Standing::Browser(browser), _) => Self::Browser(browser),
            (_, Some(octets)) => Self::Address(octets),
            (_, None) => Self::Network(caller.network()),
        }
    }
}

/// An account, tried from a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) account: u64,
    pub(super) network: Network,
}

/// Where an attempt is in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// It counts there as a failure until it ends.
    Door(Door),
    Pair(Pair),
    Area(Area),
    Account(u64),
    /// It may occupy a place in the hash pool there.
    Share(Area),
    Browsers(u64),
    Strangers,
}

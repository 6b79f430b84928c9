//! Where attempts come from and where they are under way: the keys of what is remembered.

use super::level::Allowance;
use super::{NETWORK_FAILURES, SITE_FAILURES, Standing};
use crate::{Caller, Network};

const NETWORK: Allowance = Allowance { most: NETWORK_FAILURES, falls: 1, every: 1 };
const SITE: Allowance = Allowance { most: SITE_FAILURES, falls: 10, every: 1 };

/// Where many accounts may be tried from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Area {
    Network(Network),
    /// An IPv6 /48.
    Site([u8; 6]),
}

impl Area {
    /// The areas that a network is in. All requests from unknown networks are in one.
    pub(super) fn of(network: Network) -> [Option<Self>; 2] {
        let site = match network {
            Network::V4(_) | Network::Unknown => None,
            Network::V6([a, b, c, d, e, f, _, _]) => Some(Self::Site([a, b, c, d, e, f])),
        };
        [Some(Self::Network(network)), site]
    }

    /// How much may fail there, over all accounts.
    pub(super) fn allowance(self) -> Allowance {
        match self {
            Self::Network(_) => NETWORK,
            Self::Site(_) => SITE,
        }
    }
}

/// An account, and what it is tried through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Door {
    pub(super) account: u64,
    pub(super) through: Through,
}

/// What an account is tried through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Through {
    Browser([u8; 16]),
    /// One IPv4 address: neighbours in its network are told apart.
    Address([u8; 4]),
    /// An IPv6 network, in which one host has as many addresses as it likes; or an unknown one.
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

/// Where an attempt is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// It counts there as a failure until it ends.
    Door(Door),
    Pair(Pair),
    Area(Area),
    Account(u64),
    /// It may hold a place to hash there.
    Share(Area),
    Browsers(u64),
    Strangers,
}

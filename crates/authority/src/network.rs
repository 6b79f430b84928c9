//! The network of a client, as coarse as the refresh rule and the throttle need it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of an address: an IPv4 /24 or an IPv6 /64. An IPv4-mapped IPv6 address counts as IPv4.
///
/// A household or an office shares one, and a phone keeps it while it stays in one place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Network {
    /// The first three octets of an IPv4 address.
    V4([u8; 3]),
    /// The first eight octets of an IPv6 address.
    V6([u8; 8]),
    /// The address is unknown. The throttle counts all such requests as one network; the refresh rule never treats two
    /// of them as coming from the same place.
    Unknown,
}

impl Network {
    /// The network that `address` belongs to.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h, ..] = v6.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }

    /// Whether two requests came from the same place. Two from unknown networks did not, because nothing is known
    /// about either.
    pub fn is_same_place_as(&self, other: &Self) -> bool {
        *self != Self::Unknown && self == other
    }

    /// The IPv6 site (a /48) that it belongs to, which has 65,536 networks.
    pub const fn site(&self) -> Option<[u8; 6]> {
        match *self {
            Self::V6([a, b, c, d, e, f, _, _]) => Some([a, b, c, d, e, f]),
            _ => None,
        }
    }

    /// Its 3 or 8 bytes, as they are stored; `None` if it is unknown.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V4(octets) => octets,
            Self::V6(octets) => octets,
            Self::Unknown => &[],
        }
    }

    /// The network with these [bytes](Network::as_bytes); `None` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::Unknown);
        }
        if let Ok(octets) = bytes.try_into() {
            return Some(Self::V4(octets));
        }
        bytes.try_into().ok().map(Self::V6)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4([a, b, c]) => write!(f, "{}/24", Ipv4Addr::new(a, b, c, 0)),
            Self::V6([a, b, c, d, e, g, h, i]) => {
                write!(f, "{}/64", Ipv6Addr::from([a, b, c, d, e, g, h, i, 0, 0, 0, 0, 0, 0, 0, 0]))
            }
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Network({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_keeps_of_a_network_leads_back_to_it() {
        for network in
            [Network::V4([192, 0, 2]), Network::V6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 7]), Network::Unknown]
        {
            assert_eq!(Network::from_bytes(network.as_bytes()), Some(network));
        }
        assert_eq!(Network::from_bytes(&[1, 2]), None);
    }

    #[test]
    fn two_unknown_networks_are_not_the_same_place() {
        let home = Network::V4([192, 0, 2]);
        assert!(home.is_same_place_as(&home));
        assert!(!home.is_same_place_as(&Network::V4([192, 0, 3])));
        assert!(!home.is_same_place_as(&Network::Unknown));
        assert!(!Network::Unknown.is_same_place_as(&Network::Unknown));
    }
}

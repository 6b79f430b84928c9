//! Which addresses may be connected to. The owner of a name decides what it resolves to, so the resolved address is
//! checked, and exactly that address is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of network an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// The public internet.
    Public,
    /// Private networks: RFC 1918, shared address space (RFC 6598), unique local IPv6 (RFC 4193).
    Private,
    /// This machine. Plain http is allowed only here.
    Loopback,
    /// Link-local addresses (RFC 3927, RFC 4291 §2.5.6), where clouds have the service that hands out a machine's
    /// credentials.
    LinkLocal,
}

/// The kinds of addresses that are allowed; initially only [`Reach::Public`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AllowedReach {
    private: bool,
    loopback: bool,
    link_local: bool,
    /// Plain http to any of them.
    plain_http: bool,
}

impl AllowedReach {
    pub(crate) fn allow(&mut self, reach: Reach) {
        match reach {
            Reach::Public => {}
            Reach::Private => self.private = true,
            Reach::Loopback => self.loopback = true,
            Reach::LinkLocal => self.link_local = true,
        }
    }

    pub(crate) fn allow_plain_http(&mut self) {
        self.plain_http = true;
    }

    pub(crate) const fn allows_plain_http(self) -> bool {
        self.plain_http
    }

    pub(crate) const fn allows(self, reach: Reach) -> bool {
        match reach {
            Reach::Public => true,
            Reach::Private => self.private,
            Reach::Loopback => self.loopback,
            Reach::LinkLocal => self.link_local,
        }
    }
}

/// The kind of `address`; `None` for an address that no server can have (multicast, documentation, reserved, …).
pub(crate) fn reach_of(address: IpAddr) -> Option<Reach> {
    match address {
        IpAddr::V4(address) => reach_of_v4(address),
        IpAddr::V6(address) => reach_of_v6(address),
    }
}

// The special-purpose address registries (RFC 6890) name what is not global.
fn reach_of_v4(address: Ipv4Addr) -> Option<Reach> {
    match address.octets() {
        [127, ..] => Some(Reach::Loopback),
        [169, 254, ..] => Some(Reach::LinkLocal),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Some(Reach::Private),
        // This network; protocol assignments; documentation; 6to4 relays; benchmarks; multicast and reserved.
        [0, ..]
        | [192, 0, 0 | 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [224..=255, ..] => None,
        _ => Some(Reach::Public),
    }
}

fn reach_of_v6(address: Ipv6Addr) -> Option<Reach> {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        reach_of_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Reach::Loopback),
        // IPv4 in other clothes leads where the IPv4 address does: mapped, NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => embedded(high, low),
        [0x64, 0xff9b, 1, ..] => Some(Reach::Private),
        [0xfe80..=0xfebf, ..] => Some(Reach::LinkLocal),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Some(Reach::Private),
        // Teredo, benchmarks and ORCHID; documentation.
        [0x2001, 0 | 2 | 0x10..=0x2f | 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => None,
        [0x2000..=0x3fff, ..] => Some(Reach::Public),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_is_told_by_where_it_leads() {
        for (address, reach) in [
            ("93.184.216.34", Some(Reach::Public)),
            ("2606:2800:220:1:248:1893:25c8:1946", Some(Reach::Public)),
            ("127.0.0.1", Some(Reach::Loopback)),
            ("127.255.255.254", Some(Reach::Loopback)),
            ("::1", Some(Reach::Loopback)),
            ("::ffff:127.0.0.1", Some(Reach::Loopback)),
            ("64:ff9b::7f00:1", Some(Reach::Loopback)),
            ("2002:7f00:1::", Some(Reach::Loopback)),
            ("10.1.2.3", Some(Reach::Private)),
            ("172.16.0.1", Some(Reach::Private)),
            ("172.31.255.255", Some(Reach::Private)),
            ("172.32.0.1", Some(Reach::Public)),
            ("192.168.1.1", Some(Reach::Private)),
            ("100.64.0.1", Some(Reach::Private)),
            ("100.128.0.1", Some(Reach::Public)),
            ("fd00::1", Some(Reach::Private)),
            ("fec0::1", Some(Reach::Private)),
            ("::ffff:10.0.0.1", Some(Reach::Private)),
            ("64:ff9b:1::1", Some(Reach::Private)),
            ("169.254.169.254", Some(Reach::LinkLocal)),
            ("fe80::1", Some(Reach::LinkLocal)),
            ("::ffff:169.254.169.254", Some(Reach::LinkLocal)),
            ("0.0.0.0", None),
            ("0.1.2.3", None),
            ("255.255.255.255", None),
            ("224.0.0.1", None),
            ("240.0.0.1", None),
            ("192.0.2.1", None),
            ("198.18.0.1", None),
            ("::", None),
            ("::7f00:1", None),
            ("ff02::1", None),
            ("2001::1", None),
            ("2001:db8::1", None),
            ("100::1", None),
        ] {
            assert_eq!(reach_of(address.parse().expect("an address")), reach, "{address}");
        }
    }

    #[test]
    fn only_the_open_internet_is_allowed_until_more_is_said() {
        let mut allowed = AllowedReach::default();
        let all = [Reach::Public, Reach::Private, Reach::Loopback, Reach::LinkLocal];
        assert_eq!(all.map(|reach| allowed.allows(reach)), [true, false, false, false]);
        allowed.allow(Reach::Private);
        assert_eq!(all.map(|reach| allowed.allows(reach)), [true, true, false, false]);
    }
}

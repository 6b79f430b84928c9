//! Where a request came from: the socket's peer, or what trusted proxies say stands behind them.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The header in which the trusted proxies write where a request came from.
///
/// Only the one that the proxies set is read: a client can send the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`: a list of addresses.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239): its `for` parameters.
    Forwarded,
}

/// The proxies whose word about the client's address and the request's identifier is taken. None by default.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Box<[IpNet]>,
    header: ForwardingHeader,
}

impl TrustedProxies {
    /// Trusts these networks, which write `header`.
    pub fn new(networks: impl IntoIterator<Item = IpNet>, header: ForwardingHeader) -> Self {
        Self { networks: networks.into_iter().collect(), header }
    }

    /// Whether `address` is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The client of a request that `peer` sent: the right-most address that is not itself a trusted proxy.
    ///
    /// A client can write anything to the left of what the first trusted proxy appended, so the list is read from the
    /// right, and only as far as each hop is trusted. An entry that is no address ends it at the last proxy known.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if self.networks.is_empty() || !self.trusts(client) {
            return client;
        }
        let name = match self.header {
            ForwardingHeader::XForwardedFor => X_FORWARDED_FOR,
            ForwardingHeader::Forwarded => header::FORWARDED,
        };
        for line in headers.get_all(name).iter().rev() {
            let Ok(line) = line.to_str() else { return client };
            for entry in split_unquoted(line, ',').into_iter().rev() {
                let hop = match self.header {
                    ForwardingHeader::XForwardedFor => parse_node(entry),
                    ForwardingHeader::Forwarded => parse_forwarded(entry),
                };
                let Some(hop) = hop else { return client };
                client = hop.to_canonical();
                if !self.trusts(client) {
                    return client;
                }
            }
        }
        client
    }
}

/// The address in the `for` parameter of one element of `Forwarded` (RFC 7239 §4).
fn parse_forwarded(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in split_unquoted(element, ';') {
        let (name, value) = pair.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("for") {
            if found.is_some() {
                return None;
            }
            let value = value.trim();
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            found = Some(parse_node(value)?);
        }
    }
    found
}

/// An address as proxies write it: with or without a port, IPv6 with or without brackets.
fn parse_node(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    if let Ok(address) = node.parse() {
        return Some(address);
    }
    if let Ok(address) = node.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    node.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6)
}

/// Splits at `separator` outside of double quotes.
fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|letter: char| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ForwardingHeader) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8:ff::/48"].map(|network| network.parse().expect("a network"));
        TrustedProxies::new(networks, header)
    }

    fn client(header: ForwardingHeader, peer: &str, name: &'static str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, line.parse().expect("a value"));
        }
        proxies(header).client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn the_right_most_address_that_is_no_proxy_is_the_client() {
        for (lines, expected) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            (&["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
            (&["203.0.113.9, 192.0.2.1, 10.1.2.3"], "192.0.2.1"),
            (&["203.0.113.9", "192.0.2.1,10.1.2.3"], "192.0.2.1"),
            (&["192.0.2.1:4711"], "192.0.2.1"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["2001:db8::7, 2001:db8:ff::1"], "2001:db8::7"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            // Nothing but proxies: the first of them.
            (&["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
            // What is no address ends the list.
            (&["192.0.2.1, unknown, 10.1.2.3"], "10.1.2.3"),
            (&["192.0.2.1, "], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            let found = client(ForwardingHeader::XForwardedFor, "10.0.0.1", "x-forwarded-for", lines);
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn who_is_no_proxy_cannot_say_that_they_are_somebody_else() {
        for lines in [&["203.0.113.9"][..], &["10.0.0.1"], &["203.0.113.9, 10.0.0.1"]] {
            let found = client(ForwardingHeader::XForwardedFor, "192.0.2.66", "x-forwarded-for", lines);
            assert_eq!(found, "192.0.2.66", "{lines:?}");
        }
    }

    #[test]
    fn the_header_that_the_proxy_does_not_write_is_not_read() {
        let found = client(ForwardingHeader::XForwardedFor, "10.0.0.1", "forwarded", &["for=203.0.113.9"]);
        assert_eq!(found, "10.0.0.1");
        let found = client(ForwardingHeader::Forwarded, "10.0.0.1", "x-forwarded-for", &["203.0.113.9"]);
        assert_eq!(found, "10.0.0.1");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (lines, expected) in [
            (&["for=192.0.2.1;proto=https;by=10.0.0.1"][..], "192.0.2.1"),
            (&["proto=https; For=\"[2001:db8::7]:4711\""], "2001:db8::7"),
            (&["for=203.0.113.9, for=192.0.2.1, for=10.1.2.3"], "192.0.2.1"),
            // A comma within quotes separates nothing.
            (&["for=192.0.2.1;host=\"a,for=203.0.113.9\""], "192.0.2.1"),
            (&["for=unknown"], "10.0.0.1"),
            (&["for=_hidden, for=10.1.2.3"], "10.1.2.3"),
            (&["for=203.0.113.9;for=192.0.2.1"], "10.0.0.1"),
            (&["proto=https"], "10.0.0.1"),
        ] {
            let found = client(ForwardingHeader::Forwarded, "10.0.0.1", "forwarded", lines);
            assert_eq!(found, expected, "{lines:?}");
        }
    }
}

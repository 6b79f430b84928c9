//! What trusted proxies report about a request: the client's address and certificate.

pub(crate) mod certificate;
mod entries;
mod notices;

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use self::entries::Entry;
pub(crate) use self::notices::Notices;

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The header in which trusted proxies report the client's address.
///
/// Only the header that the proxies set is read, because a client can send the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`: a list of addresses.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239): its `for` parameters.
    Forwarded,
}

impl ForwardingHeader {
    const fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => X_FORWARDED_FOR,
            Self::Forwarded => header::FORWARDED,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::XForwardedFor => Self::Forwarded,
            Self::Forwarded => Self::XForwardedFor,
        }
    }
}

/// The proxies whose reports about addresses and request identifiers are trusted. None by default.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Box<[IpNet]>,
    header: ForwardingHeader,
}

/// The client of a request, and what was wrong with the report about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FoundClient {
    /// Its address; `None` if a trusted proxy sent something that is not an address.
    pub(crate) address: Option<IpAddr>,
    pub(crate) oddity: Option<Oddity>,
}

impl FoundClient {
    /// The peer itself, which forwarded nothing.
    pub(crate) fn at(peer: IpAddr) -> Self {
        Self { address: Some(peer.to_canonical()), oddity: None }
    }
}

/// What an operator should know, because clients cannot be distinguished.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    /// The peer sent this header and is not a trusted proxy.
    Untrusted(ForwardingHeader),
    /// A trusted proxy sent this header instead of the configured one.
    WrongHeader(ForwardingHeader),
    /// A trusted proxy sent this instead of an address.
    NoAddress(Box<str>),
}

impl TrustedProxies {
    /// Trusts these networks, which set `header`.
    pub fn new(networks: impl IntoIterator<Item = IpNet>, header: ForwardingHeader) -> Self {
        Self { networks: networks.into_iter().collect(), header }
    }

    /// Whether `address` is a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The client of a request from `peer`: the right-most address that is not a trusted proxy.
    ///
    /// A client can write anything to the left of what the first trusted proxy appended. So the list is read from the
    /// right, entry by entry, as long as each hop is trusted. Entries further left are not read, well-formed or not.
    /// If an entry is not an address, reading ends and the client's address is unknown: the proxy's address would put
    /// the client into the proxy's network, and an entry further left may be invented.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> FoundClient {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            let sent = [ForwardingHeader::XForwardedFor, ForwardingHeader::Forwarded];
            let sent = sent.into_iter().find(|header| headers.contains_key(header.name()));
            return FoundClient { address: Some(peer), oddity: sent.map(Oddity::Untrusted) };
        }
        let mut client = peer;
        for line in headers.get_all(self.header.name()).iter().rev() {
            for entry in entries::from_the_right(line.as_bytes(), self.header) {
                match entry {
                    Entry::Address(hop) => client = hop.to_canonical(),
                    Entry::NoAddress(text) => {
                        return FoundClient { address: None, oddity: Some(Oddity::NoAddress(text)) };
                    }
                }
                if !self.trusts(client) {
                    return FoundClient { address: Some(client), oddity: None };
                }
            }
        }
        let other = self.header.other();
        let is_wrong = !headers.contains_key(self.header.name()) && headers.contains_key(other.name());
        FoundClient { address: Some(client), oddity: is_wrong.then_some(Oddity::WrongHeader(other)) }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn proxies(header: ForwardingHeader) -> TrustedProxies {
        let networks = ["10.0.0.0/8", "2001:db8:ff::/48"].map(|network| network.parse().expect("a network"));
        TrustedProxies::new(networks, header)
    }

    fn found(header: ForwardingHeader, peer: &str, name: &'static str, lines: &[&str]) -> FoundClient {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).expect("a value"));
        }
        proxies(header).client(peer.parse().expect("an address"), &headers)
    }

    fn client(header: ForwardingHeader, peer: &str, name: &'static str, lines: &[&str]) -> String {
        let found = found(header, peer, name, lines);
        found.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
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
            (&["\t192.0.2.1 ,\t10.1.2.3 "], "192.0.2.1"),
            // Nothing but proxies: the first of them.
            (&["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
            // The proxy itself asks, to see whether the service is there.
            (&[], "10.0.0.1"),
        ] {
            let found = client(ForwardingHeader::XForwardedFor, "10.0.0.1", "x-forwarded-for", lines);
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn what_a_client_wrote_to_the_left_of_its_address_hides_nothing() {
        for forged in
            ["\"", "", ",", "unknown", "_", "\\", "\u{e4}\u{fffd}", "a\"b,", "for=\"", "203.0.113.9,\"", "["]
        {
            for glue in [", ", ","] {
                let line = format!("{forged}{glue}192.0.2.1");
                for lines in [&[&*line][..], &[forged, "192.0.2.1"], &[&line, "10.1.2.3"]] {
                    let found = client(ForwardingHeader::XForwardedFor, "10.0.0.1", "x-forwarded-for", lines);
                    assert_eq!(found, "192.0.2.1", "{lines:?}");
                }
                let line = format!("{forged}{glue}for=192.0.2.1;host=\"a,b\"");
                for lines in [&[&*line][..], &[forged, "for=\"192.0.2.1\""], &[&line, "for=10.1.2.3"]] {
                    let found = client(ForwardingHeader::Forwarded, "10.0.0.1", "forwarded", lines);
                    assert_eq!(found, "192.0.2.1", "{lines:?}");
                }
            }
        }
    }

    #[test]
    fn an_entry_that_is_no_address_ends_the_walk_and_the_client_is_unknown() {
        for lines in [
            &["192.0.2.1, unknown"][..],
            &["192.0.2.1, unknown, 10.1.2.3"],
            &["192.0.2.1", "unknown", "10.1.2.3"],
            &["192.0.2.1, "],
            &["192.0.2.1,, 10.1.2.3"],
            &["192.0.2.1", ""],
            &[""],
            &["192.0.2.1, _hidden"],
            &["_hidden:4711"],
            &["\"192.0.2.1\""],
            &["192.0.2.1 10.1.2.3"],
            &["192.0.2.256"],
            &["192.0.2"],
            &["192.0.2.1:"],
            &["192.0.2.1:port"],
            &["192.0.2.1:123456"],
            &["[2001:db8::7"],
            &["2001:db8::7]"],
            &["[192.0.2.1]"],
            &["[2001:db8::7]4711"],
            &["client.example"],
            &["\u{e4}"],
        ] {
            let found = found(ForwardingHeader::XForwardedFor, "10.0.0.1", "x-forwarded-for", lines);
            assert_eq!(found.address, None, "{lines:?}");
            assert!(matches!(found.oddity, Some(Oddity::NoAddress(_))), "{lines:?}");
        }
        for lines in [
            &["for=unknown"][..],
            &["for=192.0.2.1, for=_hidden, for=10.1.2.3"],
            &["for=203.0.113.9;for=192.0.2.1"],
            &["for=192.0.2.1, proto=https"],
            &["for=192.0.2.1,"],
            &["192.0.2.1"],
            &["for=\"192.0.2.1"],
            &["for=192.0.2.1\""],
            &["for=\"[2001:db8::7]:4711"],
            &["for=192.0.2.1;host=\"a", "for=203.0.113.9\""],
            &["for=192.0.2.1", "\""],
            &["for=\"\""],
            &["for="],
        ] {
            let found = client(ForwardingHeader::Forwarded, "10.0.0.1", "forwarded", lines);
            assert_eq!(found, "unknown", "{lines:?}");
        }
    }

    #[test]
    fn who_is_no_proxy_cannot_say_that_they_are_somebody_else() {
        for lines in [&["203.0.113.9"][..], &["10.0.0.1"], &["203.0.113.9, 10.0.0.1"], &["unknown"]] {
            let found = found(ForwardingHeader::XForwardedFor, "192.0.2.66", "x-forwarded-for", lines);
            let expected = FoundClient {
                address: Some([192, 0, 2, 66].into()),
                oddity: Some(Oddity::Untrusted(ForwardingHeader::XForwardedFor)),
            };
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn the_header_that_the_proxy_does_not_write_is_not_read() {
        for (read, sent, name, line) in [
            (ForwardingHeader::XForwardedFor, ForwardingHeader::Forwarded, "forwarded", "for=203.0.113.9"),
            (ForwardingHeader::Forwarded, ForwardingHeader::XForwardedFor, "x-forwarded-for", "203.0.113.9"),
        ] {
            let found = found(read, "10.0.0.1", name, &[line]);
            let oddity = Some(Oddity::WrongHeader(sent));
            assert_eq!(found, FoundClient { address: Some([10, 0, 0, 1].into()), oddity });
        }
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (lines, expected) in [
            (&["for=192.0.2.1;proto=https;by=10.0.0.1"][..], "192.0.2.1"),
            (&["proto=https; For=\"[2001:db8::7]:4711\""], "2001:db8::7"),
            (&["for=\"192.0.2.1:_port\""], "192.0.2.1"),
            (&["for=203.0.113.9, for=192.0.2.1, for=10.1.2.3"], "192.0.2.1"),
            // A comma within quotes separates nothing, nor does a quote that is escaped end them.
            (&["for=192.0.2.1;host=\"a,for=203.0.113.9\""], "192.0.2.1"),
            (&["for=192.0.2.1;host=\"a\\\",for=203.0.113.9;b=\\\"\""], "192.0.2.1"),
            (&["for=192.0.2.1;host=\"a\\\\\", for=10.1.2.3"], "192.0.2.1"),
        ] {
            let found = client(ForwardingHeader::Forwarded, "10.0.0.1", "forwarded", lines);
            assert_eq!(found, expected, "{lines:?}");
        }
    }
}

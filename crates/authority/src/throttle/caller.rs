//! Who asks to be signed in, as far as it can be told before the password is looked at.

use std::net::IpAddr;

use super::known_browser::KnownBrowser;
use crate::Network;

/// Who asks: where the request came from, and what its browser shows of earlier sign-ins.
#[derive(Debug, Clone)]
pub struct Caller {
    network: Network,
    ipv4: Option<[u8; 4]>,
    browser: Option<KnownBrowser>,
}

impl Caller {
    /// Who asks from this address; `None` where it is unknown.
    pub fn at(address: Option<IpAddr>) -> Self {
        let ipv4 = match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Some(address.octets()),
            _ => None,
        };
        Self { network: address.map_or(Network::Unknown, Network::of), ipv4, browser: None }
    }

    /// The same, at a browser that somebody signed in at before.
    #[must_use]
    pub fn with_browser(self, browser: Option<KnownBrowser>) -> Self {
        Self { browser, ..self }
    }

    /// The network.
    pub fn network(&self) -> Network {
        self.network
    }

    /// The browser, where somebody signed in at it before.
    pub fn browser(&self) -> Option<&KnownBrowser> {
        self.browser.as_ref()
    }

    /// The address, where it is one of IPv4.
    pub(crate) fn ipv4(&self) -> Option<[u8; 4]> {
        self.ipv4
    }
}

/// Somebody of whom no more than the network is known.
impl From<Network> for Caller {
    fn from(network: Network) -> Self {
        Self { network, ipv4: None, browser: None }
    }
}

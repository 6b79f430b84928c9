//! Where a sign-in comes from, as far as it is known before the password is verified.

use std::net::IpAddr;

use super::known_browser::KnownBrowser;
use crate::Network;

/// Where a sign-in comes from: the client's address, and the browser's record of earlier sign-ins.
#[derive(Debug, Clone)]
pub struct Caller {
    network: Network,
    ipv4: Option<[u8; 4]>,
    browser: Option<KnownBrowser>,
    device: Box<str>,
}

impl Caller {
    /// A caller at this address; `None` if it is unknown.
    pub fn at(address: Option<IpAddr>) -> Self {
        let ipv4 = match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Some(address.octets()),
            _ => None,
        };
        Self {
            network: address.map_or(Network::Unknown, Network::of),
            ipv4,
            browser: None,
            device: Box::default(),
        }
    }

    /// The same caller, with a browser that somebody signed in with before.
    #[must_use]
    pub fn with_browser(self, browser: Option<KnownBrowser>) -> Self {
        Self { browser, ..self }
    }

    /// The same caller, whose browser says that it is this, in words.
    #[must_use]
    pub fn with_device(self, device: &str) -> Self {
        Self { device: device.into(), ..self }
    }

    /// What the browser says that it is, in words; empty if nothing is known.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The network.
    pub fn network(&self) -> Network {
        self.network
    }

    /// The browser, if somebody signed in with it before.
    pub fn browser(&self) -> Option<&KnownBrowser> {
        self.browser.as_ref()
    }

    /// The address, if it is an IPv4 address.
    pub(crate) fn ipv4(&self) -> Option<[u8; 4]> {
        self.ipv4
    }
}

/// A caller of whom only the network is known.
impl From<Network> for Caller {
    fn from(network: Network) -> Self {
        Self { network, ipv4: None, browser: None, device: Box::default() }
    }
}

//! Who sent a request, as its connection knows it.

use std::net::IpAddr;

use jeton_authority::client_auth::ClientCertificate;

/// Who sent a request: an address, and what was shown in the handshake.
#[derive(Debug, Clone)]
pub struct Peer {
    address: IpAddr,
    shown: Shown,
    transport: Transport,
}

/// What carries the connection of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Nothing that hides it. A proxy may have taken TLS off before.
    Plain,
    /// TLS that ends here.
    Tls,
}

/// What a client showed of itself in the handshake.
#[derive(Debug, Clone)]
pub(crate) enum Shown {
    /// It was not asked: a proxy before it may have been.
    NotAsked,
    /// It was asked for a certificate, and showed this one or none. Nobody else is believed about it.
    Asked(Option<Box<ClientCertificate>>),
}

impl Peer {
    /// Who was asked for a certificate, and showed this one or none.
    pub fn asked(address: IpAddr, certificate: Option<ClientCertificate>) -> Self {
        let shown = Shown::Asked(certificate.map(Box::new));
        Self { address, shown, transport: Transport::Tls }
    }

    /// The same, whose TLS ends here.
    #[must_use]
    pub fn over_tls(self) -> Self {
        Self { transport: Transport::Tls, ..self }
    }

    /// Where it is.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    pub(crate) fn transport(&self) -> Transport {
        self.transport
    }

    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }
}

/// Who was not asked for a certificate.
impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self { address, shown: Shown::NotAsked, transport: Transport::Plain }
    }
}

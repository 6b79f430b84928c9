//! Who sent a request, as its connection knows it.

use std::net::IpAddr;

use jeton_authority::client_auth::ClientCertificate;

/// Who sent a request: an address, and what was shown in the handshake.
#[derive(Debug, Clone)]
pub struct Peer {
    address: IpAddr,
    shown: Shown,
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
        Self { address, shown: Shown::Asked(certificate.map(Box::new)) }
    }

    /// Where it is.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }
}

/// Who was not asked for a certificate.
impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self { address, shown: Shown::NotAsked }
    }
}

//! The sender of a request, as its connection knows it.

use std::net::IpAddr;

use jeton_authority::client_auth::ClientCertificate;

/// The sender of a request: its address, and its certificate from the handshake.
#[derive(Debug, Clone)]
pub struct Peer {
    address: IpAddr,
    shown: Shown,
    transport: Transport,
}

/// The transport of a peer's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Plain TCP. A proxy may have terminated TLS before.
    Plain,
    /// TLS that ends at this server.
    Tls,
}

/// What a client presented in the handshake.
#[derive(Debug, Clone)]
pub(crate) enum Shown {
    /// No certificate was requested; a proxy in front may have requested one.
    NotAsked,
    /// A certificate was requested, and the client presented this one or none. No other source about it is trusted.
    Asked(Option<Box<ClientCertificate>>),
}

impl Peer {
    /// A peer from whom a certificate was requested, and who presented this one or none.
    pub fn asked(address: IpAddr, certificate: Option<ClientCertificate>) -> Self {
        let shown = Shown::Asked(certificate.map(Box::new));
        Self { address, shown, transport: Transport::Tls }
    }

    /// The same peer, whose TLS ends here.
    #[must_use]
    pub fn over_tls(self) -> Self {
        Self { transport: Transport::Tls, ..self }
    }

    /// The address of the peer.
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

/// A peer from whom no certificate was requested.
impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self { address, shown: Shown::NotAsked, transport: Transport::Plain }
    }
}

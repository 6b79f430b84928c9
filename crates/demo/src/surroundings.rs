//! What the demo finds when it starts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jeton_authority::Authority;

/// The authority that the demo is beside, and the user that it has.
pub struct Surroundings<'a> {
    /// The authority.
    pub authority: &'a Arc<Authority>,
    /// The URL that clients know it by.
    pub issuer: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// The port that the applications are to be near; 0 for any.
    pub near: u16,
    /// How long a refresh token may be presented again.
    pub grace: Duration,
    /// How many verified tokens the API remembers.
    pub remember: usize,
    /// The user's name.
    pub username: &'static str,
    /// The user's password.
    pub password: String,
}

impl Surroundings<'_> {
    /// Where this machine reaches the authority.
    pub(crate) fn reached_at(&self) -> SocketAddr {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.address.port())
    }
}

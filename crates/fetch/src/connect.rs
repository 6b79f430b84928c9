//! From a URL to a connection: the resolved address is checked, and connected to without resolving again.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::address::{AllowedReach, Reach, reach_of};
use crate::error::FetchError;
use crate::url::RemoteUrl;

/// Resolves host names.
#[derive(Clone, Default)]
pub(crate) enum Resolver {
    /// The system's resolver.
    #[default]
    System,
    /// A resolver in the program.
    Own(Arc<AddressesOf>),
}

/// The addresses of a host.
type AddressesOf = dyn Fn(&str) -> Vec<IpAddr> + Send + Sync;

impl Resolver {
    async fn resolve(&self, url: &RemoteUrl) -> Result<Vec<SocketAddr>, FetchError> {
        match self {
            Self::System => match tokio::net::lookup_host((url.host(), url.port())).await {
                Ok(addresses) => Ok(addresses.collect()),
                Err(_) => Err(FetchError::HostUnknown),
            },
            Self::Own(addresses) => {
                Ok(addresses(url.host()).into_iter().map(|address| (address, url.port()).into()).collect())
            }
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Own(_) => "Own",
        })
    }
}

/// Connects to the first allowed address of the host that answers.
pub(crate) async fn connect(
    url: &RemoteUrl,
    resolver: &Resolver,
    allowed: AllowedReach,
) -> Result<TcpStream, FetchError> {
    if !url.is_https() && !allowed.allows(Reach::Loopback) && !allowed.allows_plain_http() {
        return Err(FetchError::PlainHttp);
    }
    let mut failure = FetchError::HostUnknown;
    for address in resolver.resolve(url).await? {
        match check(url, address.ip(), allowed) {
            Ok(()) => match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = FetchError::Connection { kind: error.kind() },
            },
            // Why an allowed address did not answer tells more than that another was not allowed.
            Err(refused) if !matches!(failure, FetchError::Connection { .. }) => failure = refused,
            Err(_) => {}
        }
    }
    Err(failure)
}

fn check(url: &RemoteUrl, address: IpAddr, allowed: AllowedReach) -> Result<(), FetchError> {
    match reach_of(address) {
        Some(Reach::Loopback) if allowed.allows(Reach::Loopback) => Ok(()),
        Some(reach) if allowed.allows(reach) && (url.is_https() || allowed.allows_plain_http()) => Ok(()),
        Some(reach) if allowed.allows(reach) => Err(FetchError::PlainHttp),
        _ => Err(FetchError::AddressRefused { address }),
    }
}

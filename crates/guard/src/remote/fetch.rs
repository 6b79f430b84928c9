//! Fetching a small document with care: one request, one connection, every limit kept.
//!
//! hyper speaks HTTP over a stream that is ours, so the address that was checked is the one that is connected to. A client
//! with a connection pool would resolve the name again, and its pool would serve one request in minutes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, HOST, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jeton_jose::JwkSet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::{AllowedReach, Reach, reach_of};
use super::error::FetchError;
use super::metadata::{IssuerMetadata, metadata_urls};
use super::tls::Tls;
use super::url::RemoteUrl;

/// Fetches JWK Sets and issuers' metadata.
///
/// It takes at most 64 KiB and five seconds in all, follows no redirect, asks public addresses alone until more is
/// allowed, and speaks https (plain http to this machine, where [`Reach::Loopback`] is allowed). Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Fetcher {
    allowed: AllowedReach,
    tls: Arc<Tls>,
    limit: Duration,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Fetcher {
    /// The largest answer that is taken (bytes).
    pub const MAX_BYTES: usize = 64 * 1024;
    /// How long a fetch may take in all, unless set.
    pub const DEFAULT_LIMIT: Duration = Duration::from_secs(5);

    /// A fetcher that reaches the open internet, and trusts the certificate authorities that this system trusts.
    #[must_use]
    pub fn new() -> Self {
        Self { allowed: AllowedReach::default(), tls: Arc::new(Tls::of_system()), limit: Self::DEFAULT_LIMIT }
    }

    /// Allows addresses of this kind too.
    #[must_use]
    pub fn allow(mut self, reach: Reach) -> Self {
        self.allowed.allow(reach);
        self
    }

    /// Trusts these root certificates (DER) in place of the system's.
    ///
    /// # Errors
    /// [`FetchError::Tls`] where one is no certificate.
    pub fn trust_only(mut self, roots: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, FetchError> {
        self.tls = Arc::new(Tls::trusting(roots)?);
        Ok(self)
    }

    /// Lets a fetch take this long in all.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Fetches a JWK Set. Whether it holds nothing but public keys is for [`KeySet::from_jwk_set`] to say.
    ///
    /// [`KeySet::from_jwk_set`]: jeton_jose::KeySet::from_jwk_set
    ///
    /// # Errors
    /// [`FetchError`] says what went wrong, or against which rule it was.
    pub async fn jwk_set(&self, url: &RemoteUrl) -> Result<JwkSet, FetchError> {
        self.in_time(async { Ok(JwkSet::parse(&self.get(url).await?)?) }).await
    }

    /// Fetches the metadata of an issuer: `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4), else
    /// `/.well-known/oauth-authorization-server` (RFC 8414 §3).
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::IssuerMismatch`] where they are not this issuer's.
    pub async fn metadata(&self, issuer: &str) -> Result<IssuerMetadata, FetchError> {
        self.in_time(self.metadata_untimed(issuer)).await
    }

    /// Fetches the JWK Set that the issuer's metadata name.
    ///
    /// # Errors
    /// As [`Fetcher::metadata`] and [`Fetcher::jwk_set`]; both together take no longer than one alone may.
    pub async fn jwk_set_of(&self, issuer: &str) -> Result<JwkSet, FetchError> {
        self.in_time(async {
            let metadata = self.metadata_untimed(issuer).await?;
            Ok(JwkSet::parse(&self.get(&metadata.jwks_uri).await?)?)
        })
        .await
    }

    async fn metadata_untimed(&self, issuer: &str) -> Result<IssuerMetadata, FetchError> {
        let [openid, oauth] = metadata_urls(issuer)?;
        let json = match self.get(&openid).await {
            Err(FetchError::Status { .. }) => self.get(&oauth).await?,
            answer => answer?,
        };
        IssuerMetadata::parse(&json, issuer)
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, FetchError>>) -> Result<T, FetchError> {
        timeout(self.limit, work).await.unwrap_or(Err(FetchError::Timeout { limit: self.limit }))
    }

    async fn get(&self, url: &RemoteUrl) -> Result<Bytes, FetchError> {
        let stream = self.connect(url).await?;
        if url.is_https() {
            get(self.tls.connect(url.host(), stream).await?, url).await
        } else {
            get(stream, url).await
        }
    }

    /// Connects to the first address of the host that is allowed and answers.
    async fn connect(&self, url: &RemoteUrl) -> Result<TcpStream, FetchError> {
        if !url.is_https() && !self.allowed.allows(Reach::Loopback) {
            return Err(FetchError::PlainHttp);
        }
        let addresses = tokio::net::lookup_host((url.host(), url.port())).await;
        let mut failure = FetchError::HostUnknown;
        for address in addresses.map_err(|_| FetchError::HostUnknown)? {
            match self.check(url, address) {
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

    fn check(&self, url: &RemoteUrl, address: SocketAddr) -> Result<(), FetchError> {
        match reach_of(address.ip()) {
            Some(Reach::Loopback) if self.allowed.allows(Reach::Loopback) => Ok(()),
            Some(reach) if self.allowed.allows(reach) && url.is_https() => Ok(()),
            Some(reach) if self.allowed.allows(reach) => Err(FetchError::PlainHttp),
            _ => Err(FetchError::AddressRefused { address: address.ip() }),
        }
    }
}

async fn get<S>(stream: S, url: &RemoteUrl) -> Result<Bytes, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = Request::get(url.path_and_query())
        .header(HOST, url.authority())
        .header(ACCEPT, "application/jwk-set+json, application/json")
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
        .header(USER_AGENT, concat!("jeton-guard/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|_| FetchError::Http)?;
    let handshake = http1::Builder::new().max_buf_size(32 * 1024).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| FetchError::Http)?;
    // Whenever this function ends, the set ends the connection with it.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);

    let response = sender.send_request(request).await.map_err(|_| FetchError::Http)?;
    match response.status() {
        StatusCode::OK => {}
        status if status.is_redirection() => return Err(FetchError::Redirected { status: status.as_u16() }),
        status => return Err(FetchError::Status { status: status.as_u16() }),
    }
    if response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(FetchError::Encoded);
    }
    let body = Limited::new(response.into_body(), Fetcher::MAX_BYTES).collect().await;
    body.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            FetchError::TooLarge { limit: Fetcher::MAX_BYTES }
        } else {
            FetchError::Http
        }
    })
}

//! Safe fetching: one request, one connection, one time limit for all of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use jeton_jose::JwkSet;
use tokio::time::timeout;

use crate::address::{AllowedReach, Reach};
use crate::connect::{Resolver, connect};
use crate::error::FetchError;
use crate::exchange::{Exchange, Wanted};
use crate::metadata::{IssuerMetadata, metadata_urls};
use crate::streamed::{self, Streamed};
use crate::tls::Tls;
use crate::url::RemoteUrl;

/// The largest response for keys and metadata, and its media types.
const ACCEPT_KEYS: &str = "application/jwk-set+json, application/json";

/// Fetches JWK Sets, metadata and other small documents, and posts forms.
///
/// A fetcher reads at most 64 KiB within five seconds in total, follows no redirects, connects only to public
/// addresses unless more is allowed, and uses https (plain http only to this machine, if [`Reach::Loopback`] is
/// allowed). Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Fetcher {
    allowed: AllowedReach,
    tls: Arc<Tls>,
    resolver: Resolver,
    limit: Duration,
    max_bytes: usize,
}

impl Default for Fetcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Fetcher {
    /// The default and maximum size of a response, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;
    /// The default time limit of a fetch.
    pub const DEFAULT_LIMIT: Duration = Duration::from_secs(5);

    /// A fetcher that reaches public addresses and trusts the system's certification authorities.
    #[must_use]
    pub fn new() -> Self {
        Self {
            allowed: AllowedReach::default(),
            tls: Arc::new(Tls::of_system()),
            resolver: Resolver::System,
            limit: Self::DEFAULT_LIMIT,
            max_bytes: Self::MAX_BYTES,
        }
    }

    /// Also allows addresses of this kind.
    #[must_use]
    pub fn allow(mut self, reach: Reach) -> Self {
        self.allowed.allow(reach);
        self
    }

    /// Also allows plain http to every allowed address: for hosts that the operator names, such as a collector in the same network.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        self.allowed.allow_plain_http();
        self
    }

    /// Whether addresses of this kind are allowed.
    #[must_use]
    pub const fn allows(&self, reach: Reach) -> bool {
        self.allowed.allows(reach)
    }

    /// Also trusts the root certificates in this PEM text, besides the system's: for example a company's own
    /// authority. Replaces all earlier settings of trust.
    ///
    /// # Errors
    /// [`FetchError::NoTrustedRoots`] if the text contains no certificate, [`FetchError::Tls`] if one is unusable.
    pub fn trust_also(mut self, pem: &[u8]) -> Result<Self, FetchError> {
        self.tls = Arc::new(Tls::of_system_and(pem)?);
        Ok(self)
    }

    /// Trusts these root certificates (DER) instead of the system's.
    ///
    /// # Errors
    /// [`FetchError::Tls`] if one is not a certificate.
    pub fn trust_only(mut self, roots: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, FetchError> {
        self.tls = Arc::new(Tls::trusting(roots)?);
        Ok(self)
    }

    /// Sets the total time limit of a fetch.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the largest size of a response, at most [`Fetcher::MAX_BYTES`].
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes.min(Self::MAX_BYTES);
        self
    }

    /// Uses this resolver instead of the system's. The resolved addresses are checked all the same.
    #[must_use]
    pub fn resolve_with(mut self, addresses: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Self {
        self.resolver = Resolver::Own(Arc::new(addresses));
        self
    }

    /// Fetches a JSON document with the media type `application/json` or `application/…+json`, without parsing it.
    ///
    /// # Errors
    /// [`FetchError`] says what failed, or which rule was violated.
    pub async fn json(&self, url: &RemoteUrl) -> Result<Bytes, FetchError> {
        let wanted =
            Exchange::Get { accept: "application/json", wanted: Wanted::Json, max_bytes: self.max_bytes };
        self.in_time(self.exchange(url, wanted)).await
    }

    /// Posts a form (`application/x-www-form-urlencoded`). Every success status counts; the body of the response is
    /// not read.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Status`] if the host answered with an error.
    pub async fn post_form(&self, url: &RemoteUrl, fields: &[(&str, &str)]) -> Result<(), FetchError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.in_time(self.exchange(url, Exchange::PostForm { form: &form })).await.map(|_| ())
    }

    /// Posts JSON. Every success status counts; the body of the response is not read.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Status`] if the host answered with an error.
    pub async fn post_json(&self, url: &RemoteUrl, json: Bytes) -> Result<(), FetchError> {
        self.in_time(self.exchange(url, Exchange::PostJson { json: &json })).await.map(|_| ())
    }

    /// The certificate (DER) that the host of an https URL presents, which leads to a trusted root and names the host.
    ///
    /// # Errors
    /// [`FetchError::Tls`] says what is wrong with it; others if the host cannot be reached.
    pub async fn certificate(&self, url: &RemoteUrl) -> Result<Vec<u8>, FetchError> {
        self.in_time(async {
            let stream = connect(url, &self.resolver, self.allowed).await?;
            let stream = self.tls.connect(url.host(), stream).await?;
            let presented = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let none = || FetchError::Tls { reason: "the host presented no certificate".into() };
            Ok(presented.ok_or_else(none)?.to_vec())
        })
        .await
    }

    /// Requests an endless response of this media type, with these headers. The time limit applies to its head. The caller limits how long the
    /// body may be silent, and how much of it to read.
    ///
    /// # Errors
    /// [`FetchError`] says what went wrong, or against which rule it was.
    pub async fn stream(
        &self,
        url: &RemoteUrl,
        media_type: &str,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<Streamed, FetchError> {
        self.in_time(async {
            let stream = connect(url, &self.resolver, self.allowed).await?;
            if url.is_https() {
                let stream = self.tls.connect(url.host(), stream).await?;
                streamed::begin(stream, url, media_type, headers).await
            } else {
                streamed::begin(stream, url, media_type, headers).await
            }
        })
        .await
    }

    /// Fetches a JWK Set. [`KeySet::from_jwk_set`] checks that it contains only public keys.
    ///
    /// [`KeySet::from_jwk_set`]: jeton_jose::KeySet::from_jwk_set
    ///
    /// # Errors
    /// [`FetchError`] says what failed, or which rule was violated.
    pub async fn jwk_set(&self, url: &RemoteUrl) -> Result<JwkSet, FetchError> {
        self.in_time(async { Ok(JwkSet::parse(&self.get(url).await?)?) }).await
    }

    /// Fetches the metadata of an issuer from `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4) or
    /// else from `/.well-known/oauth-authorization-server` (RFC 8414 §3).
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::IssuerMismatch`] if the metadata name another issuer.
    pub async fn metadata(&self, issuer: &str) -> Result<IssuerMetadata, FetchError> {
        self.in_time(self.metadata_untimed(issuer)).await
    }

    /// Fetches the JWK Set that the issuer's metadata name.
    ///
    /// # Errors
    /// As for [`Fetcher::metadata`] and [`Fetcher::jwk_set`]. One time limit covers both requests.
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

    /// Keys and metadata are accepted with any media type, because too many servers send `text/plain`.
    async fn get(&self, url: &RemoteUrl) -> Result<Bytes, FetchError> {
        let wanted = Exchange::Get { accept: ACCEPT_KEYS, wanted: Wanted::Any, max_bytes: self.max_bytes };
        self.exchange(url, wanted).await
    }

    async fn exchange(&self, url: &RemoteUrl, exchange: Exchange<'_>) -> Result<Bytes, FetchError> {
        let stream = connect(url, &self.resolver, self.allowed).await?;
        if url.is_https() {
            exchange.on(self.tls.connect(url.host(), stream).await?, url).await
        } else {
            exchange.on(stream, url).await
        }
    }
}

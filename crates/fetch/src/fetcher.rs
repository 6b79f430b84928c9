//! Fetching with care: one request, one connection, one limit for the time of it all.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jeton_jose::JwkSet;
use tokio::time::timeout;

use crate::address::{AllowedReach, Reach};
use crate::connect::{Resolver, connect};
use crate::error::FetchError;
use crate::exchange::{Exchange, Wanted};
use crate::metadata::{IssuerMetadata, metadata_urls};
use crate::tls::Tls;
use crate::url::RemoteUrl;

/// What the answer may be where keys or metadata are wanted.
const ACCEPT_KEYS: &str = "application/jwk-set+json, application/json";

/// Fetches JWK Sets, metadata and other small documents, and posts forms.
///
/// It takes at most 64 KiB and five seconds in all, follows no redirect, asks public addresses alone until more is
/// allowed, and speaks https (plain http to this machine, where [`Reach::Loopback`] is allowed). Cloning is cheap.
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
    /// The largest answer that is taken (bytes), unless less is set.
    pub const MAX_BYTES: usize = 64 * 1024;
    /// How long a fetch may take in all, unless set.
    pub const DEFAULT_LIMIT: Duration = Duration::from_secs(5);

    /// A fetcher that reaches the open internet, and trusts the certificate authorities that this system trusts.
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

    /// Allows addresses of this kind too.
    #[must_use]
    pub fn allow(mut self, reach: Reach) -> Self {
        self.allowed.allow(reach);
        self
    }

    /// Whether it asks addresses of this kind.
    #[must_use]
    pub const fn allows(&self, reach: Reach) -> bool {
        self.allowed.allows(reach)
    }

    /// Trusts the root certificates of this PEM text too, beside those that this system trusts: a company's own authority.
    /// What was said before about whom to trust no longer counts.
    ///
    /// # Errors
    /// [`FetchError::NoTrustedRoots`] where the text holds none, [`FetchError::Tls`] where one cannot be used.
    pub fn trust_also(mut self, pem: &[u8]) -> Result<Self, FetchError> {
        self.tls = Arc::new(Tls::of_system_and(pem)?);
        Ok(self)
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

    /// Takes answers of at most this many bytes ([`Fetcher::MAX_BYTES`] at most).
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes.min(Self::MAX_BYTES);
        self
    }

    /// Takes the addresses of hosts from here in place of the system's resolver. They are checked like any others.
    #[must_use]
    pub fn resolve_with(mut self, addresses: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Self {
        self.resolver = Resolver::Own(Arc::new(addresses));
        self
    }

    /// Fetches a JSON document, which has to come as `application/json` or `application/…+json`. It is not parsed.
    ///
    /// # Errors
    /// [`FetchError`] says what went wrong, or against which rule it was.
    pub async fn json(&self, url: &RemoteUrl) -> Result<Bytes, FetchError> {
        let wanted =
            Exchange::Get { accept: "application/json", wanted: Wanted::Json, max_bytes: self.max_bytes };
        self.in_time(self.exchange(url, wanted)).await
    }

    /// Posts a form (`application/x-www-form-urlencoded`). Every status of success is one; nothing else is read.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Status`] where the host answered, and does not take it.
    pub async fn post_form(&self, url: &RemoteUrl, fields: &[(&str, &str)]) -> Result<(), FetchError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.in_time(self.exchange(url, Exchange::PostForm { form: &form })).await.map(|_| ())
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

    /// Keys and metadata are taken whatever media type they say: too many servers say `text/plain`.
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

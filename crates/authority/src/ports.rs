//! What the authority does not do itself: the caller provides hashing, random numbers, fetching for clients, and
//! verification of their certificates.

use std::sync::Arc;

use async_trait::async_trait;
use jeton_jose::x509::TrustRoots;
use jeton_jose::{JwkSet, Timestamp};
use jeton_oauth::client::{ClientMetadata, TokenEndpointAuthMethod};

use crate::Network;
use crate::password::{Hashing, InlineHashing};
use crate::random::{Random, SystemRandom};
use crate::refusal::Refusal;

/// What the caller provides to an authority. By default, passwords are hashed on the calling thread, nothing is
/// fetched, and no certificate is verified.
#[derive(Clone)]
pub struct Ports {
    /// Hashes passwords.
    pub hashing: Arc<dyn Hashing>,
    /// Draws random numbers.
    pub random: Arc<dyn Random>,
    /// Provides the keys behind `jwks_uri`. Without it, such clients have no keys.
    pub client_keys: Option<Arc<dyn ClientKeys>>,
    /// Fetches clients' metadata documents. Without it, there are no such clients.
    pub client_documents: Option<Arc<dyn ClientDocuments>>,
    /// Checks sectors. Without it, self-registered clients cannot name one.
    pub client_sectors: Option<Arc<dyn ClientSectors>>,
    /// Whether self-registered clients may use plain http URLs to this machine.
    pub this_machine: ThisMachine,
    /// What can be verified about clients' certificates.
    pub certificates: CertificatesSeen,
    /// The trusted roots for client certificates in TLS connections that end here. Setting `tls.client_roots`.
    pub client_roots: Option<TrustRoots>,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            hashing: Arc::new(InlineHashing::default()),
            random: Arc::new(SystemRandom),
            client_keys: None,
            client_documents: None,
            client_sectors: None,
            this_machine: ThisMachine::default(),
            certificates: CertificatesSeen::default(),
            client_roots: None,
        }
    }
}

/// Whether the fetcher connects to this machine, including over plain http.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThisMachine {
    /// It does not.
    #[default]
    OutOfReach,
    /// It does, for development.
    Asked,
}

/// For whom something is fetched, which determines the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchFor {
    /// A client that the operator added: it has few URLs, which the operator chose.
    OperatorsClient,
    /// A client that anybody can create, on behalf of a caller in this network, if it is known.
    Stranger(Option<Network>),
}

/// Nothing was fetched, because too many fetches are in progress. This says nothing about the target: the same request
/// may succeed a moment later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many fetches for clients are in progress")]
pub struct TurnedAway;

/// A fetched document.
#[derive(Debug, Clone)]
pub struct ClientDocument {
    /// The body: JSON, if the document is valid.
    pub json: Arc<[u8]>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
}

/// Fetches clients' metadata documents.
#[async_trait]
pub trait ClientDocuments: Send + Sync + 'static {
    /// The document at this URL, as fresh as necessary, on behalf of a caller in this network. `None` if there is
    /// none; the reason is logged where it is detected.
    ///
    /// # Errors
    /// [`TurnedAway`] if it was not fetched because too many fetches are in progress.
    async fn document(
        &self,
        url: &str,
        network: Option<Network>,
    ) -> Result<Option<ClientDocument>, TurnedAway>;

    /// Logs for the document's author that it does not describe a valid client, and why.
    fn refused(&self, url: &str, reason: &Refusal);

    /// Records that a user allowed the client of this document to have tokens, so that new clients do not displace it.
    fn prove(&self, url: &str);
}

/// Provides the JWK Sets that clients publish.
#[async_trait]
pub trait ClientKeys: Send + Sync + 'static {
    /// The JWK Set at this URL, as fresh as necessary. If it lacks the key with `wanted_kid`, a newer one is fetched.
    ///
    /// `None` if there is none that may be used; the reason is logged where it is detected.
    ///
    /// # Errors
    /// [`TurnedAway`] if it was not fetched because too many fetches are in progress.
    async fn jwk_set(
        &self,
        uri: &str,
        wanted_kid: Option<&str>,
        cause: FetchFor,
    ) -> Result<Option<Arc<JwkSet>>, TurnedAway>;

    /// Records that a user allowed the client of this set to have tokens, so that new clients do not displace it.
    fn prove(&self, uri: &str);
}

/// Checks sectors (OpenID Connect Dynamic Client Registration §5).
#[async_trait]
pub trait ClientSectors: Send + Sync + 'static {
    /// Whether the document at the client's `sector_identifier_uri` lists each of its redirect URIs, of which there is
    /// at least one.
    ///
    /// Otherwise, the reason is logged where it is detected.
    ///
    /// # Errors
    /// [`TurnedAway`] if it was not fetched because too many fetches are in progress.
    async fn has_member(&self, metadata: &ClientMetadata, network: Network) -> Result<bool, TurnedAway>;
}

/// What the components that terminate TLS can tell the authority about clients' certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CertificatesSeen {
    /// Nothing.
    #[default]
    None,
    /// That the client has the certificate's key; no trusted roots are configured.
    SelfSigned,
    /// Also that a trusted root certifies it.
    Verified,
}

impl CertificatesSeen {
    /// The client authentication methods that this permits.
    pub const fn methods(self) -> &'static [TokenEndpointAuthMethod] {
        use TokenEndpointAuthMethod::{SelfSignedTlsClientAuth, TlsClientAuth};
        match self {
            Self::None => &[],
            Self::SelfSigned => &[SelfSignedTlsClientAuth],
            Self::Verified => &[TlsClientAuth, SelfSignedTlsClientAuth],
        }
    }
}

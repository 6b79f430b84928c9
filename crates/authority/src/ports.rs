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
    /// What hashes passwords.
    pub hashing: Arc<dyn Hashing>,
    /// What draws random numbers.
    pub random: Arc<dyn Random>,
    /// What knows the keys behind `jwks_uri`. Without it such clients have no keys.
    pub client_keys: Option<Arc<dyn ClientKeys>>,
    /// What fetches the documents that clients are named by. Without it there are no such clients.
    pub client_documents: Option<Arc<dyn ClientDocuments>>,
    /// What fetches sectors. Without it no client that registers itself may name one.
    pub client_sectors: Option<Arc<dyn ClientSectors>>,
    /// Whether clients that register themselves may name plain http addresses at this machine.
    pub this_machine: ThisMachine,
    /// What can be known of clients' certificates.
    pub certificates: CertificatesSeen,
    /// The roots that sign certificates of clients whose TLS ends here. Setting `tls.client_roots`.
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

/// Whether whatever fetches for the authority asks at this machine, over plain http too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThisMachine {
    /// It does not.
    #[default]
    OutOfReach,
    /// It does: applications are made here.
    Asked,
}

/// For whom something is fetched, which decides how much of it may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchFor {
    /// A client that the operator added: its addresses are few, and the operator chose them.
    OperatorsClient,
    /// A client that anybody can be, at the request of somebody in this network, where that is known.
    Stranger(Option<Network>),
}

/// Nothing was fetched, because too many fetches are under way. It says nothing about what was to be fetched: the same request
/// may succeed a moment later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many fetches for clients are in progress")]
pub struct TurnedAway;

/// A document as it was fetched.
#[derive(Debug, Clone)]
pub struct ClientDocument {
    /// What came: JSON, if it is what it should be.
    pub json: Arc<[u8]>,
    /// When.
    pub fetched_at: Timestamp,
}

/// Fetches the documents that clients are named by.
#[async_trait]
pub trait ClientDocuments: Send + Sync + 'static {
    /// The document at this URL, as fresh as it has to be, at the request of somebody in this network. Nothing where there is
    /// none; why is logged where it is found out.
    ///
    /// # Errors
    /// [`TurnedAway`] where it was not fetched because too much is fetched already.
    async fn document(
        &self,
        url: &str,
        network: Option<Network>,
    ) -> Result<Option<ClientDocument>, TurnedAway>;

    /// Notes that a document describes no client, and why, for those who wrote it.
    fn refused(&self, url: &str, reason: &Refusal);

    /// Notes that a user let the client of this document have tokens: newcomers do not push it out.
    fn prove(&self, url: &str);
}

/// Knows the JWK Sets that clients publish.
#[async_trait]
pub trait ClientKeys: Send + Sync + 'static {
    /// The JWK Set at this URL, as fresh as it has to be. Where it lacks the key of `wanted_kid`, a newer one is looked for.
    ///
    /// Nothing where there is none that may be used; why not is logged where it is found out.
    ///
    /// # Errors
    /// [`TurnedAway`] where it was not fetched because too much is fetched already.
    async fn jwk_set(
        &self,
        uri: &str,
        wanted_kid: Option<&str>,
        cause: FetchFor,
    ) -> Result<Option<Arc<JwkSet>>, TurnedAway>;

    /// Notes that a user let the client of this set have tokens: newcomers do not push it out.
    fn prove(&self, uri: &str);
}

/// Knows what belongs to a sector (OpenID Connect Dynamic Client Registration §5).
#[async_trait]
pub trait ClientSectors: Send + Sync + 'static {
    /// Whether the document behind the client's `sector_identifier_uri` lists each of its redirect URIs, of which there
    /// is at least one.
    ///
    /// Why not is logged where it is found out.
    ///
    /// # Errors
    /// [`TurnedAway`] where it was not fetched because too much is fetched already.
    async fn has_member(&self, metadata: &ClientMetadata, network: Network) -> Result<bool, TurnedAway>;
}

/// What those who end TLS before the authority can tell it of its clients' certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CertificatesSeen {
    /// Nothing.
    #[default]
    None,
    /// Who holds which; nobody says which certificate authorities are trusted.
    SelfSigned,
    /// That, and whom a trusted authority signed for.
    Verified,
}

impl CertificatesSeen {
    /// The ways to authenticate that this allows.
    pub const fn methods(self) -> &'static [TokenEndpointAuthMethod] {
        use TokenEndpointAuthMethod::{SelfSignedTlsClientAuth, TlsClientAuth};
        match self {
            Self::None => &[],
            Self::SelfSigned => &[SelfSignedTlsClientAuth],
            Self::Verified => &[TlsClientAuth, SelfSignedTlsClientAuth],
        }
    }
}

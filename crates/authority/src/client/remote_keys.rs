//! The keys that a client publishes itself, behind its `jwks_uri`. Fetching is not done here: whoever runs the authority
//! brings something that does.

use std::sync::Arc;

use async_trait::async_trait;
use jeton_jose::{Jwk, JwkSet};

use super::{Client, ClientSource, FetchFor, TurnedAway};
use crate::Network;
use crate::authority::Authority;

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

impl Authority {
    /// Brings what knows the keys behind `jwks_uri`. The first one stays; without one such clients have no keys.
    pub fn fetch_client_keys_with(&self, keys: Arc<dyn ClientKeys>) {
        let _ = self.client_keys.set(keys);
    }

    /// The public keys of a client: those in its description, or those behind its `jwks_uri`. Where they are fetched, and
    /// lack the key of `wanted_kid`, newer ones are looked for, at the request of somebody in this network. No key where none
    /// could be fetched.
    ///
    /// # Errors
    /// [`TurnedAway`] where they were not fetched because too much is fetched already.
    pub async fn keys_of(
        &self,
        client: &Client,
        wanted_kid: Option<&str>,
        network: Option<Network>,
    ) -> Result<Vec<Jwk>, TurnedAway> {
        let Some(uri) = client.metadata.jwks_uri.as_deref() else {
            return Ok(client.keys().unwrap_or_default());
        };
        let Some(remote) = self.client_keys.get() else { return Ok(Vec::new()) };
        let cause = match client.policy.source {
            ClientSource::Operator => FetchFor::OperatorsClient,
            _ => FetchFor::Stranger(network),
        };
        let set = remote.jwk_set(uri, wanted_kid, cause).await?;
        let keys = set.iter().flat_map(|set| set.keys());
        Ok(keys.filter(|key| key.is_public()).cloned().collect())
    }

    /// A user let this client have tokens: what is fetched for it is not pushed out by what others make up.
    pub(crate) fn prove_addresses(&self, client: &Client) {
        if client.policy.source == ClientSource::MetadataDocument
            && let Some(documents) = self.client_documents.get()
        {
            documents.prove(client.id.as_str());
        }
        if let Some((uri, keys)) = client.metadata.jwks_uri.as_deref().zip(self.client_keys.get()) {
            keys.prove(uri);
        }
    }
}

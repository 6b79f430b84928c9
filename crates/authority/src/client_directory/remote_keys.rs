//! The keys that a client publishes itself, behind its `jwks_uri`. Fetching is not done here: whoever runs the authority
//! brings something that does.

use jeton_jose::{Algorithm, Jwk, KeySet};

use super::ClientDirectory;
use crate::Network;
use crate::client::{Client, ClientSource, public_keys};
use crate::ports::{FetchFor, TurnedAway};

impl ClientDirectory {
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
            return Ok(client.keys().to_vec());
        };
        let Some(remote) = &self.client_keys else { return Ok(Vec::new()) };
        let cause = match client.policy.source {
            ClientSource::Operator => FetchFor::OperatorsClient,
            _ => FetchFor::Stranger(network),
        };
        let set = remote.jwk_set(uri, wanted_kid, cause).await?;
        let keys = set.iter().flat_map(|set| set.keys());
        Ok(keys.filter(|key| key.is_public()).cloned().collect())
    }

    /// Those of them that verify by this algorithm: at the request of somebody in this network, for a token that names `kid`.
    /// Nothing where a set of them cannot be used.
    ///
    /// # Errors
    /// As [`Self::keys_of`].
    pub(crate) async fn verifying_keys_of(
        &self,
        client: &Client,
        algorithm: Algorithm,
        kid: Option<&str>,
        network: Network,
    ) -> Result<Option<KeySet>, TurnedAway> {
        Ok(public_keys::verifying(&self.keys_of(client, kid, Some(network)).await?, algorithm))
    }

    /// A user let this client have tokens: what is fetched for it is not pushed out by what others make up.
    pub(crate) fn prove_addresses(&self, client: &Client) {
        if client.policy.source == ClientSource::MetadataDocument
            && let Some(documents) = &self.client_documents
        {
            documents.prove(client.id.as_str());
        }
        if let Some((uri, keys)) = client.metadata.jwks_uri.as_deref().zip(self.client_keys.as_ref()) {
            keys.prove(uri);
        }
    }
}

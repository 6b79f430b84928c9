//! The keys that a client publishes itself, behind its `jwks_uri`. Fetching is not done here: whoever runs the authority
//! brings something that does.

use std::sync::Arc;

use async_trait::async_trait;
use jeton_jose::{Jwk, JwkSet};

use super::Client;
use crate::authority::Authority;

/// Knows the JWK Sets that clients publish.
#[async_trait]
pub trait ClientKeys: Send + Sync + 'static {
    /// The JWK Set at this URL, as fresh as it has to be. Where it lacks the key of `wanted_kid`, a newer one is looked for.
    ///
    /// Nothing where there is none that may be used; why not is logged where it is found out.
    async fn jwk_set(&self, uri: &str, wanted_kid: Option<&str>) -> Option<Arc<JwkSet>>;
}

impl Authority {
    /// Brings what knows the keys behind `jwks_uri`. The first one stays; without one such clients have no keys.
    pub fn fetch_client_keys_with(&self, keys: Arc<dyn ClientKeys>) {
        let _ = self.client_keys.set(keys);
    }

    /// The public keys of a client: those in its description, or those behind its `jwks_uri`. Where they are fetched, and
    /// lack the key of `wanted_kid`, newer ones are looked for. None where they cannot be had.
    pub async fn keys_of(&self, client: &Client, wanted_kid: Option<&str>) -> Vec<Jwk> {
        let Some(uri) = client.metadata.jwks_uri.as_deref() else { return client.keys().unwrap_or_default() };
        let Some(remote) = self.client_keys.get() else { return Vec::new() };
        let set = remote.jwk_set(uri, wanted_kid).await;
        let keys = set.iter().flat_map(|set| set.keys());
        keys.filter(|key| key.is_public()).cloned().collect()
    }
}

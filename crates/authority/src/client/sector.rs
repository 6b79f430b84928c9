//! The sectors that clients name, behind their `sector_identifier_uri`. Fetching is not done here: whoever runs the authority brings
//! something that does.

use std::sync::Arc;

use async_trait::async_trait;
use jeton_oauth::client::ClientMetadata;

use super::TurnedAway;
use crate::Network;
use crate::authority::Authority;

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

impl Authority {
    /// Brings what fetches sectors. The first one stays; without one no client that registers itself may name a sector.
    pub fn fetch_client_sectors_with(&self, sectors: Arc<dyn ClientSectors>) {
        let _ = self.client_sectors.set(sectors);
    }
}

//! Whether a client belongs to the sector that it names (OpenID Connect Registration §5). Otherwise, one client could
//! get the pairwise subjects of another client's users.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jeton_authority::Network;
use jeton_authority::ports::{ClientSectors, FetchFor, TurnedAway};
use jeton_fetch::{FetchError, Fetcher, RemoteUrl, RemoteUrlError};
use jeton_oauth::client::{ClientMetadata, SubjectType};

use super::places::FetchPlaces;

/// Why a client's sector is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SectorError {
    /// The client's redirect URIs have several hosts, and it names no sector.
    #[error(
        "a client with pairwise subjects and redirect URIs of several hosts needs a sector_identifier_uri"
    )]
    Needed,
    /// The URL may not be fetched.
    #[error("the sector_identifier_uri cannot be fetched: {0}")]
    Url(#[from] RemoteUrlError),
    /// The document could not be fetched.
    #[error("the sector_identifier_uri was not fetched: {0}")]
    Fetch(#[from] FetchError),
    /// The document is not a list of URIs.
    #[error("the content of sector_identifier_uri is not a list of URIs")]
    Malformed,
    /// The document does not list a redirect URI of the client.
    #[error("the sector_identifier_uri does not list {redirect_uri}")]
    NotListed {
        /// The redirect URI.
        redirect_uri: Box<str>,
    },
}

impl SectorError {
    /// The stable name of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Needed => "sector_needed",
            Self::Url(error) => error.code(),
            Self::Fetch(error) => error.code(),
            Self::Malformed => "sector_malformed",
            Self::NotListed { .. } => "sector_redirect_uri_not_listed",
        }
    }
}

/// Checks the sectors that self-registered clients name.
pub(crate) struct RemoteSectors {
    fetcher: Fetcher,
    places: FetchPlaces,
}

impl RemoteSectors {
    pub(crate) fn new(fetcher: Fetcher, places: FetchPlaces) -> Self {
        Self { fetcher, places }
    }
}

#[async_trait]
impl ClientSectors for RemoteSectors {
    async fn has_member(&self, metadata: &ClientMetadata, network: Network) -> Result<bool, TurnedAway> {
        // A list says nothing about a client that goes nowhere.
        if metadata.redirect_uris.is_empty() {
            return Ok(false);
        }
        let uri = metadata.sector_identifier_uri.as_deref().and_then(|uri| RemoteUrl::parse(uri).ok());
        let _place = match uri {
            Some(uri) => {
                let place = self.places.enter(uri.host(), FetchFor::Stranger(Some(network)));
                Some(place.ok_or(TurnedAway)?)
            }
            None => None,
        };
        let outcome = check_sector(&self.fetcher, metadata).await;
        if let Err(error) = &outcome {
            tracing::info!(
                code = error.code(),
                "a client named a sector that it does not belong to: {error}"
            );
        }
        Ok(outcome.is_ok())
    }
}

/// Checks the sector of a client that is to be added or changed: fetches its `sector_identifier_uri`, if it has one,
/// and looks for each of its redirect URIs there.
///
/// [`SectorError`] says what is wrong.
/// [`SectorError`] says what will not do.
pub async fn check_sector(fetcher: &Fetcher, metadata: &ClientMetadata) -> Result<(), SectorError> {
    let Some(uri) = metadata.sector_identifier_uri.as_deref() else {
        let hosts: BTreeSet<_> =
            metadata.redirect_uris.iter().map(|uri| uri.host().unwrap_or(uri.origin())).collect();
        let pairwise = metadata.subject_type == Some(SubjectType::Pairwise);
        return if pairwise && hosts.len() > 1 { Err(SectorError::Needed) } else { Ok(()) };
    };
    let document = fetcher.json(&RemoteUrl::parse(uri)?).await?;
    let listed: Vec<String> = serde_json::from_slice(&document).map_err(|_| SectorError::Malformed)?;
    match metadata.redirect_uris.iter().find(|uri| !listed.iter().any(|listed| listed == uri.as_str())) {
        Some(missing) => Err(SectorError::NotListed { redirect_uri: missing.as_str().into() }),
        None => Ok(()),
    }
}

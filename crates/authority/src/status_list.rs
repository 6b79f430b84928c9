//! The status list (draft-ietf-oauth-status-list): whether an access token that verifies was revoked, without asking for each one.
//!
//! A client that wants it gets access tokens with a place in the list. A place belongs to one token. It is free again once the token has
//! expired everywhere, so there are as many places as such tokens were alive at once, and those at the end are removed when they are free.
//! The list follows from the places and the events of the revocation feed, in the store; so every node publishes the same list, also after a
//! restart. One list is signed for all readers.

use std::sync::Arc;
use std::time::Duration;

use jeton_jose::Timestamp;
use jeton_jose::status_list::{
    Bits, Status, StatusClaim, StatusList, StatusListClaims, StatusReference, TYP,
};
use tokio::sync::Mutex;

use crate::keyring::Keys;
use crate::keys::lifecycle::RETIREMENT_MARGIN;
use crate::oauth_error::OAuthError;
use crate::revocation::{NewPlace, matter_since};
use crate::settings::Settings;
use crate::store::{Store, StoreError};

/// After how long readers fetch the list again.
pub const TTL: Duration = Duration::from_secs(15);
/// For how long a list counts: as long as somebody who cannot fetch it takes a revoked token for valid.
const LIFETIME: Duration = Duration::from_secs(300);
/// For how long all readers get the same list.
const SHARED_FOR: Duration = Duration::from_secs(5);
/// The path of the list, in the issuer's URL.
pub const PATH: &str = "/status-list";
/// The path of what names all lists (draft §9).
pub const AGGREGATION_PATH: &str = "/status-lists";

/// Publishes the list, and gives tokens their places.
pub struct StatusLists {
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    keys: Arc<Keys>,
    newest: Mutex<Option<Made>>,
}

#[derive(Clone)]
struct Made {
    at: Timestamp,
    token: Arc<str>,
}

impl StatusLists {
    pub(crate) fn new(store: Arc<dyn Store>, settings: Arc<Settings>, keys: Arc<Keys>) -> Self {
        Self { store, settings, keys, newest: Mutex::default() }
    }

    /// The list, signed (draft §5.1). While the store fails, it is the last one for as long as that counts.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn token(&self, now: Timestamp) -> Result<Arc<str>, OAuthError> {
        let mut newest = self.newest.lock().await;
        if let Some(made) = newest.as_ref().filter(|made| made.is_younger_than(SHARED_FOR, now)) {
            return Ok(Arc::clone(&made.token));
        }
        match self.make(now).await {
            Ok(token) => {
                *newest = Some(Made { at: now, token: Arc::clone(&token) });
                Ok(token)
            }
            Err(error) => match newest.as_ref().filter(|made| made.is_younger_than(LIFETIME, now)) {
                Some(made) => Ok(Arc::clone(&made.token)),
                None => Err(error),
            },
        }
    }

    async fn make(&self, now: Timestamp) -> Result<Arc<str>, OAuthError> {
        let since = matter_since(self.settings.access.lifetime, now);
        let places = self.store.status_places(since, now).await?;
        let mut list = StatusList::new(Bits::One, usize::try_from(places.count).unwrap_or(usize::MAX));
        for number in places.invalid() {
            // A place beyond the end was taken after the places were counted.
            let _ = list.set(number, Status::Invalid);
        }
        let claims = StatusListClaims::new(uri(&self.settings, PATH), &list, now, LIFETIME)
            .iss(&*self.settings.issuer)
            .ttl(TTL)
            .aggregation_uri(uri(&self.settings, AGGREGATION_PATH));
        let signer = self.keys.with_ring(|ring| ring.access_signer.clone());
        Ok(signer.typ(TYP).sign(&claims)?.into())
    }

    /// The URIs of all lists.
    pub fn uris(&self) -> [String; 1] {
        [uri(&self.settings, PATH)]
    }
}

impl Made {
    fn is_younger_than(&self, age: Duration, now: Timestamp) -> bool {
        now >= self.at && now.saturating_since(self.at) < age
    }
}

/// The claim `status` of an access token, with a place of its own.
pub(crate) async fn take_place(
    store: &dyn Store,
    settings: &Settings,
    place: NewPlace,
) -> Result<StatusClaim, StoreError> {
    let number = store.take_status_place(place).await?;
    Ok(StatusReference::new(uri(settings, PATH), number).into())
}

/// When a place is free whose token expires at this time.
pub(crate) fn free_at(exp: Timestamp) -> Timestamp {
    exp.saturating_add(RETIREMENT_MARGIN)
}

fn uri(settings: &Settings, path: &str) -> String {
    format!("{}{path}", settings.issuer.trim_end_matches('/'))
}

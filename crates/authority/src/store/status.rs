//! Places in the status list.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::revocation::{NewPlace, Places};

/// What the authority remembers for its status list.
#[async_trait]
pub trait StatusStore {
    /// Takes a place for an access token: the one that has been free for longest at `place.issued_at`, or the next one.
    async fn take_status_place(&self, place: NewPlace) -> Result<u64, StoreError>;

    /// How many places there are, and what the events of `since` and later say of those that are not free at `now`.
    async fn status_places(&self, since: Timestamp, now: Timestamp) -> Result<Places, StoreError>;
}

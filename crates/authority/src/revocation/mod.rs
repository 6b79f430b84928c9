//! What an API must know of beyond its tokens' signatures: grants that ended, claims and clients that changed, tokens and keys that were
//! revoked by themselves.
//!
//! Events are idempotent, and each matters only while a token that it is about may still be accepted. They name grants, clients,
//! tokens and keys, never users. A backend writes them in the transaction of what causes them.

mod change;
mod cursor;
mod event;
mod places;

pub use change::{Carried, ClaimsChange};
pub use cursor::{Cursor, HistoryName};
pub use event::{Recent, RevocationEvent, Revoked};
pub use places::{NewPlace, Place, Places};

use std::time::Duration;

use jeton_jose::Timestamp;

use crate::keys::lifecycle::RETIREMENT_MARGIN;

/// How much later than its time an event may become visible: transactions take a while, and clocks of nodes differ. Readers look back
/// this far.
pub const LATE: Duration = Duration::from_secs(60);

/// For how long an event matters: until the last token that it is about has expired everywhere.
pub const fn matters_for(access_lifetime: Duration) -> Duration {
    access_lifetime.saturating_add(RETIREMENT_MARGIN)
}

/// Events from before this time no longer matter at `now`.
pub fn matter_since(access_lifetime: Duration, now: Timestamp) -> Timestamp {
    now.saturating_sub(matters_for(access_lifetime))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_matters_until_the_last_token_from_before_it_has_expired() {
        let (lifetime, event) = (Duration::from_secs(300), Timestamp::from_unix(1_000));
        let last_token_expires = event.saturating_add(lifetime);
        assert!(event >= matter_since(lifetime, last_token_expires.saturating_add(RETIREMENT_MARGIN)));
        let after = last_token_expires.saturating_add(RETIREMENT_MARGIN + Duration::from_secs(1));
        assert!(event < matter_since(lifetime, after));
    }
}

//! What the authority writes into the audit trail by itself: decisions of users, exchanges, and the beginning of throttling.
//! Sign-ins, changes and ends are recorded by the store, in the transaction of what they tell of.
//!
//! Nothing that a stranger can repeat is recorded each time: of throttling its beginning, and of exchanges the first one in an
//! hour.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use crate::audit::{AuditEvent, AuditRecord};
use crate::authority::Authority;
use crate::authorization::SignedIn;
use crate::client::Client;
use crate::grant::LiveGrant;
use crate::store::StoreError;
use crate::throttle::Memory;
use crate::{GrantId, Network};

/// For how many seconds a repeated exchange of the same grant, by the same client for the same targets, is not recorded again.
const EXCHANGE_RECORDED_EVERY: i64 = 3600;

/// What was recorded a while ago. The memory is bounded and does not outlive the process.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    hasher: RandomState,
    exchanges: Mutex<Memory<u64, i64>>,
}

impl Recorded {
    /// Whether an exchange is to be recorded; it counts as recorded from then on.
    fn is_new_exchange(&self, grant: GrantId, client: &str, targets: &[Box<str>], now: Timestamp) -> bool {
        let key = self.hasher.hash_one((grant, client, targets));
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_new = false;
        exchanges.change(
            key,
            now.unix(),
            |_, _| false,
            |last| {
                is_new = now.unix().abs_diff(*last) >= EXCHANGE_RECORDED_EVERY.unsigned_abs();
                if is_new {
                    *last = now.unix();
                }
            },
        );
        is_new
    }
}

/// What a user decided about a client.
pub(crate) fn decided(
    event: AuditEvent,
    signed_in: &SignedIn,
    client: &Client,
    network: Network,
    now: Timestamp,
) -> AuditRecord {
    AuditRecord {
        user: Some(signed_in.user.id),
        network: Some(network),
        key: Some(client.id.as_str().into()),
        ..AuditRecord::new(event, now)
    }
}

impl Authority {
    /// Records that a client exchanged a token of a grant.
    pub(crate) async fn record_exchange(
        &self,
        client: &Client,
        live: &LiveGrant,
        targets: &[Box<str>],
        network: Network,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let grant = &live.grant;
        if !self.recorded.is_new_exchange(grant.id, client.id.as_str(), targets, now) {
            return Ok(());
        }
        let record = AuditRecord {
            user: Some(grant.user),
            grant: Some(grant.id),
            network: Some(network),
            key: Some(client.id.as_str().into()),
            ..AuditRecord::new(AuditEvent::TokenExchanged, now)
        };
        self.store.record_audit(record).await
    }

    /// Records that sign-ins with this name are throttled from now on, unless this network had that recorded a while ago.
    pub(crate) async fn record_throttled_sign_in(&self, username: &str, network: Network, now: Timestamp) {
        if !self.rates.may_record_throttling(network, now) {
            return;
        }
        let user = self.user_meant(username).await.ok().flatten();
        let record = AuditRecord {
            user: user.map(|user| user.id),
            network: Some(network),
            ..AuditRecord::new(AuditEvent::SignInThrottled, now)
        };
        self.record_unless_unavailable(record).await;
    }

    /// Records that a network guesses the secret of a client, unless it had that recorded a while ago.
    pub(crate) async fn record_throttled_client(&self, named: &str, network: Network, now: Timestamp) {
        // Names that somebody made up are no clients.
        let Ok(id) = ClientId::parse(named) else { return };
        if !self.stored_client(&id).await.is_ok_and(|client| client.is_some())
            || !self.rates.may_record_throttling(network, now)
        {
            return;
        }
        let record = AuditRecord {
            network: Some(network),
            key: Some(id.as_str().into()),
            ..AuditRecord::new(AuditEvent::ClientThrottled, now)
        };
        self.record_unless_unavailable(record).await;
    }

    /// The request is refused either way, so a store that cannot write changes nothing for it.
    async fn record_unless_unavailable(&self, record: AuditRecord) {
        let _ = self.store.record_audit(record).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_exchange_is_recorded_once_an_hour() {
        let recorded = Recorded::default();
        let at = |seconds: i64| Timestamp::from_unix(1_800_000_000 + seconds);
        let grant = GrantId::from_bytes([1; 16]);
        let targets = ["https://api.example".into()];
        let new = |client: &str, targets: &[Box<str>], seconds| {
            recorded.is_new_exchange(grant, client, targets, at(seconds))
        };
        assert!(new("gateway", &targets, 0));
        assert!(!new("gateway", &targets, 3599));
        assert!(new("other", &targets, 1) && new("gateway", &[], 1), "another client, other targets");
        assert!(new("gateway", &targets, 3600));
    }
}

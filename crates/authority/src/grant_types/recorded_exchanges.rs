//! Which exchanges are recorded in the audit trail: of repeated ones, the first in each hour.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use jeton_jose::Timestamp;

use crate::GrantId;
use crate::throttle::Memory;

/// For how many seconds a repeated exchange of the same grant, by the same client for the same targets, is not
/// recorded again.
const EXCHANGE_RECORDED_EVERY: i64 = 3600;

/// Recently recorded exchanges. The memory is bounded, and not kept after the process ends.
#[derive(Debug, Default)]
pub(crate) struct RecordedExchanges {
    hasher: RandomState,
    exchanges: Mutex<Memory<u64, i64>>,
}

impl RecordedExchanges {
    /// Whether to record an exchange. If so, it counts as recorded from now on.
    pub(super) fn is_new(&self, grant: GrantId, client: &str, targets: &[Box<str>], now: Timestamp) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_exchange_is_recorded_once_an_hour() {
        let recorded = RecordedExchanges::default();
        let at = |seconds: i64| Timestamp::from_unix(1_800_000_000 + seconds);
        let grant = GrantId::from_bytes([1; 16]);
        let targets = ["https://api.example".into()];
        let new = |client: &str, targets: &[Box<str>], seconds| {
            recorded.is_new(grant, client, targets, at(seconds))
        };
        assert!(new("gateway", &targets, 0));
        assert!(!new("gateway", &targets, 3599));
        assert!(new("other", &targets, 1) && new("gateway", &[], 1), "another client, other targets");
        assert!(new("gateway", &targets, 3600));
    }
}

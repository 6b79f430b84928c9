//! What a node used up lately, in case the store forgets it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jeton_jose::Timestamp;

use crate::one_time::{OneTimeHash, OneTimeKind, Placement};
use crate::store::{Store, StoreError};

/// How many of each sort are remembered at most. The ones that were used first are forgotten first.
const MOST: usize = 1 << 16;

/// Something that was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Used {
    /// An authorization code that was exchanged.
    Code(OneTimeHash),
    /// A device code that was exchanged.
    DeviceCode(OneTimeHash),
    /// The identifier of something that a client signed: an assertion, a request object, a proof.
    Id(OneTimeKind, OneTimeHash),
}

/// Something that was used up, and until when that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UsedUntil {
    pub(crate) what: Used,
    pub(crate) until: Timestamp,
}

/// What a node used up, for as long as it would be good otherwise.
///
/// Each sort is bounded by itself, so that no number of proofs, which come with every request, makes codes forgotten.
#[derive(Debug, Default)]
pub(crate) struct UsedUp {
    codes: Recent,
    ids: Recent,
    proofs: Recent,
}

impl UsedUp {
    /// Remembers what would be good until `until` at the latest.
    pub(crate) fn note(&self, what: Used, until: Timestamp, now: Timestamp) {
        let recent = match what {
            Used::Code(_) | Used::DeviceCode(_) => &self.codes,
            Used::Id(OneTimeKind::DpopProofId, _) => &self.proofs,
            Used::Id(..) => &self.ids,
        };
        recent.note(UsedUntil { what, until }, now);
    }

    /// Stores an identifier, which succeeds once while it lives, and remembers it then.
    pub(crate) async fn place(
        &self,
        store: &dyn Store,
        kind: OneTimeKind,
        id: OneTimeHash,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Placement, StoreError> {
        let placement = store.place(kind, id, "".into(), until, now).await?;
        if placement == Placement::Placed {
            self.note(Used::Id(kind, id), until, now);
        }
        Ok(placement)
    }

    /// What may be good again where it was forgotten that it was used: codes come last, so that they are the first to be taken from the
    /// end.
    pub(crate) fn list(&self, now: Timestamp) -> Vec<UsedUntil> {
        let mut list = vec![];
        for recent in [&self.proofs, &self.ids, &self.codes] {
            list.extend(recent.used().iter().filter(|used| used.until > now));
        }
        list
    }
}

/// In the order in which they were used.
#[derive(Debug, Default)]
struct Recent(Mutex<VecDeque<UsedUntil>>);

impl Recent {
    fn note(&self, new: UsedUntil, now: Timestamp) {
        let mut used = self.used();
        while used.front().is_some_and(|used| used.until <= now) || used.len() >= MOST {
            used.pop_front();
        }
        used.push_back(new);
    }

    fn used(&self) -> MutexGuard<'_, VecDeque<UsedUntil>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::one_time::example::at;

    fn code(text: &str) -> Used {
        Used::Code(OneTimeHash::of(text))
    }

    fn listed(used: &UsedUp, now: i64) -> Vec<Used> {
        used.list(at(now)).into_iter().map(|used| used.what).collect()
    }

    #[test]
    fn a_code_is_remembered_while_it_would_be_good() {
        let used = UsedUp::default();
        let [first, second] = ["first", "second"].map(code);
        used.note(first, at(60), at(0));
        used.note(second, at(90), at(30));
        assert_eq!(listed(&used, 59), [first, second]);
        assert_eq!(listed(&used, 60), [second]);
        assert_eq!(listed(&used, 90), []);
    }

    #[test]
    fn codes_are_listed_last_to_be_taken_first() {
        let used = UsedUp::default();
        let device = Used::DeviceCode(OneTimeHash::of("device"));
        let proof = Used::Id(OneTimeKind::DpopProofId, OneTimeHash::of("proof"));
        let assertion = Used::Id(OneTimeKind::AssertionId, OneTimeHash::of("assertion"));
        for what in [code("code"), assertion, device, proof] {
            used.note(what, at(60), at(0));
        }
        assert_eq!(listed(&used, 1), [proof, assertion, code("code"), device]);
    }

    #[test]
    fn no_number_takes_more_than_so_much_memory_and_proofs_displace_no_codes() {
        let used = UsedUp::default();
        used.note(code("code"), at(60), at(0));
        for number in 0..MOST + 10 {
            let id = OneTimeHash::of(&number.to_string());
            used.note(Used::Id(OneTimeKind::DpopProofId, id), at(60), at(0));
        }
        let kept = listed(&used, 1);
        assert_eq!(kept.len(), MOST + 1);
        assert_eq!(kept[0], Used::Id(OneTimeKind::DpopProofId, OneTimeHash::of("10")));
        assert_eq!(kept[MOST], code("code"));
        used.note(code("later"), at(200), at(100));
        assert_eq!(used.codes.used().len(), 1);
    }
}

//! Tokens that were verified before: a bounded cache for one set of keys.
//!
//! It belongs to the keys that its tokens were verified with. New keys come with an empty one, so a verification that
//! began before a change can only fill a cache that nobody reads any more.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::Timestamp;

/// How long a token is remembered at most, whatever its `exp`.
const LONGEST: Duration = Duration::from_secs(600);

/// Longer tokens are verified each time, so that the capacity bounds the memory too.
const LONGEST_TOKEN: usize = 4096;

/// How many entries one lock guards. A token can sit in any of them, so a full bucket forgets one before the whole is full.
const WAYS: usize = 8;

/// A bounded cache of verified tokens, each with its content, for at most ten minutes. Drop it together with the keys
/// that verified the tokens.
///
/// It saves only the signature check. The caller must still check whatever may have changed, such as whether the token
/// was revoked.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use jeton_jose::{Timestamp, jwt::Remembered};
///
/// let (remembered, now) = (Remembered::with_capacity(1024), Timestamp::from_unix(1_800_000_000));
/// let expires = now.saturating_add(Duration::from_secs(60));
/// remembered.insert("a.verified.token", Arc::new("ada"), now, expires);
/// assert_eq!(remembered.find("a.verified.token", now).as_deref(), Some(&"ada"));
/// assert_eq!(remembered.find("a.verified.token", expires), None);
/// assert_eq!(remembered.find("b.verified.token", now), None);
/// ```
pub struct Remembered<T> {
    buckets: Box<[Mutex<Bucket<T>>]>,
    seed: u64,
}

/// Shows nothing: tokens are secrets.
impl<T> fmt::Debug for Remembered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

/// Each behind a lock of its own.
struct Bucket<T> {
    // Apart from the entries, so that a look-up reads one cache line before it knows where to look further.
    endings: [u64; WAYS],
    entries: [Option<Entry<T>>; WAYS],
}

struct Entry<T> {
    token: Box<str>,
    value: Arc<T>,
    /// When it was verified. Before that moment nothing is known about `nbf` and `iat`.
    from: Timestamp,
    until: Timestamp,
}

impl<T> Remembered<T> {
    /// Room for at most `capacity` tokens, rounded down to a multiple of eight, and for eight at least.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let buckets = (capacity / WAYS).max(1);
        Self {
            buckets: (0..buckets).map(|_| Mutex::new(Bucket::empty())).collect(),
            // The place of a token cannot be foreseen from outside, so nobody can crowd a bucket on purpose.
            seed: RandomState::new().hash_one(buckets) | 1,
        }
    }

    /// The cached content of exactly this token, if it is still valid at `now`.
    #[must_use]
    pub fn find(&self, token: &str, now: Timestamp) -> Option<Arc<T>> {
        let (ending, bucket) = self.place(token)?;
        let bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        for (known, entry) in bucket.endings.iter().zip(&bucket.entries) {
            if *known != ending {
                continue;
            }
            // The whole token: two tokens may share a signature's last bytes, and an ECDSA signature has a twin.
            if let Some(entry) = entry.as_ref().filter(|entry| *entry.token == *token) {
                return entry.counts_at(now).then(|| Arc::clone(&entry.value));
            }
        }
        None
    }

    /// Remembers a token that was verified at `now` and expires at `expires`, which counts its leeway in.
    pub fn insert(&self, token: &str, value: Arc<T>, now: Timestamp, expires: Timestamp) {
        if token.len() > LONGEST_TOKEN {
            return;
        }
        let Some((ending, bucket)) = self.place(token) else { return };
        let entry =
            Entry { token: token.into(), value, from: now, until: expires.min(now.saturating_add(LONGEST)) };
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let Bucket { endings, entries } = &mut *bucket;
        // This token's own place, else a free one, else that of the entry that ends first.
        let worth = |known: u64, old: &Option<Entry<T>>| match old {
            Some(old) if known == ending && old.token == entry.token => 0,
            None => 1,
            Some(old) if !old.counts_at(now) => 2,
            Some(old) => old.until.unix().saturating_add(3),
        };
        let place = endings.iter_mut().zip(entries).min_by_key(|(known, old)| worth(**known, old));
        // The one that is dropped may be the last to hold its claims: let go of it after the lock.
        let dropped = place.map(|(known, old)| {
            *known = ending;
            old.replace(entry)
        });
        drop(bucket);
        drop(dropped);
    }

    /// The last eight letters of the token, which are the end of its signature and so as good as random, and the bucket
    /// they lead to.
    fn place(&self, token: &str) -> Option<(u64, &Mutex<Bucket<T>>)> {
        let ending = u64::from_le_bytes(*token.as_bytes().last_chunk()?);
        let mixed = u128::from(ending ^ self.seed) * u128::from(self.seed);
        let folded = (mixed >> 64) ^ (mixed & u128::from(u64::MAX));
        let index = (folded * self.buckets.len() as u128) >> 64;
        Some((ending, self.buckets.get(usize::try_from(index).ok()?)?))
    }
}

impl<T> Bucket<T> {
    fn empty() -> Self {
        Self { endings: [0; WAYS], entries: [const { None }; WAYS] }
    }
}

impl<T> Entry<T> {
    fn counts_at(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn later(seconds: u64) -> Timestamp {
        NOW.saturating_add(Duration::from_secs(seconds))
    }

    fn size<T>(remembered: &Remembered<T>) -> usize {
        let taken = |bucket: &Mutex<Bucket<T>>| {
            bucket.lock().expect("no panic").entries.iter().filter(|entry| entry.is_some()).count()
        };
        remembered.buckets.iter().map(taken).sum()
    }

    #[test]
    fn what_ends_alike_is_told_apart_by_the_whole_token() {
        let remembered = Remembered::with_capacity(8);
        for number in 0..3 {
            remembered.insert(&format!("{number}.the-same-end"), Arc::new(number), NOW, later(60));
        }
        for number in 0..3 {
            assert_eq!(remembered.find(&format!("{number}.the-same-end"), NOW).as_deref(), Some(&number));
        }
        assert_eq!(remembered.find("3.the-same-end", NOW), None);
    }

    #[test]
    fn there_are_never_more_entries_than_there_is_room_for() {
        for capacity in [0, 1, 8, 100, 1000] {
            let remembered = Remembered::with_capacity(capacity);
            for number in 0..5000 {
                remembered.insert(&format!("token-{number:08}"), Arc::new(number), NOW, later(60));
            }
            assert!(size(&remembered) <= capacity.max(WAYS), "{capacity}");
            assert!(size(&remembered) > capacity / 2, "{capacity}");
        }
    }

    #[test]
    fn a_token_is_remembered_for_ten_minutes_at_most_and_not_before_it_was_seen() {
        let remembered = Remembered::with_capacity(8);
        remembered.insert("a-long-lived-token", Arc::new(()), NOW, Timestamp::MAX);
        remembered.insert("a-short-lived-one", Arc::new(()), NOW, later(5));
        let finds = |token, now| remembered.find(token, now).is_some();
        assert!(finds("a-long-lived-token", later(599)) && !finds("a-long-lived-token", later(600)));
        assert!(finds("a-short-lived-one", later(4)) && !finds("a-short-lived-one", later(5)));
        assert!(!finds("a-long-lived-token", NOW.saturating_sub(Duration::from_secs(1))));
    }

    #[test]
    fn the_place_of_an_expired_token_is_given_away_first() {
        let remembered = Remembered::with_capacity(WAYS);
        for number in 0..WAYS {
            let lives = if number == 3 { 1 } else { 60 };
            remembered.insert(&format!("token-{number:08}"), Arc::new(number), NOW, later(lives));
        }
        remembered.insert("token-new-one", Arc::new(99), later(1), later(60));
        for number in (0..WAYS).filter(|number| *number != 3) {
            assert!(remembered.find(&format!("token-{number:08}"), later(1)).is_some(), "{number}");
        }
    }

    #[test]
    fn very_long_tokens_and_very_short_texts_are_not_remembered() {
        let remembered = Remembered::with_capacity(8);
        let long = "x".repeat(LONGEST_TOKEN + 1);
        for token in ["", "short", &long] {
            remembered.insert(token, Arc::new(()), NOW, later(60));
            assert!(remembered.find(token, NOW).is_none());
        }
    }

    #[test]
    fn a_token_that_comes_again_takes_its_own_place() {
        let remembered = Remembered::with_capacity(8);
        for value in 0..20 {
            remembered.insert("the-same-token", Arc::new(value), NOW, later(60));
        }
        assert_eq!((size(&remembered), remembered.find("the-same-token", NOW).as_deref()), (1, Some(&19)));
    }
}

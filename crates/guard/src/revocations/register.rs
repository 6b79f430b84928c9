//! What is revoked at the moment: sessions, clients, single tokens and keys, each for as long as a token that it is about may be accepted.
//!
//! A session takes 20 bytes, and so do a client and a token, of whose names hashes are kept. They lie sorted in vectors, many small ones, so that adding one moves little and a look-up is a few
//! comparisons.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use jeton_jose::Timestamp;

use crate::refusal::Refusal;

/// A `sid` of access tokens: 128 bits.
pub(crate) type Sid = [u8; 16];

/// How many vectors there are of each kind. A power of two that a byte can count.
const SHARDS: usize = 256;

/// Reads a `sid` as it is written: 32 hex digits.
pub(crate) fn parse_sid(text: &str) -> Option<Sid> {
    let (mut sid, digits) = ([0; 16], text.as_bytes());
    if digits.len() != 32 {
        return None;
    }
    for (byte, pair) in sid.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(sid)
}

/// The name of a client or a token in a register: a hash under keys of the register.
pub(crate) type Name = [u8; 16];

/// What a token says that may be revoked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revocable<'t> {
    pub(crate) sid: Option<Sid>,
    pub(crate) client: Option<Name>,
    pub(crate) jti: Option<Name>,
    pub(crate) iat: Option<Timestamp>,
    pub(crate) kid: Option<&'t str>,
}

/// What is revoked.
pub(crate) struct Register {
    ended: Shards,
    stale: Shards,
    clients: Shards,
    tokens: Shards,
    names: [RandomState; 2],
    keys: RwLock<HashMap<Box<str>, Timestamp>>,
    has_keys: AtomicBool,
    sessions: AtomicUsize,
    most: usize,
}

type Shards = Box<[RwLock<Vec<Entry>>; SHARDS]>;

/// More sessions, clients and tokens than there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// A session, or the name of a client or a token.
    id: [u8; 16],
    /// Seconds since 1970, which fit until 2106.
    at: u32,
}

impl Register {
    /// Room for at most so many sessions, clients and tokens.
    pub(crate) fn with_room_for(most: usize) -> Self {
        let shards = || Box::new(std::array::from_fn(|_| RwLock::default()));
        Self {
            ended: shards(),
            stale: shards(),
            clients: shards(),
            tokens: shards(),
            names: [RandomState::new(), RandomState::new()],
            keys: RwLock::default(),
            has_keys: AtomicBool::new(false),
            sessions: AtomicUsize::new(0),
            most,
        }
    }

    /// Why a token is refused, if it is.
    pub(crate) fn check(&self, token: Revocable<'_>, now: Timestamp) -> Result<(), Refusal> {
        if self.has_keys.load(Ordering::Acquire)
            && let Some(kid) = token.kid
            && self.is_withdrawn(kid)
        {
            return Err(Refusal::KeyWithdrawn);
        }
        let found = |shards: &Shards, id: Option<[u8; 16]>| id.and_then(|id| find(shards, &id));
        if found(&self.ended, token.sid).or_else(|| found(&self.tokens, token.jti)).is_some() {
            return Err(Refusal::Revoked);
        }
        let changes = [found(&self.stale, token.sid), found(&self.clients, token.client)];
        if changes.into_iter().flatten().any(|changed| is_stale(token.iat, changed, now)) {
            return Err(Refusal::Stale);
        }
        Ok(())
    }

    /// What a client or a token is called in this register.
    pub(crate) fn name(&self, text: &str) -> Name {
        let [first, second] = &self.names;
        let halves = u128::from(first.hash_one(text)) << 64 | u128::from(second.hash_one(text));
        halves.to_be_bytes()
    }

    /// Whether a key was withdrawn.
    pub(crate) fn is_withdrawn(&self, kid: &str) -> bool {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).contains_key(kid)
    }

    /// Takes a session that ended.
    pub(crate) fn end(&self, sid: Sid, at: Timestamp) -> Result<(), Full> {
        self.insert(&self.ended, sid, at)
    }

    /// Takes a session whose tokens are stale where they were issued at this time or before.
    pub(crate) fn outdate(&self, sid: Sid, at: Timestamp) -> Result<(), Full> {
        self.insert(&self.stale, sid, at)
    }

    /// Takes a client whose tokens are stale where they were issued at this time or before.
    pub(crate) fn outdate_client(&self, client: &str, at: Timestamp) -> Result<(), Full> {
        self.insert(&self.clients, self.name(client), at)
    }

    /// Takes a token that was revoked by itself.
    pub(crate) fn revoke_token(&self, jti: &str, at: Timestamp) -> Result<(), Full> {
        self.insert(&self.tokens, self.name(jti), at)
    }

    /// Takes a key that was withdrawn; says whether that is new.
    pub(crate) fn withdraw(&self, kid: &str, at: Timestamp) -> bool {
        let is_new =
            self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(kid.into(), at).is_none();
        self.has_keys.store(true, Ordering::Release);
        is_new
    }

    /// Forgets what happened before `start`.
    pub(crate) fn forget(&self, start: Timestamp) {
        let start_seconds = seconds(start);
        for shard in self.shards() {
            let mut entries = shard.write().unwrap_or_else(PoisonError::into_inner);
            let before = entries.len();
            entries.retain(|entry| entry.at >= start_seconds);
            self.sessions.fetch_sub(before - entries.len(), Ordering::Relaxed);
            if entries.len() < entries.capacity() / 2 {
                entries.shrink_to_fit();
            }
        }
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, at| *at >= start);
        self.has_keys.store(!keys.is_empty(), Ordering::Release);
    }

    fn shards(&self) -> impl Iterator<Item = &RwLock<Vec<Entry>>> {
        [&self.ended, &self.stale, &self.clients, &self.tokens].into_iter().flat_map(|shards| shards.iter())
    }

    /// How many sessions, clients and tokens it has.
    pub(crate) fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    fn insert(&self, shards: &Shards, id: [u8; 16], at: Timestamp) -> Result<(), Full> {
        let at = seconds(at);
        let mut entries = shards[shard(&id)].write().unwrap_or_else(PoisonError::into_inner);
        match entries.binary_search_by(|entry| entry.id.cmp(&id)) {
            Ok(place) => entries[place].at = entries[place].at.max(at),
            Err(_) if self.sessions() >= self.most => return Err(Full),
            Err(place) => {
                // A quarter more each time: doubling would leave up to half of it unused.
                if entries.len() == entries.capacity() {
                    let more = (entries.len() / 4).max(4);
                    entries.reserve_exact(more);
                }
                entries.insert(place, Entry { id, at });
                self.sessions.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        let capacity = |shard: &RwLock<Vec<Entry>>| shard.read().expect("no panic").capacity();
        self.shards().map(capacity).sum::<usize>() * size_of::<Entry>()
    }
}

/// Whether a token was issued before its session's claims changed. One of the very second may be from before the change or from after it:
/// it is refused once that second is well past, since what its client gets then is from after the change for certain.
fn is_stale(iat: Option<Timestamp>, changed: u32, now: Timestamp) -> bool {
    let Some(iat) = iat.map(seconds) else { return true };
    iat < changed || iat == changed && seconds(now) > changed.saturating_add(1)
}

fn find(shards: &Shards, id: &[u8; 16]) -> Option<u32> {
    let entries = shards[shard(id)].read().unwrap_or_else(PoisonError::into_inner);
    let place = entries.binary_search_by(|entry| entry.id.cmp(id)).ok()?;
    entries.get(place).map(|entry| entry.at)
}

/// Identifiers and hashes are random, so that their first bytes are spread evenly.
fn shard(id: &[u8; 16]) -> usize {
    usize::from(id[0])
}

fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.unix()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(NOW.unix() + seconds)
    }

    fn sid(number: u64) -> Sid {
        // Spread as random identifiers are (SplitMix64).
        let mix = |number: u64| {
            let bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb)
        };
        (u128::from(mix(number)) << 64 | u128::from(number)).to_be_bytes()
    }

    fn token(number: u64, iat: i64) -> Revocable<'static> {
        Revocable { sid: Some(sid(number)), client: None, jti: None, iat: Some(at(iat)), kid: Some("key") }
    }

    #[test]
    fn a_session_that_ended_is_revoked_and_others_are_not() {
        let register = Register::with_room_for(10);
        register.end(sid(1), NOW).expect("room");
        assert_eq!(register.check(token(1, -5), NOW), Err(Refusal::Revoked));
        assert_eq!(register.check(token(1, 5), at(5)), Err(Refusal::Revoked), "no token of it is good again");
        assert_eq!(register.check(token(2, -5), NOW), Ok(()));
        let without = Revocable { sid: None, client: None, jti: None, iat: None, kid: None };
        assert_eq!(register.check(without, NOW), Ok(()));
    }

    #[test]
    fn tokens_from_before_a_change_are_stale_and_those_from_after_it_are_not() {
        let register = Register::with_room_for(10);
        register.outdate(sid(1), NOW).expect("room");
        assert_eq!(register.check(token(1, -1), NOW), Err(Refusal::Stale));
        assert_eq!(register.check(token(1, 1), at(1)), Ok(()));
        assert_eq!(register.check(Revocable { iat: None, ..token(1, 0) }, NOW), Err(Refusal::Stale));
        register.outdate(sid(1), at(-9)).expect("an older event");
        assert_eq!(register.check(token(1, -1), NOW), Err(Refusal::Stale), "the newest change counts");
    }

    #[test]
    fn a_token_of_the_very_second_is_stale_once_a_refresh_gives_another() {
        let register = Register::with_room_for(10);
        register.outdate(sid(1), NOW).expect("room");
        assert_eq!(register.check(token(1, 0), at(1)), Ok(()));
        assert_eq!(register.check(token(1, 0), at(2)), Err(Refusal::Stale));
    }

    #[test]
    fn a_changed_client_makes_its_tokens_stale_and_a_revoked_token_is_alone() {
        let register = Register::with_room_for(10);
        let of = |client: &str, jti: &str, iat| Revocable {
            sid: None,
            client: Some(register.name(client)),
            jti: Some(register.name(jti)),
            iat: Some(at(iat)),
            kid: Some("key"),
        };
        register.outdate_client("web", NOW).expect("room");
        register.revoke_token("x-1", NOW).expect("room");
        assert_eq!(register.check(of("web", "1", -1), NOW), Err(Refusal::Stale));
        assert_eq!(register.check(of("web", "1", 1), at(1)), Ok(()));
        assert_eq!(register.check(of("shop", "x-1", 1), at(1)), Err(Refusal::Revoked));
        assert_eq!(register.check(of("shop", "x-2", -1), NOW), Ok(()));
        register.forget(at(1));
        assert_eq!((register.sessions(), register.bytes()), (0, 0));
    }

    #[test]
    fn nothing_that_a_withdrawn_key_signed_is_good() {
        let register = Register::with_room_for(10);
        assert!(register.withdraw("key", NOW) && !register.withdraw("key", NOW));
        assert_eq!(register.check(token(1, 5), NOW), Err(Refusal::KeyWithdrawn));
        assert_eq!(register.check(Revocable { kid: Some("other"), ..token(1, 5) }, NOW), Ok(()));
        register.forget(at(1));
        assert_eq!(register.check(token(1, 5), NOW), Ok(()));
    }

    #[test]
    fn what_no_longer_matters_is_forgotten_and_its_room_given_back() {
        let register = Register::with_room_for(10_000);
        for number in 0..10_000 {
            register.end(sid(number), at(i64::from(number >= 100))).expect("room");
        }
        assert_eq!(register.end(sid(10_000), NOW), Err(Full));
        assert_eq!(register.end(sid(1), NOW), Ok(()), "it has a place already");
        register.forget(at(1));
        assert_eq!(register.sessions(), 9_900);
        assert_eq!(register.check(token(1, 0), NOW), Ok(()));
        register.forget(at(2));
        assert_eq!((register.sessions(), register.bytes()), (0, 0));
    }

    #[test]
    fn an_event_takes_at_most_32_bytes() {
        let register = Register::with_room_for(usize::MAX);
        for events in [100_000, 200_000, 330_000] {
            for number in register.sessions() as u64..events {
                register.end(sid(number), NOW).expect("room");
            }
            let each = register.bytes() as f64 / events as f64;
            assert!(each <= 32.0, "{each} bytes an event with {events} of them");
        }
    }

    #[test]
    fn a_sid_is_32_hex_digits() {
        assert_eq!(parse_sid("000102030405060708090a0b0c0D0E0f"), Some(std::array::from_fn(|at| at as u8)));
        for text in [
            "",
            "0001",
            "000102030405060708090a0b0c0d0e0g",
            "ä00102030405060708090a0b0c0d0e0",
            "000102030405060708090a0b0c0d0e0f0",
        ] {
            assert_eq!(parse_sid(text), None, "{text}");
        }
    }
}

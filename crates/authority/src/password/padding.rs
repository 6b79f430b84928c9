//! Extra work, so that a failed sign-in costs the same for every account.
//!
//! Imported hashes have different costs: Django's PBKDF2 takes eight times as long as our Argon2id. Without extra
//! work, the time of a failure would reveal who was imported, and therefore exists. So a failure costs as much as
//! verifying *one hash of each kind in use*: the kinds that the user's own hash did not cover are hashed for nothing.
//! An unknown username is verified against a hash with today's parameters, and padded like the others. If one kind
//! includes another, as more PBKDF2 rounds include fewer, only the difference is added.
//!
//! Neither chance nor a clock is involved, so neither many attempts nor a busy machine distinguish users. A site
//! without imported users pays nothing. A site with imported users pays until the last one has signed in, because that
//! replaces the hash by one with today's parameters. A successful sign-in costs only its own hash, because the user is
//! known then.

use std::sync::Arc;

use argon2::Algorithm;
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::Sha256;

use super::argon2id::{Argon2Params, OutOfMemory, Phc, Scratch};
use super::django::{Encoded, MIN_BCRYPT_COST, Pbkdf2Digest};
use super::{PasswordHash, argon2id};

/// How many sets of parameters of Argon2, and of scrypt, are padded for: the most expensive ones.
const MAX_SETS: usize = 4;

/// When the work of the other kinds follows a verification.
#[derive(Debug, Clone)]
pub struct Padding {
    /// The kinds in use.
    pub kinds: Arc<HashKinds>,
    /// When they are padded for.
    pub when: PadWhen,
}

/// When the work of the other kinds follows a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PadWhen {
    /// When the password differs.
    Differs,
    /// Also when it matches, because it signs nobody in.
    Always,
}

/// The kinds of hashes in use, besides those with today's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashKinds {
    argon2: Vec<Argon2Work>,
    scrypt: Vec<ScryptWork>,
    pbkdf2_sha256: u32,
    pbkdf2_sha1: u32,
    /// The highest cost; 0 if there is none.
    bcrypt: u32,
}

/// The cost of one Argon2 hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Argon2Work {
    algorithm: Algorithm,
    params: Argon2Params,
}

/// The cost of one scrypt hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ScryptWork {
    log_n: u8,
    r: u32,
    p: u32,
}

/// The cost of verifying one hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Argon2(Argon2Work),
    Scrypt(ScryptWork),
    Pbkdf2Sha256(u32),
    Pbkdf2Sha1(u32),
    Bcrypt(u32),
    /// Almost none.
    Digest,
}

impl Work {
    /// A hash that cannot be verified costs as much as one with today's parameters.
    fn of(hash: &PasswordHash, current: &Argon2Params) -> Self {
        let argon2 = |phc: &Phc| {
            let (algorithm, params) = phc.work();
            Self::Argon2(Argon2Work { algorithm, params })
        };
        if let Some(phc) = Phc::parse(hash.expose()) {
            return argon2(&phc);
        }
        match Encoded::parse(hash.expose()) {
            Some(Encoded::Argon2(phc)) => argon2(&phc),
            Some(Encoded::Pbkdf2 { digest: Pbkdf2Digest::Sha256, iterations, .. }) => {
                Self::Pbkdf2Sha256(iterations)
            }
            Some(Encoded::Pbkdf2 { digest: Pbkdf2Digest::Sha1, iterations, .. }) => {
                Self::Pbkdf2Sha1(iterations)
            }
            Some(Encoded::Bcrypt(text) | Encoded::BcryptSha256(text)) => Self::Bcrypt(
                text.parse::<bcrypt::HashParts>().map_or(MIN_BCRYPT_COST, |parts| parts.get_cost()),
            ),
            Some(Encoded::Scrypt { params, .. }) => {
                Self::Scrypt(ScryptWork { log_n: params.log_n(), r: params.r(), p: params.p() })
            }
            Some(Encoded::Md5 { .. }) => Self::Digest,
            None => Self::Argon2(Argon2Work { algorithm: Algorithm::Argon2id, params: *current }),
        }
    }
}

impl HashKinds {
    /// The kinds of these hashes.
    pub fn of<'a>(hashes: impl IntoIterator<Item = &'a PasswordHash>, current: &Argon2Params) -> Self {
        let mut kinds = Self::default();
        hashes.into_iter().for_each(|hash| kinds.add(hash, current));
        kinds
    }

    /// Adds the kind of a hash.
    pub fn add(&mut self, hash: &PasswordHash, current: &Argon2Params) {
        match Work::of(hash, current) {
            Work::Argon2(work) => {
                let is_current = work.algorithm == Algorithm::Argon2id && work.params == *current;
                if !is_current && !self.argon2.contains(&work) {
                    self.argon2.push(work);
                    self.argon2.sort_unstable_by_key(|work| std::cmp::Reverse(work.params.work_kib()));
                    self.argon2.truncate(MAX_SETS);
                }
            }
            Work::Scrypt(work) => {
                if !self.scrypt.contains(&work) {
                    self.scrypt.push(work);
                    self.scrypt.sort_unstable_by_key(|work| std::cmp::Reverse(work.blocks()));
                    self.scrypt.truncate(MAX_SETS);
                }
            }
            Work::Pbkdf2Sha256(rounds) => self.pbkdf2_sha256 = self.pbkdf2_sha256.max(rounds),
            Work::Pbkdf2Sha1(rounds) => self.pbkdf2_sha1 = self.pbkdf2_sha1.max(rounds),
            Work::Bcrypt(cost) => self.bcrypt = self.bcrypt.max(cost),
            Work::Digest => {}
        }
    }

    /// Whether the kind of a hash is included.
    pub fn cover(&self, hash: &PasswordHash, current: &Argon2Params) -> bool {
        let mut with = self.clone();
        with.add(hash, current);
        with == *self
    }

    /// Reserves the memory for every kind.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the system has no more memory.
    pub fn reserve(&self, current: &Argon2Params, scratch: &mut Scratch) -> Result<(), OutOfMemory> {
        for work in &self.argon2 {
            scratch.reserve(Some(&PasswordHash::of_nobody(&work.params)), current)?;
        }
        for work in &self.scrypt {
            let bytes = usize::try_from(work.bytes()).map_err(|_| OutOfMemory)?;
            // Scrypt takes its memory by itself. That it can be had is known once it was had.
            Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| OutOfMemory)?;
        }
        Ok(())
    }

    /// The work of every kind, except what verifying `own` covered.
    fn missing(&self, own: Work, current: &Argon2Params) -> Vec<Work> {
        let todays = Argon2Work { algorithm: Algorithm::Argon2id, params: *current };
        let argon2 = std::iter::once(&todays).chain(&self.argon2).map(|work| Work::Argon2(*work));
        let scrypt = self.scrypt.iter().map(|work| Work::Scrypt(*work));
        let mut missing: Vec<_> = argon2.chain(scrypt).filter(|work| *work != own).collect();

        let done = if let Work::Pbkdf2Sha256(rounds) = own { rounds } else { 0 };
        missing.extend(self.pbkdf2_sha256.checked_sub(done).filter(|rest| *rest > 0).map(Work::Pbkdf2Sha256));
        let done = if let Work::Pbkdf2Sha1(rounds) = own { rounds } else { 0 };
        missing.extend(self.pbkdf2_sha1.checked_sub(done).filter(|rest| *rest > 0).map(Work::Pbkdf2Sha1));
        match own {
            // Each cost is twice the one below: the costs from this one on add up to what is missing.
            Work::Bcrypt(cost) => missing.extend((cost..self.bcrypt).map(Work::Bcrypt)),
            _ => missing.extend((self.bcrypt > 0).then_some(Work::Bcrypt(self.bcrypt))),
        }
        missing
    }

    /// Does the work of every kind, except what verifying `own` covered.
    pub(super) fn make_up_for(&self, own: &PasswordHash, current: &Argon2Params, scratch: &mut Scratch) {
        for work in self.missing(Work::of(own, current), current) {
            work.spend(current, scratch);
        }
    }
}

impl Work {
    /// Does the work, and discards the result.
    fn spend(self, current: &Argon2Params, scratch: &mut Scratch) {
        let mut output = [0; 32];
        match self {
            Self::Argon2(work) => argon2id::spend(work.algorithm, &work.params, current, scratch),
            Self::Scrypt(work) => work.spend(),
            Self::Pbkdf2Sha256(rounds) => pbkdf2_hmac::<Sha256>(SPENT, SALT, rounds, &mut output),
            Self::Pbkdf2Sha1(rounds) => pbkdf2_hmac::<Sha1>(SPENT, SALT, rounds, &mut output[..20]),
            Self::Bcrypt(cost) => _ = std::hint::black_box(bcrypt::bcrypt(cost, *SALT, SPENT)),
            Self::Digest => {}
        }
        std::hint::black_box(output);
    }
}

/// The input of hashes whose result is discarded.
const SPENT: &[u8] = b"nobody's password";
const SALT: &[u8; 16] = b"nobody's account";

impl ScryptWork {
    fn bytes(self) -> u64 {
        (1_u64 << self.log_n).saturating_add(self.p.into()).saturating_mul(self.r.into()).saturating_mul(128)
    }

    fn blocks(self) -> u64 {
        (1_u64 << self.log_n).saturating_mul(self.r.into()).saturating_mul(self.p.into())
    }

    fn spend(self) {
        let mut output = [0; 64];
        if let Ok(params) = scrypt::Params::new(self.log_n, self.r, self.p) {
            // It fails for outputs of a wrong length alone.
            let _ = scrypt::scrypt(SPENT, SALT, &params, &mut output);
        }
        std::hint::black_box(output);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURRENT: fn() -> Argon2Params = Argon2Params::default;

    fn hash(text: &str) -> PasswordHash {
        let hash = PasswordHash::from_stored(text);
        assert!(hash.is_supported(), "{text}");
        hash
    }

    fn pbkdf2(rounds: u32) -> PasswordHash {
        hash(&format!("pbkdf2_sha256${rounds}$salt${}=", "A".repeat(43)))
    }

    #[test]
    fn a_site_without_imported_users_makes_up_for_nothing() {
        let current = CURRENT();
        let hashes = [PasswordHash::of_nobody(&current), PasswordHash::from_stored("!unusable")];
        assert_eq!(HashKinds::of(&hashes, &current), HashKinds::default());
    }

    /// The work of verifying a hash and padding for the others: PBKDF2 rounds, bcrypt doublings, and how often each
    /// set of parameters is used.
    fn total(kinds: &HashKinds, own: &PasswordHash) -> (u32, u32, u64, Vec<String>) {
        let current = CURRENT();
        let own = Work::of(own, &current);
        let (mut sha256, mut sha1, mut bcrypt, mut sets) = (0, 0, 0, vec![]);
        for work in std::iter::once(own).chain(kinds.missing(own, &current)) {
            match work {
                Work::Pbkdf2Sha256(rounds) => sha256 += rounds,
                Work::Pbkdf2Sha1(rounds) => sha1 += rounds,
                Work::Bcrypt(cost) => bcrypt += 1_u64 << cost,
                Work::Argon2(_) | Work::Scrypt(_) => sets.push(format!("{work:?}")),
                Work::Digest => {}
            }
        }
        sets.sort();
        (sha256, sha1, bcrypt, sets)
    }

    #[test]
    fn a_failure_is_the_same_work_whichever_hash_it_was_for() {
        let current = CURRENT();
        let bcrypt = |cost| hash(&format!("bcrypt_sha256$$2b${cost:02}${}", ".".repeat(53)));
        let scrypt = |n: u32| hash(&format!("scrypt${n}$salt$8$1${}==", "A".repeat(86)));
        let hashes = [
            PasswordHash::of_nobody(&current),
            PasswordHash::of_nobody(&Argon2Params::new(102_400, 2, 8).expect("Django's")),
            pbkdf2(260_000),
            pbkdf2(870_000),
            hash(&format!("pbkdf2_sha1$1000$salt${}=", "A".repeat(27))),
            bcrypt(4),
            bcrypt(10),
            bcrypt(12),
            scrypt(16_384),
            scrypt(1024),
            hash("md5$salt$d41d8cd98f00b204e9800998ecf8427e"),
            PasswordHash::from_stored("!unusable"),
            PasswordHash::from_stored("of no known format"),
        ];
        let kinds = HashKinds::of(&hashes, &current);
        let of_nobody = total(&kinds, &hashes[0]);
        assert_eq!((of_nobody.0, of_nobody.1, of_nobody.2), (870_000, 1000, 1 << 12));
        for hash in &hashes {
            assert_eq!(total(&kinds, hash), of_nobody, "{}", hash.expose());
        }
    }

    #[test]
    fn the_dearest_of_each_kind_is_made_up_for() {
        let current = CURRENT();
        let cheap = Argon2Params::new(8, 1, 1).expect("the least");
        let hashes = [pbkdf2(1000), pbkdf2(870_000), pbkdf2(260_000), PasswordHash::of_nobody(&cheap)];
        let kinds = HashKinds::of(&hashes, &current);
        assert_eq!(kinds.pbkdf2_sha256, 870_000);
        assert_eq!(kinds.argon2, [Argon2Work { algorithm: Algorithm::Argon2id, params: cheap }]);
        assert!(hashes.iter().all(|hash| kinds.cover(hash, &current)));
        assert!(!kinds.cover(&pbkdf2(870_001), &current));
    }

    #[test]
    fn kinds_without_number_are_not_all_remembered() {
        let current = CURRENT();
        let hashes: Vec<_> = (1..100)
            .map(|n| PasswordHash::of_nobody(&Argon2Params::new(8 * n, 1, 1).expect("within the bounds")))
            .collect();
        let kinds = HashKinds::of(&hashes, &current);
        assert_eq!(kinds.argon2.len(), MAX_SETS);
        assert_eq!(kinds.argon2[0].params.memory_kib(), 8 * 99, "the dearest stay");
    }
}

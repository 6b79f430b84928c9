//! Argon2id (RFC 9106) as PHC strings, the format of new hashes; and verification of other hashes of the Argon2
//! family.

use argon2::{Algorithm, Argon2, Block, MIN_SALT_LEN, Params, Version};
use base64_turbo::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;

use super::django::Encoded;
use super::{Password, PasswordHash, Verification};

/// The largest memory for verifying a stored hash, in KiB. Django's default is 102,400.
pub const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// The most work for verifying a stored hash: KiB of memory times passes, about a second. Django's default is 204,800.
pub const MAX_WORK_KIB: u64 = 1024 * 1024;
/// The largest number of lanes in a stored hash.
pub const MAX_LANES: u32 = 16;
/// The shortest output of a stored hash, in bytes: a shorter one can be matched by chance.
pub const MIN_OUTPUT_BYTES: usize = 16;
/// The longest output of a stored hash, in bytes.
pub const MAX_OUTPUT_BYTES: usize = 128;

/// The output length of a new hash, in bytes.
const OUTPUT_BYTES: usize = 32;

/// The cost of a new hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Params {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Argon2Params {
    /// The minimum in OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

impl Argon2Params {
    /// Other parameters than the default ones; `None` outside the limits of [`verify`](super::verify).
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        let params = Self { memory_kib, passes, lanes };
        params.hasher(Algorithm::Argon2id, Version::V0x13, OUTPUT_BYTES).map(|_| params)
    }

    /// Memory per hash, in KiB.
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub const fn passes(&self) -> u32 {
        self.passes
    }

    /// Lanes.
    pub const fn lanes(&self) -> u32 {
        self.lanes
    }

    /// The work of one hash: KiB of memory times passes.
    pub(super) fn work_kib(&self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    fn hasher(&self, algorithm: Algorithm, version: Version, output: usize) -> Option<Argon2<'static>> {
        let bounded = self.memory_kib <= MAX_MEMORY_KIB
            && self.work_kib() <= MAX_WORK_KIB
            && self.lanes <= MAX_LANES
            && (MIN_OUTPUT_BYTES..=MAX_OUTPUT_BYTES).contains(&output);
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(output)).ok()?;
        bounded.then(|| Argon2::new(algorithm, version, params))
    }
}

/// Memory for hashing, which frequent callers keep from one hash to the next.
#[derive(Default)]
pub struct Scratch(Vec<Block>);

impl Scratch {
    /// Reserves the memory for verifying this hash, or for hashing with these parameters. Otherwise, hashing allocates
    /// the memory itself, and aborts the process if there is none.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the system has no more memory.
    pub fn reserve(
        &mut self,
        hash: Option<&PasswordHash>,
        current: &Argon2Params,
    ) -> Result<(), OutOfMemory> {
        let stored = hash.map_or(0, |hash| match Encoded::parse(hash.expose()) {
            Some(Encoded::Argon2(phc)) => phc.blocks(),
            _ => Phc::parse(hash.expose()).map_or(0, |phc| phc.blocks()),
        });
        let blocks = stored.max(current.memory_kib as usize);
        self.0.try_reserve_exact(blocks.saturating_sub(self.0.len())).map_err(|_| OutOfMemory)?;
        // Scrypt takes its memory by itself. That it can be had is known once it was had.
        let bytes = hash.and_then(|hash| Encoded::parse(hash.expose())).map_or(0, |encoded| encoded.memory());
        Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| OutOfMemory)
    }

    /// Returns the memory to the system.
    pub fn release(&mut self) {
        self.0 = Vec::new();
    }

    fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.0.resize(count, Block::default());
        }
        &mut self.0[..count]
    }

    /// Returns memory beyond what hashes with these parameters need.
    fn shrink_to(&mut self, params: &Argon2Params) {
        let kept = params.memory_kib as usize;
        if self.0.len() > kept {
            self.0.truncate(kept);
            self.0.shrink_to_fit();
        }
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch(…)")
    }
}

/// There is no memory for hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no memory left to hash a password")]
pub struct OutOfMemory;

/// Hashes a password into a PHC string.
pub(super) fn hash(
    password: &Password,
    salt: [u8; 16],
    params: &Argon2Params,
    scratch: &mut Scratch,
) -> PasswordHash {
    let hasher = params
        .hasher(Algorithm::Argon2id, Version::V0x13, OUTPUT_BYTES)
        .expect("`Argon2Params` exist only within the bounds");
    let mut output = [0; OUTPUT_BYTES];
    let blocks = scratch.blocks(hasher.params().block_count());
    hasher
        .hash_password_into_with_memory(password.expose().as_bytes(), &salt, &mut output, blocks)
        .expect("salt and output have lengths that Argon2 takes");
    encode(params, &salt, &output)
}

/// Does the work of one hash with these parameters, and discards the result.
pub(super) fn spend(
    algorithm: Algorithm,
    params: &Argon2Params,
    current: &Argon2Params,
    scratch: &mut Scratch,
) {
    let Some(hasher) = params.hasher(algorithm, Version::V0x13, OUTPUT_BYTES) else { return };
    let mut output = [0; OUTPUT_BYTES];
    let blocks = scratch.blocks(hasher.params().block_count());
    // It fails for salts and outputs of a wrong length alone.
    let _ =
        hasher.hash_password_into_with_memory(b"nobody's password", b"nobody's account", &mut output, blocks);
    scratch.shrink_to(current);
    std::hint::black_box(output);
}

/// A hash that matches no password, and costs as much to verify as a real one.
pub(super) fn of_nobody(params: &Argon2Params) -> PasswordHash {
    encode(params, b"nobody's account", &[0; OUTPUT_BYTES])
}

fn encode(params: &Argon2Params, salt: &[u8], output: &[u8]) -> PasswordHash {
    PasswordHash::from_stored(format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        params.memory_kib,
        params.passes,
        params.lanes,
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(output),
    ))
}

/// A PHC string of the Argon2 family.
pub(super) struct Phc {
    algorithm: Algorithm,
    version: Version,
    params: Argon2Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Phc {
    /// Parses a PHC string; `None` if it is not one, or requires more work than the limits allow.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('$');
        let algorithm = match parts.next()? {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return None,
        };
        let mut part = parts.next()?;
        // Strings from before the version was written down are of version 16.
        let version = match part.strip_prefix("v=") {
            None => Version::V0x10,
            Some(number) => {
                part = parts.next()?;
                match number {
                    "19" => Version::V0x13,
                    "16" => Version::V0x10,
                    _ => return None,
                }
            }
        };
        let mut costs = part.split(',');
        let mut cost = |name| costs.next()?.strip_prefix(name)?.parse().ok();
        let params = Argon2Params { memory_kib: cost("m=")?, passes: cost("t=")?, lanes: cost("p=")? };
        let salt = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let output = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
        let phc = Self { algorithm, version, params, salt, output };
        let complete = costs.next().is_none() && parts.next().is_none();
        (complete && phc.salt.len() >= MIN_SALT_LEN && phc.hasher().is_some()).then_some(phc)
    }

    /// The number of memory blocks for verifying.
    fn blocks(&self) -> usize {
        self.hasher().map_or(0, |hasher| hasher.params().block_count())
    }

    /// The parameters for verifying.
    pub(super) fn work(&self) -> (Algorithm, Argon2Params) {
        (self.algorithm, self.params)
    }

    fn hasher(&self) -> Option<Argon2<'static>> {
        self.params.hasher(self.algorithm, self.version, self.output.len())
    }

    pub(super) fn verify(
        &self,
        password: &Password,
        current: &Argon2Params,
        scratch: &mut Scratch,
    ) -> Verification {
        let Some(hasher) = self.hasher() else { return Verification::Unusable };
        let mut output = vec![0; self.output.len()];
        let blocks = scratch.blocks(hasher.params().block_count());
        let password = password.expose().as_bytes();
        let hashed = hasher.hash_password_into_with_memory(password, &self.salt, &mut output, blocks);
        scratch.shrink_to(current);
        if hashed.is_err() {
            return Verification::Unusable;
        }
        if !bool::from(output.ct_eq(&self.output)) {
            return Verification::Differs;
        }
        let up_to_date = self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params == *current
            && self.output.len() == OUTPUT_BYTES;
        Verification::Matches { needs_rehash: !up_to_date }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_greater_hash_is_not_kept() {
        let new = |memory| Argon2Params::new(memory, 1, 1).expect("within the bounds");
        let (current, greater) = (new(64), new(1024));
        let (password, mut scratch) = (Password::new("correct horse"), Scratch::default());
        let ours = hash(&password, [1; 16], &current, &mut scratch);
        assert_eq!(scratch.0.capacity(), 64);
        let theirs = hash(&password, [1; 16], &greater, &mut Scratch::default());
        for (stored, needs_rehash) in [(&theirs, true), (&ours, false)] {
            let phc = Phc::parse(stored.expose()).expect("just made");
            let verification = phc.verify(&password, &current, &mut scratch);
            assert_eq!(verification, Verification::Matches { needs_rehash });
            assert!(scratch.0.capacity() <= 64, "{} blocks are kept", scratch.0.capacity());
        }
        scratch.release();
        assert_eq!(scratch.0.capacity(), 0);
    }

    #[test]
    fn what_was_reserved_is_all_that_hashing_takes() {
        let new = |memory| Argon2Params::new(memory, 1, 1).expect("within the bounds");
        let (current, greater) = (new(64), new(1024));
        let password = Password::new("correct horse");
        let theirs = hash(&password, [1; 16], &greater, &mut Scratch::default());
        let django = PasswordHash::from_stored(format!("argon2{}", theirs.expose()));
        for stored in [&theirs, &django] {
            let mut scratch = Scratch::default();
            scratch.reserve(Some(stored), &current).expect("a megabyte");
            assert!(scratch.0.capacity() >= 1024);
        }
        let mut scratch = Scratch::default();
        scratch.reserve(None, &current).expect("a few kilobytes");
        let before = scratch.0.capacity();
        hash(&password, [1; 16], &current, &mut scratch);
        assert_eq!(scratch.0.capacity(), before);
    }
}

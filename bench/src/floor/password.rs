//! Password hashing of the floor: argon2id at OWASP's parameters, as many at once as there are cores.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;

/// Memory of one hash, in KiB: 19 MiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Bytes of a hash.
const HASH_BYTES: usize = 32;
/// The salt of the one password; the floor keeps no secret.
const SALT: &[u8; 16] = b"salt of a bench.";

/// Hashes on the blocking pool with memory that is used again.
pub(super) struct PasswordPool {
    places: Semaphore,
    shared: Arc<Shared>,
}

struct Shared {
    password: &'static str,
    // Made at the first sign-in, so that the floor starts no slower than a server that stores its hashes.
    expected: OnceLock<[u8; HASH_BYTES]>,
    memory: Mutex<Vec<Vec<Block>>>,
}

impl PasswordPool {
    /// A pool that lets `places` hashes run at once and knows one password.
    pub(super) fn new(password: &'static str, places: usize) -> Self {
        let shared = Shared { password, expected: OnceLock::new(), memory: Mutex::default() };
        Self { places: Semaphore::new(places), shared: Arc::new(shared) }
    }

    /// Whether this is the password.
    pub(super) async fn verify(&self, password: String) -> bool {
        let _place = self.places.acquire().await.expect("the semaphore is never closed");
        let shared = Arc::clone(&self.shared);
        let verified = tokio::task::spawn_blocking(move || {
            let memory = || shared.memory.lock().unwrap_or_else(PoisonError::into_inner);
            let spare = memory().pop();
            let mut blocks = spare.unwrap_or_else(blocks);
            let expected = *shared.expected.get_or_init(|| hash(shared.password, &mut blocks));
            let matches = hash(&password, &mut blocks) == expected;
            memory().push(blocks);
            matches
        });
        verified.await.unwrap_or(false)
    }
}

fn blocks() -> Vec<Block> {
    vec![Block::default(); MEMORY_KIB as usize]
}

fn hash(password: &str, memory: &mut [Block]) -> [u8; HASH_BYTES] {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).expect("OWASP's parameters are valid");
    let mut output = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), SALT, &mut output, memory)
        .expect("the salt and the memory fit the parameters");
    output
}

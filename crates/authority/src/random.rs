//! Randomness, which the rules receive as an argument.

/// A source of random bytes that are suitable for keys.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The generator of the cryptographic library, seeded by the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        jeton_jose::random::fill(bytes);
    }
}

/// Sixteen random bytes: an identifier, a `jti` or a salt.
pub(crate) fn sixteen(random: &dyn Random) -> [u8; 16] {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes
}

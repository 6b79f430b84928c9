//! Keys from passwords, PBES2 (RFC 7518 §4.8): how much work they cost, and their salt.

use super::KeyManagement;

/// The fewest iterations that are made or accepted (RFC 7518 §4.8.1.2).
pub(super) const MIN_ITERATIONS: u32 = 1000;
/// The most iterations that are made, and that are accepted unless set.
pub(super) const MAX_ITERATIONS: u32 = 1_200_000;
/// The shortest salt that is accepted (bytes; RFC 7518 §4.8.1.1).
pub(super) const MIN_SALT: usize = 8;
/// The salt that is made (bytes).
pub(super) const SALT: usize = 16;

/// What OWASP recommends.
pub(super) const fn iterations(alg: KeyManagement) -> u32 {
    match alg {
        KeyManagement::Pbes2Hs256A128Kw => 600_000,
        _ => 210_000,
    }
}

/// The salt of PBKDF2: the name of the algorithm, a zero, and the salt of the header (RFC 7518 §4.8.1.1).
pub(super) fn full_salt(alg: KeyManagement, salt: &[u8]) -> Vec<u8> {
    [alg.as_str().as_bytes(), &[0], salt].concat()
}

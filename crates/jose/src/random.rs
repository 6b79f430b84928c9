//! Random bytes for identifiers, secrets and nonces.

/// Fills `bytes` from the cryptographic random generator of AWS-LC, which the operating system seeds.
pub fn fill(bytes: &mut [u8]) {
    crate::crypto::fill_random(bytes);
}

/// `N` random bytes.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

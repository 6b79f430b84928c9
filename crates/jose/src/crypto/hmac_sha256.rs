//! HMAC-SHA-256 (RFC 2104) on the bare compression function.
//!
//! A general HMAC carries a buffer and two hash states through each tag, and wipes them each time if it wipes them at all: a sixth
//! of the time that a tag of a short message takes. Here the two padded blocks are hashed once, when the key is made, and wiped
//! once, when it is dropped.

use sha2::block_api::compress256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::sha256;

const BLOCK: usize = 64;

/// FIPS 180-4 §5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A key whose padded blocks are hashed.
#[derive(Clone, ZeroizeOnDrop)]
pub(crate) struct HmacSha256 {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl HmacSha256 {
    pub(super) fn new(secret: &[u8]) -> Self {
        let mut key = Zeroizing::new([0; BLOCK]);
        if secret.len() <= BLOCK {
            key.iter_mut().zip(secret).for_each(|(padded, byte)| *padded = *byte);
        } else {
            let hashed = Zeroizing::new(sha256(secret));
            key.iter_mut().zip(hashed.iter()).for_each(|(padded, byte)| *padded = *byte);
        }
        let after = |pad: u8| {
            let mut state = INITIAL;
            compress256(&mut state, std::slice::from_ref(&*Zeroizing::new(key.map(|byte| byte ^ pad))));
            state
        };
        Self { inner: after(0x36), outer: after(0x5c) }
    }

    pub(super) fn tag(&self, message: &[u8]) -> [u8; 32] {
        hash_after_a_block(self.outer, &hash_after_a_block(self.inner, message))
    }
}

/// Hashes the rest of a message whose first block has led to `state`, with the padding of FIPS 180-4 §5.1.1.
fn hash_after_a_block(mut state: [u32; 8], rest: &[u8]) -> [u8; 32] {
    /// One bit and the length.
    const SUFFIX: usize = 9;
    let (blocks, tail) = rest.as_chunks::<BLOCK>();
    compress256(&mut state, blocks);
    let mut end = [[0; BLOCK]; 2];
    let count = if tail.len() + SUFFIX <= BLOCK { 1 } else { 2 };
    let bits = ((BLOCK + rest.len()) as u64) * 8;
    if let Some((message, [mark, ..])) = end.as_flattened_mut().split_at_mut_checked(tail.len()) {
        message.copy_from_slice(tail);
        *mark = 0x80;
    }
    let end = end.get_mut(..count).unwrap_or_default();
    if let Some(length) = end.as_flattened_mut().last_chunk_mut() {
        *length = bits.to_be_bytes();
    }
    compress256(&mut state, end);
    let mut digest = [0; 32];
    digest.as_chunks_mut().0.iter_mut().zip(state).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
    digest
}

#[cfg(test)]
mod tests {
    use ::hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    use super::*;

    #[test]
    fn tags_are_those_of_the_hmac_crate_for_every_length_around_a_block() {
        let bytes: Vec<u8> = (0..=255).collect();
        for key in [0, 1, 32, 63, 64, 65, 200] {
            let key = bytes.get(..key).expect("shorter than all");
            for length in 0..bytes.len() {
                let message = bytes.get(..length).expect("shorter than all");
                let general = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
                let expected: [u8; 32] = general.chain_update(message).finalize().into_bytes().into();
                assert_eq!(HmacSha256::new(key).tag(message), expected, "{} {length}", key.len());
            }
        }
    }
}

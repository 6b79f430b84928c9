//! AES-GCM with 96-bit nonces and 128-bit tags (RFC 7518 §5.3).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{Refused, fill_random};

/// A prepared AES-256-GCM key.
pub(crate) struct GcmKey(LessSafeKey);

impl GcmKey {
    pub(crate) const NONCE_LEN: usize = 12;
    pub(crate) const TAG_LEN: usize = 16;

    pub(crate) fn new(key: &[u8]) -> Result<Self, Refused> {
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?)))
    }

    /// Encrypts in place under a fresh random nonce; gives the nonce and the tag.
    pub(crate) fn seal(
        &self,
        aad: &[u8],
        text: &mut [u8],
    ) -> Result<([u8; Self::NONCE_LEN], [u8; Self::TAG_LEN]), Refused> {
        let mut nonce = [0; Self::NONCE_LEN];
        fill_random(&mut nonce);
        let sealed =
            self.0.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), text)?;
        let mut tag = [0; Self::TAG_LEN];
        tag.copy_from_slice(sealed.as_ref());
        Ok((nonce, tag))
    }

    /// Checks the tag and decrypts in place. `text` is the ciphertext with the tag behind it; what is left is the plaintext.
    pub(crate) fn open(
        &self,
        nonce: [u8; Self::NONCE_LEN],
        aad: &[u8],
        text: &mut Vec<u8>,
    ) -> Result<(), Refused> {
        let len = self.0.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(aad), text)?.len();
        text.truncate(len);
        Ok(())
    }
}

//! What is encrypted, as it stands in the text.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::DecryptError;
use crate::base64url;
use crate::crypto::{ContentKey, Refused};

/// Vector, ciphertext and tag, still encoded, and what is authenticated beside them.
pub(super) struct Sealed<'j> {
    pub(super) aad: Cow<'j, str>,
    pub(super) iv: &'j str,
    pub(super) ciphertext: &'j str,
    pub(super) tag: &'j str,
}

/// The three decoded into one buffer: ciphertext, vector, tag.
pub(super) struct Decoded {
    buffer: Zeroizing<Vec<u8>>,
    ciphertext_len: usize,
    iv_len: usize,
}

impl Sealed<'_> {
    /// Decodes into a buffer of its own, since an attempt to open destroys it.
    pub(super) fn decode(&self) -> Result<Decoded, DecryptError> {
        let letters = self.ciphertext.len() + self.iv.len() + self.tag.len();
        // Each of the three may want two bytes more while it is being decoded.
        let mut buffer = Zeroizing::new(Vec::with_capacity(base64url::room_for(letters) + 8));
        let mut append = |segment: &str| {
            base64url::decode_into(segment.as_bytes(), &mut buffer).map_err(|_| DecryptError::Malformed)?;
            Ok(buffer.len())
        };
        let ciphertext_len = append(self.ciphertext)?;
        let iv_len = append(self.iv)? - ciphertext_len;
        append(self.tag)?;
        Ok(Decoded { buffer, ciphertext_len, iv_len })
    }
}

impl Decoded {
    /// The plaintext.
    pub(super) fn open(mut self, key: &ContentKey, aad: &str) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let (text, rest) = self.buffer.split_at_mut_checked(self.ciphertext_len).ok_or(Refused)?;
        let (iv, tag) = rest.split_at_checked(self.iv_len).ok_or(Refused)?;
        let len = key.open(iv, aad.as_bytes(), tag, text)?;
        self.buffer.truncate(len);
        Ok(self.buffer)
    }

    /// The ciphertext alone, where there is neither a vector nor a tag.
    #[cfg(feature = "hpke")]
    pub(super) fn alone(self) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        if self.buffer.len() == self.ciphertext_len { Ok(self.buffer) } else { Err(DecryptError::Malformed) }
    }
}

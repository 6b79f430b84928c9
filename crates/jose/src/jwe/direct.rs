//! `dir` with A256GCM: one symmetric key for everything (RFC 7518 §4.5, §5.3).

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::compact::{self, Compact};
use super::known_header::CompactHeader;
use super::parts::{Iv, Parts};
use super::sealed::Sealed;
use super::{ContentEncryption, DecryptError, KeyManagement};
use crate::base64url;
use crate::crypto::{ContentKey, fill_random};
use crate::jws::quoted;
use crate::material::KeyError;

/// A symmetric key of 256 bits for [`seal`] and [`open`].
///
/// Each [`seal`] draws a random 96-bit nonce, so one key should not seal more than 2^32 texts (NIST SP 800-38D §8.3).
#[derive(Clone)]
pub struct EncryptionKey {
    key: Arc<ContentKey>,
    kid: Option<Arc<str>>,
    /// The protected header that [`seal`] writes, encoded.
    header: Arc<str>,
}

const ENC: ContentEncryption = ContentEncryption::A256Gcm;

impl EncryptionKey {
    /// How many bytes a key has.
    pub const LEN: usize = 32;

    /// Takes the 32 bytes of a key.
    ///
    /// # Errors
    /// [`KeyError::MemberMalformed`] if there are more or fewer.
    pub fn new(key: &[u8]) -> Result<Self, KeyError> {
        let key = (key.len() == Self::LEN).then(|| ContentKey::new(ENC, key).ok()).flatten();
        let key = key.ok_or(KeyError::MemberMalformed { name: "k" })?;
        Ok(Self { key: Arc::new(key), kid: None, header: own_header(None) })
    }

    /// Makes a new key, and gives its bytes to be kept somewhere.
    ///
    /// # Errors
    /// [`KeyError`] if the cryptographic library fails.
    pub fn generate() -> Result<(Self, Zeroizing<[u8; Self::LEN]>), KeyError> {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        fill_random(&mut *bytes);
        Ok((Self::new(&*bytes)?, bytes))
    }

    /// The same key under this `kid`: it is written into every sealed text, and [`open`] wants it there.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        let kid = kid.into();
        self.header = own_header(Some(&kid));
        self.kid = Some(kid.into());
        self
    }

    /// Its `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Encrypts and authenticates a text under a key that both sides have, in compact form.
#[must_use]
pub fn seal(key: &EncryptionKey, plaintext: &[u8]) -> String {
    let mut iv = Iv::zeroed(ENC.iv_len());
    fill_random(iv.as_mut_slice());
    let mut ciphertext = plaintext.to_vec();
    let tag = key.key.seal(iv.as_slice(), key.header.as_bytes(), &mut ciphertext);
    let tag = tag.expect("a text that fits into memory is short enough for GCM");
    let protected = Cow::Borrowed(&*key.header);
    Parts { protected, encrypted_key: vec![], iv, ciphertext, tag: Some(tag) }.to_compact()
}

/// Opens what [`seal`] made with the same key.
///
/// # Errors
/// [`DecryptError::Failed`] for a wrong key and for a text that was changed alike; others if the text is not one of [`seal`]'s.
pub fn open(key: &EncryptionKey, sealed: &str) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let Compact { protected, encrypted_key, iv, ciphertext, tag } = compact::split(sealed)?;
    if !encrypted_key.is_empty() {
        return Err(DecryptError::Malformed);
    }
    if *protected != *key.header {
        check_header(key, protected)?;
    }
    let sealed = Sealed { aad: Cow::Borrowed(protected), iv, ciphertext, tag };
    sealed.decode()?.open(&key.key, protected).map_err(|_| DecryptError::Failed)
}

/// A header that others write.
fn check_header(key: &EncryptionKey, protected: &str) -> Result<(), DecryptError> {
    let header = CompactHeader::read(protected)?;
    if header.content.compressed {
        return Err(DecryptError::Header { name: "zip" });
    }
    if header.key.alg != KeyManagement::Dir || header.content.enc != Some(ENC) {
        return Err(DecryptError::AlgorithmNotAllowed);
    }
    if header.key.kid.as_deref() != key.kid() {
        return Err(DecryptError::KeyNotFound);
    }
    Ok(())
}

fn own_header(kid: Option<&str>) -> Arc<str> {
    let kid = kid.map_or_else(String::new, |kid| format!(r#","kid":{}"#, quoted(kid)));
    base64url::encode(format!(r#"{{"alg":"dir","enc":"{ENC}"{kid}}}"#)).into()
}

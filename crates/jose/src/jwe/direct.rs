//! `dir` with A256GCM: one symmetric key for everything (RFC 7518 §4.5, §5.3).

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::DecryptError;
use crate::base64url;
use crate::crypto::{GcmKey, fill_random};
use crate::json::{Document, Limits};
use crate::jws::header;
use crate::key::KeyError;

/// A symmetric key of 256 bits for [`seal`] and [`open`].
///
/// Each [`seal`] draws a random 96-bit nonce, so one key should not seal more than 2^32 texts (NIST SP 800-38D §8.3).
#[derive(Clone)]
pub struct EncryptionKey {
    key: Arc<GcmKey>,
    kid: Option<Arc<str>>,
}

impl EncryptionKey {
    /// How many bytes a key has.
    pub const LEN: usize = 32;

    /// Takes the 32 bytes of a key.
    ///
    /// # Errors
    /// [`KeyError::MemberMalformed`] where there are more or fewer.
    pub fn new(key: &[u8]) -> Result<Self, KeyError> {
        let key = (key.len() == Self::LEN).then(|| GcmKey::new(key).ok()).flatten();
        let key = key.ok_or(KeyError::MemberMalformed { name: "k" })?;
        Ok(Self { key: Arc::new(key), kid: None })
    }

    /// Makes a new key, and gives its bytes to be kept somewhere.
    ///
    /// # Errors
    /// [`KeyError`] where the cryptographic library fails.
    pub fn generate() -> Result<(Self, Zeroizing<[u8; Self::LEN]>), KeyError> {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        fill_random(&mut *bytes);
        Ok((Self::new(&*bytes)?, bytes))
    }

    /// The same key under this `kid`: it is written into every sealed text, and [`open`] wants it there.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(Arc::from(kid.into()));
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
    let mut header = String::from(r#"{"alg":"dir","enc":"A256GCM""#);
    if let Some(kid) = key.kid() {
        header.push_str(r#","kid":"#);
        header.push_str(&serde_json::to_string(kid).expect("strings serialise"));
    }
    header.push('}');
    let header = base64url::encode(header);
    let mut text = plaintext.to_vec();
    let (nonce, tag) = key
        .key
        .seal(header.as_bytes(), &mut text)
        .expect("a text that fits into memory is short enough for GCM");
    format!("{header}..{}.{}.{}", base64url::encode(nonce), base64url::encode(text), base64url::encode(tag))
}

/// Opens what [`seal`] made with the same key.
///
/// # Errors
/// [`DecryptError::Failed`] for a wrong key and for a text that was changed alike; others where the text is not one of [`seal`]'s.
pub fn open(key: &EncryptionKey, sealed: &str) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let malformed = DecryptError::Malformed;
    let mut segments = sealed.split('.');
    let mut next = || segments.next().ok_or(DecryptError::Malformed);
    let (header, encrypted_key, nonce, ciphertext, tag) = (next()?, next()?, next()?, next()?, next()?);
    if segments.next().is_some() || !encrypted_key.is_empty() {
        return Err(malformed);
    }
    check_header(key, header)?;
    let nonce = base64url::decode(nonce).map_err(|_| DecryptError::Malformed)?;
    let nonce = nonce.try_into().map_err(|_| DecryptError::Failed)?;
    let mut text = Zeroizing::new(base64url::decode(ciphertext).map_err(|_| DecryptError::Malformed)?);
    let tag = base64url::decode(tag).map_err(|_| DecryptError::Malformed)?;
    if tag.len() != GcmKey::TAG_LEN {
        return Err(DecryptError::Failed);
    }
    text.extend_from_slice(&tag);
    key.key.open(nonce, header.as_bytes(), &mut text).map_err(|_| DecryptError::Failed)?;
    Ok(text)
}

fn check_header(key: &EncryptionKey, segment: &str) -> Result<(), DecryptError> {
    if segment.len() > base64url::encoded_len(header::MAX_HEADER) {
        return Err(DecryptError::TooLarge { limit: header::MAX_HEADER });
    }
    let json = base64url::decode(segment).map_err(|_| DecryptError::Malformed)?;
    let document = Document::parse(&json, Limits::HEADER).map_err(DecryptError::HeaderJson)?;
    let root = document.root();
    header::check_critical(root, &[]).map_err(|_| DecryptError::CriticalHeader)?;
    if root.get("zip").is_some() {
        return Err(DecryptError::Header { name: "zip" });
    }
    let text = |name| header::text(root, name).map_err(|_| DecryptError::Header { name });
    if text("alg")?.as_deref() != Some("dir") || text("enc")?.as_deref() != Some("A256GCM") {
        return Err(DecryptError::AlgorithmNotAllowed);
    }
    if text("kid")?.as_deref() != key.kid() {
        return Err(DecryptError::KeyNotFound);
    }
    Ok(())
}

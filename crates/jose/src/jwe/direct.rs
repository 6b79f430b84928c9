//! `dir` with A256GCM: one symmetric key for everything (RFC 7518 §4.5, §5.3).

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{ContentEncryption, DecryptError};
use crate::base64url;
use crate::crypto::{ContentKey, Sealed, fill_random};
use crate::json::{Document, Limits};
use crate::jws::header;
use crate::key::KeyError;

/// A symmetric key of 256 bits for [`seal`] and [`open`].
///
/// Each [`seal`] draws a random 96-bit nonce, so one key should not seal more than 2^32 texts (NIST SP 800-38D §8.3).
#[derive(Clone)]
pub struct EncryptionKey {
    key: Arc<ContentKey>,
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
        let key =
            (key.len() == Self::LEN).then(|| ContentKey::new(ContentEncryption::A256Gcm, key).ok()).flatten();
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
    let sealed = key.key.seal(header.as_bytes(), plaintext);
    let Sealed { iv, ciphertext, tag } =
        sealed.expect("a text that fits into memory is short enough for GCM");
    let mut out = Vec::with_capacity(header.len() + base64url::encoded_len(plaintext.len()) + 44);
    out.extend_from_slice(header.as_bytes());
    out.push(b'.');
    for part in [&iv, &ciphertext, &tag] {
        out.push(b'.');
        base64url::encode_into(part, &mut out);
    }
    String::from_utf8(out).expect("base64url is ASCII")
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
    let decode = |segment: &str| base64url::decode(segment).map_err(|_| DecryptError::Malformed);
    let (nonce, ciphertext, tag) = (decode(nonce)?, decode(ciphertext)?, decode(tag)?);
    key.key.open(header.as_bytes(), &nonce, &ciphertext, &tag).map_err(|_| DecryptError::Failed)
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

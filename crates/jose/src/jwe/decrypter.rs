//! Decrypting.

use std::fmt;

use zeroize::Zeroizing;

use super::decryption_key::DecryptionKey;
use super::header::{ContentHeader, KeyHeader};
use super::unwrap::{WorkLimits, content_key};
use super::{ContentEncryption, DecryptError, KeyManagement, json_form};
use crate::base64url;
use crate::crypto::ContentKey;
use crate::inflate::{Wrapping, inflate};
use crate::json::{Document, Limits, Value};
use crate::jws::header::MAX_HEADER;

/// Decrypts with the keys of one recipient.
///
/// `alg` comes from the keys, never from the text. A decrypter never changes; share it by reference or `Arc`.
#[derive(Clone, Debug)]
pub struct Decrypter {
    keys: Vec<DecryptionKey>,
    encryptions: Vec<ContentEncryption>,
    max_len: usize,
    work: WorkLimits,
    /// How long a compressed text may become; compressed ones are refused where this is absent.
    inflate: Option<usize>,
}

/// Bytes that have been decrypted, and were authenticated by the key: **whoever had it** made them, which for a public key is
/// everybody.
#[derive(Clone)]
pub struct Decrypted {
    plaintext: Zeroizing<Vec<u8>>,
    content: ContentHeader,
    alg: KeyManagement,
    kid: Option<Box<str>>,
    protected: String,
}

/// Keys of one `alg` that are tried for a text without `kid`, over all its recipients.
const MAX_TRIES: usize = 16;

impl Decrypter {
    /// The longest text, unless set (bytes).
    pub const DEFAULT_MAX_LEN: usize = 16 * 1024;
    /// The most PBES2 iterations, unless set.
    pub const DEFAULT_MAX_ITERATIONS: u32 = 1_200_000;
    /// How long a text may become by decompression, where that is allowed without saying more (bytes).
    pub const DEFAULT_INFLATE: usize = 250_000;

    /// Decrypts with these keys, whatever the `enc`.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = DecryptionKey>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            encryptions: ContentEncryption::ALL.to_vec(),
            max_len: Self::DEFAULT_MAX_LEN,
            work: WorkLimits { max_iterations: Self::DEFAULT_MAX_ITERATIONS },
            inflate: None,
        }
    }

    /// Takes these `enc` only.
    #[must_use]
    pub fn only(mut self, encryptions: impl IntoIterator<Item = ContentEncryption>) -> Self {
        self.encryptions = encryptions.into_iter().collect();
        self
    }

    /// Refuses texts longer than this (bytes).
    #[must_use]
    pub fn max_len(mut self, bytes: usize) -> Self {
        self.max_len = bytes;
        self
    }

    /// Refuses passwords hashed more often than this (`p2c`). Panva's `jose` makes 2,048, JWCrypto 8,192, this crate 600,000.
    #[must_use]
    pub fn max_iterations(mut self, iterations: u32) -> Self {
        self.work.max_iterations = iterations;
        self
    }

    /// Accepts compressed texts (`zip`) that become at most this long (bytes).
    #[must_use]
    pub fn allow_compressed(mut self, bytes: usize) -> Self {
        self.inflate = Some(bytes);
        self
    }

    /// Decrypts the compact form.
    ///
    /// # Errors
    /// [`DecryptError::Failed`] for whatever goes wrong once a key is in use; others before that.
    pub fn decrypt(&self, jwe: &str) -> Result<Decrypted, DecryptError> {
        self.check_len(jwe)?;
        let mut segments = jwe.split('.');
        let mut next = || segments.next().ok_or(DecryptError::Malformed);
        let (protected, encrypted_key, iv, ciphertext, tag) = (next()?, next()?, next()?, next()?, next()?);
        if segments.next().is_some() {
            return Err(DecryptError::Malformed);
        }
        let json = decode_header(protected)?;
        let document = Document::parse(&json, Limits::HEADER).map_err(DecryptError::HeaderJson)?;
        let content = self.content(document.root())?;
        let header = KeyHeader::read(&[document.root()])?;
        let sealed = SealedContent {
            aad: protected.as_bytes().to_vec(),
            iv: decode(iv)?,
            ciphertext: decode(ciphertext)?,
            tag: decode(tag)?,
        };
        let recipients = [(header, decode(encrypted_key)?)];
        self.open(content, &recipients, &sealed, utf8(json)?)
    }

    /// Decrypts a JSON form, flattened or general.
    ///
    /// # Errors
    /// As [`Decrypter::decrypt`].
    pub fn decrypt_json(&self, jwe: &str) -> Result<Decrypted, DecryptError> {
        self.check_len(jwe)?;
        let document = Document::parse_str(jwe, Limits::HEADER).map_err(|_| DecryptError::Malformed)?;
        let form = json_form::read(&document)?;
        let json = decode_header(&form.protected)?;
        let protected = Document::parse(&json, Limits::HEADER).map_err(DecryptError::HeaderJson)?;
        let content = self.content(protected.root())?;

        let several = form.recipients.len() > 1;
        let mut recipients = vec![];
        for recipient in &form.recipients {
            let headers: Vec<Value<'_, '_>> =
                [Some(protected.root()), form.unprotected, recipient.header].into_iter().flatten().collect();
            check_disjoint(&headers)?;
            let encrypted_key = decode(&recipient.encrypted_key)?;
            match KeyHeader::read(&headers) {
                // RFC 7516 §7.2: these fix the content encryption key, so there is nobody else.
                Ok(header) if several && header.alg.fixes_content_key() => {
                    return Err(DecryptError::Malformed);
                }
                Ok(header) => recipients.push((header, encrypted_key)),
                // Another recipient may be reached in a way that is not known here.
                Err(DecryptError::AlgorithmNotAllowed) if several => {}
                Err(error) => return Err(error),
            }
        }
        let aad = match &form.aad {
            None => form.protected.to_string(),
            Some(aad) => {
                decode(aad)?;
                format!("{}.{aad}", form.protected)
            }
        };
        let sealed = SealedContent {
            aad: aad.into_bytes(),
            iv: decode(&form.iv)?,
            ciphertext: decode(&form.ciphertext)?,
            tag: decode(&form.tag)?,
        };
        self.open(content, &recipients, &sealed, utf8(json)?)
    }

    fn content(&self, protected: Value<'_, '_>) -> Result<ContentHeader, DecryptError> {
        let content = ContentHeader::read(protected)?;
        if !self.encryptions.contains(&content.enc) {
            return Err(DecryptError::AlgorithmNotAllowed);
        }
        if content.compressed && self.inflate.is_none() {
            return Err(DecryptError::Header { name: "zip" });
        }
        Ok(content)
    }

    fn open(
        &self,
        content: ContentHeader,
        recipients: &[(KeyHeader, Vec<u8>)],
        sealed: &SealedContent,
        protected: String,
    ) -> Result<Decrypted, DecryptError> {
        let mut error = DecryptError::AlgorithmNotAllowed;
        let mut tries = 0;
        for (header, encrypted_key) in recipients {
            for key in self.keys.iter().filter(|key| key.alg == header.alg) {
                if !names_key(header, key, &self.keys) {
                    if error == DecryptError::AlgorithmNotAllowed {
                        error = DecryptError::KeyNotFound;
                    }
                    continue;
                }
                if tries == MAX_TRIES {
                    return Err(error);
                }
                tries += 1;
                match self.open_with(key, &content, header, encrypted_key, sealed) {
                    Ok(plaintext) => {
                        let kid = header.kid.clone();
                        return Ok(Decrypted { plaintext, content, alg: key.alg, kid, protected });
                    }
                    Err(failure) => error = failure,
                }
            }
        }
        Err(error)
    }

    fn open_with(
        &self,
        key: &DecryptionKey,
        content: &ContentHeader,
        header: &KeyHeader,
        encrypted_key: &[u8],
        sealed: &SealedContent,
    ) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let secret = content_key(key, content.enc, header, encrypted_key, self.work)?;
        let failed = |_| DecryptError::Failed;
        let key = ContentKey::new(content.enc, &secret).map_err(failed)?;
        let text = key.open(&sealed.aad, &sealed.iv, &sealed.ciphertext, &sealed.tag).map_err(failed)?;
        match self.inflate.filter(|_| content.compressed) {
            Some(limit) => inflate(&text, Wrapping::None, limit).map_err(|_| DecryptError::Failed),
            None => Ok(text),
        }
    }

    fn check_len(&self, jwe: &str) -> Result<(), DecryptError> {
        if jwe.len() > self.max_len { Err(DecryptError::TooLarge { limit: self.max_len }) } else { Ok(()) }
    }
}

struct SealedContent {
    aad: Vec<u8>,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

impl Decrypted {
    /// The bytes that were encrypted.
    #[must_use]
    pub fn plaintext(&self) -> &[u8] {
        &self.plaintext
    }

    /// The bytes that were encrypted. They are wiped when dropped.
    #[must_use]
    pub fn into_plaintext(self) -> Zeroizing<Vec<u8>> {
        self.plaintext
    }

    /// The `alg` of the key that decrypted them.
    #[must_use]
    pub fn alg(&self) -> KeyManagement {
        self.alg
    }

    /// The `enc`.
    #[must_use]
    pub fn enc(&self) -> ContentEncryption {
        self.content.enc
    }

    /// The `kid` by which the sender named the key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The protected `typ`.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.content.typ.as_deref()
    }

    /// The protected `cty`: what the plaintext is.
    #[must_use]
    pub fn cty(&self) -> Option<&str> {
        self.content.cty.as_deref()
    }

    /// The JSON of the protected header.
    #[must_use]
    pub fn protected_json(&self) -> &str {
        &self.protected
    }
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decrypted")
            .field("alg", &self.alg)
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}

/// A key with a `kid` is not tried for a text that names another; one without is, unless another key has the name.
fn names_key(header: &KeyHeader, key: &DecryptionKey, keys: &[DecryptionKey]) -> bool {
    match (header.kid.as_deref(), key.kid()) {
        (None, _) => true,
        (Some(wanted), Some(kid)) => wanted == kid,
        (Some(wanted), None) => !keys.iter().any(|key| key.kid() == Some(wanted)),
    }
}

/// No two headers have a member of one name, and what decides about the content is protected.
fn check_disjoint(headers: &[Value<'_, '_>]) -> Result<(), DecryptError> {
    for (index, header) in headers.iter().enumerate() {
        for (name, _) in header.members().ok_or(DecryptError::Malformed)? {
            if headers.iter().skip(index + 1).any(|later| later.get(&name).is_some()) {
                return Err(DecryptError::Malformed);
            }
            if index > 0
                && let Some(name) =
                    ["enc", "zip", "crit", "b64"].into_iter().find(|protected| name == *protected)
            {
                return Err(DecryptError::Header { name });
            }
        }
    }
    Ok(())
}

fn decode_header(segment: &str) -> Result<Vec<u8>, DecryptError> {
    if segment.len() > base64url::encoded_len(MAX_HEADER) {
        return Err(DecryptError::TooLarge { limit: MAX_HEADER });
    }
    decode(segment)
}

fn decode(segment: &str) -> Result<Vec<u8>, DecryptError> {
    base64url::decode(segment).map_err(|_| DecryptError::Malformed)
}

fn utf8(json: Vec<u8>) -> Result<String, DecryptError> {
    String::from_utf8(json).map_err(|_| DecryptError::Malformed)
}

//! Decrypting.

use std::borrow::Cow;
use std::sync::Arc;

use super::attempt::{Recipient, Settings};
use super::decryption_key::DecryptionKey;
use super::header::{ContentHeader, KeyHeader};
use super::known_header::{self, CompactHeader, KnownHeaders};
use super::sealed::Sealed;
use super::{ContentEncryption, DecryptError, Decrypted, compact, json_form, password};
use crate::json::{Document, Limits, Value};

/// Decrypts with the keys of one recipient.
///
/// `alg` comes from the keys, never from the text. A decrypter never changes; share it by reference or `Arc`.
#[derive(Clone, Debug)]
pub struct Decrypter {
    settings: Settings,
    max_len: usize,
    known: Arc<KnownHeaders>,
}

impl Decrypter {
    /// The longest text, unless set (bytes).
    pub const DEFAULT_MAX_LEN: usize = 16 * 1024;
    /// The most PBES2 iterations, unless set.
    pub const DEFAULT_MAX_ITERATIONS: u32 = password::MAX_ITERATIONS;
    /// The default limit for decompressed text, if compression is allowed (bytes).
    pub const DEFAULT_INFLATE: usize = 250_000;

    /// Decrypts with these keys, whatever the `enc`.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = DecryptionKey>) -> Self {
        Self {
            settings: Settings::new(keys.into_iter().collect()),
            max_len: Self::DEFAULT_MAX_LEN,
            known: Arc::default(),
        }
    }

    /// Accepts only these `enc`. Integrated encryption (HPKE), which has none, stays possible with a key for it.
    #[must_use]
    pub fn only(mut self, encryptions: impl IntoIterator<Item = ContentEncryption>) -> Self {
        self.settings.encryptions = encryptions.into_iter().collect();
        self
    }

    /// Refuses texts longer than this (bytes).
    #[must_use]
    pub fn max_len(mut self, bytes: usize) -> Self {
        self.max_len = bytes;
        self
    }

    /// Refuses passwords with more iterations than this (`p2c`), before hashing.
    ///
    /// For interoperability with other libraries: this crate uses 600,000 iterations with SHA-256 and 210,000 with the
    /// longer hashes. `jose` for Node uses 2,048 and refuses more than 10,000; JWCrypto uses 8,192; latchset's `jose`
    /// refuses more than 32,768. See [`RecipientKey::iterations`](super::RecipientKey::iterations).
    #[must_use]
    pub fn max_iterations(mut self, iterations: u32) -> Self {
        self.settings.work.max_iterations = iterations;
        self
    }

    /// Accepts compressed texts (`zip`) that become at most this long (bytes).
    #[must_use]
    pub fn allow_compressed(mut self, bytes: usize) -> Self {
        self.settings.inflate = Some(bytes);
        self
    }

    /// Decrypts the compact form.
    ///
    /// # Errors
    /// [`DecryptError::Failed`] for whatever goes wrong once a key is in use; others before that.
    pub fn decrypt(&self, jwe: &str) -> Result<Decrypted, DecryptError> {
        self.check_len(jwe)?;
        let parts = compact::split(jwe)?;
        let open = |header: &CompactHeader| {
            let sealed = Sealed {
                aad: Cow::Borrowed(parts.protected),
                iv: parts.iv,
                ciphertext: parts.ciphertext,
                tag: parts.tag,
            };
            let recipient = Recipient::new(&header.key, parts.encrypted_key)?;
            self.settings.open(&header.content, &[recipient], &sealed)
        };
        if let Some(known) = self.known.find(parts.protected) {
            return open(known);
        }
        let header = CompactHeader::read(parts.protected)?;
        let decrypted = open(&header)?;
        self.known.learn(header);
        Ok(decrypted)
    }

    /// Decrypts a JSON form, flattened or general.
    ///
    /// # Errors
    /// As [`Decrypter::decrypt`].
    pub fn decrypt_json(&self, jwe: &str) -> Result<Decrypted, DecryptError> {
        self.check_len(jwe)?;
        let document = Document::parse_str(jwe, Limits::HEADER).map_err(|_| DecryptError::Malformed)?;
        let form = json_form::read(&document)?;
        let json = known_header::decode(&form.protected)?;
        let protected = Document::parse(&json, Limits::HEADER).map_err(DecryptError::HeaderJson)?;
        let content = Arc::new(ContentHeader::read(protected.root(), &json)?);

        let several = form.recipients.len() > 1;
        let mut headers = vec![];
        for recipient in &form.recipients {
            let parts: Vec<Value<'_, '_>> =
                [Some(protected.root()), form.unprotected, recipient.header].into_iter().flatten().collect();
            check_disjoint(&parts)?;
            match KeyHeader::read(&parts) {
                // RFC 7516 §7.2: these fix the content encryption key, so there is nobody else.
                Ok(header) if several && header.alg.fixes_content_key() => {
                    return Err(DecryptError::Malformed);
                }
                // There is no tag that would notice a change of it.
                Ok(header) if header.alg.is_integrated() && protected.root().get("alg").is_none() => {
                    return Err(DecryptError::Header { name: "alg" });
                }
                Ok(header) => headers.push((header, &recipient.encrypted_key)),
                // Another recipient may be reached in a way, or on a curve, that is not known here.
                Err(DecryptError::AlgorithmNotAllowed | DecryptError::Header { name: "epk" }) if several => {}
                Err(error) => return Err(error),
            }
        }
        let recipients: Vec<_> =
            headers.iter().map(|(header, key)| Recipient::new(header, key)).collect::<Result<_, _>>()?;
        let integrated = headers.iter().any(|(header, _)| header.alg.is_integrated());
        let sealed = form.sealed(integrated)?;
        self.settings.open(&content, &recipients, &sealed)
    }

    fn check_len(&self, jwe: &str) -> Result<(), DecryptError> {
        if jwe.len() > self.max_len { Err(DecryptError::TooLarge { limit: self.max_len }) } else { Ok(()) }
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

//! Trying the recipient's keys on a text whose headers have been read.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::decryption_key::{DecryptionKey, DecryptionKind};
use super::header::{ContentHeader, KeyHeader};
use super::sealed::Sealed;
use super::unwrap::{WorkLimits, content_key};
use super::{ContentEncryption, DecryptError, Decrypted, Decrypter};
use crate::base64url;
use crate::inflate::{Wrapping, inflate};

/// The keys, and what a text may be.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    keys: Vec<DecryptionKey>,
    pub(super) encryptions: Vec<ContentEncryption>,
    pub(super) work: WorkLimits,
    /// How long a compressed text may become; compressed ones are refused where this is absent.
    pub(super) inflate: Option<usize>,
}

/// One recipient of a text.
pub(super) struct Recipient<'h> {
    header: &'h KeyHeader,
    encrypted_key: Vec<u8>,
}

/// Keys of one `alg` that are tried for a text without `kid`, over all its recipients.
const MAX_TRIES: usize = 16;

impl<'h> Recipient<'h> {
    pub(super) fn new(header: &'h KeyHeader, encrypted_key: &str) -> Result<Self, DecryptError> {
        let encrypted_key = base64url::decode(encrypted_key).map_err(|_| DecryptError::Malformed)?;
        Ok(Self { header, encrypted_key })
    }
}

impl Settings {
    pub(super) fn new(keys: Vec<DecryptionKey>) -> Self {
        Self {
            keys,
            encryptions: ContentEncryption::ALL.to_vec(),
            work: WorkLimits { max_iterations: Decrypter::DEFAULT_MAX_ITERATIONS },
            inflate: None,
        }
    }

    /// Opens a text with the first key that opens it.
    pub(super) fn open(
        &self,
        content: &Arc<ContentHeader>,
        recipients: &[Recipient<'_>],
        sealed: &Sealed<'_>,
    ) -> Result<Decrypted, DecryptError> {
        self.check(content)?;
        let mut error = DecryptError::AlgorithmNotAllowed;
        let mut tries = 0;
        for recipient in recipients {
            let header = recipient.header;
            // Integrated encryption has no `enc`, everything else has.
            if header.alg.is_integrated() == content.enc.is_some() {
                return Err(DecryptError::Header { name: "enc" });
            }
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
                match self.try_key(key, content, recipient, sealed) {
                    Ok(plaintext) => {
                        let (content, kid) = (Arc::clone(content), header.kid.clone());
                        return Ok(Decrypted { plaintext, content, alg: key.alg, kid });
                    }
                    Err(failure) => error = failure,
                }
            }
        }
        Err(error)
    }

    fn check(&self, content: &ContentHeader) -> Result<(), DecryptError> {
        if content.enc.is_some_and(|enc| !self.encryptions.contains(&enc)) {
            return Err(DecryptError::AlgorithmNotAllowed);
        }
        if content.compressed && self.inflate.is_none() {
            return Err(DecryptError::Header { name: "zip" });
        }
        Ok(())
    }

    fn try_key(
        &self,
        key: &DecryptionKey,
        content: &ContentHeader,
        recipient: &Recipient<'_>,
        sealed: &Sealed<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let Recipient { header, encrypted_key } = recipient;
        let decoded = sealed.decode()?;
        let text = match (&*key.kind, content.enc) {
            (DecryptionKind::Direct(key), Some(enc)) => {
                if !encrypted_key.is_empty() {
                    return Err(DecryptError::Malformed);
                }
                decoded.open(key.get(enc).ok_or(DecryptError::AlgorithmNotAllowed)?, &sealed.aad)
            }
            (_, Some(enc)) => {
                let key = content_key(key, enc, header, encrypted_key, self.work)?;
                decoded.open(&key, &sealed.aad)
            }
            #[cfg(feature = "hpke")]
            (DecryptionKind::Agreement(own), None) => {
                let super::key_management::Method::Hpke(suite) = key.alg.method() else {
                    return Err(DecryptError::Failed);
                };
                if header.ek.is_some() {
                    return Err(DecryptError::Header { name: "ek" });
                }
                let mut text = decoded.alone()?;
                let key = (&own.key, own.public.as_slice());
                let opened =
                    suite.algorithms().open(key, encrypted_key, &[], sealed.aad.as_bytes(), &mut text);
                opened.map(|len| {
                    text.truncate(len);
                    text
                })
            }
            (_, None) => return Err(DecryptError::Failed),
        };
        let text = text.map_err(|_| DecryptError::Failed)?;
        match self.inflate.filter(|_| content.compressed) {
            Some(limit) => inflate(&text, Wrapping::None, limit).map_err(|_| DecryptError::Failed),
            None => Ok(text),
        }
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

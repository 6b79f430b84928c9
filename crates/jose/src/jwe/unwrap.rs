//! Getting the content encryption key out of what the sender sent.

use zeroize::Zeroizing;

#[cfg(feature = "hpke")]
use super::HpkeSuite;
use super::agreement::{self, Purpose};
use super::decryption_key::{DecryptionKey, DecryptionKind, OwnKey};
use super::header::KeyHeader;
use super::key_management::Method;
use super::password::{self, MIN_ITERATIONS, MIN_SALT};
use super::{ContentEncryption, DecryptError, KeyManagement};
use crate::crypto::{
    AgreementCurve, ContentKey, OaepHash, OaepPrivateKey, PasswordHash, PeerKey, Refused, aes_unwrap,
    derive_from_password, fill_random,
};

/// Bounds on what a header may make the recipient compute.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkLimits {
    pub(super) max_iterations: u32,
}

/// The content encryption key, unless the recipient's key is it. Where the encrypted key is wrong the result is a random
/// one, so that the failure shows only at the tag, like every other (RFC 7516 §11.5).
pub(super) fn content_key(
    key: &DecryptionKey,
    enc: ContentEncryption,
    header: &KeyHeader,
    encrypted_key: &[u8],
    limits: WorkLimits,
) -> Result<ContentKey, DecryptError> {
    let source = Source::of(key, header, limits)?;
    if matches!(source, Source::Agreement { wraps: false, .. }) != encrypted_key.is_empty() {
        return Err(DecryptError::Malformed);
    }
    let unwrapped = source.unwrap(key.alg, enc, header, encrypted_key);
    let bytes =
        unwrapped.ok().filter(|unwrapped| unwrapped.len() == enc.key_len()).unwrap_or_else(|| random(enc));
    ContentKey::new(enc, &bytes).map_err(|_| DecryptError::Failed)
}

/// What the key and the header together give, found before any work is done.
enum Source<'h> {
    AesWrap(&'h [u8]),
    GcmWrap {
        key: &'h ContentKey,
        iv: &'h [u8],
        tag: &'h [u8],
    },
    Rsa {
        key: &'h OaepPrivateKey,
        hash: OaepHash,
    },
    Agreement {
        own: &'h OwnKey,
        epk: (AgreementCurve, &'h [u8]),
        wraps: bool,
    },
    Password {
        hash: PasswordHash,
        password: &'h [u8],
        salt: &'h [u8],
        iterations: u32,
    },
    #[cfg(feature = "hpke")]
    Hpke {
        suite: HpkeSuite,
        own: &'h OwnKey,
        ek: &'h [u8],
    },
}

impl<'h> Source<'h> {
    fn of(key: &'h DecryptionKey, header: &'h KeyHeader, limits: WorkLimits) -> Result<Self, DecryptError> {
        let refused = |name| DecryptError::Header { name };
        match (key.alg.method(), &*key.kind) {
            (_, DecryptionKind::Wrapping(key)) => Ok(Self::AesWrap(key)),
            (_, DecryptionKind::GcmWrapping(key)) => {
                let iv = header.iv.as_deref().ok_or(refused("iv"))?;
                let tag = header.tag.as_deref().ok_or(refused("tag"))?;
                Ok(Self::GcmWrap { key, iv, tag })
            }
            (Method::Oaep(hash), DecryptionKind::Rsa(key)) => Ok(Self::Rsa { key, hash }),
            (Method::Agreement { wraps }, DecryptionKind::Agreement(own)) => {
                let (curve, point) = header.epk.as_ref().ok_or(refused("epk"))?;
                if own.key.curve() != *curve {
                    return Err(refused("epk"));
                }
                Ok(Self::Agreement { own, epk: (*curve, point), wraps })
            }
            #[cfg(feature = "hpke")]
            (Method::Hpke(suite), DecryptionKind::Agreement(own)) => {
                Ok(Self::Hpke { suite, own, ek: header.ek.as_deref().ok_or(refused("ek"))? })
            }
            (Method::Password(hash), DecryptionKind::Password(password)) => {
                let salt = header.p2s.as_deref().filter(|salt| salt.len() >= MIN_SALT);
                let salt = salt.ok_or(refused("p2s"))?;
                let allowed = MIN_ITERATIONS..=limits.max_iterations;
                let iterations = header.p2c.filter(|count| allowed.contains(count)).ok_or(refused("p2c"))?;
                Ok(Self::Password { hash, password, salt, iterations })
            }
            _ => Err(DecryptError::Failed),
        }
    }

    fn unwrap(
        self,
        alg: KeyManagement,
        enc: ContentEncryption,
        header: &KeyHeader,
        encrypted_key: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        match self {
            Self::AesWrap(kek) => aes_unwrap(kek, encrypted_key),
            Self::GcmWrap { key, iv, tag } => {
                let mut text = Zeroizing::new(encrypted_key.to_vec());
                let len = key.open(iv, &[], tag, &mut text)?;
                text.truncate(len);
                Ok(text)
            }
            Self::Rsa { key, hash } => key.decrypt(hash, encrypted_key),
            Self::Agreement { own, epk: (curve, point), wraps } => {
                let (algorithm_id, key_len) =
                    if wraps { (alg.as_str(), alg.wrap_len()) } else { (enc.as_str(), enc.key_len()) };
                let purpose = Purpose { algorithm_id, key_len, apu: &header.apu, apv: &header.apv };
                let derived = agreement::derive(&own.key, &PeerKey::new(curve, point)?, purpose)?;
                if wraps { aes_unwrap(&derived, encrypted_key) } else { Ok(derived) }
            }
            Self::Password { hash, password, salt, iterations } => {
                let salt = password::full_salt(alg, salt);
                let kek = derive_from_password(hash, password, &salt, iterations, alg.wrap_len())?;
                aes_unwrap(&kek, encrypted_key)
            }
            #[cfg(feature = "hpke")]
            Self::Hpke { suite, own, ek } => {
                let mut text = Zeroizing::new(encrypted_key.to_vec());
                let info = super::hpke::recipient_structure(enc);
                let len = suite.algorithms().open((&own.key, &own.public), ek, &info, &[], &mut text)?;
                text.truncate(len);
                Ok(text)
            }
        }
    }
}

fn random(enc: ContentEncryption) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(vec![0; enc.key_len()]);
    fill_random(&mut key);
    key
}

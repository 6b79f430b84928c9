//! Getting the content encryption key out of what the sender sent.

use zeroize::Zeroizing;

use super::algorithm::Method;
use super::decryption_key::{DecryptionKey, DecryptionKind};
use super::header::KeyHeader;
use super::wrap::{gcm_by_len, kdf_info, password_salt};
use super::{ContentEncryption, DecryptError};
use crate::crypto::{ContentKey, Refused, aes_unwrap, concat_kdf, derive_from_password, fill_random};

/// Bounds on what a header may make the recipient compute.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkLimits {
    pub(super) max_iterations: u32,
}

/// The content encryption key. Where the encrypted key is wrong the result is a random one, so that the failure shows only
/// at the tag, like every other (RFC 7516 §11.5).
pub(super) fn content_key(
    key: &DecryptionKey,
    enc: ContentEncryption,
    header: &KeyHeader,
    encrypted_key: &[u8],
    limits: WorkLimits,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let direct = matches!(key.alg.method(), Method::Direct | Method::Agreement { wraps: false });
    if direct != encrypted_key.is_empty() {
        return Err(DecryptError::Malformed);
    }
    if let (Method::Password(_), Some(count)) = (key.alg.method(), header.p2c)
        && !(1000..=limits.max_iterations).contains(&count)
    {
        return Err(DecryptError::Header { name: "p2c" });
    }
    if let (KeyManagementSecret::Bound(bound), true) =
        (bound_enc(key), matches!(key.alg.method(), Method::Direct))
        && bound != enc
    {
        return Err(DecryptError::AlgorithmNotAllowed);
    }
    let required = required_members(key, header)?;
    let unwrapped = unwrap(key, enc, header, encrypted_key, required);
    Ok(unwrapped.ok().filter(|unwrapped| unwrapped.len() == enc.key_len()).unwrap_or_else(|| random(enc)))
}

/// Whether a symmetric key names its `enc`.
enum KeyManagementSecret {
    Bound(ContentEncryption),
    Free,
}

fn bound_enc(key: &DecryptionKey) -> KeyManagementSecret {
    match &*key.kind {
        DecryptionKind::Secret { enc: Some(enc), .. } => KeyManagementSecret::Bound(*enc),
        _ => KeyManagementSecret::Free,
    }
}

/// What the header must say for this key, before any work is done.
#[derive(Clone, Copy)]
enum Required<'h> {
    Nothing,
    Wrapping { iv: &'h [u8], tag: &'h [u8] },
    Ephemeral { point: &'h [u8] },
    Password { salt: &'h [u8], iterations: u32 },
}

fn required_members<'h>(key: &DecryptionKey, header: &'h KeyHeader) -> Result<Required<'h>, DecryptError> {
    let missing = |name| DecryptError::Header { name };
    match key.alg.method() {
        Method::GcmWrap => {
            let iv = header.iv.as_deref().ok_or(missing("iv"))?;
            let tag = header.tag.as_deref().ok_or(missing("tag"))?;
            Ok(Required::Wrapping { iv, tag })
        }
        Method::Agreement { .. } => {
            let (curve, point) = header.epk.as_ref().ok_or(missing("epk"))?;
            match &*key.kind {
                DecryptionKind::Agreement { curve: own, .. } if own == curve => {
                    Ok(Required::Ephemeral { point })
                }
                _ => Err(missing("epk")),
            }
        }
        Method::Password(_) => {
            let salt = header.p2s.as_deref().filter(|salt| salt.len() >= 8).ok_or(missing("p2s"))?;
            Ok(Required::Password { salt, iterations: header.p2c.ok_or(missing("p2c"))? })
        }
        _ => Ok(Required::Nothing),
    }
}

fn unwrap(
    key: &DecryptionKey,
    enc: ContentEncryption,
    header: &KeyHeader,
    encrypted_key: &[u8],
    required: Required<'_>,
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let alg = key.alg;
    match (alg.method(), &*key.kind, required) {
        (Method::Direct, DecryptionKind::Secret { key, .. }, _) => Ok(key.clone()),
        (Method::AesWrap, DecryptionKind::Secret { key, .. }, _) => aes_unwrap(key, encrypted_key),
        (Method::GcmWrap, DecryptionKind::Secret { key, .. }, Required::Wrapping { iv, tag }) => {
            ContentKey::new(gcm_by_len(key.len()), key)?.open(&[], iv, encrypted_key, tag)
        }
        (Method::Oaep(hash), DecryptionKind::Rsa(key), _) => key.decrypt(hash, encrypted_key),
        (
            Method::Agreement { wraps },
            DecryptionKind::Agreement { key, .. },
            Required::Ephemeral { point },
        ) => {
            let (id, len) =
                if wraps { (alg.as_str(), alg.wrap_len()) } else { (enc.as_str(), enc.key_len()) };
            let info = kdf_info(id, &header.apu, &header.apv, len);
            let derived = concat_kdf(&key.agree(point)?, &info, len)?;
            if wraps { aes_unwrap(&derived, encrypted_key) } else { Ok(derived) }
        }
        (
            Method::Password(hash),
            DecryptionKind::Password { password },
            Required::Password { salt, iterations },
        ) => {
            let salt = password_salt(alg.as_str(), salt);
            let kek = derive_from_password(hash, password, &salt, iterations, alg.wrap_len())?;
            aes_unwrap(&kek, encrypted_key)
        }
        _ => Err(Refused),
    }
}

fn random(enc: ContentEncryption) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(vec![0; enc.key_len()]);
    fill_random(&mut key);
    key
}

//! Bringing the content encryption key to a recipient.

use zeroize::Zeroizing;

use super::algorithm::Method;
use super::recipient_key::{RecipientKey, RecipientKind};
use super::{ContentEncryption, EncryptError};
use crate::base64url;
use crate::crypto::{
    AgreementCurve, AgreementKey, ContentKey, aes_wrap, concat_kdf, derive_from_password, fill_random,
};

/// The encrypted key, and the header members (name and JSON) that the recipient needs to decrypt it.
pub(super) struct Wrapped {
    pub(super) encrypted_key: Vec<u8>,
    pub(super) members: Vec<(&'static str, String)>,
}

/// The content encryption key that the recipient's own key fixes, if it does; else a fresh one.
pub(super) struct ContentSecret {
    pub(super) key: Zeroizing<Vec<u8>>,
    /// What has come about on the way.
    pub(super) wrapped: Option<Wrapped>,
}

impl ContentSecret {
    pub(super) fn fresh(enc: ContentEncryption) -> Self {
        let mut key = Zeroizing::new(vec![0; enc.key_len()]);
        fill_random(&mut key);
        Self { key, wrapped: None }
    }

    /// `dir`, and `ECDH-ES` without key wrap.
    pub(super) fn fixed_by(recipient: &RecipientKey, enc: ContentEncryption) -> Result<Self, EncryptError> {
        match &*recipient.kind {
            RecipientKind::Secret { key, enc: bound } => {
                if key.len() != enc.key_len() || bound.is_some_and(|bound| bound != enc) {
                    return Err(EncryptError::ContentEncryption);
                }
                Ok(Self {
                    key: key.clone(),
                    wrapped: Some(Wrapped { encrypted_key: vec![], members: vec![] }),
                })
            }
            RecipientKind::Agreement { curve, public } => {
                let (key, epk) = agree(*curve, public, enc.as_str(), enc.key_len())?;
                let members = vec![("epk", epk)];
                Ok(Self { key, wrapped: Some(Wrapped { encrypted_key: vec![], members }) })
            }
            _ => Err(EncryptError::Failed),
        }
    }
}

pub(super) fn wrap(recipient: &RecipientKey, content_key: &[u8]) -> Result<Wrapped, EncryptError> {
    let alg = recipient.alg;
    let failed = |_| EncryptError::Failed;
    match (alg.method(), &*recipient.kind) {
        (Method::AesWrap, RecipientKind::Secret { key, .. }) => {
            Ok(Wrapped { encrypted_key: aes_wrap(key, content_key).map_err(failed)?, members: vec![] })
        }
        (Method::GcmWrap, RecipientKind::Secret { key, .. }) => {
            let sealed = gcm_of(key)?.seal(&[], content_key).map_err(failed)?;
            let text = |bytes: &[u8]| format!("\"{}\"", base64url::encode(bytes));
            let members = vec![("iv", text(&sealed.iv)), ("tag", text(&sealed.tag))];
            Ok(Wrapped { encrypted_key: sealed.ciphertext, members })
        }
        (Method::Oaep(hash), RecipientKind::Rsa(key)) => {
            Ok(Wrapped { encrypted_key: key.encrypt(hash, content_key).map_err(failed)?, members: vec![] })
        }
        (Method::Agreement { wraps: true }, RecipientKind::Agreement { curve, public }) => {
            let (kek, epk) = agree(*curve, public, alg.as_str(), alg.wrap_len())?;
            let encrypted_key = aes_wrap(&kek, content_key).map_err(failed)?;
            Ok(Wrapped { encrypted_key, members: vec![("epk", epk)] })
        }
        (Method::Password(hash), RecipientKind::Password { password, iterations }) => {
            let mut salt = [0; 16];
            fill_random(&mut salt);
            let full_salt = password_salt(alg.as_str(), &salt);
            let kek = derive_from_password(hash, password, &full_salt, *iterations, alg.wrap_len())
                .map_err(failed)?;
            let encrypted_key = aes_wrap(&kek, content_key).map_err(failed)?;
            let members =
                vec![("p2s", format!("\"{}\"", base64url::encode(salt))), ("p2c", iterations.to_string())];
            Ok(Wrapped { encrypted_key, members })
        }
        _ => Err(EncryptError::Failed),
    }
}

fn gcm_of(key: &[u8]) -> Result<ContentKey, EncryptError> {
    ContentKey::new(gcm_by_len(key.len()), key).map_err(|_| EncryptError::Failed)
}

/// AES-GCM by the length of its key.
pub(super) const fn gcm_by_len(len: usize) -> ContentEncryption {
    match len {
        16 => ContentEncryption::A128Gcm,
        24 => ContentEncryption::A192Gcm,
        _ => ContentEncryption::A256Gcm,
    }
}

/// A fresh ephemeral agreement: the derived key, and the ephemeral public key as a JWK.
fn agree(
    curve: AgreementCurve,
    public: &[u8],
    algorithm_id: &str,
    len: usize,
) -> Result<(Zeroizing<Vec<u8>>, String), EncryptError> {
    let failed = |_| EncryptError::Failed;
    let ephemeral = AgreementKey::generate(curve).map_err(failed)?;
    let secret = ephemeral.agree(public).map_err(failed)?;
    let key = concat_kdf(&secret, &kdf_info(algorithm_id, &[], &[], len), len).map_err(failed)?;
    let epk = ephemeral_jwk(curve, &ephemeral.public().map_err(failed)?).ok_or(EncryptError::Failed)?;
    Ok((key, epk))
}

fn ephemeral_jwk(curve: AgreementCurve, public: &[u8]) -> Option<String> {
    let crv = match curve {
        AgreementCurve::P256 => "P-256",
        AgreementCurve::P384 => "P-384",
        AgreementCurve::P521 => "P-521",
        AgreementCurve::X25519 => {
            return Some(format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, base64url::encode(public)));
        }
    };
    let (_, coordinates) = public.split_first()?;
    let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
    Some(format!(
        r#"{{"kty":"EC","crv":"{crv}","x":"{}","y":"{}"}}"#,
        base64url::encode(x),
        base64url::encode(y)
    ))
}

/// The `OtherInfo` of RFC 7518 §4.6.2.
pub(super) fn kdf_info(algorithm_id: &str, apu: &[u8], apv: &[u8], len: usize) -> Vec<u8> {
    let mut info = Vec::with_capacity(algorithm_id.len() + apu.len() + apv.len() + 16);
    for part in [algorithm_id.as_bytes(), apu, apv] {
        info.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        info.extend_from_slice(part);
    }
    info.extend_from_slice(&u32::try_from(len * 8).unwrap_or(u32::MAX).to_be_bytes());
    info
}

/// RFC 7518 §4.8.1.1: the name of the algorithm, a zero, and the salt itself.
pub(super) fn password_salt(alg: &str, salt: &[u8]) -> Vec<u8> {
    [alg.as_bytes(), &[0], salt].concat()
}

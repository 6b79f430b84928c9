//! Making a content encryption key, and bringing it to a recipient.

use zeroize::Zeroizing;

use super::agreement::{self, Purpose, ephemeral_jwk};
use super::jwk_use::check_wrapping_key;
use super::key_management::Method;
use super::parts::Iv;
use super::password::{SALT, full_salt};
use super::randomness::Randomness;
use super::recipient_key::{RecipientKey, RecipientKind};
use super::{ContentEncryption, EncryptError, KeyManagement};
use crate::base64url;
use crate::crypto::{ContentKey, PeerKey, Refused, aes_wrap, derive_from_password};
use crate::material::KeyError;

/// What a recipient is sent beside the ciphertext.
#[derive(Default)]
pub(super) struct Wrapped {
    pub(super) encrypted_key: Vec<u8>,
    /// Members of the header, each after a comma (JSON).
    pub(super) members: String,
}

/// A content encryption key, and the initialisation vector of the one text that it encrypts now.
pub(super) struct ContentSecret<'k> {
    #[cfg(feature = "hpke")]
    enc: ContentEncryption,
    key: PreparedKey<'k>,
    pub(super) iv: Iv,
    /// The key itself, where it is fresh and has to be wrapped.
    bytes: Zeroizing<Vec<u8>>,
}

enum PreparedKey<'k> {
    Shared(&'k ContentKey),
    Own(ContentKey),
}

impl<'k> ContentSecret<'k> {
    /// A random key.
    pub(super) fn fresh(enc: ContentEncryption, random: &mut impl Randomness) -> Result<Self, EncryptError> {
        // Key and vector are drawn at once: asking costs more than what is asked for.
        let mut bytes = Zeroizing::new(vec![0; enc.key_len() + enc.iv_len()]);
        random.fill(&mut bytes);
        let (key, vector) = bytes.split_at_checked(enc.key_len()).ok_or(EncryptError::Failed)?;
        let mut iv = Iv::zeroed(vector.len());
        iv.as_mut_slice().copy_from_slice(vector);
        let key = PreparedKey::Own(ContentKey::new(enc, key)?);
        bytes.truncate(enc.key_len());
        Ok(Self {
            #[cfg(feature = "hpke")]
            enc,
            key,
            iv,
            bytes,
        })
    }

    /// The key that the recipient's own key fixes: `dir`, and `ECDH-ES` without key wrap.
    pub(super) fn fixed(
        recipient: &'k RecipientKey,
        enc: ContentEncryption,
        random: &mut impl Randomness,
    ) -> Result<(Self, Wrapped), EncryptError> {
        let (key, members) = match &*recipient.kind {
            RecipientKind::Direct(key) => {
                (PreparedKey::Shared(key.get(enc).ok_or(EncryptError::ContentEncryption)?), String::new())
            }
            RecipientKind::Agreement(peer) => {
                let (key, members) = agree(peer, enc.as_str(), enc.key_len(), random)?;
                (PreparedKey::Own(ContentKey::new(enc, &key)?), members)
            }
            _ => return Err(EncryptError::Failed),
        };
        let mut iv = Iv::zeroed(enc.iv_len());
        random.fill(iv.as_mut_slice());
        let secret = Self {
            #[cfg(feature = "hpke")]
            enc,
            key,
            iv,
            bytes: Zeroizing::default(),
        };
        Ok((secret, Wrapped { encrypted_key: vec![], members }))
    }

    pub(super) fn key(&self) -> &ContentKey {
        match &self.key {
            PreparedKey::Shared(key) => key,
            PreparedKey::Own(key) => key,
        }
    }

    /// Brings the key to this recipient.
    pub(super) fn wrap_for(
        &self,
        recipient: &RecipientKey,
        random: &mut impl Randomness,
    ) -> Result<Wrapped, EncryptError> {
        let alg = recipient.alg;
        let bare = |encrypted_key| Wrapped { encrypted_key, members: String::new() };
        match (alg.method(), &*recipient.kind) {
            (Method::AesWrap, RecipientKind::Wrapping(key)) => Ok(bare(aes_wrap(key, &self.bytes)?)),
            (Method::GcmWrap, RecipientKind::GcmWrapping(key)) => gcm_wrap(key, &self.bytes, random),
            (Method::Oaep(hash), RecipientKind::Rsa(key)) => Ok(bare(key.encrypt(hash, &self.bytes)?)),
            (Method::Agreement { wraps: true }, RecipientKind::Agreement(peer)) => {
                let (kek, members) = agree(peer, alg.as_str(), alg.wrap_len(), random)?;
                Ok(Wrapped { encrypted_key: aes_wrap(&kek, &self.bytes)?, members })
            }
            (Method::Password(hash), RecipientKind::Password { password, iterations }) => {
                let mut salt = [0; SALT];
                random.fill(&mut salt);
                let full_salt = full_salt(alg, &salt);
                let kek = derive_from_password(hash, password, &full_salt, *iterations, alg.wrap_len())?;
                let members = format!(r#","p2s":"{}","p2c":{iterations}"#, base64url::encode(salt));
                Ok(Wrapped { encrypted_key: aes_wrap(&kek, &self.bytes)?, members })
            }
            #[cfg(feature = "hpke")]
            (Method::Hpke(suite), RecipientKind::Agreement(peer)) => {
                let mut encrypted_key = self.bytes.to_vec();
                let info = super::hpke::recipient_structure(self.enc);
                let ephemeral = random.ephemeral(peer.curve())?;
                let ek = suite.algorithms().seal(&ephemeral, peer, &info, &[], &mut encrypted_key)?;
                Ok(Wrapped { encrypted_key, members: format!(r#","ek":"{}""#, base64url::encode(ek)) })
            }
            _ => Err(EncryptError::Failed),
        }
    }
}

/// A symmetric key for `A128GCMKW` and its like.
pub(super) fn gcm_wrapping_key(alg: KeyManagement, key: &[u8]) -> Result<ContentKey, KeyError> {
    check_wrapping_key(alg, key)?;
    let enc = match key.len() {
        16 => ContentEncryption::A128Gcm,
        24 => ContentEncryption::A192Gcm,
        _ => ContentEncryption::A256Gcm,
    };
    ContentKey::new(enc, key).map_err(|_| KeyError::MemberMalformed { name: "k" })
}

fn gcm_wrap(
    key: &ContentKey,
    content_key: &[u8],
    random: &mut impl Randomness,
) -> Result<Wrapped, EncryptError> {
    let mut iv = [0; ContentEncryption::A256Gcm.iv_len()];
    random.fill(&mut iv);
    let mut encrypted_key = content_key.to_vec();
    let tag = key.seal(&iv, &[], &mut encrypted_key)?;
    let (tag, iv) = (base64url::encode(tag.as_slice()), base64url::encode(iv));
    Ok(Wrapped { encrypted_key, members: format!(r#","tag":"{tag}","iv":"{iv}""#) })
}

/// A fresh ephemeral agreement: the derived key, and the member `epk`.
fn agree(
    peer: &PeerKey,
    algorithm_id: &str,
    key_len: usize,
    random: &mut impl Randomness,
) -> Result<(Zeroizing<Vec<u8>>, String), Refused> {
    let ephemeral = random.ephemeral(peer.curve())?;
    let purpose = Purpose { algorithm_id, key_len, apu: &[], apv: &[] };
    let key = agreement::derive(&ephemeral, peer, purpose)?;
    Ok((key, format!(r#","epk":{}"#, ephemeral_jwk(&ephemeral)?)))
}

impl From<Refused> for EncryptError {
    fn from(_: Refused) -> Self {
        Self::Failed
    }
}

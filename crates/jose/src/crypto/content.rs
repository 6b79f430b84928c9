//! Content encryption: AES-GCM, and AES-CBC with HMAC (RFC 7518 §5).

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use super::{HmacKey, Refused, SignatureBytes};
use crate::Algorithm;
use crate::content_encryption::ContentEncryption;

/// A prepared content encryption key.
pub(crate) enum ContentKey {
    Gcm(Box<LessSafeKey>),
    CbcHmac { mac: Box<HmacKey>, key: Zeroizing<Vec<u8>>, tag_len: usize },
}

/// What authenticates a ciphertext.
pub(crate) struct ContentTag(SignatureBytes);

impl ContentTag {
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// The longest initialisation vector there is (bytes): that of CBC.
pub(crate) const MAX_IV: usize = CBC_IV;

/// By how much a ciphertext may be longer than its plaintext (bytes): the padding of CBC.
pub(crate) const MAX_PADDING: usize = 16;

const GCM_NONCE: usize = 12;
const GCM_TAG: usize = 16;
const CBC_IV: usize = 16;

impl ContentKey {
    pub(crate) fn new(enc: ContentEncryption, key: &[u8]) -> Result<Self, Refused> {
        if key.len() != enc.key_len() {
            return Err(Refused);
        }
        let gcm = |algorithm| Ok(Self::Gcm(Box::new(LessSafeKey::new(UnboundKey::new(algorithm, key)?))));
        match enc {
            ContentEncryption::A128Gcm => gcm(&AES_128_GCM),
            ContentEncryption::A192Gcm => gcm(&AES_192_GCM),
            ContentEncryption::A256Gcm => gcm(&AES_256_GCM),
            ContentEncryption::A128CbcHs256 => Self::cbc_hmac(Algorithm::HS256, key),
            ContentEncryption::A192CbcHs384 => Self::cbc_hmac(Algorithm::HS384, key),
            ContentEncryption::A256CbcHs512 => Self::cbc_hmac(Algorithm::HS512, key),
        }
    }

    /// The first half authenticates, the second encrypts (RFC 7518 §5.2.2.1).
    fn cbc_hmac(algorithm: Algorithm, key: &[u8]) -> Result<Self, Refused> {
        let (mac, key) = key.split_at_checked(key.len() / 2).ok_or(Refused)?;
        let tag_len = mac.len();
        let mac = Box::new(HmacKey::new(algorithm, mac)?);
        Ok(Self::CbcHmac { mac, key: Zeroizing::new(key.to_vec()), tag_len })
    }

    /// Encrypts `text` where it stands, which may grow by [`MAX_PADDING`]. The vector must be fresh and random.
    pub(crate) fn seal(&self, iv: &[u8], aad: &[u8], text: &mut Vec<u8>) -> Result<ContentTag, Refused> {
        match self {
            Self::Gcm(key) => {
                let nonce = Nonce::try_assume_unique_for_key(iv)?;
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), text)?;
                Ok(ContentTag(SignatureBytes::short(tag.as_ref())))
            }
            Self::CbcHmac { mac, key, tag_len } => {
                let iv: [u8; CBC_IV] = iv.try_into().map_err(|_| Refused)?;
                let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(cbc_key(key)?)?;
                cipher.less_safe_encrypt(text, EncryptionContext::Iv128(FixedLength::from(&iv)))?;
                let tag = full_tag(mac, aad, &iv, text)?;
                let tag = tag.as_slice().get(..*tag_len).ok_or(Refused)?;
                Ok(ContentTag(SignatureBytes::short(tag)))
            }
        }
    }

    /// Checks the tag, then decrypts `text` where it stands, and gives the length of what is now its plaintext. The vector
    /// and the tag must have their full length.
    pub(crate) fn open(&self, iv: &[u8], aad: &[u8], tag: &[u8], text: &mut [u8]) -> Result<usize, Refused> {
        match self {
            Self::Gcm(key) => {
                let nonce: [u8; GCM_NONCE] = iv.try_into().map_err(|_| Refused)?;
                if tag.len() != GCM_TAG {
                    return Err(Refused);
                }
                let nonce = Nonce::assume_unique_for_key(nonce);
                Ok(key.open_in_place_separate_tag(nonce, Aad::from(aad), tag, text)?.len())
            }
            Self::CbcHmac { mac, key, tag_len } => {
                let iv: [u8; CBC_IV] = iv.try_into().map_err(|_| Refused)?;
                // Nothing is decrypted, and no padding looked at, before the tag has been found good.
                let expected = full_tag(mac, aad, &iv, text)?;
                verify_slices_are_equal(expected.as_slice().get(..*tag_len).unwrap_or_default(), tag)?;
                let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cbc_key(key)?)?;
                let context = DecryptionContext::Iv128(FixedLength::from(&iv));
                Ok(cipher.decrypt(text, context)?.len())
            }
        }
    }
}

fn cbc_key(key: &[u8]) -> Result<UnboundCipherKey, Refused> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        _ => &AES_256,
    };
    Ok(UnboundCipherKey::new(algorithm, key)?)
}

/// RFC 7518 §5.2.2.1: over AAD, vector, ciphertext, and the length of the AAD in bits.
fn full_tag(mac: &HmacKey, aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<SignatureBytes, Refused> {
    let bits = u64::try_from(aad.len()).ok().and_then(|bytes| bytes.checked_mul(8)).ok_or(Refused)?;
    Ok(mac.tag(&[aad, iv, ciphertext, &bits.to_be_bytes()].concat()))
}

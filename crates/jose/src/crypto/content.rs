//! Content encryption: AES-GCM, and AES-CBC with HMAC (RFC 7518 §5).

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use super::{HmacKey, Refused, fill_random};
use crate::Algorithm;
use crate::jwe::ContentEncryption;

/// A prepared content encryption key.
pub(crate) enum ContentKey {
    Gcm(Box<LessSafeKey>),
    CbcHmac { mac: Box<HmacKey>, key: Zeroizing<Vec<u8>>, tag_len: usize },
}

/// What encryption gives. The ciphertext is as long as the plaintext (GCM) or a little longer (CBC).
pub(crate) struct Sealed {
    pub(crate) iv: Vec<u8>,
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) tag: Vec<u8>,
}

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

    /// Encrypts under a fresh random initialisation vector.
    pub(crate) fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Result<Sealed, Refused> {
        match self {
            Self::Gcm(key) => {
                let mut iv = [0; GCM_NONCE];
                fill_random(&mut iv);
                let mut text = plaintext.to_vec();
                let nonce = Nonce::assume_unique_for_key(iv);
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut text)?;
                Ok(Sealed { iv: iv.to_vec(), ciphertext: text, tag: tag.as_ref().to_vec() })
            }
            Self::CbcHmac { mac, key, tag_len } => {
                let mut iv = [0; CBC_IV];
                fill_random(&mut iv);
                let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(cbc_key(key)?)?;
                let mut text = plaintext.to_vec();
                cipher.less_safe_encrypt(&mut text, EncryptionContext::Iv128(FixedLength::from(&iv)))?;
                let mut tag = full_tag(mac, aad, &iv, &text)?;
                tag.truncate(*tag_len);
                Ok(Sealed { iv: iv.to_vec(), ciphertext: text, tag })
            }
        }
    }

    /// Checks the tag, then decrypts. The vector and the tag must have their full length.
    pub(crate) fn open(
        &self,
        aad: &[u8],
        iv: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        match self {
            Self::Gcm(key) => {
                let nonce: [u8; GCM_NONCE] = iv.try_into().map_err(|_| Refused)?;
                if tag.len() != GCM_TAG {
                    return Err(Refused);
                }
                let mut text = Zeroizing::new(Vec::with_capacity(ciphertext.len() + GCM_TAG));
                text.extend_from_slice(ciphertext);
                text.extend_from_slice(tag);
                let nonce = Nonce::assume_unique_for_key(nonce);
                let len = key.open_in_place(nonce, Aad::from(aad), &mut text)?.len();
                text.truncate(len);
                Ok(text)
            }
            Self::CbcHmac { mac, key, tag_len } => {
                let iv: [u8; CBC_IV] = iv.try_into().map_err(|_| Refused)?;
                // Nothing is decrypted, and no padding looked at, before the tag has been found good.
                let expected = full_tag(mac, aad, &iv, ciphertext)?;
                verify_slices_are_equal(expected.get(..*tag_len).unwrap_or_default(), tag)?;
                let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cbc_key(key)?)?;
                let mut text = Zeroizing::new(ciphertext.to_vec());
                let context = DecryptionContext::Iv128(FixedLength::from(&iv));
                let len = cipher.decrypt(&mut text, context)?.len();
                text.truncate(len);
                Ok(text)
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
fn full_tag(mac: &HmacKey, aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Refused> {
    let bits = u64::try_from(aad.len()).ok().and_then(|bytes| bytes.checked_mul(8)).ok_or(Refused)?;
    let message = [aad, iv, ciphertext, &bits.to_be_bytes()].concat();
    Ok(mac.tag(&message).as_slice().to_vec())
}

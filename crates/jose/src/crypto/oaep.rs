//! RSA-OAEP (RFC 7518 §4.3).

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use zeroize::Zeroizing;

use super::Refused;

/// The hash of OAEP and of its mask.
#[derive(Clone, Copy)]
pub(crate) enum OaepHash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl OaepHash {
    const fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
            Self::Sha384 => &OAEP_SHA384_MGF1SHA384,
            Self::Sha512 => &OAEP_SHA512_MGF1SHA512,
        }
    }
}

/// Encrypts keys.
pub(crate) struct OaepPublicKey(OaepPublicEncryptingKey);

impl OaepPublicKey {
    pub(crate) fn new(n: &[u8], e: &[u8]) -> Result<Self, Refused> {
        let key: PublicEncryptingKey = RsaPublicKeyComponents { n, e }.try_into()?;
        Ok(Self(OaepPublicEncryptingKey::new(key)?))
    }

    pub(crate) fn encrypt(&self, hash: OaepHash, key: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut out = vec![0; self.0.ciphertext_size()];
        let len = self.0.encrypt(hash.algorithm(), key, &mut out, None)?.len();
        out.truncate(len);
        Ok(out)
    }
}

/// Decrypts keys.
pub(crate) struct OaepPrivateKey(OaepPrivateDecryptingKey);

impl OaepPrivateKey {
    pub(crate) fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Refused> {
        Ok(Self(OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(pkcs8)?)?))
    }

    pub(crate) fn decrypt(&self, hash: OaepHash, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
        if encrypted.len() != self.0.key_size_bytes() {
            return Err(Refused);
        }
        let mut out = Zeroizing::new(vec![0; self.0.min_output_size()]);
        let len = self.0.decrypt(hash.algorithm(), encrypted, &mut out, None)?.len();
        out.truncate(len);
        Ok(out)
    }
}

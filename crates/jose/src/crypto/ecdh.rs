//! Key agreement on the NIST curves and X25519, and the key derivation behind it (RFC 7518 §4.6).

use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, ParsedPublicKey, PrivateKey, UnparsedPublicKey, X25519, agree,
};
use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};
use zeroize::Zeroizing;

use super::Refused;

/// A curve on which keys can be agreed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AgreementCurve {
    P256,
    P384,
    P521,
    X25519,
}

impl AgreementCurve {
    const fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::P521 => &ECDH_P521,
            Self::X25519 => &X25519,
        }
    }

    /// How long a public key is (bytes): an uncompressed point, or what X25519 has.
    const fn public_len(self) -> usize {
        match self {
            Self::P256 => 65,
            Self::P384 => 97,
            Self::P521 => 133,
            Self::X25519 => 32,
        }
    }
}

/// A private key for agreement.
pub(crate) struct AgreementKey {
    curve: AgreementCurve,
    key: PrivateKey,
}

/// A public key for agreement, found to be on its curve.
pub(crate) struct PeerKey {
    curve: AgreementCurve,
    key: ParsedPublicKey,
}

impl PeerKey {
    /// Takes an uncompressed point, or the bytes of an X25519 key; nothing else that the library would read.
    pub(crate) fn new(curve: AgreementCurve, public: &[u8]) -> Result<Self, Refused> {
        let plain = curve == AgreementCurve::X25519 || public.first() == Some(&4);
        if public.len() != curve.public_len() || !plain {
            return Err(Refused);
        }
        let key = UnparsedPublicKey::new(curve.algorithm(), public).try_into()?;
        Ok(Self { curve, key })
    }

    pub(crate) fn curve(&self) -> AgreementCurve {
        self.curve
    }

    #[cfg(feature = "hpke")]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.key.as_ref()
    }
}

impl AgreementKey {
    pub(crate) fn new(curve: AgreementCurve, scalar: &[u8]) -> Result<Self, Refused> {
        Ok(Self { curve, key: PrivateKey::from_private_key(curve.algorithm(), scalar)? })
    }

    pub(crate) fn generate(curve: AgreementCurve) -> Result<Self, Refused> {
        Ok(Self { curve, key: PrivateKey::generate(curve.algorithm())? })
    }

    pub(crate) fn curve(&self) -> AgreementCurve {
        self.curve
    }

    /// An uncompressed point, or the bytes of an X25519 key.
    pub(crate) fn public(&self) -> Result<Vec<u8>, Refused> {
        Ok(self.key.compute_public_key()?.as_ref().to_vec())
    }

    /// The shared secret with the owner of `peer`, which must be a point of the same curve. An
    /// all-zero secret of X25519 is refused: `peer` was of small order (RFC 7748 §6.1).
    pub(crate) fn agree(&self, peer: &PeerKey) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let secret =
            agree(&self.key, peer.key.clone(), Refused, |secret| Ok(Zeroizing::new(secret.to_vec())))?;
        let zero = self.curve == AgreementCurve::X25519 && secret.iter().all(|&byte| byte == 0);
        if zero { Err(Refused) } else { Ok(secret) }
    }
}

/// The single-step key derivation of NIST SP 800-56A with SHA-256, which JWA calls Concat KDF.
pub(crate) fn concat_kdf(secret: &[u8], info: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let algorithm = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256).ok_or(Refused)?;
    let mut out = Zeroizing::new(vec![0; len]);
    sskdf_digest(algorithm, secret, info, &mut out)?;
    Ok(out)
}

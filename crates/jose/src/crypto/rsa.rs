//! RSA signatures, PKCS#1 v1.5 and PSS (RFC 7518 §3.3, §3.5).

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair, RsaParameters,
    RsaPublicKeyComponents, RsaSignatureEncoding,
};
use zeroize::Zeroizing;

use super::{Refused, SecretBytes, SignKey, VerifyKey};
use crate::Algorithm;

/// How large a new RSA key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RsaBits {
    /// 2048 bits: what everybody takes.
    #[default]
    Rsa2048,
    /// 3072 bits, as strong as AES-128.
    Rsa3072,
    /// 4096 bits.
    Rsa4096,
}

/// The private numbers of an RSA key, big-endian (RFC 8017 §3.2).
#[derive(Clone)]
pub(crate) struct RsaPrivate {
    pub(crate) d: SecretBytes,
    pub(crate) p: SecretBytes,
    pub(crate) q: SecretBytes,
    pub(crate) dp: SecretBytes,
    pub(crate) dq: SecretBytes,
    pub(crate) qi: SecretBytes,
}

fn signing(algorithm: Algorithm) -> &'static RsaSignatureEncoding {
    match algorithm {
        Algorithm::RS384 => &RSA_PKCS1_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_SHA512,
        Algorithm::PS256 => &RSA_PSS_SHA256,
        Algorithm::PS384 => &RSA_PSS_SHA384,
        Algorithm::PS512 => &RSA_PSS_SHA512,
        _ => &RSA_PKCS1_SHA256,
    }
}

fn verification(algorithm: Algorithm) -> &'static RsaParameters {
    match algorithm {
        Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
        _ => &RSA_PKCS1_2048_8192_SHA256,
    }
}

impl SignKey {
    /// All parts must agree with one another.
    pub(crate) fn rsa(
        algorithm: Algorithm,
        n: &[u8],
        e: &[u8],
        private: &RsaPrivate,
    ) -> Result<Self, Refused> {
        let key = RsaKeyPair::from_components(&aws_lc_rs::rsa::KeyPairComponents {
            public_key: RsaPublicKeyComponents { n, e },
            d: private.d.as_slice(),
            p: private.p.as_slice(),
            q: private.q.as_slice(),
            dP: private.dp.as_slice(),
            dQ: private.dq.as_slice(),
            qInv: private.qi.as_slice(),
        })?;
        Ok(Self::Rsa { key: Box::new(key), encoding: signing(algorithm) })
    }
}

impl VerifyKey {
    pub(crate) fn rsa(algorithm: Algorithm, n: &[u8], e: &[u8]) -> Result<Self, Refused> {
        let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(verification(algorithm))?;
        Ok(Self::Public { key: Box::new(key), signature_len: n.len() })
    }
}

/// A fresh key in PKCS#8.
pub(crate) fn generate(bits: RsaBits) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let key = RsaKeyPair::generate(match bits {
        RsaBits::Rsa2048 => KeySize::Rsa2048,
        RsaBits::Rsa3072 => KeySize::Rsa3072,
        RsaBits::Rsa4096 => KeySize::Rsa4096,
    })?;
    Ok(Zeroizing::new(key.as_der()?.as_ref().to_vec()))
}

/// Whether a modulus carries the fingerprint of the ROCA flaw (CVE-2017-15361): modulo each of these primes it is a
/// power of 65537, which one other key in 2^27 is by chance.
pub(crate) fn looks_like_roca(n: &[u8]) -> bool {
    const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.iter().all(|&prime| {
        let residue = n.iter().fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * 65537 % prime;
            power == residue
        })
    })
}

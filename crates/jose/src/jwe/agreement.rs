//! Key agreement with an ephemeral key, ECDH-ES (RFC 7518 §4.6).

use zeroize::Zeroizing;

use crate::base64url;
use crate::crypto::{AgreementCurve, AgreementKey, PeerKey, Refused, concat_kdf};
use crate::curve::{Curve, OkpCurve};
use crate::material::{KeyError, Public};

/// What the derived key is for, which is mixed into it: `alg` or `enc`, and the length (RFC 7518 §4.6.2).
#[derive(Clone, Copy)]
pub(super) struct Purpose<'p> {
    pub(super) algorithm_id: &'p str,
    /// In bytes.
    pub(super) key_len: usize,
    pub(super) apu: &'p [u8],
    pub(super) apv: &'p [u8],
}

pub(super) fn derive(
    key: &AgreementKey,
    peer: &PeerKey,
    purpose: Purpose<'_>,
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    concat_kdf(&key.agree(peer)?, &purpose.other_info()?, purpose.key_len)
}

impl Purpose<'_> {
    fn other_info(self) -> Result<Vec<u8>, Refused> {
        let mut info = Vec::with_capacity(self.algorithm_id.len() + self.apu.len() + self.apv.len() + 16);
        for part in [self.algorithm_id.as_bytes(), self.apu, self.apv] {
            info.extend_from_slice(&u32::try_from(part.len()).map_err(|_| Refused)?.to_be_bytes());
            info.extend_from_slice(part);
        }
        info.extend_from_slice(&u32::try_from(self.key_len * 8).map_err(|_| Refused)?.to_be_bytes());
        Ok(info)
    }
}

/// The `epk` of a key: its public part as a JWK.
pub(super) fn ephemeral_jwk(key: &AgreementKey) -> Result<String, Refused> {
    let public = key.public()?;
    let crv = match key.curve() {
        AgreementCurve::P256 => "P-256",
        AgreementCurve::P384 => "P-384",
        AgreementCurve::P521 => "P-521",
        AgreementCurve::X25519 => {
            return Ok(format!(r#"{{"kty":"OKP","crv":"X25519","x":"{}"}}"#, base64url::encode(public)));
        }
    };
    let (_, coordinates) = public.split_first().ok_or(Refused)?;
    let (x, y) = coordinates.split_at_checked(coordinates.len() / 2).ok_or(Refused)?;
    let (x, y) = (base64url::encode(x), base64url::encode(y));
    Ok(format!(r#"{{"kty":"EC","crv":"{crv}","x":"{x}","y":"{y}"}}"#))
}

/// The curve and the bytes of a public key with which keys can be agreed.
pub(super) fn point(public: &Public) -> Result<(AgreementCurve, &[u8]), KeyError> {
    match public {
        Public::Ec { curve, point } => Ok((curve_of(*curve)?, point)),
        Public::Okp { curve: OkpCurve::X25519, x } => Ok((AgreementCurve::X25519, x)),
        _ => Err(KeyError::EncryptionMismatch),
    }
}

pub(super) fn curve_of(curve: Curve) -> Result<AgreementCurve, KeyError> {
    match curve {
        Curve::P256 => Ok(AgreementCurve::P256),
        Curve::P384 => Ok(AgreementCurve::P384),
        Curve::P521 => Ok(AgreementCurve::P521),
        Curve::Secp256k1 => Err(KeyError::Unsupported { what: "key agreement on secp256k1" }),
    }
}

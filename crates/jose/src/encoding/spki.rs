//! Public keys as `SubjectPublicKeyInfo` (RFC 5280 §4.1, RFC 8410, RFC 9881).

use zeroize::Zeroizing;

use super::{pkcs1, sec1};
use crate::Algorithm;
use crate::curve::OkpCurve;
use crate::der::oid;
use crate::der::{self, Reader};
use crate::material::{KeyError, Public};

pub(crate) fn read(der: &[u8]) -> Result<Public, KeyError> {
    let mut outer = Reader::new(der);
    let fields = outer.sequence()?;
    outer.end()?;
    read_fields(fields)
}

pub(crate) fn read_fields(mut fields: Reader<'_>) -> Result<Public, KeyError> {
    let kind = KeyKind::read(fields.sequence()?)?;
    let key = fields.bit_string()?;
    fields.end()?;
    match kind {
        KeyKind::Rsa => pkcs1::read_public(key),
        KeyKind::Ec(curve) => Public::ec_point(curve, key),
        KeyKind::Okp(curve) => Public::okp(curve, key),
        KeyKind::MlDsa(algorithm) => Public::akp(algorithm, key),
    }
}

pub(crate) fn write(key: &Public) -> Zeroizing<Vec<u8>> {
    let (kind, bytes) = match key {
        Public::Rsa { n, e } => (KeyKind::Rsa, pkcs1::write_public(n, e)),
        Public::Ec { curve, point } => (KeyKind::Ec(*curve), Zeroizing::new(point.clone())),
        Public::Okp { curve, x } => (KeyKind::Okp(*curve), Zeroizing::new(x.to_vec())),
        Public::Akp { algorithm, public } => (KeyKind::MlDsa(*algorithm), Zeroizing::new(public.clone())),
    };
    der::element(der::SEQUENCE, &[&kind.write(), &der::element(der::BIT_STRING, &[&[0], &bytes])])
}

/// An `AlgorithmIdentifier`: what a key is a key of.
#[derive(Clone, Copy)]
pub(super) enum KeyKind {
    Rsa,
    Ec(crate::curve::Curve),
    Okp(OkpCurve),
    MlDsa(Algorithm),
}

impl KeyKind {
    pub(super) fn read(mut fields: Reader<'_>) -> Result<Self, KeyError> {
        let kind = match fields.element(der::OBJECT_IDENTIFIER)? {
            oid::RSA => {
                // RFC 3279 §2.3.1: the parameters are NULL, not absent.
                if !fields.element(der::NULL)?.is_empty() {
                    return Err(KeyError::Der);
                }
                Self::Rsa
            }
            oid::RSA_PSS => {
                return Err(KeyError::Unsupported { what: "an RSA key bound to PSS by its encoding" });
            }
            oid::EC => Self::Ec(sec1::curve_of(
                fields
                    .element(der::OBJECT_IDENTIFIER)
                    .map_err(|_| KeyError::Unsupported { what: sec1::EXPLICIT })?,
            )?),
            oid::ED25519 => Self::Okp(OkpCurve::Ed25519),
            oid::X25519 => Self::Okp(OkpCurve::X25519),
            oid::ED448 => return Err(KeyError::ED448),
            oid::X448 => return Err(KeyError::X448),
            oid::ML_DSA_44 => Self::MlDsa(Algorithm::MlDsa44),
            oid::ML_DSA_65 => Self::MlDsa(Algorithm::MlDsa65),
            oid::ML_DSA_87 => Self::MlDsa(Algorithm::MlDsa87),
            _ => return Err(KeyError::Unsupported { what: "this type of key" }),
        };
        fields.end()?;
        Ok(kind)
    }

    pub(super) fn write(self) -> Zeroizing<Vec<u8>> {
        let identifier = |oid: &[u8]| der::element(der::OBJECT_IDENTIFIER, &[oid]);
        match self {
            Self::Rsa => der::element(der::SEQUENCE, &[&identifier(oid::RSA), &der::element(der::NULL, &[])]),
            Self::Ec(curve) => der::element(der::SEQUENCE, &[&identifier(oid::EC), &identifier(curve.oid())]),
            Self::Okp(OkpCurve::Ed25519) => der::element(der::SEQUENCE, &[&identifier(oid::ED25519)]),
            Self::Okp(OkpCurve::X25519) => der::element(der::SEQUENCE, &[&identifier(oid::X25519)]),
            Self::MlDsa(algorithm) => {
                let oid = match algorithm {
                    Algorithm::MlDsa44 => oid::ML_DSA_44,
                    Algorithm::MlDsa65 => oid::ML_DSA_65,
                    _ => oid::ML_DSA_87,
                };
                der::element(der::SEQUENCE, &[&identifier(oid)])
            }
        }
    }
}

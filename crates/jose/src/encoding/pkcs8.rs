//! Private keys as PKCS#8 (RFC 5208, RFC 5958, RFC 8410, RFC 9881).

use zeroize::Zeroizing;

use super::spki::KeyKind;
use super::{pkcs1, sec1};
use crate::crypto;
use crate::der::{self, Reader};
use crate::material::{KeyError, Private};

const ATTRIBUTES: u8 = 0xa0;
const PUBLIC_KEY: u8 = 0x81;
const ML_DSA_SEED: u8 = 0x80;

pub(crate) fn read(der: &[u8]) -> Result<Private, KeyError> {
    let mut outer = Reader::new(der);
    let mut fields = outer.sequence()?;
    outer.end()?;
    let version = fields.integer()?;
    if !matches!(version, [] | [1]) {
        return Err(KeyError::Der);
    }
    let kind = KeyKind::read(fields.sequence()?)?;
    let key = fields.element(der::OCTET_STRING)?;
    fields.optional(ATTRIBUTES)?;
    let public = match fields.optional(PUBLIC_KEY)? {
        Some([0, public @ ..]) => Some(public),
        Some(_) => return Err(KeyError::Der),
        None => None,
    };
    fields.end()?;
    match kind {
        KeyKind::Rsa => pkcs1::read_private(key),
        KeyKind::Ec(curve) => sec1::read(key, Some(curve)),
        KeyKind::Okp(curve) => {
            let mut inner = Reader::new(key);
            let seed = inner.element(der::OCTET_STRING)?;
            inner.end()?;
            Private::okp(curve, seed, public)
        }
        KeyKind::MlDsa(algorithm) => {
            let (seed, expanded) = ml_dsa(key)?;
            let expands = |expanded| crypto::ml_dsa_expands_to(algorithm, seed, expanded);
            if expanded.is_some_and(|expanded| !expands(expanded)) {
                return Err(KeyError::Inconsistent);
            }
            Private::akp(algorithm, seed, public)
        }
    }
}

/// The seed, and the expanded key where it stands beside it. RFC 9881 §6 knows either and both; only a seed can become a JWK.
fn ml_dsa(key: &[u8]) -> Result<(&[u8], Option<&[u8]>), KeyError> {
    let mut inner = Reader::new(key);
    let parts = if inner.next_is(ML_DSA_SEED) {
        (inner.element(ML_DSA_SEED)?, None)
    } else if inner.next_is(der::SEQUENCE) {
        let mut both = inner.sequence()?;
        let seed = both.element(der::OCTET_STRING)?;
        let expanded = both.element(der::OCTET_STRING)?;
        both.end()?;
        (seed, Some(expanded))
    } else {
        return Err(KeyError::Unsupported { what: "an ML-DSA key without its seed" });
    };
    inner.end()?;
    Ok(parts)
}

pub(crate) fn write(key: &Private) -> Zeroizing<Vec<u8>> {
    let (kind, inner) = match key {
        Private::Rsa { n, e, parts } => (KeyKind::Rsa, pkcs1::write_private(n, e, parts)),
        Private::Ec { curve, point, scalar } => {
            (KeyKind::Ec(*curve), der::ec_private_key(curve.oid(), scalar, Some(point)))
        }
        Private::Okp { curve, seed, .. } => (KeyKind::Okp(*curve), der::element(der::OCTET_STRING, &[seed])),
        Private::Akp { algorithm, seed, .. } => {
            (KeyKind::MlDsa(*algorithm), der::element(ML_DSA_SEED, &[seed]))
        }
    };
    let inner = der::element(der::OCTET_STRING, &[&inner]);
    der::element(der::SEQUENCE, &[&der::integer(&[]), &kind.write(), &inner])
}

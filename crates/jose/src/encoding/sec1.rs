//! Elliptic-curve private keys as SEC1 and RFC 5915 write them.

use zeroize::Zeroizing;

use crate::curve::Curve;
use crate::der::oid;
use crate::der::{self, Reader};
use crate::material::{KeyError, Private};

/// Reads an `ECPrivateKey`. `curve` is what stands around it; where it names a curve too, the two must agree.
pub(crate) fn read(der: &[u8], curve: Option<Curve>) -> Result<Private, KeyError> {
    let mut outer = Reader::new(der);
    let mut fields = outer.sequence()?;
    outer.end()?;
    if fields.integer()? != [1] {
        return Err(KeyError::Der);
    }
    let scalar = fields.element(der::OCTET_STRING)?;
    let named = match fields.optional(der::PARAMETERS)? {
        Some(parameters) => {
            let mut parameters = Reader::new(parameters);
            if parameters.next_is(der::SEQUENCE) {
                return Err(KeyError::Unsupported { what: EXPLICIT });
            }
            let named = curve_of(parameters.element(der::OBJECT_IDENTIFIER)?)?;
            parameters.end()?;
            Some(named)
        }
        None => None,
    };
    let curve = match (curve, named) {
        (Some(outer), Some(inner)) if outer != inner => return Err(KeyError::Inconsistent),
        (outer, inner) => outer.or(inner).ok_or(KeyError::Der)?,
    };
    let point = match fields.optional(der::PUBLIC_KEY)? {
        Some(public) => {
            let mut public = Reader::new(public);
            let point = public.bit_string()?;
            public.end()?;
            Some(point)
        }
        None => None,
    };
    fields.end()?;
    // RFC 5915 §3 wants the scalar as long as the curve's order, yet some writers drop leading zeros.
    let len = curve.coordinate_len();
    let missing = len.checked_sub(scalar.len()).ok_or(KeyError::Der)?;
    let mut padded = Zeroizing::new(vec![0; missing]);
    padded.extend_from_slice(scalar);
    Private::ec(curve, padded, point)
}

/// Curves that spell themselves out have served to forge certificates (CVE-2020-0601), so they must go by their names.
pub(super) const EXPLICIT: &str =
    "an elliptic curve given by its parameters (openssl ec -param_enc named_curve names it)";

pub(crate) fn curve_of(found: &[u8]) -> Result<Curve, KeyError> {
    match found {
        oid::P256 => Ok(Curve::P256),
        oid::P384 => Ok(Curve::P384),
        oid::P521 => Ok(Curve::P521),
        oid::SECP256K1 => Ok(Curve::Secp256k1),
        _ => Err(KeyError::Unsupported { what: "this elliptic curve" }),
    }
}

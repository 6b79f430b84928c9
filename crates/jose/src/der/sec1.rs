//! Elliptic-curve private keys as SEC1 and RFC 5915 write them.

use zeroize::Zeroizing;

use super::{BIT_STRING, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, element, integer};

pub(crate) const PARAMETERS: u8 = 0xa0;
pub(crate) const PUBLIC_KEY: u8 = 0xa1;

/// An `ECPrivateKey` on the curve of this name.
pub(crate) fn ec_private_key(curve: &[u8], scalar: &[u8], point: Option<&[u8]>) -> Zeroizing<Vec<u8>> {
    let version = integer(&[1]);
    let scalar = element(OCTET_STRING, &[scalar]);
    let parameters = element(PARAMETERS, &[&element(OBJECT_IDENTIFIER, &[curve])]);
    let public = point.map(|point| element(PUBLIC_KEY, &[&element(BIT_STRING, &[&[0], point])]));
    let public = public.as_deref().map(Vec::as_slice).unwrap_or_default();
    element(SEQUENCE, &[&version, &scalar, &parameters, public])
}

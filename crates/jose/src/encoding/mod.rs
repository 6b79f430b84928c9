//! Keys as DER and PEM: SubjectPublicKeyInfo (RFC 5280), PKCS#8 (RFC 5958), PKCS#1 (RFC 8017), SEC1 (RFC 5915).

#[cfg(feature = "x509")]
pub(crate) mod certificate;
pub(crate) mod der;
pub(crate) mod pem;
pub(crate) mod pkcs1;
pub(crate) mod pkcs8;
pub(crate) mod sec1;
pub(crate) mod spki;

use der::Reader;

use crate::key::{KeyError, Material, Public};

/// Reads a key in any of the formats of this module, told apart by their structure.
pub(crate) fn from_der(der: &[u8]) -> Result<Material, KeyError> {
    let mut outer = Reader::new(der);
    let mut fields = outer.sequence()?;
    outer.end()?;
    if fields.next_is(der::SEQUENCE) {
        fields.sequence()?;
        return if fields.next_is(der::SEQUENCE) { key_of_certificate(der) } else { spki::read(der) }
            .map(Material::Public);
    }
    let first = fields.integer()?;
    if fields.next_is(der::SEQUENCE) {
        pkcs8::read(der).map(Material::Private)
    } else if fields.next_is(der::OCTET_STRING) {
        sec1::read(der, None).map(Material::Private)
    } else if first.is_empty() {
        pkcs1::read_private(der).map(Material::Private)
    } else {
        pkcs1::read_public(der).map(Material::Public)
    }
}

#[cfg(feature = "x509")]
fn key_of_certificate(der: &[u8]) -> Result<Public, KeyError> {
    certificate::Certificate::read(der)?.public_key()
}

#[cfg(not(feature = "x509"))]
fn key_of_certificate(_: &[u8]) -> Result<Public, KeyError> {
    Err(KeyError::Unsupported { what: "a certificate (this build leaves X.509 out)" })
}

/// Whether the bytes are the DER of a public key or of a certificate.
pub(crate) fn is_key_or_certificate(der: &[u8]) -> bool {
    let is_certificate = || {
        let mut outer = Reader::new(der);
        let mut fields = outer.sequence()?;
        outer.end()?;
        fields.sequence()?;
        fields.sequence()?;
        fields.bit_string()?;
        fields.end()
    };
    from_der(der).is_ok() || is_certificate().is_ok()
}

/// The object identifiers of keys and curves.
pub(crate) mod oid {
    pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    pub(crate) const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
    pub(crate) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    pub(crate) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    pub(crate) const P384: &[u8] = &[0x2b, 0x81, 4, 0, 34];
    pub(crate) const P521: &[u8] = &[0x2b, 0x81, 4, 0, 35];
    pub(crate) const SECP256K1: &[u8] = &[0x2b, 0x81, 4, 0, 10];
    pub(crate) const X25519: &[u8] = &[0x2b, 0x65, 110];
    pub(crate) const X448: &[u8] = &[0x2b, 0x65, 111];
    pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 112];
    pub(crate) const ED448: &[u8] = &[0x2b, 0x65, 113];
    pub(crate) const ML_DSA_44: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17];
    pub(crate) const ML_DSA_65: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18];
    pub(crate) const ML_DSA_87: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19];
}

//! Keys as DER and PEM: SubjectPublicKeyInfo (RFC 5280), PKCS#8 (RFC 5958), PKCS#1 (RFC 8017), SEC1 (RFC 5915).

#[cfg(feature = "x509")]
pub(crate) mod certificate;
pub(crate) mod pem;
pub(crate) mod pkcs1;
pub(crate) mod pkcs8;
pub(crate) mod sec1;
pub(crate) mod spki;

use crate::der::{self, Reader};
use crate::material::{KeyError, Material, Public};

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
    certificate::Certificate::parse(der)?.public_key()
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

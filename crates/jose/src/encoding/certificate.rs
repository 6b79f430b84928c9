//! X.509 certificates (RFC 5280 §4.1), as far as a key is to be read out of one. Nothing is verified here.

use super::spki;
use crate::der::{self, Reader};
use crate::material::{KeyError, Public};

const BOOLEAN: u8 = 0x01;
const VERSION: u8 = 0xa0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;

/// `id-ce-keyUsage` (RFC 5280 §4.2.1.3).
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];

/// What a certificate says about a key.
pub(crate) struct Certificate<'a> {
    subject_public_key: Reader<'a>,
    issuer: &'a [u8],
    subject: &'a [u8],
    /// Absent where the certificate does not restrict its key.
    pub(crate) key_usage: Option<KeyUsage>,
}

/// The operations that a certificate leaves to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUsage(u8);

impl KeyUsage {
    /// Signatures over anything but certificates and revocation lists.
    pub(crate) fn digital_signature(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// Signatures over certificates.
    pub(crate) fn certificate_signature(self) -> bool {
        self.0 & 0x04 != 0
    }
}

impl<'a> Certificate<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, KeyError> {
        let mut outer = Reader::new(der);
        let mut fields = outer.sequence()?;
        outer.end()?;
        let certificate = Self::read_inner(fields.sequence()?)?;
        fields.sequence()?; // signatureAlgorithm
        fields.bit_string()?; // signature
        fields.end()?;
        Ok(certificate)
    }

    /// Reads a `TBSCertificate`.
    fn read_inner(mut fields: Reader<'a>) -> Result<Self, KeyError> {
        fields.optional(VERSION)?;
        // Serial numbers are negative now and then, and no business of ours.
        fields.element(der::INTEGER)?;
        fields.sequence()?; // signature
        let issuer = fields.element(der::SEQUENCE)?;
        fields.sequence()?; // validity
        let subject = fields.element(der::SEQUENCE)?;
        let subject_public_key = fields.sequence()?;
        fields.optional(ISSUER_UNIQUE_ID)?;
        fields.optional(SUBJECT_UNIQUE_ID)?;
        let key_usage = match fields.optional(EXTENSIONS)? {
            Some(extensions) => key_usage(extensions)?,
            None => None,
        };
        fields.end()?;
        Ok(Self { subject_public_key, issuer, subject, key_usage })
    }

    /// Whether the other one may be the authority that issued this certificate, by its name. One that issued itself has no
    /// other.
    pub(crate) fn names_as_issuer(&self, other: &Self) -> bool {
        self.issuer != self.subject && self.issuer == other.subject
    }

    /// The key that the certificate is about.
    pub(crate) fn public_key(&self) -> Result<Public, KeyError> {
        spki::read_fields(self.subject_public_key.clone())
    }
}

fn key_usage(extensions: &[u8]) -> Result<Option<KeyUsage>, KeyError> {
    let mut outer = Reader::new(extensions);
    let mut list = outer.sequence()?;
    outer.end()?;
    let mut found = None;
    while list.next_is(der::SEQUENCE) {
        let mut extension = list.sequence()?;
        let name = extension.element(der::OBJECT_IDENTIFIER)?;
        extension.optional(BOOLEAN)?;
        let value = extension.element(der::OCTET_STRING)?;
        extension.end()?;
        if name != KEY_USAGE {
            continue;
        }
        let mut value = Reader::new(value);
        // The first byte tells how many bits at the end do not count; only `decipherOnly` stands beyond the second.
        let [_, bits, ..] = value.element(der::BIT_STRING)? else { return Err(KeyError::Der) };
        value.end()?;
        if found.replace(KeyUsage(*bits)).is_some() {
            return Err(KeyError::Der);
        }
    }
    list.end()?;
    Ok(found)
}

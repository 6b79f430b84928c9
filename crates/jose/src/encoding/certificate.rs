//! X.509 certificates (RFC 5280 §4.1): where in one its parts are. Nothing is verified here.

use super::spki;
use crate::der::{self, Malformed, Reader};
use crate::material::{KeyError, Public};

const BOOLEAN: u8 = 0x01;
const VERSION: u8 = 0xa0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;

/// `id-ce-keyUsage` (RFC 5280 §4.2.1.3).
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];

/// A certificate, for what it says of its holder. **Nothing is verified**: anybody can have made it.
#[derive(Clone)]
pub struct Certificate<'a> {
    subject_public_key: Reader<'a>,
    issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    pub(crate) validity: Reader<'a>,
    extensions: Option<&'a [u8]>,
    /// Absent where the certificate does not restrict its key.
    pub(crate) key_usage: Option<KeyUsage>,
}

/// The operations that a certificate leaves to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUsage(u8);

impl KeyUsage {
    fn read(value: &[u8]) -> Result<Self, Malformed> {
        let mut value = Reader::new(value);
        // The first byte tells how many bits at the end do not count; only `decipherOnly` stands beyond the second.
        let [_, bits, ..] = value.element(der::BIT_STRING)? else { return Err(Malformed) };
        value.end()?;
        Ok(Self(*bits))
    }

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
    /// Parses a certificate in DER.
    ///
    /// # Errors
    /// [`KeyError::Der`] where it is malformed.
    pub fn parse(der: &'a [u8]) -> Result<Self, KeyError> {
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
        let validity = fields.sequence()?;
        let subject = fields.element(der::SEQUENCE)?;
        let subject_public_key = fields.sequence()?;
        fields.optional(ISSUER_UNIQUE_ID)?;
        fields.optional(SUBJECT_UNIQUE_ID)?;
        let extensions = fields.optional(EXTENSIONS)?;
        fields.end()?;
        let certificate = Self { subject_public_key, issuer, subject, validity, extensions, key_usage: None };
        let key_usage = certificate.extension(KEY_USAGE)?.map(KeyUsage::read).transpose()?;
        Ok(Self { key_usage, ..certificate })
    }

    /// The value of an extension, by its name.
    pub(crate) fn extension(&self, wanted: &[u8]) -> Result<Option<&'a [u8]>, Malformed> {
        let Some(extensions) = self.extensions else { return Ok(None) };
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
            if name == wanted && found.replace(value).is_some() {
                return Err(Malformed);
            }
        }
        list.end()?;
        Ok(found)
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

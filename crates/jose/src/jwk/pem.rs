//! Keys in PEM texts (RFC 7468), which may hold several, and certificates beside them.

use zeroize::Zeroizing;

use super::{Jwk, JwkSet, SkippedKey};
use crate::encoding::pem::{self, Block};
use crate::material::KeyError;

impl Jwk {
    /// Reads the key of a PEM text: PKCS#8, SubjectPublicKeyInfo, PKCS#1, SEC1, or a certificate, of which only the key is taken.
    /// A private key counts before the certificates that stand before or behind it; of several public keys the first is
    /// taken ([`JwkSet::from_pem`] takes all).
    ///
    /// # Errors
    /// [`KeyError::Pem`], [`KeyError::Der`], [`KeyError::Encrypted`], or why the key itself was refused.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let mut first = None;
        for found in Found::all(text)? {
            match found.key {
                Ok(key) if !key.is_public() => return Ok(key),
                Err(error) if found.is_private => return Err(error),
                key => first = first.or(Some(key)),
            }
        }
        first.unwrap_or(Err(KeyError::Pem))
    }
}

impl JwkSet {
    /// Reads all keys of a PEM text: the private ones, else the public ones. The certificates of the authorities that issued the one
    /// before them are no keys of their own.
    ///
    /// # Errors
    /// As [`Jwk::from_pem`], with the place of the key where there are several.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let found = Found::all(text)?;
        let has_private = found.iter().any(|found| found.is_private);
        let wanted: Vec<_> = found
            .into_iter()
            .filter(|found| found.is_private == has_private && !found.is_authority)
            .collect();
        let several = wanted.len() > 1;
        let mut keys: Vec<Jwk> = Vec::new();
        for (index, found) in wanted.into_iter().enumerate() {
            match found.key.and_then(Jwk::checked) {
                // A certificate beside its own public key.
                Ok(key) if keys.iter().any(|known| known.thumbprint() == key.thumbprint()) => {}
                Ok(key) => keys.push(key),
                Err(error) if several => {
                    return Err(KeyError::InSet(Box::new(SkippedKey::new(index, None, error))));
                }
                Err(error) => return Err(error),
            }
        }
        if keys.is_empty() { Err(KeyError::Pem) } else { Ok(Self::new(keys)) }
    }
}

/// One block of a text that is a key, or should be.
struct Found {
    key: Result<Jwk, KeyError>,
    is_private: bool,
    /// Whether it is the certificate of an authority that issued the one before it.
    is_authority: bool,
}

impl Found {
    /// The keys of a text, one at least.
    fn all(text: &str) -> Result<Vec<Self>, KeyError> {
        let mut all = Vec::new();
        let mut last: Option<Zeroizing<Vec<u8>>> = None;
        let mut rest = text;
        while all.is_empty() || rest.contains("-----BEGIN ") {
            let (block, after) = match pem::read(rest) {
                Ok(read) => read,
                // The passphrase is what is wrong, not what follows.
                Err(KeyError::Encrypted) => {
                    all.push(Self { key: Err(KeyError::Encrypted), is_private: true, is_authority: false });
                    break;
                }
                Err(error) => return Err(error),
            };
            rest = after;
            // OpenSSL writes these before a key on an elliptic curve.
            if block.label == "EC PARAMETERS" {
                continue;
            }
            let is_certificate = block.label.ends_with("CERTIFICATE");
            let is_authority = is_certificate && last.as_ref().is_some_and(|last| issued(&block.der, last));
            all.push(Self {
                key: key_of(&block),
                is_private: block.label.ends_with("PRIVATE KEY"),
                is_authority,
            });
            last = is_certificate.then_some(block.der);
        }
        Ok(all)
    }
}

fn key_of(block: &Block<'_>) -> Result<Jwk, KeyError> {
    match block.label {
        "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
        "OPENSSH PRIVATE KEY" => Err(KeyError::Unsupported { what: "a private key in OpenSSH's own form" }),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            Err(KeyError::Unsupported { what: "a certificate request" })
        }
        _ => Jwk::from_der(&block.der),
    }
}

/// Whether a certificate may be that of the authority which issued another, by their names.
#[cfg(feature = "x509")]
fn issued(authority: &[u8], certificate: &[u8]) -> bool {
    use crate::encoding::certificate::Certificate;
    match (Certificate::parse(authority), Certificate::parse(certificate)) {
        (Ok(authority), Ok(certificate)) => certificate.names_as_issuer(&authority),
        _ => false,
    }
}

#[cfg(not(feature = "x509"))]
fn issued(_: &[u8], _: &[u8]) -> bool {
    false
}

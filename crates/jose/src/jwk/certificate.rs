//! Certificates for a key: `x5c` and `x5t#S256` (RFC 7517 §4.7, §4.9).

use super::Jwk;
use crate::base64url;
use crate::certificate::{CertificateChain, MalformedMember, thumbprint};
use crate::json::Value;
use crate::material::{KeyError, Material};

/// What a key says about its certificates.
#[derive(Clone, Default)]
pub(super) struct Certificates {
    pub(super) chain: Option<CertificateChain>,
    /// Kept where the certificate itself is not there.
    pub(super) thumbprint: Option<Box<str>>,
    /// Why there is none though the key names one.
    fault: Option<KeyError>,
}

impl Jwk {
    /// The same key with these certificates, as `x5c` and `x5t#S256`.
    ///
    /// # Errors
    /// [`KeyError::Certificate`] if the first one is for another key, [`KeyError::Kind`] for a symmetric key.
    pub fn with_certificates(mut self, chain: CertificateChain) -> Result<Self, KeyError> {
        check(&self.material, &chain)?;
        let thumbprint = Some(chain.thumbprint().into());
        self.certificates = Certificates { chain: Some(chain), thumbprint, fault: None };
        Ok(self)
    }

    /// Its certificates. The first is for this key; whether they lead to a root, nobody has verified.
    #[must_use]
    pub fn certificates(&self) -> Option<&CertificateChain> {
        self.certificates.chain.as_ref()
    }

    /// Why it has no certificates though its JSON named some: they are malformed, or for another key. The key is good
    /// all the same.
    #[must_use]
    pub fn certificate_fault(&self) -> Option<&KeyError> {
        self.certificates.fault.as_ref()
    }

    /// The SHA-256 thumbprint of its certificate (`x5t#S256`).
    #[must_use]
    pub fn certificate_thumbprint(&self) -> Option<&str> {
        self.certificates.thumbprint.as_deref()
    }
}

/// Reads them, if they are for this key and consistent. The key is valid without them: an error in them affects only
/// the certificates. `x5t` is never read.
pub(super) fn read(object: Value<'_, '_>, material: &Material) -> Certificates {
    match try_read(object, material) {
        Ok(certificates) => certificates,
        Err(fault) => Certificates { fault: Some(fault), ..Certificates::default() },
    }
}

fn try_read(object: Value<'_, '_>, material: &Material) -> Result<Certificates, KeyError> {
    let malformed = |MalformedMember(name)| KeyError::MemberMalformed { name };
    let thumbprint = thumbprint(object).map_err(malformed)?.map(|sha256| base64url::encode(sha256).into());
    let chain = CertificateChain::from_members(object).map_err(malformed)??;
    if let Some(chain) = &chain {
        check(material, chain)?;
    }
    Ok(Certificates { chain, thumbprint, fault: None })
}

fn check(material: &Material, chain: &CertificateChain) -> Result<(), KeyError> {
    match material {
        Material::Public(key) => chain.check_key(key),
        Material::Private(key) => chain.check_key(&key.public()),
        Material::Secret(_) => Err(KeyError::Kind { found: "a shared secret", wanted: "an asymmetric key" }),
    }
}

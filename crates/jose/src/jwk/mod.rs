//! JSON Web Keys (RFC 7517): reading, writing, converting, naming by thumbprint.

#[cfg(feature = "x509")]
mod certificate;
mod generate;
mod pair;
mod parse;
mod pem;
mod permission;
mod set;
mod thumbprint;
mod write;

use std::fmt;

pub use generate::KeyKind;
#[cfg(any(feature = "dpop", feature = "jwe"))]
pub(crate) use parse::from_value;
pub use permission::{KeyOperation, KeyUse};
pub use set::JwkSet;

pub use crate::material::SkippedKey;

use crate::Algorithm;
use crate::curve::OkpCurve;
use crate::encoding;
use crate::material::{KeyError, Material, check_kid};

/// A key in its JSON form: public, private or symmetric, with what its owner says about it.
///
/// A `Jwk` does nothing by itself. [`PublicKey`](crate::PublicKey), [`PrivateKey`](crate::PrivateKey) and
/// [`SharedSecret`](crate::SharedSecret) are made from it, and check then that its parts belong together. `Debug` shows
/// no private member.
#[derive(Clone)]
pub struct Jwk {
    material: Material,
    alg: Option<Box<str>>,
    kid: Option<Box<str>>,
    key_use: Option<KeyUse>,
    key_ops: Option<Vec<KeyOperation>>,
    #[cfg(feature = "x509")]
    certificates: certificate::Certificates,
}

impl Jwk {
    /// Reads the JSON of a key strictly: every member of the right type and length, none that belongs to another type of
    /// key, none twice.
    ///
    /// # Errors
    /// [`KeyError`]; nothing of the key is repeated in it.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        parse::jwk(json)
    }

    /// Reads the DER of a key: PKCS#8, SubjectPublicKeyInfo, PKCS#1, SEC1 or a certificate, told apart by their structure.
    ///
    /// # Errors
    /// [`KeyError::Der`], or why the key itself was refused.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        Ok(Self::of(encoding::from_der(der)?))
    }

    /// The key in PEM: PKCS#8 (`PRIVATE KEY`) or SubjectPublicKeyInfo (`PUBLIC KEY`).
    ///
    /// # Errors
    /// [`KeyError::Kind`] for a symmetric key.
    pub fn to_pem(&self) -> Result<zeroize::Zeroizing<String>, KeyError> {
        let label = if matches!(self.material, Material::Private(_)) { "PRIVATE KEY" } else { "PUBLIC KEY" };
        Ok(encoding::pem::write(label, &self.to_der()?))
    }

    /// The key in DER: PKCS#8 or SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyError::Kind`] for a symmetric key.
    pub fn to_der(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, KeyError> {
        match &self.material {
            Material::Public(key) => Ok(encoding::spki::write(key)),
            Material::Private(key) => Ok(encoding::pkcs8::write(key)),
            Material::Secret(_) => {
                Err(KeyError::Kind { found: "a shared secret", wanted: "an asymmetric key" })
            }
        }
    }

    /// A symmetric key from its raw bytes.
    #[must_use]
    pub fn from_secret(secret: &[u8]) -> Self {
        Self::of(Material::Secret(zeroize::Zeroizing::new(secret.to_vec())))
    }

    fn of(material: Material) -> Self {
        Self {
            material,
            alg: None,
            kid: None,
            key_use: None,
            key_ops: None,
            #[cfg(feature = "x509")]
            certificates: certificate::Certificates::default(),
        }
    }

    pub(crate) fn for_signing(material: Material, algorithm: Algorithm, kid: Option<&str>) -> Self {
        Self {
            alg: Some(algorithm.as_str().into()),
            kid: kid.map(Into::into),
            key_use: Some(KeyUse::Sig),
            ..Self::of(material)
        }
    }

    /// The same key saying that it is for this algorithm, by its registered name.
    #[must_use]
    pub fn with_alg(mut self, alg: impl Into<String>) -> Self {
        self.alg = Some(alg.into().into());
        self
    }

    /// The same key under this `kid`.
    ///
    /// # Errors
    /// [`KeyError::KidTooLong`] beyond 256 bytes.
    pub fn with_kid(mut self, kid: impl Into<String>) -> Result<Self, KeyError> {
        let kid = kid.into();
        check_kid(&kid)?;
        self.kid = Some(kid.into());
        Ok(self)
    }

    /// The same key with this `use`.
    #[must_use]
    pub fn with_use(mut self, key_use: KeyUse) -> Self {
        self.key_use = Some(key_use);
        self
    }

    /// What the key says to be for (`alg`), by its registered name.
    #[must_use]
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// Its `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Its `use`.
    #[must_use]
    pub fn key_use(&self) -> Option<&KeyUse> {
        self.key_use.as_ref()
    }

    /// Its `kty`: `RSA`, `EC`, `OKP`, `AKP` or `oct`.
    #[must_use]
    pub fn kty(&self) -> &'static str {
        write::kty(&self.material)
    }

    /// Its `crv`, where it has one.
    #[must_use]
    pub fn crv(&self) -> Option<&'static str> {
        write::crv(&self.material)
    }

    /// Whether it is a public key.
    #[must_use]
    pub fn is_public(&self) -> bool {
        matches!(self.material, Material::Public(_))
    }

    /// Whether it is symmetric (`kty` oct).
    #[must_use]
    pub fn is_symmetric(&self) -> bool {
        matches!(self.material, Material::Secret(_))
    }

    /// The same key without its private members, for publication.
    ///
    /// # Errors
    /// [`KeyError::Kind`] for a symmetric key, which has no public part.
    pub fn public(&self) -> Result<Self, KeyError> {
        let material = match &self.material {
            Material::Public(key) => key.clone(),
            Material::Private(key) => key.public(),
            Material::Secret(_) => {
                return Err(KeyError::Kind { found: "a shared secret", wanted: "an asymmetric key" });
            }
        };
        Ok(Self {
            material: Material::Public(material),
            key_ops: permission::of_public_part(self.key_ops.as_deref()),
            ..self.clone()
        })
    }

    /// The signature algorithm of the key: its `alg`, or the only one that its type allows.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMissing`] if neither exists, [`KeyError::AlgorithmUnknown`] if `alg` is something else.
    pub fn signature_algorithm(&self) -> Result<Algorithm, KeyError> {
        if let Some(name) = &self.alg {
            return Algorithm::from_name(name).ok_or(KeyError::AlgorithmUnknown);
        }
        let public = match &self.material {
            Material::Public(key) => key.clone(),
            Material::Private(key) => key.public(),
            Material::Secret(_) => return Err(KeyError::AlgorithmMissing),
        };
        match public {
            crate::material::Public::Okp { curve: OkpCurve::X25519, .. } => Err(KeyError::AlgorithmUnknown),
            public => public.only_algorithm().ok_or(KeyError::AlgorithmMissing),
        }
    }

    /// The key's JSON, **private members included**. For publication call [`Jwk::public`] first.
    #[must_use]
    pub fn to_json(&self) -> zeroize::Zeroizing<String> {
        write::json(self)
    }

    /// The SHA-256 thumbprint (RFC 7638, RFC 8037, RFC 9964) in base64url: the same for a private key and its public part.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        thumbprint::sha256(&self.material)
    }

    /// The thumbprint as a URI (RFC 9278).
    #[must_use]
    pub fn thumbprint_uri(&self) -> String {
        format!("urn:ietf:params:oauth:jwk-thumbprint:sha-256:{}", self.thumbprint())
    }

    #[cfg(any(feature = "dpop", feature = "sd-jwt"))]
    /// Only what the key is, without what its owner says about it.
    pub(crate) fn bare(&self) -> Self {
        Self::of(self.material.clone())
    }

    pub(crate) fn material(&self) -> &Material {
        &self.material
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("kty", &self.kty())
            .field("crv", &self.crv())
            .field("alg", &self.alg)
            .field("kid", &self.kid)
            .field("use", &self.key_use)
            .field("key_ops", &self.key_ops)
            .finish_non_exhaustive()
    }
}

/// Writes the public members. A private or symmetric key is refused: use [`Jwk::to_json`], which says what it does.
impl serde::Serialize for Jwk {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.is_public() {
            return Err(serde::ser::Error::custom(
                "a private or symmetric key is not serialised by accident",
            ));
        }
        serializer.collect_map(write::members(self).iter().map(|(name, value)| (*name, value)))
    }
}

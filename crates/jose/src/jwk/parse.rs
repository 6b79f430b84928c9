//! Reading the JSON of a key.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::permission;
use super::{Jwk, KeyOperation, KeyUse};
use crate::Algorithm;
use crate::base64url;
use crate::crypto::RsaPrivate;
use crate::curve::{Curve, OkpCurve};
use crate::json::{Document, Limits, Value};
use crate::material::{KeyError, Material, Private, Public, check_kid};

/// The members that carry key material, of every type of key.
const MATERIAL: &[&str] =
    &["n", "e", "d", "p", "q", "dp", "dq", "qi", "oth", "crv", "x", "y", "k", "pub", "priv"];

pub(super) fn jwk(json: &[u8]) -> Result<Jwk, KeyError> {
    let document = Document::parse(json, Limits::HEADER)?;
    from_value(document.root())
}

/// The members that a public key does not have.
const SECRET: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// Reads a key that is part of a larger text.
pub(crate) fn from_value(value: Value<'_, '_>) -> Result<Jwk, KeyError> {
    read(&Object { value, zeros: LeadingZeros::Refused })
}

/// Reads a key that somebody else publishes.
pub(super) fn published(value: Value<'_, '_>) -> Result<Jwk, KeyError> {
    read(&Object { value, zeros: LeadingZeros::Dropped })
}

/// Whether there is a private or symmetric key here, of whatever kind.
pub(super) fn holds_secret(value: Value<'_, '_>) -> bool {
    let present = |name: &&str| value.get(name).is_some_and(|value| !value.is_null());
    SECRET.iter().any(present) || value.get("kty").and_then(Value::as_str).as_deref() == Some("oct")
}

fn read(object: &Object<'_, '_>) -> Result<Jwk, KeyError> {
    let value = object.value;
    if value.members().is_none() {
        return Err(KeyError::MemberMissing { name: "kty" });
    }
    let alg = object.optional("alg")?.map(Into::into);
    let kid = object.optional("kid")?;
    if let Some(kid) = &kid {
        check_kid(kid)?;
    }
    let key_use = object.optional("use")?.map(|name| KeyUse::of(&name));
    let key_ops = object.operations()?;
    permission::check(key_use.as_ref(), key_ops.as_deref())?;
    let material = object.material(alg.as_deref())?;
    #[cfg(feature = "x509")]
    let certificates = super::certificate::read(value, &material);
    Ok(Jwk {
        material,
        alg,
        kid: kid.map(Into::into),
        key_use,
        key_ops,
        #[cfg(feature = "x509")]
        certificates,
    })
}

/// What becomes of zeros before the digits of an RSA key (RFC 7518 §6.3.1.1 allows none).
#[derive(Clone, Copy, PartialEq, Eq)]
enum LeadingZeros {
    Refused,
    /// Microsoft and Jenkins publish them, in `n` and as `"e":"AAEAAQ"`.
    Dropped,
}

struct Object<'t, 'a> {
    value: Value<'t, 'a>,
    zeros: LeadingZeros,
}

impl<'a> Object<'_, 'a> {
    fn material(&self, alg: Option<&str>) -> Result<Material, KeyError> {
        match &*self.required("kty")? {
            "RSA" => self.rsa(),
            "EC" => self.ec(),
            "OKP" => self.okp(),
            "AKP" => self.akp(alg),
            "oct" => {
                self.only(&["k"])?;
                Ok(Material::Secret(Zeroizing::new(self.bytes("k")?)))
            }
            _ => Err(KeyError::Unsupported { what: "this `kty`" }),
        }
    }

    fn rsa(&self) -> Result<Material, KeyError> {
        if self.value.get("oth").is_some() {
            return Err(KeyError::Unsupported { what: "RSA with more than two primes" });
        }
        self.only(&["n", "e", "d", "p", "q", "dp", "dq", "qi"])?;
        let (n, e) = (self.digits("n")?, self.digits("e")?);
        let private = ["d", "p", "q", "dp", "dq", "qi"].iter().any(|name| self.value.get(name).is_some());
        if !private {
            return Public::rsa(&n, &e).map(Material::Public);
        }
        // The primes are needed: RFC 7518 §6.3.2 lets a writer leave them out, yet none does.
        let part = |name| self.bytes(name).map(Zeroizing::new);
        let parts = RsaPrivate {
            d: part("d")?,
            p: part("p")?,
            q: part("q")?,
            dp: part("dp")?,
            dq: part("dq")?,
            qi: part("qi")?,
        };
        Private::rsa(&n, &e, parts).map(Material::Private)
    }

    fn ec(&self) -> Result<Material, KeyError> {
        self.only(&["crv", "x", "y", "d"])?;
        let curve =
            Curve::from_name(&self.required("crv")?).ok_or(KeyError::Unsupported { what: "this `crv`" })?;
        // RFC 7518 §6.2: coordinates and scalar always have their full length.
        let mut point = vec![4];
        for name in ["x", "y"] {
            let coordinate = self.bytes(name)?;
            if coordinate.len() != curve.coordinate_len() {
                return Err(KeyError::MemberMalformed { name });
            }
            point.extend_from_slice(&coordinate);
        }
        match self.optional_bytes("d")? {
            None => Public::ec_point(curve, &point).map(Material::Public),
            Some(scalar) => Private::ec(curve, scalar, Some(&point)).map(Material::Private),
        }
    }

    fn okp(&self) -> Result<Material, KeyError> {
        self.only(&["crv", "x", "d"])?;
        let curve = match &*self.required("crv")? {
            "Ed25519" => OkpCurve::Ed25519,
            "X25519" => OkpCurve::X25519,
            "Ed448" => return Err(KeyError::ED448),
            "X448" => return Err(KeyError::X448),
            _ => return Err(KeyError::Unsupported { what: "this `crv`" }),
        };
        let x = self.bytes("x")?;
        match self.optional_bytes("d")? {
            None => Public::okp(curve, &x).map(Material::Public),
            Some(seed) => Private::okp(curve, &seed, Some(&x)).map(Material::Private),
        }
    }

    fn akp(&self, alg: Option<&str>) -> Result<Material, KeyError> {
        self.only(&["pub", "priv"])?;
        let algorithm = match alg {
            None => return Err(KeyError::MemberMissing { name: "alg" }),
            Some("ML-DSA-44") => Algorithm::MlDsa44,
            Some("ML-DSA-65") => Algorithm::MlDsa65,
            Some("ML-DSA-87") => Algorithm::MlDsa87,
            Some(_) => return Err(KeyError::Unsupported { what: "this `alg` of an AKP key" }),
        };
        let public = self.bytes("pub")?;
        match self.optional_bytes("priv")? {
            None => Public::akp(algorithm, &public).map(Material::Public),
            Some(seed) => Private::akp(algorithm, &seed, Some(&public)).map(Material::Private),
        }
    }

    /// No material of another type of key.
    fn only(&self, names: &[&str]) -> Result<(), KeyError> {
        for (found, _) in self.value.members().into_iter().flatten() {
            if let Some(name) = MATERIAL.iter().find(|name| **name == found && !names.contains(name)) {
                return Err(KeyError::MemberMalformed { name });
            }
        }
        Ok(())
    }

    fn operations(&self) -> Result<Option<Vec<KeyOperation>>, KeyError> {
        let malformed = KeyError::MemberMalformed { name: "key_ops" };
        let Some(value) = self.value.get("key_ops") else { return Ok(None) };
        let elements = value.elements().ok_or(malformed.clone())?;
        elements
            .map(|element| Ok(KeyOperation::of(&element.as_str().ok_or(malformed.clone())?)))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn optional(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, KeyError> {
        self.value.get(name).map(|value| value.as_str().ok_or(KeyError::MemberMalformed { name })).transpose()
    }

    fn required(&self, name: &'static str) -> Result<Cow<'a, str>, KeyError> {
        self.optional(name)?.ok_or(KeyError::MemberMissing { name })
    }

    fn bytes(&self, name: &'static str) -> Result<Vec<u8>, KeyError> {
        base64url::decode(self.required(name)?.as_bytes()).map_err(|_| KeyError::MemberMalformed { name })
    }

    /// The digits of a number, which begin without zeros.
    fn digits(&self, name: &'static str) -> Result<Vec<u8>, KeyError> {
        let mut digits = self.bytes(name)?;
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        if zeros != 0 && self.zeros == LeadingZeros::Refused {
            return Err(KeyError::MemberMalformed { name });
        }
        digits.drain(..zeros);
        Ok(digits)
    }

    fn optional_bytes(&self, name: &'static str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        if self.value.get(name).is_none() {
            return Ok(None);
        }
        self.bytes(name).map(|bytes| Some(Zeroizing::new(bytes)))
    }
}

//! Reading the protected header (RFC 7515 §4).

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;

use crate::Algorithm;
use crate::base64url;
use crate::error::VerifyError;
use crate::json::{self, Document, JsonError, Limits, Value};
use crate::material::MAX_KID;

/// The longest protected header (bytes of its JSON).
pub(crate) const MAX_HEADER: usize = 8 * 1024;

/// A protected header that was verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Box<str>>,
    pub(crate) typ: Option<Box<str>>,
    pub(crate) cty: Option<Box<str>>,
    pub(crate) payload: PayloadEncoding,
    /// All of it.
    pub(crate) json: Box<str>,
}

impl Header {
    /// The algorithm of the signature.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The `typ`: what the whole is.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The `cty`: what the payload is.
    #[must_use]
    pub fn cty(&self) -> Option<&str> {
        self.cty.as_deref()
    }

    /// All members as they were signed, in JSON.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The value of any member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<serde_json::Value> {
        self.read::<serde_json::Map<_, _>>().ok()?.remove(name)
    }

    /// All members as the caller's type.
    ///
    /// # Errors
    /// [`JsonError`] where they do not fit it.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        json::from_slice(self.json.as_bytes())
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .field("typ", &self.typ)
            .field("cty", &self.cty)
            .finish_non_exhaustive()
    }
}

/// Whether a payload is signed in base64url or as it is (RFC 7797).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadEncoding {
    Base64url,
    Unencoded,
}

/// The names that RFC 7515, 7516 and 7518 define themselves, and which `crit` must not name (RFC 7515 §4.1.11).
pub(crate) const REGISTERED: &[&str] = &[
    "alg", "enc", "zip", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "epk",
    "apu", "apv", "iv", "tag", "p2s", "p2c",
];

impl Header {
    /// Decodes and checks the header of a JWT, whose payload is always encoded (RFC 7797 §7). `understood` are the extensions
    /// that its caller takes care of.
    pub(crate) fn decode(segment: &[u8], understood: &[Cow<'static, str>]) -> Result<Self, VerifyError> {
        let json = decode(segment)?;
        let document = Document::parse(&json, Limits::HEADER).map_err(VerifyError::HeaderJson)?;
        let root = document.root();
        check_critical(root, |name| name != "b64" && understood.iter().any(|known| known == name))?;
        if root.get("b64").is_some() {
            return Err(VerifyError::Header { name: "b64" });
        }
        Self::of(root)
    }

    /// Checks the protected header of a JWS. `understood` are the extensions that its caller takes care of.
    pub(crate) fn read_jws(
        root: Value<'_, '_>,
        understood: &[Cow<'static, str>],
    ) -> Result<Self, VerifyError> {
        check_critical(root, |name| name == "b64" || understood.iter().any(|known| known == name))?;
        let payload = match root.get("b64").map(Value::as_bool) {
            None => PayloadEncoding::Base64url,
            Some(encoded) => {
                // RFC 7797 §6: it must be critical, or others would verify other bytes.
                let mut critical = root.get("crit").and_then(Value::elements).into_iter().flatten();
                match encoded {
                    Some(encoded) if critical.any(|name| name.as_str().as_deref() == Some("b64")) => {
                        if encoded {
                            PayloadEncoding::Base64url
                        } else {
                            PayloadEncoding::Unencoded
                        }
                    }
                    _ => return Err(VerifyError::Header { name: "b64" }),
                }
            }
        };
        Ok(Self { payload, ..Self::of(root)? })
    }

    fn of(root: Value<'_, '_>) -> Result<Self, VerifyError> {
        let Claimed { alg, kid, typ } = Claimed::read(root)?;
        check_kid(kid.as_deref())?;
        let cty = text(root, "cty")?;
        let algorithm = Algorithm::from_name(&alg).ok_or_else(|| VerifyError::AlgorithmNotAllowed {
            found: (&*alg).into(),
            // Whoever knows the keys adds what they allow.
            allowed: Box::default(),
        })?;
        Ok(Self {
            algorithm,
            kid: kid.map(Into::into),
            typ: typ.map(Into::into),
            cty: cty.map(Into::into),
            payload: PayloadEncoding::Base64url,
            json: root.text().into(),
        })
    }
}

/// What a header says of the whole, before anything is made of it.
pub(crate) struct Claimed<'a> {
    pub(crate) alg: Cow<'a, str>,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
}

impl<'a> Claimed<'a> {
    pub(crate) fn read(root: Value<'_, 'a>) -> Result<Self, VerifyError> {
        Ok(Self {
            alg: text(root, "alg")?.ok_or(VerifyError::Header { name: "alg" })?,
            kid: text(root, "kid")?,
            typ: text(root, "typ")?,
        })
    }
}

/// The JSON of a header segment.
pub(crate) fn decode(segment: &[u8]) -> Result<Vec<u8>, VerifyError> {
    if segment.len() > base64url::encoded_len(MAX_HEADER) {
        return Err(VerifyError::TooLarge { limit: MAX_HEADER });
    }
    base64url::decode(segment).map_err(|_| VerifyError::Malformed)
}

/// `crit` must be a list of names, each once, none registered, each present in the header and understood.
pub(crate) fn check_critical(
    root: Value<'_, '_>,
    is_understood: impl Fn(&str) -> bool,
) -> Result<(), VerifyError> {
    let Some(critical) = root.get("crit") else { return Ok(()) };
    let malformed = VerifyError::CriticalHeaderMalformed;
    let names = critical.elements().ok_or(malformed.clone())?.map(Value::as_str);
    let names: Vec<Cow<'_, str>> = names.collect::<Option<_>>().ok_or(malformed.clone())?;
    let repeated =
        names.iter().enumerate().any(|(at, name)| names.iter().take(at).any(|earlier| earlier == name));
    let forbidden = |name: &Cow<'_, str>| REGISTERED.contains(&&**name) || root.get(name).is_none();
    if names.is_empty() || repeated || names.iter().any(forbidden) {
        return Err(malformed);
    }
    match names.iter().find(|name| !is_understood(name)) {
        None => Ok(()),
        Some(name) => Err(VerifyError::CriticalHeaderUnknown { name: (&**name).into() }),
    }
}

pub(crate) fn text<'a>(root: Value<'_, 'a>, name: &'static str) -> Result<Option<Cow<'a, str>>, VerifyError> {
    root.get(name).map(|value| value.as_str().ok_or(VerifyError::Header { name })).transpose()
}

/// `kid` is opaque, and short.
pub(crate) fn kid<'a>(root: Value<'_, 'a>) -> Result<Option<Cow<'a, str>>, VerifyError> {
    let kid = text(root, "kid")?;
    check_kid(kid.as_deref())?;
    Ok(kid)
}

fn check_kid(kid: Option<&str>) -> Result<(), VerifyError> {
    match kid {
        Some(kid) if kid.len() > MAX_KID => Err(VerifyError::Header { name: "kid" }),
        _ => Ok(()),
    }
}

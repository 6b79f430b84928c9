//! The protected header (RFC 7515 §4).

use std::borrow::Cow;

use crate::Algorithm;
use crate::base64url;
use crate::error::VerifyError;
use crate::json::{Document, Limits, Value};
use crate::key::MAX_KID;

/// The longest protected header (bytes of its JSON).
pub(crate) const MAX_HEADER: usize = 8 * 1024;

/// The members of a header that matter after verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Box<str>>,
    pub(crate) typ: Option<Box<str>>,
    pub(crate) cty: Option<Box<str>>,
}

/// The names that RFC 7515, 7516 and 7518 define themselves, and which `crit` must not name (RFC 7515 §4.1.11).
const REGISTERED: &[&str] = &[
    "alg", "enc", "zip", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit", "epk",
    "apu", "apv", "iv", "tag", "p2s", "p2c",
];

impl Header {
    /// Decodes and checks a header segment. `b64` and critical extensions are refused.
    pub(crate) fn decode(segment: &[u8]) -> Result<Self, VerifyError> {
        let json = decode(segment)?;
        let document = Document::parse(&json, Limits::HEADER).map_err(VerifyError::HeaderJson)?;
        Self::read(document.root())
    }

    /// The header as this crate writes it.
    pub(crate) fn to_json(&self) -> String {
        self.write(self.algorithm.as_str())
    }

    /// The same, with Ed25519 under its older name.
    pub(crate) fn to_json_as_eddsa(&self) -> String {
        self.write(if self.algorithm == Algorithm::Ed25519 { "EdDSA" } else { self.algorithm.as_str() })
    }

    fn write(&self, alg: &str) -> String {
        let mut json = format!("{{\"alg\":\"{alg}\"");
        for (name, value) in [("typ", &self.typ), ("cty", &self.cty), ("kid", &self.kid)] {
            if let Some(value) = value {
                json.push_str(",\"");
                json.push_str(name);
                json.push_str("\":");
                // Escapes whatever would break out of the string.
                json.push_str(&serde_json::to_string(value).expect("strings serialise"));
            }
        }
        json.push('}');
        json
    }

    fn read(root: Value<'_, '_>) -> Result<Self, VerifyError> {
        check_object(root)?;
        check_critical(root, &[])?;
        // RFC 7797 §7: a JWT must not carry it at all, and elsewhere it must be critical.
        if root.get("b64").is_some() {
            return Err(VerifyError::Header { name: "b64" });
        }
        let alg = text(root, "alg")?.ok_or(VerifyError::Header { name: "alg" })?;
        let kid = text(root, "kid")?;
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
            return Err(VerifyError::Header { name: "kid" });
        }
        let typ = text(root, "typ")?;
        let cty = text(root, "cty")?;
        let algorithm = Algorithm::from_name(&alg).ok_or(VerifyError::AlgorithmNotAllowed)?;
        Ok(Self { algorithm, kid: kid.map(Into::into), typ: typ.map(Into::into), cty: cty.map(Into::into) })
    }
}

/// The JSON of a header segment.
pub(crate) fn decode(segment: &[u8]) -> Result<Vec<u8>, VerifyError> {
    if segment.len() > base64url::encoded_len(MAX_HEADER) {
        return Err(VerifyError::TooLarge { limit: MAX_HEADER });
    }
    base64url::decode(segment).map_err(|_| VerifyError::Malformed)
}

pub(crate) fn check_object(root: Value<'_, '_>) -> Result<(), VerifyError> {
    if root.members().is_some() { Ok(()) } else { Err(VerifyError::Header { name: "alg" }) }
}

/// `crit` must be a list of names, each once, none registered, each present in the header and understood.
pub(crate) fn check_critical(root: Value<'_, '_>, understood: &[&str]) -> Result<(), VerifyError> {
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
    if names.iter().all(|name| understood.contains(&&**name)) {
        Ok(())
    } else {
        Err(VerifyError::CriticalHeaderUnknown)
    }
}

pub(crate) fn text<'a>(root: Value<'_, 'a>, name: &'static str) -> Result<Option<Cow<'a, str>>, VerifyError> {
    root.get(name).map(|value| value.as_str().ok_or(VerifyError::Header { name })).transpose()
}

//! Reading the JSON forms (RFC 7515 §7.2).

use std::borrow::Cow;

use super::header;
use crate::error::VerifyError;
use crate::json::{Document, Limits, Value};

/// The most signatures that one JWS may have.
pub(super) const MAX_SIGNATURES: usize = 16;

/// A JWS in one of its JSON forms, cut but not decoded.
pub(super) struct JsonForm<'a> {
    /// Absent where it is detached.
    pub(super) payload: Option<Cow<'a, str>>,
    pub(super) signatures: Vec<SignatureForm<'a>>,
}

/// One signature with its headers.
pub(super) struct SignatureForm<'a> {
    /// Encoded; absent where nothing is protected.
    pub(super) protected: Option<Cow<'a, str>>,
    /// The JSON of the unprotected header.
    pub(super) unprotected: Option<&'a str>,
    /// Encoded.
    pub(super) signature: Cow<'a, str>,
}

pub(super) fn read<'a>(document: &Document<'a>) -> Result<JsonForm<'a>, VerifyError> {
    let root = document.root();
    if root.members().is_none() {
        return Err(VerifyError::Malformed);
    }
    let payload = string(root, "payload")?;
    let signatures = match root.get("signatures") {
        None => vec![signature(root)?],
        Some(list) => {
            // One form or the other.
            if ["protected", "header", "signature"].iter().any(|name| root.get(name).is_some()) {
                return Err(VerifyError::Malformed);
            }
            let list = list.elements().ok_or(VerifyError::Malformed)?;
            let signatures: Vec<_> =
                list.take(MAX_SIGNATURES + 1).map(signature).collect::<Result<_, _>>()?;
            if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
                return Err(VerifyError::Malformed);
            }
            signatures
        }
    };
    Ok(JsonForm { payload, signatures })
}

/// The protected headers of a JWS in one of its JSON forms, still encoded, as far as its signatures have one.
#[cfg(feature = "x509")]
pub(crate) fn protected_headers(jws: &str) -> Result<Vec<String>, VerifyError> {
    let document = Document::parse_str(jws, Limits::HEADER).map_err(|_| VerifyError::Malformed)?;
    let signatures = read(&document)?.signatures;
    Ok(signatures.into_iter().filter_map(|signature| signature.protected.map(Cow::into_owned)).collect())
}

fn signature<'a>(object: Value<'_, 'a>) -> Result<SignatureForm<'a>, VerifyError> {
    let protected = string(object, "protected")?;
    let signature = string(object, "signature")?.ok_or(VerifyError::Malformed)?;
    let unprotected = match object.get("header") {
        None => None,
        // RFC 7515 §7.2.1: absent rather than empty.
        Some(header) if header.members().is_some_and(|mut members| members.next().is_some()) => {
            Some(header.text())
        }
        Some(_) => return Err(VerifyError::Malformed),
    };
    if protected.as_deref() == Some("") || protected.is_none() && unprotected.is_none() {
        return Err(VerifyError::Malformed);
    }
    Ok(SignatureForm { protected, unprotected, signature })
}

fn string<'a>(object: Value<'_, 'a>, name: &str) -> Result<Option<Cow<'a, str>>, VerifyError> {
    object.get(name).map(|value| value.as_str().ok_or(VerifyError::Malformed)).transpose()
}

/// No name may be in both headers, and what decides about security stands in the protected one (RFC 7515 §4, RFC 7797 §6).
pub(super) fn check_unprotected(
    protected: Option<Value<'_, '_>>,
    unprotected: &str,
) -> Result<Option<String>, VerifyError> {
    let document = Document::parse_str(unprotected, Limits::HEADER).map_err(VerifyError::HeaderJson)?;
    let root = document.root();
    for name in ["crit", "b64"] {
        if root.get(name).is_some() {
            return Err(VerifyError::Header { name });
        }
    }
    for (name, _) in root.members().ok_or(VerifyError::Malformed)? {
        if protected.is_some_and(|protected| protected.get(&name).is_some()) {
            return Err(VerifyError::Malformed);
        }
    }
    Ok(header::kid(root)?.map(Cow::into_owned))
}

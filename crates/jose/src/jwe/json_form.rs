//! Reading and writing the JSON forms (RFC 7516 §7.2).

use std::borrow::Cow;

use super::DecryptError;
use super::parts::Parts;
use super::sealed::Sealed;
use crate::base64url;
use crate::json::{Document, Value};

/// The most recipients that one JWE may have.
pub(super) const MAX_RECIPIENTS: usize = 16;

/// A JWE in one of its JSON forms, cut but not decoded.
pub(super) struct JsonForm<'t, 'a> {
    /// Encoded.
    pub(super) protected: Cow<'a, str>,
    pub(super) unprotected: Option<Value<'t, 'a>>,
    pub(super) recipients: Vec<RecipientForm<'t, 'a>>,
    iv: Option<Cow<'a, str>>,
    ciphertext: Cow<'a, str>,
    tag: Option<Cow<'a, str>>,
    aad: Option<Cow<'a, str>>,
}

/// One recipient.
pub(super) struct RecipientForm<'t, 'a> {
    pub(super) header: Option<Value<'t, 'a>>,
    /// Encoded.
    pub(super) encrypted_key: Cow<'a, str>,
}

pub(super) fn read<'t, 'a>(document: &'t Document<'a>) -> Result<JsonForm<'t, 'a>, DecryptError> {
    let malformed = DecryptError::Malformed;
    let root = document.root();
    if root.members().is_none() {
        return Err(malformed);
    }
    // `enc` must be protected, so there is always a protected header.
    let protected = string(root, "protected")?.filter(|text| !text.is_empty()).ok_or(malformed.clone())?;
    let recipients = match root.get("recipients") {
        None => vec![recipient(root)?],
        Some(list) => {
            if ["header", "encrypted_key"].iter().any(|name| root.get(name).is_some()) {
                return Err(malformed);
            }
            let list = list.elements().ok_or(malformed.clone())?;
            let list: Vec<_> = list.take(MAX_RECIPIENTS + 1).map(recipient).collect::<Result<_, _>>()?;
            if list.is_empty() || list.len() > MAX_RECIPIENTS {
                return Err(malformed);
            }
            list
        }
    };
    let form = JsonForm {
        protected,
        unprotected: object(root, "unprotected")?,
        recipients,
        iv: string(root, "iv")?,
        ciphertext: string(root, "ciphertext")?.ok_or(malformed.clone())?,
        tag: string(root, "tag")?,
        aad: string(root, "aad")?,
    };
    // RFC 7516 §7.2.1: absent rather than empty.
    if form.aad.as_deref() == Some("") { Err(malformed) } else { Ok(form) }
}

impl JsonForm<'_, '_> {
    /// What is encrypted. Integrated encryption has neither vector nor tag, everything else has both.
    pub(super) fn sealed(&self, integrated: bool) -> Result<Sealed<'_>, DecryptError> {
        if integrated == self.iv.is_some() || integrated == self.tag.is_some() {
            return Err(DecryptError::Malformed);
        }
        let aad = match &self.aad {
            None => Cow::Borrowed(&*self.protected),
            Some(aad) => {
                base64url::decode(aad.as_bytes()).map_err(|_| DecryptError::Malformed)?;
                Cow::Owned(format!("{}.{aad}", self.protected))
            }
        };
        Ok(Sealed {
            aad,
            iv: self.iv.as_deref().unwrap_or_default(),
            ciphertext: &self.ciphertext,
            tag: self.tag.as_deref().unwrap_or_default(),
        })
    }
}

fn recipient<'t, 'a>(object_of: Value<'t, 'a>) -> Result<RecipientForm<'t, 'a>, DecryptError> {
    if object_of.members().is_none() {
        return Err(DecryptError::Malformed);
    }
    let encrypted_key = string(object_of, "encrypted_key")?;
    if encrypted_key.as_deref() == Some("") {
        return Err(DecryptError::Malformed);
    }
    Ok(RecipientForm {
        header: object(object_of, "header")?,
        encrypted_key: encrypted_key.unwrap_or_default(),
    })
}

fn string<'a>(object: Value<'_, 'a>, name: &str) -> Result<Option<Cow<'a, str>>, DecryptError> {
    object.get(name).map(|value| value.as_str().ok_or(DecryptError::Malformed)).transpose()
}

/// A header that is there is not empty.
fn object<'t, 'a>(of: Value<'t, 'a>, name: &str) -> Result<Option<Value<'t, 'a>>, DecryptError> {
    match of.get(name) {
        None => Ok(None),
        Some(header) if header.members().is_some_and(|mut members| members.next().is_some()) => {
            Ok(Some(header))
        }
        Some(_) => Err(DecryptError::Malformed),
    }
}

/// Writes either form; `recipients` is what [`encrypted_key`] or [`recipients`] gives. Members that would be empty are
/// absent (RFC 7516 §7.2.1).
pub(super) fn write(parts: &Parts<'_>, recipients: &str, aad: Option<&[u8]>) -> String {
    let mut json = format!("{{\"protected\":\"{}\"{recipients}", parts.protected);
    let mut push = |name: &str, value: &[u8]| {
        for part in [",\"", name, "\":\"", &base64url::encode(value), "\""] {
            json.push_str(part);
        }
    };
    for (name, value) in [("aad", aad.unwrap_or_default()), ("iv", parts.iv.as_slice())] {
        if !value.is_empty() {
            push(name, value);
        }
    }
    push("ciphertext", &parts.ciphertext);
    if !parts.tag().is_empty() {
        push("tag", parts.tag());
    }
    json.push('}');
    json
}

/// The member `encrypted_key` after a comma, where there is one.
pub(super) fn encrypted_key(key: &[u8]) -> String {
    if key.is_empty() { String::new() } else { format!(",\"encrypted_key\":\"{}\"", base64url::encode(key)) }
}

/// The member `recipients` after a comma: each one's header (JSON) and encrypted key.
pub(super) fn recipients(recipients: &[(Option<&str>, &[u8])]) -> String {
    let recipients: Vec<_> = recipients
        .iter()
        .map(|(header, key)| {
            let header = header.map_or_else(String::new, |header| format!(",\"header\":{header}"));
            let members = [header, encrypted_key(key)].concat();
            format!("{{{}}}", members.strip_prefix(',').unwrap_or_default())
        })
        .collect();
    format!(",\"recipients\":[{}]", recipients.join(","))
}

//! The protected header as an encrypter writes it, encoded once.

use std::borrow::Cow;

use super::{ContentEncryption, RecipientKey};
use crate::base64url;
use crate::jws::quoted;

/// A header with a gap for what differs from text to text, `epk` for example.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    /// JSON: `alg`, and the recipient's `kid`.
    before: Box<str>,
    /// JSON: the caller's own members, and `enc`.
    after: Box<str>,
    /// Both together, encoded.
    whole: Box<str>,
}

/// Names of members and their JSON.
pub(super) type Members = Vec<(Box<str>, Box<str>)>;

impl Template {
    pub(super) fn new(recipient: &RecipientKey, enc: Option<ContentEncryption>, members: &Members) -> Self {
        let before = recipient_members(recipient);
        let after = content_members(enc, members);
        let whole = base64url::encode(object(&[&before, &after]));
        Self { before: before.into(), after: after.into(), whole: whole.into() }
    }

    /// The encoded header with these members between.
    pub(super) fn protected(&self, between: &str) -> Cow<'_, str> {
        if between.is_empty() {
            return Cow::Borrowed(&self.whole);
        }
        Cow::Owned(base64url::encode(object(&[&self.before, between, &self.after])))
    }

    /// The encoded header without what is said about the recipient.
    pub(super) fn content(&self) -> String {
        base64url::encode(object(&[&self.after]))
    }
}

/// The header of one among several recipients (JSON).
pub(super) fn recipient_header(recipient: &RecipientKey, own: &str) -> String {
    object(&[&recipient_members(recipient), own])
}

/// Members follow each other in one text, each after a comma.
fn object(members: &[&str]) -> String {
    let members = members.concat();
    format!("{{{}}}", members.strip_prefix(',').unwrap_or_default())
}

fn recipient_members(recipient: &RecipientKey) -> String {
    let mut json = format!(r#","alg":"{}""#, recipient.alg());
    if let Some(kid) = recipient.kid() {
        json.push_str(r#","kid":"#);
        json.push_str(&quoted(kid));
    }
    json
}

fn content_members(enc: Option<ContentEncryption>, members: &Members) -> String {
    let mut json: String = members.iter().map(|(name, value)| format!(",{}:{value}", quoted(name))).collect();
    if let Some(enc) = enc {
        json.push_str(&format!(r#","enc":"{enc}""#));
    }
    json
}

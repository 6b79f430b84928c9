//! What the feed may name of a token.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Revocations;
use super::register::{Name, Sid, parse_sid};

/// What the feed may name of a token.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Named {
    pub(crate) sid: Option<Sid>,
    pub(crate) client: Option<Name>,
    pub(crate) jti: Option<Name>,
}

#[derive(Default, Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    sid: Option<Claim<'a>>,
    #[serde(borrow)]
    client_id: Option<Claim<'a>>,
    #[serde(borrow)]
    jti: Option<Claim<'a>>,
}

/// One that is no text hides none of the others.
#[derive(Deserialize)]
#[serde(untagged)]
enum Claim<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Other(IgnoredAny),
}

impl Named {
    /// Reads the claims of a token as they were signed.
    pub(crate) fn read(claims: &str, revocations: &Revocations) -> Self {
        let claims: Claims<'_> = serde_json::from_str(claims).unwrap_or_default();
        let text = |claim| match claim {
            Some(Claim::Text(text)) => Some(text),
            Some(Claim::Other(_)) | None => None,
        };
        Self {
            sid: text(claims.sid).and_then(|sid| parse_sid(&sid)),
            client: text(claims.client_id).map(|client| revocations.name(&client)),
            jti: text(claims.jti).map(|jti| revocations.name(&jti)),
        }
    }
}

//! The registered claims (RFC 7519 §4.1), typed.

use std::fmt;

use crate::error::VerifyError;
use crate::json::{self, Document, JsonError, Limits, NumericDate, Onlooker, Rounding, Written};
use crate::timestamp::Timestamp;

/// The registered claims of a verified token. Texts lie within the decoded claims set, so keeping them costs nothing.
#[derive(Clone)]
pub struct RegisteredClaims {
    json: String,
    found: Found,
}

/// Where the registered claims lie.
#[derive(Clone, Default)]
pub(super) struct Found {
    iss: Option<Text>,
    sub: Option<Text>,
    jti: Option<Text>,
    aud: Texts,
    pub(super) exp: Option<Timestamp>,
    pub(super) nbf: Option<Timestamp>,
    pub(super) iat: Option<Timestamp>,
}

impl RegisteredClaims {
    /// Who issued the token.
    #[must_use]
    pub fn iss(&self) -> Option<&str> {
        self.found.iss.as_ref().map(|text| text.get(&self.json))
    }

    /// Whom it is about.
    #[must_use]
    pub fn sub(&self) -> Option<&str> {
        self.found.sub.as_ref().map(|text| text.get(&self.json))
    }

    /// Its own name.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.found.jti.as_ref().map(|text| text.get(&self.json))
    }

    /// Whom it is for.
    pub fn aud(&self) -> impl Iterator<Item = &str> {
        let texts = match &self.found.aud {
            Texts::None => &[],
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Many(texts) => texts.as_slice(),
        };
        texts.iter().map(|text| text.get(&self.json))
    }

    /// When it expires.
    #[must_use]
    pub fn exp(&self) -> Option<Timestamp> {
        self.found.exp
    }

    /// When it begins to be valid.
    #[must_use]
    pub fn nbf(&self) -> Option<Timestamp> {
        self.found.nbf
    }

    /// When it was issued.
    #[must_use]
    pub fn iat(&self) -> Option<Timestamp> {
        self.found.iat
    }

    /// The claims set as it was signed.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
}

impl fmt::Debug for RegisteredClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredClaims")
            .field("iss", &self.iss())
            .field("sub", &self.sub())
            .field("aud", &self.aud().collect::<Vec<_>>())
            .field("exp", &self.exp())
            .field("nbf", &self.nbf())
            .field("iat", &self.iat())
            .field("jti", &self.jti())
            .finish()
    }
}

/// A text of the claims set.
#[derive(Clone)]
enum Text {
    /// Where it stands, if it has no escapes.
    Within(u32, u32),
    Unescaped(Box<str>),
}

impl Text {
    fn get<'j>(&'j self, json: &'j str) -> &'j str {
        match self {
            Self::Within(start, end) => json.get(*start as usize..*end as usize).unwrap_or_default(),
            Self::Unescaped(text) => text,
        }
    }
}

#[derive(Clone, Default)]
enum Texts {
    #[default]
    None,
    One(Text),
    Many(Vec<Text>),
}

/// The registered claims while a claims set is being read.
pub(super) struct Reading {
    found: Found,
    /// The first claim that was malformed.
    malformed: Option<&'static str>,
    /// The claims that must be there and have not been met.
    pub(super) missing: Vec<&'static str>,
}

impl Reading {
    pub(super) fn new(required: &[&'static str]) -> Self {
        Self { found: Found::default(), malformed: None, missing: required.to_vec() }
    }

    /// Reads all members of a checked claims set.
    pub(super) fn all(mut self, document: &Document<'_>) -> Result<Self, VerifyError> {
        let members = document.root().members().ok_or_else(|| {
            VerifyError::ClaimsJson(JsonError::Type { found: "another value", wanted: "an object".into() })
        })?;
        for (name, value) in members {
            self.member(&name, value.written());
        }
        Ok(self)
    }

    /// What was found, if it is well-formed.
    pub(super) fn found(&self) -> Result<&Found, VerifyError> {
        match self.malformed {
            None => Ok(&self.found),
            Some(name) => Err(VerifyError::ClaimMalformed { name }),
        }
    }

    pub(super) fn into_claims(self, json: String) -> RegisteredClaims {
        RegisteredClaims { json, found: self.found }
    }

    fn registered(&mut self, name: &[u8], value: Written<'_>) -> Option<()> {
        let found = &mut self.found;
        match name {
            b"iss" => found.iss = Some(text(value)?),
            b"sub" => found.sub = Some(text(value)?),
            b"jti" => found.jti = Some(text(value)?),
            b"aud" => found.aud = audience(value)?,
            b"exp" => found.exp = Some(date(value, Rounding::Down)?),
            b"nbf" => found.nbf = Some(date(value, Rounding::Up)?),
            b"iat" => found.iat = Some(date(value, Rounding::Up)?),
            _ => {}
        }
        Some(())
    }
}

impl Onlooker for Reading {
    #[inline(always)]
    fn member(&mut self, name: &str, value: Written<'_>) {
        if !self.missing.is_empty() {
            self.missing.retain(|missing| *missing != name);
        }
        // Three letters each, so that other names cost one comparison.
        if name.len() == 3 && self.registered(name.as_bytes(), value).is_none() {
            let malformed =
                ["iss", "sub", "jti", "aud", "exp", "nbf", "iat"].into_iter().find(|known| *known == name);
            self.malformed = self.malformed.or(malformed);
        }
    }
}

impl Found {
    pub(super) fn iss<'j>(&'j self, json: &'j str) -> Option<&'j str> {
        self.iss.as_ref().map(|text| text.get(json))
    }

    /// Whether any audience fits; nothing where there is none.
    pub(super) fn any_audience(&self, json: &str, fits: impl Fn(&str) -> bool) -> Option<bool> {
        match &self.aud {
            Texts::None => None,
            Texts::One(text) => Some(fits(text.get(json))),
            Texts::Many(texts) => Some(texts.iter().any(|text| fits(text.get(json)))),
        }
    }
}

fn text(value: Written<'_>) -> Option<Text> {
    if value.first() != Some(b'"') {
        return None;
    }
    // Without the quotes.
    let (start, end) = (value.start + 1, value.end.saturating_sub(1));
    if !value.plain {
        let text = value.within.get(start..end)?;
        if memchr::memchr(b'\\', text.as_bytes()).is_some() {
            return Some(Text::Unescaped(json::unescape(text).into()));
        }
    }
    Some(Text::Within(u32::try_from(start).ok()?, u32::try_from(end).ok()?))
}

/// A string, or an array of strings (RFC 7519 §4.1.3); not an empty one.
fn audience(value: Written<'_>) -> Option<Texts> {
    if value.first() != Some(b'[') {
        return if value.text() == "\"\"" { None } else { text(value).map(Texts::One) };
    }
    let document = Document::parse_str(value.text(), Limits::PAYLOAD).ok()?;
    let texts = document.root().elements()?.map(|element| {
        let Written { start, end, plain, .. } = element.written();
        text(Written { start: value.start + start, end: value.start + end, plain, ..value })
    });
    let texts: Vec<Text> = texts.collect::<Option<_>>()?;
    if texts.is_empty() { None } else { Some(Texts::Many(texts)) }
}

fn date(value: Written<'_>, rounding: Rounding) -> Option<Timestamp> {
    if let Some(seconds) = value.integer {
        return Timestamp::try_from_unix(seconds.try_into().ok()?);
    }
    if !matches!(value.first(), Some(b'0'..=b'9' | b'-')) {
        return None;
    }
    NumericDate::read(value.text(), rounding).and_then(|date| Timestamp::try_from_unix(date.0))
}

//! The registered claims (RFC 7519 §4.1), typed.

use std::fmt;

use crate::error::VerifyError;
use crate::json::{Document, NumericDate, Rounding, Value};
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
    pub(super) fn new(json: String, found: Found) -> Self {
        Self { json, found }
    }

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

impl Found {
    /// Finds and types the registered claims of a checked claims set.
    pub(super) fn read(document: &Document<'_>) -> Result<Self, VerifyError> {
        let mut found = Self::default();
        let members =
            document.root().members().ok_or(VerifyError::ClaimsJson(crate::json::JsonError::Type {
                found: "another value",
                wanted: "an object".into(),
            }))?;
        for (name, value) in members {
            // Three letters each, so that other names cost one comparison.
            if name.len() != 3 {
                continue;
            }
            match name.as_bytes() {
                b"iss" => found.iss = Some(text(value, "iss")?),
                b"sub" => found.sub = Some(text(value, "sub")?),
                b"jti" => found.jti = Some(text(value, "jti")?),
                b"aud" => found.aud = audience(value)?,
                b"exp" => found.exp = Some(date(value, "exp", Rounding::Down)?),
                b"nbf" => found.nbf = Some(date(value, "nbf", Rounding::Up)?),
                b"iat" => found.iat = Some(date(value, "iat", Rounding::Up)?),
                _ => {}
            }
        }
        Ok(found)
    }

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

    /// Whether a claim that must be there is absent.
    pub(super) fn lacks(&self, name: &str) -> Option<bool> {
        Some(match name {
            "iss" => self.iss.is_none(),
            "sub" => self.sub.is_none(),
            "jti" => self.jti.is_none(),
            "aud" => matches!(self.aud, Texts::None),
            "exp" => self.exp.is_none(),
            "nbf" => self.nbf.is_none(),
            "iat" => self.iat.is_none(),
            _ => return None,
        })
    }
}

fn text(value: Value<'_, '_>, name: &'static str) -> Result<Text, VerifyError> {
    let malformed = VerifyError::ClaimMalformed { name };
    match value.span() {
        Some((start, end)) => Ok(Text::Within(start, end)),
        None => value.as_str().map(|text| Text::Unescaped(text.into())).ok_or(malformed),
    }
}

/// A string, or an array of strings (RFC 7519 §4.1.3); not an empty one.
fn audience(value: Value<'_, '_>) -> Result<Texts, VerifyError> {
    let malformed = VerifyError::ClaimMalformed { name: "aud" };
    if let Some(elements) = value.elements() {
        let texts: Vec<Text> = elements.map(|element| text(element, "aud")).collect::<Result<_, _>>()?;
        return if texts.is_empty() { Err(malformed) } else { Ok(Texts::Many(texts)) };
    }
    match text(value, "aud")? {
        Text::Within(start, end) if start == end => Err(malformed),
        one => Ok(Texts::One(one)),
    }
}

fn date(value: Value<'_, '_>, name: &'static str, rounding: Rounding) -> Result<Timestamp, VerifyError> {
    value
        .as_number()
        .and_then(|number| NumericDate::read(number, rounding))
        .and_then(|date| Timestamp::try_from_unix(date.0))
        .ok_or(VerifyError::ClaimMalformed { name })
}

//! The registered claims (RFC 7519 §4.1), typed.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::error::VerifyError;
use crate::found::ClaimFault;
use crate::json::{self, Document, JsonError, Limits, NumericDate, Onlooker, Rounding, Value, Written};
use crate::shown::pointer_to;
use crate::timestamp::Timestamp;

/// The registered claims of a verified token. Texts lie within the decoded claims set, so keeping them costs nothing.
#[derive(Clone)]
pub struct RegisteredClaims {
    /// The claims set, and behind it what those texts stand for that have escapes.
    text: String,
    json_len: usize,
    found: Found,
}

#[derive(Clone, Default)]
struct Found {
    iss: Option<Place>,
    sub: Option<Place>,
    jti: Option<Place>,
    aud: Audiences,
    exp: Option<Timestamp>,
    nbf: Option<Timestamp>,
    iat: Option<Timestamp>,
}

/// Where a text lies.
#[derive(Clone, Copy)]
struct Place {
    start: u32,
    end: u32,
}

#[derive(Clone, Default)]
enum Audiences {
    #[default]
    None,
    One(Place),
    Many(Vec<Place>),
}

impl RegisteredClaims {
    /// The issuer.
    #[must_use]
    pub fn iss(&self) -> Option<&str> {
        self.at(self.found.iss)
    }

    /// Whom it is about.
    #[must_use]
    pub fn sub(&self) -> Option<&str> {
        self.at(self.found.sub)
    }

    /// Its own name.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.at(self.found.jti)
    }

    /// Whom it is for.
    pub fn aud(&self) -> impl Iterator<Item = &str> {
        let places = match &self.found.aud {
            Audiences::None => &[],
            Audiences::One(place) => std::slice::from_ref(place),
            Audiences::Many(places) => places.as_slice(),
        };
        places.iter().filter_map(|place| self.at(Some(*place)))
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
        self.text.get(..self.json_len).unwrap_or_default()
    }

    /// Those of this claims set, of which nothing has been read.
    pub(super) fn new(json: String) -> Self {
        Self { json_len: json.len(), text: json, found: Found::default() }
    }

    /// Reads the whole claims set into `C`, and the registered ones on the way.
    pub(super) fn read<C: DeserializeOwned>(&mut self, flaws: &mut Flaws) -> Result<C, JsonError> {
        let mut reading = Reading::new(self.json_len, &mut self.found, flaws);
        let claims = json::read_object(&self.text, &mut reading)?;
        let unescaped = reading.unescaped;
        self.text.push_str(&unescaped);
        Ok(claims)
    }

    /// Reads only the registered ones, from the claims set as a checked document.
    pub(super) fn look_through(
        &mut self,
        document: &Document<'_>,
        flaws: &mut Flaws,
    ) -> Result<(), JsonError> {
        let mut reading = Reading::new(self.json_len, &mut self.found, flaws);
        let members = document
            .root()
            .members()
            .ok_or_else(|| JsonError::Type { found: "another value", wanted: "an object".into() })?;
        for (name, value) in members {
            reading.member(&name, value.written());
        }
        let unescaped = reading.unescaped;
        self.text.push_str(&unescaped);
        Ok(())
    }

    /// The refusal of a claim that has not its form: what stands there, and what should.
    #[cold]
    pub(super) fn malformed(&self, name: &'static str) -> VerifyError {
        let fault = match Document::parse_str(self.json(), Limits::PAYLOAD) {
            Ok(document) => document.root().get(name).map(|value| fault(name, value)),
            Err(error) => return VerifyError::ClaimsJson(error),
        };
        match fault {
            Some(fault) => VerifyError::ClaimMalformed { name, fault: Box::new(fault) },
            None => VerifyError::ClaimMissing { name },
        }
    }

    fn at(&self, place: Option<Place>) -> Option<&str> {
        self.text.get(place?.start as usize..place?.end as usize)
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

/// What is wrong with a claims set that can be read.
pub(super) struct Flaws {
    /// The first registered claim that has not the form it must have.
    pub(super) malformed: Option<&'static str>,
    /// The claims that must be there and have not been met.
    pub(super) missing: Vec<&'static str>,
    subject: Subject,
}

/// What `sub` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A string (RFC 7519 §4.1.2).
    Text,
    /// Anything: the caller's type decides.
    Any,
}

impl Flaws {
    pub(super) fn new(required: &[&'static str], subject: Subject) -> Self {
        Self { malformed: None, missing: required.to_vec(), subject }
    }

    #[cold]
    fn note(&mut self, name: &str) {
        let malformed =
            ["iss", "sub", "jti", "aud", "exp", "nbf", "iat"].into_iter().find(|known| *known == name);
        let malformed = malformed.filter(|name| *name != "sub" || self.subject == Subject::Text);
        self.malformed = self.malformed.or(malformed);
    }
}

/// The registered claims while a claims set is being read.
struct Reading<'r> {
    found: &'r mut Found,
    flaws: &'r mut Flaws,
    json_len: usize,
    unescaped: String,
}

impl<'r> Reading<'r> {
    fn new(json_len: usize, found: &'r mut Found, flaws: &'r mut Flaws) -> Self {
        Self { found, flaws, json_len, unescaped: String::new() }
    }

    /// Nothing where the claim has not its form.
    fn registered(&mut self, name: [u8; 3], value: Written<'_>) -> Option<()> {
        match &name {
            b"iss" => self.found.iss = Some(self.text(value)?),
            b"sub" => self.found.sub = Some(self.text(value)?),
            b"jti" => self.found.jti = Some(self.text(value)?),
            b"aud" => self.found.aud = self.audiences(value)?,
            b"exp" => self.found.exp = Some(date(value, Rounding::Down)?),
            b"nbf" => self.found.nbf = Some(date(value, Rounding::Up)?),
            b"iat" => self.found.iat = Some(date(value, Rounding::Up)?),
            _ => {}
        }
        Some(())
    }

    fn text(&mut self, value: Written<'_>) -> Option<Place> {
        if value.first() != Some(b'"') {
            return None;
        }
        // Without the quotes.
        let (start, end) = (value.start + 1, value.end.saturating_sub(1));
        if !value.plain {
            let text = value.within.get(start..end)?;
            if memchr::memchr(b'\\', text.as_bytes()).is_some() {
                return self.unescaped(text);
            }
        }
        Some(Place { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? })
    }

    #[cold]
    fn unescaped(&mut self, text: &str) -> Option<Place> {
        let start = self.json_len + self.unescaped.len();
        self.unescaped.push_str(&json::unescape(text));
        let end = self.json_len + self.unescaped.len();
        Some(Place { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? })
    }

    /// A string, or an array of strings (RFC 7519 §4.1.3); not an empty one.
    fn audiences(&mut self, value: Written<'_>) -> Option<Audiences> {
        if value.first() != Some(b'[') {
            return if value.text() == "\"\"" { None } else { self.text(value).map(Audiences::One) };
        }
        let document = Document::parse_str(value.text(), Limits::PAYLOAD).ok()?;
        let places = document.root().elements()?.map(|element| {
            let Written { start, end, plain, .. } = element.written();
            self.text(Written { start: value.start + start, end: value.start + end, plain, ..value })
        });
        let places: Vec<Place> = places.collect::<Option<_>>()?;
        if places.is_empty() { None } else { Some(Audiences::Many(places)) }
    }
}

impl Onlooker for Reading<'_> {
    #[inline(always)]
    fn member(&mut self, name: &str, value: Written<'_>) {
        if !self.flaws.missing.is_empty() {
            self.flaws.missing.retain(|missing| *missing != name);
        }
        // Three letters each, so that other names cost one comparison.
        if let Ok(letters) = name.as_bytes().try_into()
            && self.registered(letters, value).is_none()
        {
            self.flaws.note(name);
        }
    }
}

/// What is wrong with a registered claim that has not its form.
pub(crate) fn fault(name: &str, value: Value<'_, '_>) -> ClaimFault {
    const AUDIENCE: &str = "a string that is not empty, or an array of strings";
    match name {
        "aud" => {
            let mut elements = value.elements().into_iter().flatten().enumerate();
            match elements.find(|(_, element)| element.as_str().is_none()) {
                Some((index, element)) => ClaimFault {
                    pointer: pointer_to(["aud", &index.to_string()]),
                    ..ClaimFault::of(name, element, "a string")
                },
                None => ClaimFault::of(name, value, AUDIENCE),
            }
        }
        "exp" | "nbf" | "iat" => date_fault(name, value),
        _ => ClaimFault::of(name, value, "a string"),
    }
}

fn date_fault(name: &str, value: Value<'_, '_>) -> ClaimFault {
    const DATE: &str = "a number of seconds since 1970, in the years up to 9999";
    // Enough for any date; what is longer is none.
    const LONGEST: usize = 40;
    let mut fault = ClaimFault::of(name, value, DATE);
    if let Some(text) = value.as_str().filter(|text| !text.is_empty() && text.len() <= LONGEST) {
        fault.found = format!("the string {text:?}").into();
    }
    let seconds = |text| {
        NumericDate::read(text, Rounding::Down).and_then(|date| Timestamp::try_from_unix(date.0 / 1000))
    };
    if value.as_number().and_then(seconds).is_some_and(|date| date.unix() > 0) {
        fault.found = format!("{} (milliseconds, it seems)", fault.found).into();
    }
    fault
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

//! What of a text can be shown.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{members_of, spelling};
use crate::commands::peek::is_json;
use crate::failure::Failure;
use crate::members::Members;

/// Verifiers take no longer tokens unless told.
const USUAL_LIMIT: usize = jeton_jose::jwt::Verifier::DEFAULT_MAX_LEN;

/// The parts of a token that can be read, and what is wrong with it.
pub(super) struct Shown {
    /// Headers, each with what it is.
    pub(super) headers: Vec<(String, Body)>,
    /// The claims, or a payload that is none.
    pub(super) body: Option<Body>,
    encrypted: bool,
    /// What keeps verifiers from taking it, in words.
    pub(super) problems: Vec<String>,
}

/// A part that is an object, or any other text.
pub(super) enum Body {
    Members(Members),
    Text(String),
}

impl Shown {
    /// Looks at a text.
    ///
    /// # Errors
    /// Where there is nothing to show.
    pub(super) fn of(text: &str) -> Result<Self, Failure> {
        let mut shown = Self { headers: Vec::new(), body: None, encrypted: false, problems: Vec::new() };
        let token = spelling::bare(text, &mut shown.problems);
        if token.is_empty() {
            return Err(Failure::coded("token_malformed", "no token: the input is empty"));
        }
        if token.len() > USUAL_LIMIT {
            let len = token.len();
            shown
                .problems
                .push(format!("the token has {len} bytes, more than the usual limit of {USUAL_LIMIT}"));
        }
        if is_json(&token) {
            shown.json_form(&token);
        } else {
            shown.compact(&token);
        }
        if shown.headers.is_empty() && shown.body.is_none() {
            let reason = shown.problems.join("; ");
            return Err(Failure::coded("token_malformed", format!("token is malformed: {reason}")));
        }
        Ok(shown)
    }

    fn compact(&mut self, token: &str) {
        let mut disclosures = token.split('~');
        let signed = disclosures.next().unwrap_or_default();
        let parts: Vec<&str> = signed.split('.').collect();
        if token.contains('~') {
            self.problems
                .push("its holder chooses what to show (SD-JWT): `jeton jwt sd verify` takes it".to_owned());
        }
        match parts.len() {
            3 => {}
            5 => {
                self.encrypted = true;
                self.problems.push(
                    "the token is encrypted, and shows its header alone: `jeton jwe decrypt` and `jeton jwt verify --decrypt-key` open it"
                        .to_owned(),
                );
            }
            count => {
                self.problems.push(format!("it has {count} parts separated by dots, and a signed one has 3"))
            }
        }
        let header = parts.first().copied().unwrap_or_default();
        self.header("header", header, true);
        if self.encrypted {
            return;
        }
        match parts.get(1) {
            Some(&"") => self
                .problems
                .push("the token carries no payload: a detached one travels some other way".to_owned()),
            Some(payload) => self.payload(payload),
            None => {}
        }
        if let Some(signature) = parts.get(2) {
            self.signature(signature);
        }
        for disclosure in disclosures.filter(|disclosure| !disclosure.is_empty() && !disclosure.contains('.'))
        {
            self.disclosure(disclosure);
        }
    }

    fn json_form(&mut self, text: &str) {
        let json: Value = match serde_json::from_str(text) {
            Ok(json) => json,
            Err(error) => {
                self.problems.push(format!("the text is not JSON: {error}"));
                return;
            }
        };
        if let Err(error) = jeton_jose::json::from_slice::<serde::de::IgnoredAny>(text.as_bytes()) {
            self.problems.push(format!("the text is not strict JSON, so verifiers refuse it: {error}"));
        }
        self.encrypted = json.get("ciphertext").is_some();
        let taker = if self.encrypted { "jeton jwe decrypt" } else { "jeton jws verify" };
        self.problems.push(format!("the text is in a JSON form, but a token is compact: use `{taker}`"));
        let lists = ["signatures", "recipients"].iter().filter_map(|name| json[name].as_array());
        for (index, part) in std::iter::once(&json).chain(lists.flatten()).enumerate() {
            let of = if index == 0 { String::new() } else { format!(" of part {index}") };
            if let Some(protected) = part["protected"].as_str() {
                self.header(&format!("protected header{of}"), protected, false);
            }
            for name in ["unprotected", "header"] {
                if part[name].is_object() {
                    let text = part[name].to_string();
                    self.push(&format!("unprotected header{of}"), &text, "unprotected header");
                }
            }
            if let Some(signature) = part["signature"].as_str() {
                self.signature(signature);
            }
        }
        match json["payload"].as_str() {
            Some(payload) => self.payload(payload),
            None if !self.encrypted => self.problems.push("the text carries no payload".to_owned()),
            None => {}
        }
    }

    fn header(&mut self, title: &str, encoded: &str, whole: bool) {
        self.part(title, encoded, "header", whole);
        let Some((_, Body::Members(members))) = self.headers.last() else { return };
        let mut odd = Vec::new();
        match members.get("alg").map(|alg| serde_json::from_str::<String>(alg.get())) {
            None if whole => odd.push("the header does not say `alg`".to_owned()),
            Some(Err(_)) => odd.push("`alg` in the header is not a string".to_owned()),
            Some(Ok(alg)) => {
                if let Some((name, reason)) = crate::algorithm::refused_by_design(&alg) {
                    odd.push(format!("`alg` is {name}, which is refused: {reason}"));
                }
            }
            None => {}
        }
        for name in ["typ", "kid", "cty"] {
            let value = members.get(name).map(|value| serde_json::from_str::<String>(value.get()));
            if matches!(value, Some(Err(_))) {
                odd.push(format!("`{name}` in the header is not a string"));
            }
        }
        self.problems.extend(odd);
    }

    /// Adds a part that is encoded; the whole token is nothing without its header.
    fn part(&mut self, title: &str, encoded: &str, what: &str, whole: bool) {
        let Some(bytes) = spelling::decode(encoded, what, &mut self.problems) else { return };
        match String::from_utf8(bytes) {
            Ok(text) if whole && !text.trim_start().starts_with('{') => {
                self.problems.push(format!("the {what} is not a JSON object"));
            }
            Ok(text) => self.push(title, &text, what),
            Err(_) => self.problems.push(format!("the {what} is not UTF-8")),
        }
    }

    fn push(&mut self, title: &str, text: &str, what: &str) {
        let body = match members_of(text, what, &mut self.problems) {
            Some(members) => Body::Members(members),
            None => Body::Text(text.to_owned()),
        };
        self.headers.push((title.to_owned(), body));
    }

    /// What a holder shows of a token (RFC 9901 §4.2): an array, and no object.
    fn disclosure(&mut self, encoded: &str) {
        let Some(bytes) = spelling::decode(encoded, "disclosure", &mut self.problems) else { return };
        match String::from_utf8(bytes) {
            Ok(text) => self.headers.push(("disclosure".to_owned(), Body::Text(text))),
            Err(_) => self.problems.push("a disclosure is not UTF-8".to_owned()),
        }
    }

    fn payload(&mut self, encoded: &str) {
        let Some(bytes) = spelling::decode(encoded, "payload", &mut self.problems) else { return };
        self.body = Some(match String::from_utf8(bytes) {
            Err(error) => {
                self.problems.push("the payload is not UTF-8, so it is not a claims set".to_owned());
                Body::Text(format!("{} bytes", error.as_bytes().len()))
            }
            Ok(text) => match members_of(&text, "payload", &mut self.problems) {
                Some(members) => {
                    self.claims(&members);
                    Body::Members(members)
                }
                None => Body::Text(text),
            },
        });
    }

    /// Registered claims that no verifier takes.
    fn claims(&mut self, claims: &Members) {
        let text = serde_json::to_string(claims).unwrap_or_default();
        let key = jeton_jose::SharedSecret::generate(jeton_jose::Algorithm::HS256);
        let Ok(key) = key else { return };
        // What a signer refuses to sign, every verifier refuses.
        let signed = serde_json::value::RawValue::from_string(text)
            .map(|raw| jeton_jose::jwt::Signer::new(key).sign(&raw));
        if let Ok(Err(jeton_jose::SignError::ClaimMalformed { name, fault })) = signed {
            self.problems.push(format!("claim `{name}` is malformed: {fault}"));
        }
    }

    fn signature(&mut self, encoded: &str) {
        match encoded {
            "" => self.problems.push("the signature is empty".to_owned()),
            encoded => drop(spelling::decode(encoded, "signature", &mut self.problems)),
        }
    }
}

/// One JSON document: `header` and `claims` where there is one of each, as for every token that verifies.
impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("verified", &false)?;
        if self.encrypted {
            map.serialize_entry("encrypted", &true)?;
        }
        match self.headers.as_slice() {
            [(_, header)] => map.serialize_entry("header", header)?,
            headers => {
                let list: Vec<_> = headers.iter().map(|(title, header)| Titled { title, header }).collect();
                map.serialize_entry("headers", &list)?;
            }
        }
        match &self.body {
            Some(claims @ Body::Members(_)) => map.serialize_entry("claims", claims)?,
            Some(payload) => map.serialize_entry("payload", payload)?,
            None => {}
        }
        if !self.problems.is_empty() {
            map.serialize_entry("problems", &json!(self.problems))?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Titled<'s> {
    title: &'s str,
    header: &'s Body,
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Members(members) => members.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

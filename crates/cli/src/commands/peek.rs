//! A look at the headers of a text that was refused, or whose keys are to be chosen. Nothing of it has been checked: it
//! explains, and picks among what the caller allows.

use jeton_jose::jwe::DecryptError;
use jeton_jose::{Algorithm, KeySet, VerifyError, base64url};
use serde_json::Value;

use crate::algorithm;
use crate::output::printable;

/// The headers of a JWS or JWE in any form.
pub(super) struct Peek {
    /// Protected, unprotected and per signature or recipient, as far as they can be read.
    headers: Vec<Value>,
    /// Whether the compact form has an empty payload.
    empty_payload: bool,
}

impl Peek {
    /// Looks at a text; what cannot be read is not there.
    pub(super) fn at(text: &str) -> Self {
        if is_json(text) {
            let json: Value = serde_json::from_str(text).unwrap_or_default();
            let mut headers = Vec::new();
            let lists = ["signatures", "recipients"].iter().filter_map(|name| json[name].as_array());
            for part in std::iter::once(&json).chain(lists.flatten()) {
                headers.extend(part["protected"].as_str().and_then(decode));
                headers.extend(["header", "unprotected"].iter().map(|name| part[name].clone()));
            }
            return Self { headers, empty_payload: json["payload"].is_null() };
        }
        let mut segments = text.split('.');
        let headers = segments.next().and_then(decode).into_iter().collect();
        Self { headers, empty_payload: segments.next() == Some("") }
    }

    /// The signature algorithms that the text names.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        self.texts("alg").filter_map(|name| name.parse().ok()).collect()
    }

    /// What is wrong with a JWS, in words, with what was found and what was wanted.
    pub(super) fn explain_jws(&self, error: &VerifyError, keys: &KeySet) -> String {
        match error {
            VerifyError::AlgorithmNotAllowed => {
                let allowed = names(keys.iter().map(|key| key.algorithm().as_str()));
                format!("algorithm not allowed: {}, allowed is {allowed}", self.found("alg"))
            }
            VerifyError::KeyNotFound => format!("no key fits: {}", self.found("kid")),
            VerifyError::TypeMismatch => format!("of another type: {}", self.found("typ")),
            VerifyError::SignatureInvalid if self.empty_payload => {
                format!("{error}; the text carries no payload: a detached one is given with --payload")
            }
            VerifyError::TooLarge { .. } => format!("{error}; --max-size takes more"),
            other => other.to_string(),
        }
    }

    /// What is wrong with a JWE, in words.
    pub(super) fn explain_jwe(&self, error: &DecryptError, allowed: &str) -> String {
        match error {
            DecryptError::AlgorithmNotAllowed => format!(
                "algorithm not allowed: {}, {}, allowed is {allowed}",
                self.found("alg"),
                self.found("enc")
            ),
            DecryptError::KeyNotFound => format!("no key fits: {}", self.found("kid")),
            DecryptError::Header { name: "zip" } => {
                format!("{error}: compressed texts are taken with --allow-zip")
            }
            DecryptError::Header { name: "p2c" } => {
                format!("{error}: {}; --max-iterations takes more", self.found("p2c"))
            }
            DecryptError::TooLarge { .. } => format!("{error}; --max-size takes more"),
            other => other.to_string(),
        }
    }

    fn texts<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.headers.iter().filter_map(move |header| header[name].as_str())
    }

    /// What the headers say under a name.
    fn found(&self, name: &str) -> String {
        let values: Vec<_> =
            self.headers.iter().map(|header| &header[name]).filter(|value| !value.is_null()).collect();
        if values.is_empty() {
            return format!("{name} is absent");
        }
        let values = values.iter().map(|value| value.to_string());
        let found = format!("{name} is {}", shortened(&values.collect::<Vec<_>>().join(" and ")));
        match self.texts(name).find_map(algorithm::refused_by_design) {
            Some((_, reason)) if name == "alg" => format!("{found}, which is refused ({reason})"),
            _ => found,
        }
    }
}

/// Whether a text is in a JSON form: no compact form begins like one.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Text from outside for one line on a terminal.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 120;
    let text = printable(text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Names in order, each once.
pub(super) fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn decode(segment: &str) -> Option<Value> {
    serde_json::from_slice(&base64url::decode(segment).ok()?).ok()
}

//! A look at the headers of a text that was refused, or whose keys are to be chosen. Nothing of it has been checked: it
//! explains, and picks among what the caller allows.

use jeton_jose::jwe::DecryptError;
use jeton_jose::{Algorithm, KeySet, VerifyError, base64url};
use serde_json::Value;

use crate::algorithm;
use crate::output::printable;

/// The headers of a JWS or JWE in any form, as far as they can be read.
pub(super) struct Peek {
    /// The protected ones: of the text, or of each signature.
    protected: Vec<Value>,
    /// The others, which only the JSON forms have.
    unprotected: Vec<Value>,
    /// Whether the text carries no payload.
    empty_payload: bool,
}

/// What was asked for besides keys and algorithms, as far as it explains a refusal.
pub(super) struct Asked {
    /// `--max-size`.
    pub(super) max_size: usize,
    /// Whether there was `--payload`.
    pub(super) payload: bool,
}

impl Peek {
    /// Looks at a text; what cannot be read is not there.
    pub(super) fn at(text: &str) -> Self {
        if is_json(text) {
            let json: Value = serde_json::from_str(text).unwrap_or_default();
            let (mut protected, mut unprotected) = (Vec::new(), Vec::new());
            let lists = ["signatures", "recipients"].iter().filter_map(|name| json[name].as_array());
            for part in std::iter::once(&json).chain(lists.flatten()) {
                protected.extend(part["protected"].as_str().and_then(decode));
                let others = ["header", "unprotected"].iter().map(|name| &part[name]);
                unprotected.extend(others.filter(|header| header.is_object()).cloned());
            }
            let empty_payload = json.is_object() && json["payload"].is_null();
            return Self { protected, unprotected, empty_payload };
        }
        let mut segments = text.split('.');
        let protected = segments.next().and_then(decode).into_iter().collect();
        Self { protected, unprotected: Vec::new(), empty_payload: segments.next() == Some("") }
    }

    /// The signature algorithms that the text names.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        self.texts("alg").filter_map(|name| name.parse().ok()).collect()
    }

    /// The `kid` that the text names; of several the first.
    pub(super) fn kid(&self) -> Option<&str> {
        self.texts("kid").next()
    }

    /// What is wrong with a JWS, in words, with what was found and what was wanted.
    pub(super) fn explain_jws(&self, error: &VerifyError, keys: &KeySet, asked: &Asked) -> String {
        match error {
            VerifyError::AlgorithmNotAllowed { .. } => {
                let allowed = names(keys.iter().map(|key| key.algorithm().as_str()));
                let place = self.unprotected_alg();
                format!("algorithm not allowed: {}, allowed: {allowed}{place}", self.found("alg"))
            }
            VerifyError::Header { name: "alg" } => format!("{error}{}", self.unprotected_alg()),
            VerifyError::KeyNotFound { .. } => {
                format!("no matching key: {}{}", self.found("kid"), named(keys))
            }
            VerifyError::TypeMismatch { wanted, .. } => {
                format!("wrong token type: {}, expected {wanted}", self.found("typ"))
            }
            VerifyError::SignatureInvalid | VerifyError::Malformed
                if self.empty_payload && !asked.payload =>
            {
                format!("{error}; the text has no payload: give a detached payload with --payload")
            }
            VerifyError::CriticalHeaderUnknown { .. } => {
                format!("{error}: if you process it, allow it with --understands")
            }
            VerifyError::TooLarge { limit } => too_large("token", *limit, asked.max_size),
            other => other.to_string(),
        }
    }

    /// What is wrong with a JWE, in words.
    pub(super) fn explain_jwe(&self, error: &DecryptError, allowed: &str, max_size: usize) -> String {
        match error {
            DecryptError::AlgorithmNotAllowed => format!(
                "algorithm not allowed: {}, {}, allowed: {allowed}",
                self.found("alg"),
                self.found("enc")
            ),
            DecryptError::KeyNotFound => format!("no matching key: {}", self.found("kid")),
            DecryptError::Header { name: "zip" } => {
                format!("{error}: accept compressed text with --allow-zip")
            }
            DecryptError::Header { name: "p2c" } => {
                let few =
                    self.headers().any(|header| header["p2c"].as_u64().is_some_and(|count| count < FEWEST));
                let hint = if few {
                    format!(
                        "fewer than {FEWEST} iterations do not protect a password: encrypt again with more"
                    )
                } else {
                    "--max-iterations takes more".to_owned()
                };
                format!("{error}: {}; {hint}", self.found("p2c"))
            }
            // In a compact text something stands in the place of the header.
            DecryptError::Malformed if self.protected.is_empty() && !self.unprotected.is_empty() => {
                format!("{error}: it has no protected header, which must contain `enc`")
            }
            DecryptError::TooLarge { limit } => too_large("JWE", *limit, max_size),
            other => other.to_string(),
        }
    }

    /// Says so where a header that nothing protects names an algorithm.
    fn unprotected_alg(&self) -> &'static str {
        match self.unprotected.iter().any(|header| !header["alg"].is_null()) {
            true => "; only the protected header may name it",
            false => "",
        }
    }

    fn headers(&self) -> impl Iterator<Item = &Value> {
        self.protected.iter().chain(&self.unprotected)
    }

    fn texts<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.headers().filter_map(move |header| header[name].as_str())
    }

    /// What the headers say under a name.
    fn found(&self, name: &str) -> String {
        let values: Vec<_> =
            self.headers().map(|header| &header[name]).filter(|value| !value.is_null()).collect();
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

/// Passwords that were hashed less often are refused whatever is asked for.
const FEWEST: u64 = 1000;

/// Whether a text is in a JSON form: no compact form begins like one.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// That a text is too long, and whether a flag helps: the limit of the header is fixed.
pub(super) fn too_large(what: &str, limit: usize, max_size: usize) -> String {
    match limit == max_size {
        true => format!("{what} is longer than {limit} bytes; raise the limit with --max-size"),
        false => format!("{what} has a header of more than {limit} bytes"),
    }
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

/// What the keys are called that a text was to be verified with, where they have names.
pub(super) fn named(keys: &KeySet) -> String {
    let kids = names(keys.iter().filter_map(|key| key.kid()));
    if kids.is_empty() { kids } else { format!(", expected {}", shortened(&kids)) }
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

//! Verifying.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::disclosure::{Disclosure, Parts, hash, split};
use super::{ALWAYS_SHOWN, KEY_BINDING, SdJwtError};
use crate::error::VerifyError;
use crate::json;
use crate::jwk::Jwk;
use crate::jws;
use crate::jwt::{Verified, Verifier};
use crate::key::PublicKey;
use crate::material::KeyError;
use crate::timestamp::Timestamp;

/// Verifies presentations.
#[derive(Debug)]
pub struct SdJwtVerifier {
    verifier: Verifier,
    max_age: Duration,
}

/// A presentation that has passed every check.
#[derive(Clone, Debug)]
pub struct VerifiedSdJwt {
    token: Verified<Value>,
    claims: Map<String, Value>,
}

/// Disclosures within disclosures.
const MAX_DEPTH: usize = 32;

impl SdJwtVerifier {
    /// Verifies the issuer's token with this verifier. Set its `typ`, such as `dc+sd-jwt`. The key binding may be five
    /// minutes old.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier, max_age: Duration::from_secs(300) }
    }

    /// Refuses proofs of the holder older than this.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Verifies a presentation without a key binding: anyone who has it can present it. A presentation with a key
    /// binding is refused, because it would not be checked.
    ///
    /// # Errors
    /// [`SdJwtError`] says which check failed.
    pub fn verify_unbound(&self, sd_jwt: &str, now: Timestamp) -> Result<VerifiedSdJwt, SdJwtError> {
        let parts = split(sd_jwt)?;
        if parts.key_binding.is_some() {
            return Err(SdJwtError::Malformed);
        }
        self.verify_parts(&parts, now)
    }

    /// Verifies a presentation, and that its holder made it for this verifier and nonce.
    ///
    /// # Errors
    /// [`SdJwtError`] says which check failed.
    pub fn verify_bound(
        &self,
        sd_jwt: &str,
        aud: &str,
        nonce: &str,
        now: Timestamp,
    ) -> Result<VerifiedSdJwt, SdJwtError> {
        let parts = split(sd_jwt)?;
        let proof = parts.key_binding.ok_or(SdJwtError::KeyBindingMissing)?;
        let verified = self.verify_parts(&parts, now)?;
        let jwk =
            verified.token.claims().pointer("/cnf/jwk").ok_or(KeyError::MemberMissing { name: "cnf" })?;
        let jwk = Jwk::parse(jwk.to_string().as_bytes())?;
        let proof = jws::Verifier::new(PublicKey::from_jwk(&jwk)?).typ(KEY_BINDING).verify(proof)?;
        let proof: KeyBinding = json::from_slice(proof.payload()).map_err(|error| {
            VerifyError::ClaimsMismatch { pointer: Box::default(), error: Box::new(error) }
        })?;
        let window = Verifier::DEFAULT_LEEWAY;
        let fresh = proof.iat <= now.saturating_add(window)
            && now <= proof.iat.saturating_add(self.max_age).saturating_add(window);
        if !fresh || proof.aud != aud || proof.nonce != nonce || proof.sd_hash != hash(parts.presented) {
            return Err(SdJwtError::KeyBindingMismatch);
        }
        Ok(verified)
    }

    fn verify_parts(&self, parts: &Parts<'_>, now: Timestamp) -> Result<VerifiedSdJwt, SdJwtError> {
        let token = self.verifier.verify::<Value>(parts.token, now)?;
        let mut claims = match token.claims() {
            Value::Object(claims) => claims.clone(),
            _ => return Err(SdJwtError::Malformed),
        };
        match claims.remove("_sd_alg") {
            None => {}
            Some(Value::String(name)) if name == "sha-256" => {}
            Some(_) => return Err(SdJwtError::HashUnknown),
        }
        let mut disclosures = HashMap::new();
        for text in &parts.disclosures {
            let disclosure = Disclosure::parse(text)?;
            if disclosures.insert(disclosure.digest(), disclosure).is_some() {
                return Err(SdJwtError::Disclosure);
            }
        }
        let mut reader = Reader { disclosures, seen: HashSet::new() };
        let claims = reader.object(claims, 0)?;
        if reader.disclosures.is_empty() {
            Ok(VerifiedSdJwt { token, claims })
        } else {
            Err(SdJwtError::Disclosure)
        }
    }
}

#[derive(Deserialize)]
struct KeyBinding {
    iat: Timestamp,
    aud: String,
    nonce: String,
    sd_hash: String,
}

/// Puts disclosed values in the place of their digests (RFC 9901 §7.1).
struct Reader {
    /// By digest; each is taken out when its digest is met.
    disclosures: HashMap<String, Disclosure>,
    seen: HashSet<String>,
}

impl Reader {
    fn value(&mut self, value: Value, depth: usize) -> Result<Value, SdJwtError> {
        if depth > MAX_DEPTH {
            return Err(SdJwtError::Digests);
        }
        match value {
            Value::Object(members) => self.object(members, depth).map(Value::Object),
            Value::Array(elements) => self.array(elements, depth).map(Value::Array),
            other => Ok(other),
        }
    }

    fn object(
        &mut self,
        mut members: Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, SdJwtError> {
        let digests = match members.remove("_sd") {
            None => vec![],
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(SdJwtError::Digests),
        };
        if members.contains_key("...") {
            return Err(SdJwtError::Digests);
        }
        let mut out = Map::new();
        for (name, value) in members {
            out.insert(name, self.value(value, depth + 1)?);
        }
        for digest in digests {
            let Some(disclosure) = self.take(&digest)? else { continue };
            let name = disclosure.name.ok_or(SdJwtError::Disclosure)?;
            // Nothing that is there is replaced, and nothing that was judged before the disclosures is added now.
            if out.contains_key(&name) || (depth == 0 && ALWAYS_SHOWN.contains(&name.as_str())) {
                return Err(SdJwtError::Digests);
            }
            let value = self.value(disclosure.value, depth + 1)?;
            out.insert(name, value);
        }
        Ok(out)
    }

    fn array(&mut self, elements: Vec<Value>, depth: usize) -> Result<Vec<Value>, SdJwtError> {
        let mut out = Vec::with_capacity(elements.len());
        for element in elements {
            match element.get("...") {
                None => out.push(self.value(element, depth + 1)?),
                Some(_) if element.as_object().is_none_or(|members| members.len() != 1) => {
                    return Err(SdJwtError::Digests);
                }
                Some(digest) => {
                    let Some(disclosure) = self.take(digest)? else { continue };
                    if disclosure.name.is_some() {
                        return Err(SdJwtError::Disclosure);
                    }
                    out.push(self.value(disclosure.value, depth + 1)?);
                }
            }
        }
        Ok(out)
    }

    /// The disclosure that belongs to a digest, if it was shown. No digest appears twice anywhere.
    fn take(&mut self, digest: &Value) -> Result<Option<Disclosure>, SdJwtError> {
        let digest = digest.as_str().ok_or(SdJwtError::Digests)?;
        if !self.seen.insert(digest.to_owned()) {
            return Err(SdJwtError::Digests);
        }
        Ok(self.disclosures.remove(digest))
    }
}

impl VerifiedSdJwt {
    /// The claims that were shown, in their places; what stayed hidden has left no trace.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The issuer's token.
    #[must_use]
    pub fn token(&self) -> &Verified<Value> {
        &self.token
    }
}

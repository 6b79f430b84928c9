//! Issuing.

use serde_json::{Map, Value, json};

use super::disclosure::{Disclosure, hash};
use super::{ALWAYS_SHOWN, SdJwtError};
use crate::jwk::Jwk;
use crate::jwt::Signer;

/// Issues tokens with claims that are hidden until their holder discloses them.
#[derive(Clone, Debug)]
pub struct SdJwtIssuer {
    signer: Signer,
    hidden: Vec<String>,
    decoys: usize,
    holder: Option<Value>,
}

impl SdJwtIssuer {
    /// Signs with this signer, whose `typ` should end in `+sd-jwt`, such as `dc+sd-jwt`.
    #[must_use]
    pub fn new(signer: Signer) -> Self {
        Self { signer, hidden: vec![], decoys: 0, holder: None }
    }

    /// Hides what a JSON pointer (RFC 6901) names: a claim (`/address/street`), or an element of an array (`/nationalities/0`).
    /// What contains something hidden can be hidden too.
    #[must_use]
    pub fn hide(mut self, pointer: impl Into<String>) -> Self {
        self.hidden.push(pointer.into());
        self
    }

    /// Mixes in this many digests of nothing, so that their number tells less.
    #[must_use]
    pub fn decoys(mut self, count: usize) -> Self {
        self.decoys = count;
        self
    }

    /// Binds the token to the holder's key, which they prove to have when they show it.
    ///
    /// # Errors
    /// [`SdJwtError::Key`] for a symmetric key.
    pub fn bind_to(mut self, holder: &Jwk) -> Result<Self, SdJwtError> {
        let public = holder.public()?.bare();
        self.holder = Some(serde_json::to_value(&public).map_err(|_| SdJwtError::Malformed)?);
        Ok(self)
    }

    /// Issues a token with all its disclosures.
    ///
    /// # Errors
    /// [`SdJwtError::CannotHide`] if a claim to hide does not exist or must always be disclosed;
    /// [`SdJwtError::Digests`] if the claims use reserved names.
    pub fn issue(&self, claims: &Map<String, Value>) -> Result<String, SdJwtError> {
        let mut claims = Value::Object(claims.clone());
        if uses_reserved_names(&claims) {
            return Err(SdJwtError::Digests);
        }
        // The innermost first, so that what is hidden within something hidden goes along with it.
        let mut pointers = self.hidden.clone();
        pointers.sort_by_key(|pointer| std::cmp::Reverse(pointer.matches('/').count()));
        let mut disclosures = vec![];
        for pointer in &pointers {
            disclosures.push(hide(&mut claims, pointer)?);
        }
        if let Value::Object(members) = &mut claims {
            for _ in 0..self.decoys {
                push_digest(members, hash(&crate::base64url::encode(crate::random::bytes::<32>())));
            }
            members.insert("_sd_alg".into(), "sha-256".into());
            if let Some(holder) = &self.holder {
                members.insert("cnf".into(), json!({ "jwk": holder }));
            }
        }
        sort_digests(&mut claims);
        let mut out = self.signer.sign(&claims)?;
        out.push('~');
        for disclosure in &disclosures {
            out.push_str(&disclosure.encoded);
            out.push('~');
        }
        Ok(out)
    }
}

fn hide(claims: &mut Value, pointer: &str) -> Result<Disclosure, SdJwtError> {
    let (parent, last) = pointer.rsplit_once('/').ok_or(SdJwtError::CannotHide)?;
    let name = last.replace("~1", "/").replace("~0", "~");
    if parent.is_empty() && ALWAYS_SHOWN.contains(&name.as_str()) {
        return Err(SdJwtError::CannotHide);
    }
    match claims.pointer_mut(parent).ok_or(SdJwtError::CannotHide)? {
        Value::Object(members) => {
            let value = members.remove(&name).ok_or(SdJwtError::CannotHide)?;
            let disclosure = Disclosure::new(Some(name), value);
            push_digest(members, disclosure.digest());
            Ok(disclosure)
        }
        Value::Array(elements) => {
            let index: usize = name.parse().map_err(|_| SdJwtError::CannotHide)?;
            let element = elements.get_mut(index).ok_or(SdJwtError::CannotHide)?;
            let disclosure = Disclosure::new(None, element.take());
            *element = json!({ "...": disclosure.digest() });
            Ok(disclosure)
        }
        _ => Err(SdJwtError::CannotHide),
    }
}

fn push_digest(members: &mut Map<String, Value>, digest: String) {
    if let Value::Array(digests) = members.entry("_sd").or_insert_with(|| json!([])) {
        digests.push(digest.into());
    }
}

/// The order of digests must not tell the order of claims (RFC 9901 §4.2.4.1). Digests are random, so is their order.
fn sort_digests(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Array(digests)) = members.get_mut("_sd") {
                digests.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
            }
            members.values_mut().for_each(sort_digests);
        }
        Value::Array(elements) => elements.iter_mut().for_each(sort_digests),
        _ => {}
    }
}

fn uses_reserved_names(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| {
            matches!(name.as_str(), "_sd" | "..." | "_sd_alg") || uses_reserved_names(value)
        }),
        Value::Array(elements) => elements.iter().any(uses_reserved_names),
        _ => false,
    }
}

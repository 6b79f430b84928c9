//! Showing.

use serde::Serialize;
use serde_json::Value;

use super::disclosure::{Disclosure, hash, split};
use super::{KEY_BINDING, SdJwtError};
use crate::jwt::Signer;
use crate::key::PrivateKey;
use crate::timestamp::Timestamp;

/// A token as its holder has it, on its way to a verifier.
#[derive(Clone, Debug)]
pub struct Presentation {
    token: String,
    disclosures: Vec<Disclosure>,
}

#[derive(Serialize)]
struct KeyBinding<'b> {
    iat: Timestamp,
    aud: &'b str,
    nonce: &'b str,
    sd_hash: String,
}

impl Presentation {
    /// Reads what the issuer gave.
    ///
    /// # Errors
    /// [`SdJwtError`] if it is malformed. The issuer's signature is not verified.
    pub fn parse(sd_jwt: &str) -> Result<Self, SdJwtError> {
        let parts = split(sd_jwt)?;
        if parts.key_binding.is_some() {
            return Err(SdJwtError::Malformed);
        }
        let disclosures =
            parts.disclosures.iter().map(|text| Disclosure::parse(text)).collect::<Result<_, _>>()?;
        Ok(Self { token: parts.token.to_owned(), disclosures })
    }

    /// What could be shown: the name of each hidden claim (none for an element of an array), and its value.
    pub fn hidden(&self) -> impl Iterator<Item = (Option<&str>, &Value)> {
        self.disclosures.iter().map(|disclosure| (disclosure.name.as_deref(), &disclosure.value))
    }

    /// Shows only what the choice says, by name and value. Something hidden within something hidden needs both.
    #[must_use]
    pub fn show(mut self, choice: impl Fn(Option<&str>, &Value) -> bool) -> Self {
        self.disclosures.retain(|disclosure| choice(disclosure.name.as_deref(), &disclosure.value));
        self
    }

    /// The presentation without a proof of possession.
    #[must_use]
    pub fn unbound(&self) -> String {
        let mut out = format!("{}~", self.token);
        for disclosure in &self.disclosures {
            out.push_str(&disclosure.encoded);
            out.push('~');
        }
        out
    }

    /// The presentation with the proof that its holder has the key it is bound to, for one verifier and their nonce.
    ///
    /// # Errors
    /// [`SdJwtError::Sign`] if signing fails.
    pub fn bound(
        &self,
        key: &PrivateKey,
        aud: &str,
        nonce: &str,
        now: Timestamp,
    ) -> Result<String, SdJwtError> {
        let mut out = self.unbound();
        let claims = KeyBinding { iat: now, aud, nonce, sd_hash: hash(&out) };
        out.push_str(&Signer::new(key).typ(KEY_BINDING).sign(&claims)?);
        Ok(out)
    }
}

//! Encrypting.

use serde::Serialize;

use super::recipient_key::RecipientKey;
use super::wrap::{ContentSecret, Wrapped, wrap};
use super::{ContentEncryption, EncryptError, json_form};
use crate::base64url;
use crate::crypto::{ContentKey, Sealed};
use crate::jws::header::REGISTERED;
use crate::jws::quoted;

/// Encrypts for one recipient, or for several in the general JSON form.
///
/// Keys and nonces are drawn afresh for every text; there is no way to set them. An encrypter never changes; share it by
/// reference or `Arc`.
#[derive(Clone, Debug)]
pub struct Encrypter {
    enc: ContentEncryption,
    recipients: Vec<RecipientKey>,
    members: Vec<(Box<str>, Box<str>)>,
    aad: Option<Vec<u8>>,
}

impl Encrypter {
    /// Encrypts the content so, for this recipient.
    #[must_use]
    pub fn new(enc: ContentEncryption, recipient: RecipientKey) -> Self {
        Self { enc, recipients: vec![recipient], members: vec![], aad: None }
    }

    /// Adds another recipient, for [`Encrypter::encrypt_general`].
    #[must_use]
    pub fn and(mut self, recipient: RecipientKey) -> Self {
        self.recipients.push(recipient);
        self
    }

    /// Says what the whole JWE is (`typ`).
    #[must_use]
    pub fn typ(mut self, typ: impl AsRef<str>) -> Self {
        self.set("typ", typ.as_ref());
        self
    }

    /// Says what the plaintext is (`cty`).
    #[must_use]
    pub fn cty(mut self, cty: impl AsRef<str>) -> Self {
        self.set("cty", cty.as_ref());
        self
    }

    fn set(&mut self, name: &str, value: &str) {
        self.members.retain(|(taken, _)| **taken != *name);
        self.members.push((name.into(), quoted(value).into()));
    }

    /// Adds a member to the protected header.
    ///
    /// # Errors
    /// [`EncryptError::HeaderName`] for a name that has a meaning of its own, or is there already.
    pub fn header<V: Serialize + ?Sized>(mut self, name: &str, value: &V) -> Result<Self, EncryptError> {
        if REGISTERED.contains(&name)
            || name == "b64"
            || self.members.iter().any(|(taken, _)| **taken == *name)
        {
            return Err(EncryptError::HeaderName);
        }
        let json = serde_json::to_string(value).map_err(|_| EncryptError::HeaderName)?;
        self.members.push((name.into(), json.into()));
        Ok(self)
    }

    /// Authenticates these bytes too, which travel readable beside the ciphertext in the JSON forms.
    #[must_use]
    pub fn aad(mut self, aad: impl Into<Vec<u8>>) -> Self {
        self.aad = Some(aad.into()).filter(|aad| !aad.is_empty());
        self
    }

    /// The compact form.
    ///
    /// # Errors
    /// [`EncryptError::Form`] where there are several recipients or additional data.
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<String, EncryptError> {
        if self.aad.is_some() {
            return Err(EncryptError::Form);
        }
        let parts = self.for_one(plaintext)?;
        let [protected, key, iv, text, tag] = parts;
        Ok(format!("{protected}.{key}.{iv}.{text}.{tag}"))
    }

    /// The flattened JSON form.
    ///
    /// # Errors
    /// [`EncryptError::Form`] where there are several recipients.
    pub fn encrypt_flattened(&self, plaintext: &[u8]) -> Result<String, EncryptError> {
        let [protected, key, iv, text, tag] = self.for_one(plaintext)?;
        let key = if key.is_empty() { String::new() } else { format!("\"encrypted_key\":\"{key}\",") };
        let aad = self.aad_member();
        Ok(format!(
            "{{\"protected\":\"{protected}\",{key}{aad}\"iv\":\"{iv}\",\"ciphertext\":\"{text}\",\"tag\":\"{tag}\"}}"
        ))
    }

    /// The general JSON form, for any number of recipients up to 16.
    ///
    /// # Errors
    /// [`EncryptError::Form`] for several recipients of whom one is reached by `dir` or `ECDH-ES`, and for too many.
    pub fn encrypt_general(&self, plaintext: &[u8]) -> Result<String, EncryptError> {
        let fixed = self.recipients.iter().any(|recipient| recipient.alg.fixes_content_key());
        if self.recipients.len() > json_form::MAX_RECIPIENTS || (fixed && self.recipients.len() > 1) {
            return Err(EncryptError::Form);
        }
        let mut secret = match self.recipients.first() {
            Some(only) if fixed => ContentSecret::fixed_by(only, self.enc)?,
            _ => ContentSecret::fresh(self.enc),
        };
        let mut recipients = vec![];
        for recipient in &self.recipients {
            let wrapped = match secret.wrapped.take() {
                Some(wrapped) => wrapped,
                None => wrap(recipient, &secret.key)?,
            };
            let header = header_json(&recipient_members(recipient, &wrapped));
            let key = if wrapped.encrypted_key.is_empty() {
                String::new()
            } else {
                format!(",\"encrypted_key\":\"{}\"", base64url::encode(&wrapped.encrypted_key))
            };
            recipients.push(format!("{{\"header\":{header}{key}}}"));
        }
        let protected = base64url::encode(header_json(&self.content_members()));
        let [iv, text, tag] = self.seal(&secret, &protected, plaintext)?;
        Ok(format!(
            "{{\"protected\":\"{protected}\",\"recipients\":[{}],{}\"iv\":\"{iv}\",\"ciphertext\":\"{text}\",\"tag\":\"{tag}\"}}",
            recipients.join(","),
            self.aad_member()
        ))
    }

    /// Protected header, encrypted key, vector, ciphertext and tag, all encoded, everything in the protected header.
    fn for_one(&self, plaintext: &[u8]) -> Result<[String; 5], EncryptError> {
        let [recipient] = self.recipients.as_slice() else { return Err(EncryptError::Form) };
        let mut secret = if recipient.alg.fixes_content_key() {
            ContentSecret::fixed_by(recipient, self.enc)?
        } else {
            ContentSecret::fresh(self.enc)
        };
        let wrapped = match secret.wrapped.take() {
            Some(wrapped) => wrapped,
            None => wrap(recipient, &secret.key)?,
        };
        let mut members = recipient_members(recipient, &wrapped);
        members.splice(1..1, self.content_members());
        let protected = base64url::encode(header_json(&members));
        let [iv, text, tag] = self.seal(&secret, &protected, plaintext)?;
        Ok([protected, base64url::encode(wrapped.encrypted_key), iv, text, tag])
    }

    fn seal(
        &self,
        secret: &ContentSecret,
        protected: &str,
        plaintext: &[u8],
    ) -> Result<[String; 3], EncryptError> {
        let key = ContentKey::new(self.enc, &secret.key).map_err(|_| EncryptError::ContentEncryption)?;
        let aad = match &self.aad {
            None => protected.to_owned(),
            Some(aad) => format!("{protected}.{}", base64url::encode(aad)),
        };
        let Sealed { iv, ciphertext, tag } =
            key.seal(aad.as_bytes(), plaintext).map_err(|_| EncryptError::Failed)?;
        Ok([iv, ciphertext, tag].map(base64url::encode))
    }

    fn content_members(&self) -> Vec<(String, String)> {
        let own = self.members.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        [("enc".to_owned(), quoted(self.enc.as_str()))].into_iter().chain(own).collect()
    }

    fn aad_member(&self) -> String {
        self.aad.as_ref().map_or_else(String::new, |aad| format!("\"aad\":\"{}\",", base64url::encode(aad)))
    }
}

/// `alg` first, then `kid`, then what the algorithm adds.
fn recipient_members(recipient: &RecipientKey, wrapped: &Wrapped) -> Vec<(String, String)> {
    let mut members = vec![("alg".to_owned(), quoted(recipient.alg.as_str()))];
    if let Some(kid) = recipient.kid() {
        members.push(("kid".to_owned(), quoted(kid)));
    }
    members.extend(wrapped.members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    members
}

fn header_json(members: &[(String, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", members.join(","))
}

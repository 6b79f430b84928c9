//! Encrypting.

use std::borrow::Cow;

use serde::Serialize;

#[cfg(feature = "hpke")]
use super::key_management::Method;
#[cfg(feature = "hpke")]
use super::parts::Iv;
use super::parts::Parts;
use super::randomness::{Randomness, SystemRandomness};
use super::recipient_key::RecipientKey;
#[cfg(feature = "hpke")]
use super::recipient_key::RecipientKind;
use super::template::{Members, Template, recipient_header};
use super::wrap::{ContentSecret, Wrapped};
use super::{ContentEncryption, EncryptError, json_form};
use crate::base64url;
use crate::crypto::MAX_PADDING;
use crate::jws::header::REGISTERED;
use crate::jws::quoted;

/// Names that have a meaning, yet not in RFC 7516: `b64` (RFC 7797), and those of the HPKE draft.
const OF_OTHER_STANDARDS: &[&str] = &["b64", "ek", "psk_id"];

/// Encrypts for one recipient, or for several in the general JSON form.
///
/// Keys and nonces are generated for every text; there is no way to set them. An encrypter never changes; share it by
/// reference or `Arc`.
#[derive(Clone, Debug)]
pub struct Encrypter {
    /// Absent for integrated encryption.
    enc: Option<ContentEncryption>,
    recipients: Vec<RecipientKey>,
    members: Members,
    aad: Option<Vec<u8>>,
    /// The header for the first recipient.
    template: Template,
}

impl Encrypter {
    /// Encrypts the content so, for this recipient.
    #[must_use]
    pub fn new(enc: ContentEncryption, recipient: RecipientKey) -> Self {
        Self::with(Some(enc), recipient)
    }

    /// Encrypts for a recipient whose `alg` encrypts the content itself, `HPKE-0` and its like: there is no `enc` then.
    #[cfg(feature = "hpke")]
    #[must_use]
    pub fn integrated(recipient: RecipientKey) -> Self {
        Self::with(None, recipient)
    }

    fn with(enc: Option<ContentEncryption>, recipient: RecipientKey) -> Self {
        let template = Template::default();
        Self { enc, recipients: vec![recipient], members: vec![], aad: None, template }.prepared()
    }

    /// Adds another recipient, for [`Encrypter::encrypt_general`].
    #[must_use]
    pub fn and(mut self, recipient: RecipientKey) -> Self {
        self.recipients.push(recipient);
        self
    }

    /// Says what the whole JWE is (`typ`).
    #[must_use]
    pub fn typ(self, typ: impl AsRef<str>) -> Self {
        self.set("typ", typ.as_ref())
    }

    /// Says what the plaintext is (`cty`).
    #[must_use]
    pub fn cty(self, cty: impl AsRef<str>) -> Self {
        self.set("cty", cty.as_ref())
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.members.retain(|(taken, _)| **taken != *name);
        self.members.push((name.into(), quoted(value).into()));
        self.prepared()
    }

    /// Adds a member to the protected header.
    ///
    /// # Errors
    /// [`EncryptError::HeaderName`] for a name that is reserved, or already set.
    pub fn header<V: Serialize + ?Sized>(mut self, name: &str, value: &V) -> Result<Self, EncryptError> {
        if REGISTERED.contains(&name)
            || OF_OTHER_STANDARDS.contains(&name)
            || self.members.iter().any(|(taken, _)| **taken == *name)
        {
            return Err(EncryptError::HeaderName);
        }
        let json = serde_json::to_string(value).map_err(|_| EncryptError::HeaderName)?;
        self.members.push((name.into(), json.into()));
        Ok(self.prepared())
    }

    fn prepared(mut self) -> Self {
        if let Some(first) = self.recipients.first() {
            self.template = Template::new(first, self.enc, &self.members);
        }
        self
    }

    /// Also authenticates these bytes, which the JSON serializations carry unencrypted.
    #[must_use]
    pub fn aad(mut self, aad: impl Into<Vec<u8>>) -> Self {
        self.aad = Some(aad.into()).filter(|aad| !aad.is_empty());
        self
    }

    /// The compact serialization.
    ///
    /// # Errors
    /// [`EncryptError::Form`] if there are several recipients or additional data.
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<String, EncryptError> {
        self.compact(plaintext, &mut SystemRandomness)
    }

    /// The flattened JSON serialization.
    ///
    /// # Errors
    /// [`EncryptError::Form`] if there are several recipients.
    pub fn encrypt_flattened(&self, plaintext: &[u8]) -> Result<String, EncryptError> {
        self.flattened(plaintext, &mut SystemRandomness)
    }

    /// The general JSON form, for any number of recipients up to 16.
    ///
    /// # Errors
    /// [`EncryptError::Form`] for several recipients of whom one is reached by `dir`, `ECDH-ES` or integrated encryption, and
    /// for too many.
    pub fn encrypt_general(&self, plaintext: &[u8]) -> Result<String, EncryptError> {
        self.general(plaintext, &mut SystemRandomness)
    }

    pub(super) fn compact(
        &self,
        plaintext: &[u8],
        random: &mut impl Randomness,
    ) -> Result<String, EncryptError> {
        if self.aad.is_some() {
            return Err(EncryptError::Form);
        }
        Ok(self.for_one(plaintext, random)?.to_compact())
    }

    pub(super) fn flattened(
        &self,
        plaintext: &[u8],
        random: &mut impl Randomness,
    ) -> Result<String, EncryptError> {
        let parts = self.for_one(plaintext, random)?;
        Ok(json_form::write(&parts, &json_form::encrypted_key(&parts.encrypted_key), self.aad.as_deref()))
    }

    pub(super) fn general(
        &self,
        plaintext: &[u8],
        random: &mut impl Randomness,
    ) -> Result<String, EncryptError> {
        if self.recipients.len() == 1 {
            let parts = self.for_one(plaintext, random)?;
            let recipients = json_form::recipients(&[(None, parts.encrypted_key.as_slice())]);
            return Ok(json_form::write(&parts, &recipients, self.aad.as_deref()));
        }
        let fixed = self.recipients.iter().any(|recipient| recipient.alg.fixes_content_key());
        if fixed || self.recipients.len() > json_form::MAX_RECIPIENTS {
            return Err(EncryptError::Form);
        }
        let enc = self.enc.ok_or(EncryptError::ContentEncryption)?;
        let secret = ContentSecret::fresh(enc, random)?;
        let mut recipients = vec![];
        for recipient in &self.recipients {
            let Wrapped { encrypted_key, members } = secret.wrap_for(recipient, random)?;
            recipients.push((Some(recipient_header(recipient, &members)), encrypted_key));
        }
        let recipients: Vec<_> =
            recipients.iter().map(|(header, key)| (header.as_deref(), key.as_slice())).collect();
        let protected = Cow::Owned(self.template.content());
        let parts = self.seal(&secret, Wrapped::default(), protected, plaintext)?;
        Ok(json_form::write(&parts, &json_form::recipients(&recipients), self.aad.as_deref()))
    }

    /// For a single recipient: everything stands in the protected header.
    fn for_one(&self, plaintext: &[u8], random: &mut impl Randomness) -> Result<Parts<'_>, EncryptError> {
        let [recipient] = self.recipients.as_slice() else { return Err(EncryptError::Form) };
        #[cfg(feature = "hpke")]
        if recipient.alg.is_integrated() {
            return self.integrated_for(recipient, plaintext, random);
        }
        let enc = self.enc.ok_or(EncryptError::ContentEncryption)?;
        let (secret, wrapped) = if recipient.alg.fixes_content_key() {
            ContentSecret::fixed(recipient, enc, random)?
        } else {
            let secret = ContentSecret::fresh(enc, random)?;
            let wrapped = secret.wrap_for(recipient, random)?;
            (secret, wrapped)
        };
        let protected = self.template.protected(&wrapped.members);
        self.seal(&secret, wrapped, protected, plaintext)
    }

    fn seal<'s>(
        &'s self,
        secret: &ContentSecret<'_>,
        wrapped: Wrapped,
        protected: Cow<'s, str>,
        plaintext: &[u8],
    ) -> Result<Parts<'s>, EncryptError> {
        let mut ciphertext = with_room(plaintext);
        let aad = self.authenticated(&protected);
        let tag = secret.key().seal(secret.iv.as_slice(), aad.as_bytes(), &mut ciphertext)?;
        let encrypted_key = wrapped.encrypted_key;
        Ok(Parts { protected, encrypted_key, iv: secret.iv, ciphertext, tag: Some(tag) })
    }

    /// HPKE encrypts the content itself, and its tag is a part of the ciphertext.
    #[cfg(feature = "hpke")]
    fn integrated_for(
        &self,
        recipient: &RecipientKey,
        plaintext: &[u8],
        random: &mut impl Randomness,
    ) -> Result<Parts<'_>, EncryptError> {
        let (Method::Hpke(suite), RecipientKind::Agreement(peer), None) =
            (recipient.alg.method(), &*recipient.kind, self.enc)
        else {
            return Err(EncryptError::ContentEncryption);
        };
        let protected = self.template.protected("");
        let mut ciphertext = with_room(plaintext);
        let aad = self.authenticated(&protected);
        let ephemeral = random.ephemeral(peer.curve())?;
        let encrypted_key =
            suite.algorithms().seal(&ephemeral, peer, &[], aad.as_bytes(), &mut ciphertext)?;
        Ok(Parts { protected, encrypted_key, iv: Iv::default(), ciphertext, tag: None })
    }

    /// The protected header, and what else is authenticated (RFC 7516 §5.1, step 14).
    fn authenticated<'p>(&self, protected: &'p str) -> Cow<'p, str> {
        match &self.aad {
            None => Cow::Borrowed(protected),
            Some(aad) => Cow::Owned(format!("{protected}.{}", base64url::encode(aad))),
        }
    }
}

/// The plaintext, to be encrypted where it stands.
fn with_room(plaintext: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(plaintext.len() + MAX_PADDING);
    text.extend_from_slice(plaintext);
    text
}

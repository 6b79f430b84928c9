//! Signing tokens.

use serde::Serialize;

use super::fault;
use crate::base64url;
#[cfg(feature = "x509")]
use crate::certificate::CertificateChain;
use crate::error::SignError;
use crate::json::{self, Document, JsonError, Limits};
#[cfg(feature = "x509")]
use crate::jws::CertificateMember;
use crate::jws::{HeaderTemplate, header_methods};
use crate::key::SigningKey;

/// Signs claims under one key and one `typ`.
///
/// The header is encoded once, when the signer is made. A signer never changes; share it by reference or `Arc`.
#[derive(Clone, Debug)]
pub struct Signer {
    key: SigningKey,
    header: HeaderTemplate,
    /// The encoded header and the dot after it.
    prefix: Box<[u8]>,
}

impl Signer {
    /// Signs under this key, with `typ` set to `JWT`.
    #[must_use]
    pub fn new(key: impl Into<SigningKey>) -> Self {
        let key = key.into();
        let mut header = HeaderTemplate::new(key.algorithm(), key.kid());
        header.typ = Some("JWT".into());
        Self { key, header, prefix: Box::default() }.prepared()
    }

    /// Sets `typ`, such as `at+jwt` (RFC 9068), so that no verifier takes the tokens for others.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.header.typ = Some(typ.into().into());
        self.prepared()
    }

    /// Leaves `typ` out.
    #[must_use]
    pub fn without_typ(mut self) -> Self {
        self.header.typ = None;
        self.prepared()
    }

    /// Names Ed25519 `EdDSA`, for verifiers older than RFC 9864.
    #[must_use]
    pub fn ed25519_as_eddsa(mut self) -> Self {
        self.header.as_eddsa = true;
        self.prepared()
    }

    /// Includes these certificates (`x5c`), for verifiers who trust their root.
    ///
    /// # Errors
    /// [`SignError::Key`] if the first one is not for the key that signs; [`SignError::HeaderName`] the second time.
    #[cfg(feature = "x509")]
    pub fn certificates(mut self, chain: &CertificateChain) -> Result<Self, SignError> {
        self.header.certified(&self.key, chain, CertificateMember::Chain)?;
        Ok(self.prepared())
    }

    /// Names the certificate by its SHA-256 thumbprint (`x5t#S256`), for verifiers who have it.
    ///
    /// # Errors
    /// As [`Signer::certificates`].
    #[cfg(feature = "x509")]
    pub fn certificate_thumbprint(mut self, chain: &CertificateChain) -> Result<Self, SignError> {
        self.header.certified(&self.key, chain, CertificateMember::Thumbprint)?;
        Ok(self.prepared())
    }

    #[cfg(feature = "dpop")]
    /// Signs DPoP proofs: the header carries the public key instead of its name.
    pub(crate) fn embedding_key(key: &crate::PrivateKey, public: &crate::Jwk) -> Result<Self, SignError> {
        let mut header = HeaderTemplate::new(key.algorithm(), None);
        header.typ = Some("dpop+jwt".into());
        header.registered("jwk", public)?;
        Ok(Self { key: key.into(), header, prefix: Box::default() }.prepared())
    }

    /// The key that it signs under.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    fn prepared(mut self) -> Self {
        let mut prefix = base64url::encode(self.header.to_json()).into_bytes();
        prefix.push(b'.');
        self.prefix = prefix.into();
        self
    }

    /// Signs a claims set: anything that serialises to a JSON object.
    ///
    /// # Errors
    /// [`SignError::Claims`] if it does not; [`SignError::ClaimMalformed`] if a registered claim has a form that every
    /// verifier refuses; [`SignError::Key`] if the key must not sign.
    pub fn sign<C: Serialize + ?Sized>(&self, claims: &C) -> Result<String, SignError> {
        let json = claims_json(claims)?;
        self.key.check()?;
        let len = self.prefix.len()
            + base64url::encoded_len(json.len())
            + 1
            + base64url::encoded_len(self.key.signature_len());
        let mut token = Vec::with_capacity(len);
        token.extend_from_slice(&self.prefix);
        base64url::encode_into(&json, &mut token);
        let signature = self.key.sign(&token).map_err(|_| SignError::Failed)?;
        token.push(b'.');
        base64url::encode_into(signature.as_slice(), &mut token);
        String::from_utf8(token).map_err(|_| SignError::Failed)
    }
}

header_methods!(Signer, |signer| signer.prepared());

/// What is signed of a claims set, which must be an object (RFC 7519 §7.1) that verifiers can take.
pub(crate) fn claims_json<C: Serialize + ?Sized>(claims: &C) -> Result<Vec<u8>, SignError> {
    let refused = |error: JsonError| SignError::Claims { reason: error.to_string().into() };
    let written = json::claims_to_vec(claims).map_err(refused)?;
    match written.malformed {
        None => Ok(written.json),
        Some(name) => Err(malformed(name, &written.json)),
    }
}

#[cold]
fn malformed(name: &'static str, json: &[u8]) -> SignError {
    let document = match Document::parse(json, Limits::PAYLOAD) {
        Ok(document) => document,
        Err(error) => return SignError::Claims { reason: error.to_string().into() },
    };
    match document.root().get(name) {
        Some(value) => SignError::ClaimMalformed { name, fault: Box::new(fault(name, value)) },
        None => SignError::Failed,
    }
}

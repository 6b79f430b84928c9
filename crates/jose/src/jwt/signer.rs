//! Signing tokens.

use serde::Serialize;

use crate::base64url;
use crate::error::SignError;
use crate::jws::Header;
use crate::key::SigningKey;

/// Signs claims under one key and one `typ`.
///
/// The header is encoded once, when the signer is made. A signer never changes; share it by reference or `Arc`.
#[derive(Clone, Debug)]
pub struct Signer {
    key: SigningKey,
    typ: Option<Box<str>>,
    eddsa_name: bool,
    /// The encoded header and the dot after it.
    prefix: Box<[u8]>,
}

impl Signer {
    /// Signs under this key, with `typ` set to `JWT`.
    #[must_use]
    pub fn new(key: impl Into<SigningKey>) -> Self {
        let mut signer =
            Self { key: key.into(), typ: Some("JWT".into()), eddsa_name: false, prefix: Box::default() };
        signer.prepare();
        signer
    }

    /// Sets `typ`, such as `at+jwt` (RFC 9068), so that no verifier takes the tokens for others.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.typ = Some(typ.into().into());
        self.prepare();
        self
    }

    /// Leaves `typ` out.
    #[must_use]
    pub fn without_typ(mut self) -> Self {
        self.typ = None;
        self.prepare();
        self
    }

    /// Names Ed25519 `EdDSA`, for verifiers older than RFC 9864.
    #[must_use]
    pub fn ed25519_as_eddsa(mut self) -> Self {
        self.eddsa_name = true;
        self.prepare();
        self
    }

    /// The key that it signs under.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    fn prepare(&mut self) {
        let header = Header {
            algorithm: self.key.algorithm(),
            kid: self.key.kid().map(Into::into),
            typ: self.typ.clone(),
            cty: None,
        };
        let json = if self.eddsa_name { header.to_json_as_eddsa() } else { header.to_json() };
        let mut prefix = base64url::encode(json).into_bytes();
        prefix.push(b'.');
        self.prefix = prefix.into();
    }

    /// Signs a claims set: anything that serialises to a JSON object.
    ///
    /// # Errors
    /// [`SignError::Claims`] where it does not; [`SignError::Key`] where the key must not sign.
    pub fn sign<C: Serialize + ?Sized>(&self, claims: &C) -> Result<String, SignError> {
        let json = serde_json::to_vec(claims)
            .map_err(|error| SignError::Claims { reason: error.to_string().into() })?;
        if json.first() != Some(&b'{') {
            return Err(SignError::Claims { reason: "not an object".into() });
        }
        self.sign_json(&json)
    }

    fn sign_json(&self, json: &[u8]) -> Result<String, SignError> {
        self.key.check()?;
        let len = self.prefix.len()
            + base64url::encoded_len(json.len())
            + 1
            + base64url::encoded_len(self.key.signature_len());
        let mut token = Vec::with_capacity(len);
        token.extend_from_slice(&self.prefix);
        base64url::encode_into(json, &mut token);
        let signature = self.key.sign(&token).map_err(|_| SignError::Failed)?;
        token.push(b'.');
        base64url::encode_into(signature.as_slice(), &mut token);
        String::from_utf8(token).map_err(|_| SignError::Failed)
    }
}

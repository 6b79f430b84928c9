//! Tokens signed elsewhere.

use std::sync::Arc;

use serde::Serialize;

use super::{RemoteSignError, RemoteSigner, signed};
use crate::base64url;
use crate::error::SignError;
use crate::jws::HeaderTemplate;
use crate::jwt::claims_json;

/// Signs claims with a key elsewhere: [`jwt::Signer`](crate::jwt::Signer) for a [`RemoteSigner`].
///
/// It never changes; share it by reference or clone it.
#[derive(Clone, Debug)]
pub struct RemoteJwtSigner {
    signer: Arc<dyn RemoteSigner>,
    header: HeaderTemplate,
}

impl RemoteJwtSigner {
    /// Signs with this key, with `typ` set to `JWT`.
    #[must_use]
    pub fn new(signer: Arc<dyn RemoteSigner>) -> Self {
        let mut header = signed::header(&*signer);
        header.typ = Some("JWT".into());
        Self { signer, header }
    }

    /// Sets `typ`, such as `at+jwt` (RFC 9068), so that no verifier takes the tokens for others.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.header.typ = Some(typ.into().into());
        self
    }

    /// Leaves `typ` out.
    #[must_use]
    pub fn without_typ(mut self) -> Self {
        self.header.typ = None;
        self
    }

    /// Adds a member to the header.
    ///
    /// # Errors
    /// [`SignError::HeaderName`] for a name that has a meaning of its own, or is there already.
    pub fn header<V: Serialize + ?Sized>(mut self, name: &str, value: &V) -> Result<Self, SignError> {
        self.header.member(name, value)?;
        Ok(self)
    }

    /// Adds a member to the header that a verifier must understand: `crit` names it (RFC 7515 §4.1.11). Verifiers that do not say
    /// that they understand it refuse the token.
    ///
    /// # Errors
    /// As [`RemoteJwtSigner::header`].
    pub fn critical_header<V: Serialize + ?Sized>(
        mut self,
        name: &str,
        value: &V,
    ) -> Result<Self, SignError> {
        self.header.critical(name, value)?;
        Ok(self)
    }

    /// The key that it signs with.
    #[must_use]
    pub fn signer(&self) -> &dyn RemoteSigner {
        &*self.signer
    }

    /// Signs a claims set: anything that serialises to a JSON object.
    ///
    /// # Errors
    /// [`RemoteSignError::Sign`] where it does not, [`RemoteSignError::Remote`] where the signer fails, and
    /// [`RemoteSignError::SignatureInvalid`] where its signature does not verify.
    pub async fn sign<C: Serialize + ?Sized>(&self, claims: &C) -> Result<String, RemoteSignError> {
        let json = claims_json(claims)?;
        let mut token = base64url::encode(self.header.to_json());
        token.push('.');
        token.push_str(&base64url::encode(json));
        let signature = signed::signature(&*self.signer, token.as_bytes()).await?;
        token.push('.');
        token.push_str(&base64url::encode(signature.as_bytes()));
        Ok(token)
    }
}

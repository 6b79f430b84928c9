//! Tokens signed elsewhere.

use std::sync::Arc;

use serde::Serialize;

use super::{RemoteSignError, RemoteSigner, signed};
use crate::base64url;
use crate::jws::{HeaderTemplate, header_methods};
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

    /// The key that it signs with.
    #[must_use]
    pub fn signer(&self) -> &dyn RemoteSigner {
        &*self.signer
    }

    /// Signs a claims set: anything that serialises to a JSON object.
    ///
    /// # Errors
    /// [`RemoteSignError::Sign`] if it does not, [`RemoteSignError::Remote`] if the signer fails, and
    /// [`RemoteSignError::SignatureInvalid`] if its signature does not verify.
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

header_methods!(RemoteJwtSigner);

//! Bytes signed elsewhere.

use std::sync::Arc;

use super::{RemoteSignError, RemoteSigner, Signature, signed};
use crate::base64url;
use crate::jws::{HeaderTemplate, header_methods};

/// Signs bytes with a key elsewhere: [`jws::Signer`](crate::jws::Signer) for a [`RemoteSigner`].
///
/// It never changes; share it by reference or clone it.
#[derive(Clone, Debug)]
pub struct RemoteJwsSigner {
    signer: Arc<dyn RemoteSigner>,
    header: HeaderTemplate,
}

impl RemoteJwsSigner {
    /// Signs with this key.
    #[must_use]
    pub fn new(signer: Arc<dyn RemoteSigner>) -> Self {
        let header = signed::header(&*signer);
        Self { signer, header }
    }

    /// Says what the whole JWS is (`typ`).
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.header.typ = Some(typ.into().into());
        self
    }

    /// Says what the payload is (`cty`).
    #[must_use]
    pub fn cty(mut self, cty: impl Into<String>) -> Self {
        self.header.cty = Some(cty.into().into());
        self
    }

    /// The compact form.
    ///
    /// # Errors
    /// [`RemoteSignError::Remote`] if the signer fails, [`RemoteSignError::SignatureInvalid`] if its signature does not
    /// verify.
    pub async fn sign(&self, payload: &[u8]) -> Result<String, RemoteSignError> {
        let (header, payload, signature) = self.parts(payload).await?;
        Ok(format!("{header}.{payload}.{}", base64url::encode(signature.as_bytes())))
    }

    /// The compact form without the payload, which travels some other way (RFC 7515 appendix F).
    ///
    /// # Errors
    /// As [`RemoteJwsSigner::sign`].
    pub async fn sign_detached(&self, payload: &[u8]) -> Result<String, RemoteSignError> {
        let (header, _, signature) = self.parts(payload).await?;
        Ok(format!("{header}..{}", base64url::encode(signature.as_bytes())))
    }

    /// The flattened JSON form (RFC 7515 §7.2.2).
    ///
    /// # Errors
    /// As [`RemoteJwsSigner::sign`].
    pub async fn sign_flattened(&self, payload: &[u8]) -> Result<String, RemoteSignError> {
        let (header, payload, signature) = self.parts(payload).await?;
        let signature = base64url::encode(signature.as_bytes());
        Ok(format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#))
    }

    /// The encoded header, the encoded payload, and the signature over both.
    async fn parts(&self, payload: &[u8]) -> Result<(String, String, Signature), RemoteSignError> {
        let (header, payload) = (base64url::encode(self.header.to_json()), base64url::encode(payload));
        let message = format!("{header}.{payload}");
        let signature = signed::signature(&*self.signer, message.as_bytes()).await?;
        Ok((header, payload, signature))
    }
}

header_methods!(RemoteJwsSigner);

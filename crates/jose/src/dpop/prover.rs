//! Making proofs.

use serde::Serialize;

use super::Request;
use super::request::without_query;
use crate::base64url;
use crate::crypto;
use crate::error::SignError;
use crate::jwt::Signer;
use crate::key::PrivateKey;
use crate::timestamp::Timestamp;

/// Makes proofs with one key.
#[derive(Clone, Debug)]
pub struct Prover {
    signer: Signer,
    thumbprint: String,
}

#[derive(Serialize)]
struct Claims<'c> {
    jti: String,
    htm: &'c str,
    htu: &'c str,
    iat: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'c str>,
}

impl Prover {
    /// Makes proofs with this key. Each proof contains its public key.
    ///
    /// # Errors
    /// [`SignError`] if the key cannot be written out.
    pub fn new(key: &PrivateKey) -> Result<Self, SignError> {
        let public = key.public_key().to_jwk();
        let thumbprint = public.thumbprint();
        let signer = Signer::embedding_key(key, &public.bare())?;
        Ok(Self { signer, thumbprint })
    }

    /// The thumbprint of the key, to which the server binds tokens (`cnf.jkt`).
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// A proof for one request.
    ///
    /// # Errors
    /// [`SignError`] if signing fails.
    pub fn prove(&self, request: &Request<'_>, now: Timestamp) -> Result<String, SignError> {
        self.signer.sign(&Claims {
            jti: base64url::encode(crate::random::bytes::<16>()),
            htm: request.method,
            htu: without_query(request.uri),
            iat: now,
            ath: request.access_token.map(access_token_hash),
            nonce: request.nonce,
        })
    }
}

/// `ath` (RFC 9449 §4.2).
pub(super) fn access_token_hash(token: &str) -> String {
    base64url::encode(crypto::sha256(token.as_bytes()))
}

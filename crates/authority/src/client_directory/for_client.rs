//! What is signed, or encrypted, for one client: by the algorithms that it registered, to the keys that it registered.

use jeton_jose::jwe::Encrypter;
use jeton_jose::{Algorithm, Timestamp};
use jeton_oauth::ErrorCode;
use serde::Serialize;

use super::ClientDirectory;
use crate::client::{Client, Encryption, public_keys};
use crate::oauth_error::OAuthError;

/// What is encrypted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'a> {
    /// A token that is signed (RFC 7519 §5.2).
    Token(&'a str),
    /// Claims that nobody signed.
    Json(&'a str),
}

impl ClientDirectory {
    /// Signs claims for a client.
    pub(crate) async fn sign_for<C: Serialize + Sync>(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: &C,
        now: Timestamp,
    ) -> Result<String, OAuthError> {
        Ok(self.keys.client_signer(algorithm, typ, now).await?.sign(claims)?)
    }

    /// Encrypts to a key of the client.
    pub(crate) async fn encrypt_for(
        &self,
        client: &Client,
        encryption: Encryption,
        content: Content<'_>,
    ) -> Result<String, OAuthError> {
        const NO_KEY: OAuthError =
            OAuthError::refused(ErrorCode::InvalidRequest, "the client has no encryption key");
        let Encryption { alg, enc } = encryption;
        let key = public_keys::receiving(&self.keys_of(client, None, None).await?, alg).ok_or(NO_KEY)?;
        let encrypter = Encrypter::new(enc, key);
        let encrypted = match content {
            Content::Token(token) => encrypter.cty("JWT").encrypt(token.as_bytes()),
            Content::Json(json) => encrypter.encrypt(json.as_bytes()),
        };
        encrypted.map_err(|error| OAuthError::Keys(error.to_string().into()))
    }
}

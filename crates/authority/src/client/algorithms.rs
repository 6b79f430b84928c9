//! Which algorithms clients may register. Discovery publishes the same lists.

use jeton_jose::Algorithm;
use jeton_jose::jwe::{ContentEncryption, KeyManagement};
use jeton_oauth::client::{ClientMetadata, Written};

use super::ClientError;

/// What is signed for clients: ID tokens, userinfo, answers.
pub const SIGNING_ALGORITHMS: [&str; 7] = ["ES256", "RS256", "PS256", "EdDSA", "ES384", "RS512", "PS512"];

/// What clients may sign assertions with.
pub const ASSERTION_ALGORITHMS: [&str; 11] =
    ["ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512", "HS256", "HS512"];

/// What clients may sign request objects with: never a shared secret.
pub const REQUEST_OBJECT_ALGORITHMS: [&str; 11] =
    ["ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512", "PS384", "PS512"];
/// By which algorithms what is for clients is encrypted to their keys.
pub const KEY_ENCRYPTION_ALGORITHMS: [&str; 6] =
    ["ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW", "RSA-OAEP-256", "RSA-OAEP", "ECDH-ES+A192KW"];
/// And what with.
pub const CONTENT_ENCRYPTION_ALGORITHMS: [&str; 6] =
    ["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"];

/// Whether a list has this algorithm, by either of its names.
pub(crate) fn names(list: &[&str], said: &Written<Algorithm>) -> bool {
    said.value().is_some_and(|algorithm| list.iter().any(|known| known.parse() == Ok(*algorithm)))
}

/// The algorithms that a client registered, read once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ClientAlgorithms {
    pub(crate) id_token: Option<Algorithm>,
    pub(crate) userinfo: Option<Algorithm>,
    pub(crate) authorization: Option<Algorithm>,
    pub(crate) introspection: Option<Algorithm>,
    pub(crate) id_token_encryption: Option<Encryption>,
    pub(crate) userinfo_encryption: Option<Encryption>,
    pub(crate) authorization_encryption: Option<Encryption>,
}

/// How something is encrypted for a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encryption {
    /// The algorithm of the key.
    pub(crate) alg: KeyManagement,
    pub(crate) enc: ContentEncryption,
}

/// What a client encrypts with that names no `enc` (OpenID Connect Dynamic Client Registration §2).
const DEFAULT_ENC: ContentEncryption = ContentEncryption::A128CbcHs256;

impl ClientAlgorithms {
    /// Parses the algorithms that a client asks for. Unknown and symmetric signature algorithms are refused.
    ///
    /// # Errors
    /// [`ClientError::Member`] names the first that is not.
    pub(crate) fn read(metadata: &ClientMetadata) -> Result<Self, ClientError> {
        signing("request_object_signing_alg", &metadata.request_object_signing_alg)?;
        Ok(Self {
            id_token: signing("id_token_signed_response_alg", &metadata.id_token_signed_response_alg)?,
            userinfo: signing("userinfo_signed_response_alg", &metadata.userinfo_signed_response_alg)?,
            authorization: signing(
                "authorization_signed_response_alg",
                &metadata.authorization_signed_response_alg,
            )?,
            introspection: signing(
                "introspection_signed_response_alg",
                &metadata.introspection_signed_response_alg,
            )?,
            id_token_encryption: encryption(
                "id_token_encrypted_response_alg",
                &metadata.id_token_encrypted_response_alg,
                &metadata.id_token_encrypted_response_enc,
            )?,
            userinfo_encryption: encryption(
                "userinfo_encrypted_response_alg",
                &metadata.userinfo_encrypted_response_alg,
                &metadata.userinfo_encrypted_response_enc,
            )?,
            authorization_encryption: encryption(
                "authorization_encrypted_response_alg",
                &metadata.authorization_encrypted_response_alg,
                &metadata.authorization_encrypted_response_enc,
            )?,
        })
    }
}

const fn unusable(name: &'static str) -> ClientError {
    ClientError::Member { name, reason: "is not a supported algorithm" }
}

fn signing(name: &'static str, said: &Option<Written<Algorithm>>) -> Result<Option<Algorithm>, ClientError> {
    let Some(said) = said else { return Ok(None) };
    match said.value() {
        Some(algorithm) if !algorithm.is_symmetric() => Ok(Some(*algorithm)),
        _ => Err(unusable(name)),
    }
}

fn encryption(
    name: &'static str,
    alg: &Option<Written<KeyManagement>>,
    enc: &Option<Written<ContentEncryption>>,
) -> Result<Option<Encryption>, ClientError> {
    let Some(alg) = alg else {
        return if enc.is_none() { Ok(None) } else { Err(unusable(name)) };
    };
    let enc = enc.as_ref().map_or(Some(&DEFAULT_ENC), Written::value);
    let (alg, enc) = alg.value().zip(enc).ok_or(unusable(name))?;
    Ok(Some(Encryption { alg: *alg, enc: *enc }))
}

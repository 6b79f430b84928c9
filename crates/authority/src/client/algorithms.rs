//! Which algorithms clients may register. Discovery publishes the same lists.

use jeton_jose::Algorithm;

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
pub(crate) fn names(list: &[&str], name: &str) -> bool {
    let Ok(algorithm) = name.parse::<Algorithm>() else { return false };
    list.iter().any(|known| known.parse() == Ok(algorithm))
}

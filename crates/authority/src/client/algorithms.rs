//! Which algorithms clients may register. Discovery publishes the same lists.

use jeton_jose::Algorithm;

/// What is signed for clients: ID tokens, userinfo, answers.
pub const SIGNING_ALGORITHMS: [&str; 7] = ["ES256", "RS256", "PS256", "EdDSA", "ES384", "RS512", "PS512"];

/// What clients may sign: assertions and request objects.
pub const ASSERTION_ALGORITHMS: [&str; 11] =
    ["ES256", "RS256", "PS256", "EdDSA", "Ed25519", "ES384", "ES512", "RS384", "RS512", "HS256", "HS512"];

/// Whether a list has this algorithm, by either of its names.
pub(crate) fn names(list: &[&str], name: &str) -> bool {
    let Ok(algorithm) = name.parse::<Algorithm>() else { return false };
    list.iter().any(|known| known.parse() == Ok(algorithm))
}

//! SHA-2.

use aws_lc_rs::digest;

use crate::Algorithm;

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// What an algorithm signs instead of the message itself; nothing where it takes the whole message.
pub(crate) fn message_digest(algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    use Algorithm as A;
    let hash = match algorithm {
        A::HS256 | A::RS256 | A::PS256 | A::ES256 | A::ES256K => &digest::SHA256,
        A::HS384 | A::RS384 | A::PS384 | A::ES384 => &digest::SHA384,
        A::HS512 | A::RS512 | A::PS512 | A::ES512 => &digest::SHA512,
        A::Ed25519 | A::MlDsa44 | A::MlDsa65 | A::MlDsa87 => return None,
    };
    Some(digest::digest(hash, message).as_ref().to_vec())
}

//! X25519 (RFC 7748), as far as making a key needs it.

use aws_lc_rs::agreement::{PrivateKey, X25519};

use super::Refused;

/// The public key that belongs to `scalar`.
pub(crate) fn public(scalar: &[u8]) -> Result<Vec<u8>, Refused> {
    let key = PrivateKey::from_private_key(&X25519, scalar)?;
    Ok(key.compute_public_key()?.as_ref().to_vec())
}

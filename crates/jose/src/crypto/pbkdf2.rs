//! Keys from passwords (RFC 8018, RFC 7518 §4.8).

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512};
use zeroize::Zeroizing;

use super::Refused;

/// The hash of PBKDF2's HMAC.
#[derive(Clone, Copy)]
pub(crate) enum PasswordHash {
    Sha256,
    Sha384,
    Sha512,
}

/// Derives `len` bytes. The caller has bounded `iterations`.
pub(crate) fn derive_from_password(
    hash: PasswordHash,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    len: usize,
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let algorithm = match hash {
        PasswordHash::Sha256 => PBKDF2_HMAC_SHA256,
        PasswordHash::Sha384 => PBKDF2_HMAC_SHA384,
        PasswordHash::Sha512 => PBKDF2_HMAC_SHA512,
    };
    let mut out = Zeroizing::new(vec![0; len]);
    pbkdf2::derive(algorithm, NonZeroU32::new(iterations).ok_or(Refused)?, salt, password, &mut out);
    Ok(out)
}

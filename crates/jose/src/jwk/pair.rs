//! Whether the numbers of a key belong together.

use super::Jwk;
use crate::Algorithm;
use crate::crypto::{self, SignKey, VerifyKey};
use crate::material::{KeyError, Material, Private, Public};

impl Jwk {
    /// Checks what [`Jwk::parse`] defers until the key is used: that a point is on its curve, and that a private key
    /// belongs to its public key. For programs that pass a key on without using it.
    ///
    /// # Errors
    /// [`KeyError::Inconsistent`] if the parts do not match.
    pub fn check(&self) -> Result<(), KeyError> {
        let sound = match self.material() {
            Material::Public(Public::Ec { curve, point }) => VerifyKey::ecdsa(*curve, point).is_ok(),
            Material::Private(Private::Ec { curve, point, scalar }) => {
                crypto::public_point(*curve, scalar).is_ok_and(|computed| computed == *point)
            }
            Material::Private(Private::Rsa { n, e, parts }) => {
                SignKey::rsa(Algorithm::RS256, n, e, parts).is_ok()
            }
            // The others are compared when they are parsed.
            _ => true,
        };
        if sound { Ok(()) } else { Err(KeyError::Inconsistent) }
    }

    /// This key, if it passes [`Jwk::check`].
    pub(super) fn checked(self) -> Result<Self, KeyError> {
        self.check().map(|()| self)
    }
}

//! The secret that a client shares with the authority.

use std::fmt;

use jeton_jose::base64url;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::registered::ClientError;
use crate::random::Random;

/// The secret of a client. It is wiped when dropped, never shown, and compared in constant time.
///
/// The store encrypts it under the master key and does not hash it, because assertions that the client signs with it
/// (`client_secret_jwt`) are verified with the secret itself.
#[derive(Clone)]
pub struct ClientSecret(Zeroizing<Box<str>>);

impl ClientSecret {
    /// The longest secret, in bytes.
    pub const MAX_LEN: usize = 512;

    /// The shortest secret that may be chosen, in bytes.
    pub const MIN_LEN: usize = 16;

    /// Accepts a chosen secret.
    ///
    /// # Errors
    /// [`ClientError::SecretTooShort`] if the secret could be guessed, [`ClientError::SecretTooLong`] if it is longer
    /// than necessary.
    pub fn chosen(text: impl Into<Box<str>>) -> Result<Self, ClientError> {
        let secret = Self::new(text);
        match secret.expose().len() {
            ..Self::MIN_LEN => Err(ClientError::SecretTooShort),
            Self::MIN_LEN..=Self::MAX_LEN => Ok(secret),
            _ => Err(ClientError::SecretTooLong),
        }
    }

    /// Accepts a stored secret.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Generates a secret of 256 bits.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(&mut *bytes);
        Self::new(base64url::encode(*bytes))
    }

    /// The secret, for sending or encrypting it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `presented` is the secret. The time that this takes reveals only the length of the secret.
    pub fn is(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

//! The secret that a client shares with the authority.

use std::fmt;

use jeton_jose::base64url;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::registered::ClientError;
use crate::random::Random;

/// The secret of a client. Wiped when dropped, never shown, compared in constant time.
///
/// The store keeps it sealed under the master key and not hashed: a client that signs its assertions with it
/// (`client_secret_jwt`) is verified with the secret itself.
#[derive(Clone)]
pub struct ClientSecret(Zeroizing<Box<str>>);

impl ClientSecret {
    /// The longest secret, in bytes.
    pub const MAX_LEN: usize = 512;

    /// The shortest secret that somebody may choose, in bytes.
    pub const MIN_LEN: usize = 16;

    /// Takes a secret that somebody chose.
    ///
    /// # Errors
    /// [`ClientError::SecretTooShort`] for one that could be guessed, [`ClientError::SecretTooLong`] for one that nobody
    /// needs.
    pub fn chosen(text: impl Into<Box<str>>) -> Result<Self, ClientError> {
        let secret = Self::new(text);
        match secret.expose().len() {
            ..Self::MIN_LEN => Err(ClientError::SecretTooShort),
            Self::MIN_LEN..=Self::MAX_LEN => Ok(secret),
            _ => Err(ClientError::SecretTooLong),
        }
    }

    /// Takes a secret as it was kept.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Draws one of 256 bits.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(&mut *bytes);
        Self::new(base64url::encode(*bytes))
    }

    /// The secret, where it leaves or is sealed.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `presented` is the secret. How long it takes tells only its length.
    pub fn is(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

//! The secret that the authority shares with APIs.

use jeton_jose::{Algorithm, SharedSecret};
use zeroize::Zeroizing;

use super::Config;
use crate::input;

impl Config {
    /// The secret of HS256, HS384 or HS512, from the configuration or from its file.
    ///
    /// # Errors
    /// Where it comes from, and why it cannot be used. Nothing of it is repeated.
    pub(crate) fn shared_secret(&self) -> Result<Option<SharedSecret>, String> {
        let algorithm = self.access_algorithm.map(|access| access.algorithm);
        let Some(algorithm) = algorithm.filter(|algorithm| algorithm.is_symmetric()) else { return Ok(None) };
        let (place, secret) = match (&self.access_shared_secret, &self.access_shared_secret_file) {
            (Some(secret), _) => {
                ("access.shared_secret".to_owned(), Zeroizing::new(secret.expose().as_bytes().to_vec()))
            }
            (None, Some(path)) => {
                let read = input::file_or_stdin(path).map_err(|error| error.to_string())?;
                let secret = Zeroizing::new(input::without_line_break(&read).to_vec());
                (path.display().to_string(), secret)
            }
            (None, None) => return Ok(None),
        };
        checked(algorithm, &place, &secret).map(Some)
    }
}

/// The secret, if it is one for this algorithm.
pub(super) fn checked(algorithm: Algorithm, place: &str, secret: &[u8]) -> Result<SharedSecret, String> {
    SharedSecret::new(algorithm, secret).map_err(|error| format!("{place}: {error}"))
}

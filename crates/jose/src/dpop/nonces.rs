//! The nonces that a server gives out for proofs (RFC 9449 §8, §9).

use std::fmt;

use crate::Algorithm;
use crate::base64url;
use crate::crypto::{self, HmacKey};
use crate::material::KeyError;
use crate::timestamp::Timestamp;

/// The nonces of one server. They are derived from the time and a secret, so that none has to be stored.
///
/// Every process with the same secret recognises the nonces of the others. Each nonce is valid for one to two minutes.
/// Cloning is cheap. `Debug` does not show the secret.
#[derive(Clone)]
pub struct Nonces {
    key: HmacKey,
}

/// When a proof must contain a nonce of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonceDemand {
    /// Where its `iat` is too old or in the future: the client's clock is wrong, and a fresh nonce shows when the proof was made.
    #[default]
    WhereClocksDiffer,
    /// Always, so that nobody can make proofs in advance. It costs clients a second request whenever their nonce is too old.
    Always,
}

/// What a text is that came as a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// A nonce of this server, good until then.
    Fresh { until: Timestamp },
    /// A nonce of this server whose time is over.
    Stale,
    /// No nonce of this server.
    Foreign,
}

/// How long one nonce is given out, in seconds. It is good for as long again, so that a client can use what it just received.
const WINDOW: i64 = 60;
/// What the secret authenticates here, and nowhere else.
const PURPOSE: &[u8] = b"jeton dpop nonce";
/// The fewest bytes of a secret.
const MIN_SECRET: usize = 32;

impl Nonces {
    /// The nonces under this secret of at least 32 bytes, which all processes of one server share.
    ///
    /// # Errors
    /// [`KeyError::SecretTooShort`].
    pub fn new(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET {
            return Err(KeyError::SecretTooShort {
                bytes: secret.len(),
                wanted: MIN_SECRET,
                algorithm: Algorithm::HS256,
            });
        }
        let key = HmacKey::new(Algorithm::HS256, secret).map_err(|_| KeyError::Inconsistent)?;
        Ok(Self { key })
    }

    /// The nonces under a random secret: for a server that is one process.
    #[must_use]
    pub fn random() -> Self {
        let mut secret = zeroize::Zeroizing::new([0; MIN_SECRET]);
        crypto::fill_random(secret.as_mut());
        Self::new(secret.as_ref()).expect("the secret is long enough")
    }

    /// The nonce to give out now.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> String {
        self.of(window(now))
    }

    /// Whether this is one of these nonces, and still valid.
    #[must_use]
    pub fn is_fresh(&self, nonce: &str, now: Timestamp) -> bool {
        matches!(self.judge(nonce, now), Judged::Fresh { .. })
    }

    pub(super) fn judge(&self, nonce: &str, now: Timestamp) -> Judged {
        let Ok(bytes) = base64url::decode(nonce) else { return Judged::Foreign };
        let Some((window, tag)) = bytes.split_first_chunk() else { return Judged::Foreign };
        if self.key.verify(&authenticated(*window), tag).is_err() {
            return Judged::Foreign;
        }
        let window = i64::from_be_bytes(*window);
        // The last window, for what was given out a moment ago; the next one, for another process whose clock is ahead.
        if window.abs_diff(self::window(now)) > 1 {
            return Judged::Stale;
        }
        let end = window.saturating_add(2).saturating_mul(WINDOW);
        Judged::Fresh { until: Timestamp::try_from_unix(end).unwrap_or(now) }
    }

    /// The window in the clear, so that an old nonce is known for what it is, and its tag.
    fn of(&self, window: i64) -> String {
        let window = window.to_be_bytes();
        base64url::encode([&window, self.key.tag(&authenticated(window)).as_slice()].concat())
    }
}

fn authenticated(window: [u8; 8]) -> Vec<u8> {
    [PURPOSE, &window].concat()
}

fn window(now: Timestamp) -> i64 {
    now.unix().div_euclid(WINDOW)
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").finish_non_exhaustive()
    }
}

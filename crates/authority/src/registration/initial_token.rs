//! Initial access tokens (RFC 7591 §1.2, §3): the operator creates one and gives it to a person or program that may
//! register clients.
//!
//! Each use is a separate one-time row, so that two requests never share one. The store keeps hashes of 256 random
//! bits, so the time of a look-up reveals nothing about other tokens.

use jeton_jose::Timestamp;

use super::{ClientRegistration, RegistrationError};
use crate::one_time::{Handle, OneTimeHash, OneTimeKind};
use crate::random::Random;
use crate::store::{OneTimeStore, Redemption, StoreError};

/// The largest number of clients that one token can register.
pub const MAX_REGISTRATION_TOKEN_USES: u32 = 100;

/// Creates a token that registers this many clients, at most [`MAX_REGISTRATION_TOKEN_USES`], until `expires_at`. It
/// is shown only once.
///
/// # Errors
/// The store fails. It may then contain an unknown token until it expires.
pub async fn add_registration_token(
    store: &(impl OneTimeStore + ?Sized),
    random: &dyn Random,
    uses: u32,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<Handle, StoreError> {
    let token = Handle::draw(random);
    for number in 0..uses.min(MAX_REGISTRATION_TOKEN_USES) {
        let hash = hash_of_use(token.expose(), number);
        // 256 random bits are never taken.
        store.place(OneTimeKind::RegistrationTokenUse, hash, "".into(), expires_at, now).await?;
    }
    Ok(token)
}

impl ClientRegistration {
    /// Whether a token has a use left.
    pub(super) async fn check_registration_token(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(), RegistrationError> {
        self.next_use(token, 0, now).await.map(drop)
    }

    /// Uses a token once.
    pub(super) async fn use_registration_token(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(), RegistrationError> {
        let mut number = 0;
        loop {
            number = self.next_use(token, number, now).await?;
            let hash = hash_of_use(token, number);
            match self.base.store.redeem(OneTimeKind::RegistrationTokenUse, hash, now).await? {
                Redemption::Redeemed { .. } => return Ok(()),
                // Somebody was faster: the next one, if there is one.
                Redemption::Replayed => number += 1,
                _ => return Err(RegistrationError::InitialToken),
            }
        }
    }

    /// The index of the first remaining use, from `number` on. Garbage takes only one look-up.
    async fn next_use(&self, token: &str, number: u32, now: Timestamp) -> Result<u32, RegistrationError> {
        for number in number..MAX_REGISTRATION_TOKEN_USES {
            let hash = hash_of_use(token, number);
            match self.base.store.peek(OneTimeKind::RegistrationTokenUse, hash).await? {
                Some(found) if found.expires_at > now && found.redeemed_at.is_some() => {}
                Some(found) if found.expires_at > now => return Ok(number),
                _ => break,
            }
        }
        Err(RegistrationError::InitialToken)
    }
}

fn hash_of_use(token: &str, number: u32) -> OneTimeHash {
    OneTimeHash::of_parts(&[token, &number.to_string()])
}

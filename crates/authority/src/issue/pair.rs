//! The tokens of the token API: an access token, and the refresh token for the next one.

use std::fmt;

use jeton_jose::{SignError, Timestamp};

use super::{access_token, refresh_token};
use crate::GrantId;
use crate::grant::LiveGrant;
use crate::keyring::KeyRing;
use crate::random::Random;
use crate::settings::Settings;

/// Issues the tokens for the state of a grant.
pub(crate) fn issue_pair(
    grant: &LiveGrant,
    ring: &KeyRing,
    settings: &Settings,
    random: &dyn Random,
    now: Timestamp,
) -> Result<TokenPair, SignError> {
    Ok(TokenPair {
        refresh: refresh_token::mint(grant, ring, settings)?,
        access: access_token::issue(grant, ring, settings, random, now)?,
        grant: grant.grant.id,
    })
}

/// An access token, and the refresh token for the next one.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenPair {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// The grant of both.
    pub grant: GrantId,
}

impl fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPair").field("grant", &self.grant).finish_non_exhaustive()
    }
}

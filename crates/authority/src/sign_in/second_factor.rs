//! Signing in with a second factor, after the password.
//!
//! What stands between the two is a [`Challenge`], which the caller keeps. Nothing is stored and nobody is signed in until the
//! code has been accepted.

use std::time::Duration;

use jeton_jose::{SignError, Timestamp, base64url};
use subtle::ConstantTimeEq;

use super::{SignIn, SignInError, SignedIn};
use crate::authenticators::{
    Attempt, CHALLENGE_LIFETIME, ChallengeId, CodeVerdict, CodesFrom, Presented, Repeated,
};
use crate::factor::{Factor, are_two};
use crate::factor_secrets::{TotpSecret, TypedCode, recovery_hash};
use crate::issue::TokenPair;
use crate::keyring::Keys;
use crate::passkey::PasskeyError;
use crate::random::{Random, sixteen};
use crate::session::SessionSecret;
use crate::store::StoreError;
use crate::tally::SignInOutcome;
use crate::throttle::{account_tag, is_worth_noting};
use crate::user::{User, UserStatus};
use crate::{Caller, UserId};

/// A sign-in whose password was verified, and which still requires a code. It holds for [`CHALLENGE_LIFETIME`], as long as the
/// user's credentials do not change, and for one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    user: UserId,
    /// The user's epoch when the password was verified.
    epoch: u64,
    id: ChallengeId,
    verified_at: Timestamp,
}

const CONTENT: usize = 16 + 8 + 16 + 8;

impl Challenge {
    pub(super) fn of(user: &User, random: &dyn Random, now: Timestamp) -> Self {
        Self { user: user.id, epoch: user.epoch, id: sixteen(random), verified_at: now }
    }

    /// What it goes by.
    pub(super) fn id(&self) -> ChallengeId {
        self.id
    }

    /// Whose sign-in it is.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// When the password was verified.
    pub fn verified_at(&self) -> Timestamp {
        self.verified_at
    }

    fn to_text(self, keys: &Keys, holder: &[&str]) -> String {
        let mut bytes = Vec::with_capacity(CONTENT + 32);
        bytes.extend(self.user.as_bytes());
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.id);
        bytes.extend(self.verified_at.unix().to_be_bytes());
        let seal = seal(keys, holder, &bytes);
        bytes.extend(seal);
        base64url::encode(bytes)
    }

    fn parse(text: &str, keys: &Keys, holder: &[&str]) -> Option<Self> {
        let bytes = base64url::decode(text).ok()?;
        let (content, presented) = bytes.split_first_chunk::<CONTENT>()?;
        if !bool::from(seal(keys, holder, content).ct_eq(presented)) {
            return None;
        }
        let (user, rest) = content.split_first_chunk::<16>()?;
        let (epoch, rest) = rest.split_first_chunk::<8>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let verified_at = rest.first_chunk::<8>()?;
        Some(Self {
            user: UserId::from_bytes(*user),
            epoch: u64::from_be_bytes(*epoch),
            id: *id,
            verified_at: Timestamp::from_unix(i64::from_be_bytes(*verified_at)),
        })
    }

    fn is_over(&self, now: Timestamp) -> bool {
        // One from the future is as old as the clock was ahead.
        now.unix().abs_diff(self.verified_at.unix()) >= CHALLENGE_LIFETIME.as_secs()
    }
}

/// Proves that a challenge is the authority's own, and made for this holder.
fn seal(keys: &Keys, holder: &[&str], content: &[u8]) -> [u8; 32] {
    let holder = holder.iter().map(|part| part.as_bytes());
    keys.seal("second factor", &holder.chain([content]).collect::<Vec<_>>())
}

/// Why a code signed nobody in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The input cannot be a code. It was not counted.
    #[error("this cannot be a code")]
    Malformed,
    /// The code is wrong.
    #[error("the code is wrong")]
    Refused,
    /// The code was used before, or is older than one that was.
    #[error("the code was used before")]
    Used,
    /// Too many wrong codes; this one was not looked at.
    #[error("too many incorrect codes; try again in {} s", .retry_after.as_secs())]
    Throttled {
        /// When the next one is welcome.
        retry_after: Duration,
    },
    /// The sign-in is over: it took too long, was completed with another code, or the user's credentials changed.
    #[error("the sign-in has ended")]
    Over,
    /// The passkey, or what the browser brought back of it, is refused.
    #[error("the passkey is refused: {0}")]
    Passkey(PasskeyError),
    /// The stored secret cannot be decrypted.
    #[error("the stored secret cannot be decrypted with the master key")]
    Unreadable,
    /// A token could not be signed.
    #[error("no token could be signed: {0}")]
    Signing(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CodeError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "second_factor_malformed",
            Self::Refused => "second_factor_refused",
            Self::Used => "second_factor_used",
            Self::Throttled { .. } => "second_factor_throttled",
            Self::Over => "second_factor_over",
            Self::Passkey(_) => "passkey_refused",
            Self::Unreadable => "second_factor_unreadable",
            Self::Signing(_) => "signing_failed",
            Self::Store(_) => "store_failed",
        }
    }
}

impl From<SignInError> for CodeError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Signing(error) => Self::Signing(error),
            SignInError::Store(error) => Self::Store(error),
            // The credentials changed since.
            _ => Self::Over,
        }
    }
}

pub(super) const fn counted<T>(outcome: &Result<T, CodeError>) -> SignInOutcome {
    match outcome {
        Ok(_) => SignInOutcome::Succeeded,
        Err(
            CodeError::Malformed
            | CodeError::Refused
            | CodeError::Used
            | CodeError::Over
            | CodeError::Passkey(_),
        ) => SignInOutcome::Refused,
        Err(CodeError::Throttled { .. }) => SignInOutcome::Throttled,
        Err(_) => SignInOutcome::Failed,
    }
}

impl SignIn {
    /// A challenge as text, for one holder: only the same holder can present it.
    pub fn seal_challenge(&self, challenge: &Challenge, holder: &[&str]) -> String {
        challenge.to_text(&self.keys, holder)
    }

    /// The challenge in a text, if it is the authority's own and this holder's.
    pub fn open_challenge(&self, text: &str, holder: &[&str]) -> Option<Challenge> {
        Challenge::parse(text, &self.keys, holder)
    }

    /// The user whom a challenge concerns, as long as it holds.
    ///
    /// # Errors
    /// The store fails.
    pub async fn challenged(
        &self,
        challenge: &Challenge,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        if challenge.is_over(now) {
            return Ok(None);
        }
        let user = self.store.find_user_by_id(challenge.user).await?;
        Ok(user.filter(|user| {
            user.status == UserStatus::Active && user.epoch == challenge.epoch && user.enrolled.is_two_step
        }))
    }

    /// Completes signing in with the token API.
    ///
    /// # Errors
    /// [`CodeError`] says why nobody was signed in.
    pub async fn with_code(
        &self,
        challenge: &Challenge,
        code: &str,
        caller: impl Into<Caller>,
        now: Timestamp,
    ) -> Result<(User, TokenPair), CodeError> {
        let caller = caller.into();
        let user = self.present(challenge, code, Repeated::Refused, &caller, now).await?;
        let pair = self.open_grant(user.clone(), caller.network(), now).await?;
        Ok((user, pair))
    }

    /// Completes signing in in a browser, as [`Self::at_browser`] does without a second factor.
    ///
    /// # Errors
    /// As [`Self::with_code`]. The same code for the same sign-in succeeds again for a moment: somebody pressed twice.
    pub async fn at_browser_with_code(
        &self,
        challenge: &Challenge,
        code: &str,
        before: Option<&SessionSecret>,
        caller: impl Into<Caller>,
        now: Timestamp,
    ) -> Result<(SessionSecret, SignedIn), CodeError> {
        let caller = caller.into();
        let user = self.present(challenge, code, Repeated::LeadsOn, &caller, now).await?;
        let methods = vec![Factor::Password, Factor::OneTimeCode];
        Ok(self.open_session(user, methods, before, &caller, now).await?)
    }

    /// A session with both factors, for a user who has just presented this one while they set the second step up, in a session that
    /// began with the password alone. `None` if the session has two factors already.
    ///
    /// # Errors
    /// As [`Self::with_code`].
    pub async fn after_setting_up(
        &self,
        signed_in: &SignedIn,
        factor: Factor,
        before: Option<&SessionSecret>,
        caller: impl Into<Caller>,
        now: Timestamp,
    ) -> Result<Option<(SessionSecret, SignedIn)>, CodeError> {
        if are_two(&signed_in.session.methods) {
            return Ok(None);
        }
        let Some(user) = self.store.find_user_by_id(signed_in.user.id).await? else {
            return Err(CodeError::Over);
        };
        if user.epoch != signed_in.user.epoch || !user.enrolled.second().contains(&factor) {
            return Err(CodeError::Over);
        }
        let methods = vec![Factor::Password, factor];
        Ok(Some(self.open_session(user, methods, before, &caller.into(), now).await?))
    }

    async fn present(
        &self,
        challenge: &Challenge,
        code: &str,
        repeated: Repeated,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<User, CodeError> {
        let outcome = self.try_code(challenge, code, repeated, caller, now).await;
        self.tally.count_sign_in(counted(&outcome));
        outcome
    }

    async fn try_code(
        &self,
        challenge: &Challenge,
        code: &str,
        repeated: Repeated,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<User, CodeError> {
        let user = self.challenged(challenge, now).await?.ok_or(CodeError::Over)?;
        let typed = TypedCode::parse(code).ok_or(CodeError::Malformed)?;
        let account = account_tag(&self.keys, user.username.as_str());
        let is_known = caller.browser().is_some_and(|browser| browser.knows(&account));
        let attempt = Attempt {
            challenge: challenge.id,
            epoch: challenge.epoch,
            presented: self.compared(&user, &typed, now).await?,
            from: if is_known { CodesFrom::KnownBrowser } else { CodesFrom::Strangers },
            repeated,
            network: caller.network(),
        };
        match self.store.present_authenticator(user.id, attempt, now).await? {
            CodeVerdict::Accepted => {}
            CodeVerdict::Wrong => return Err(CodeError::Refused),
            CodeVerdict::Used => return Err(CodeError::Used),
            CodeVerdict::Throttled { retry_after } => return Err(CodeError::Throttled { retry_after }),
            CodeVerdict::Over => return Err(CodeError::Over),
        }
        self.note_caller(&user, caller, now).await?;
        Ok(user)
    }

    /// Notes the network of somebody who has signed in with all factors.
    pub(super) async fn note_caller(
        &self,
        user: &User,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let noted_at = self.store.find_known_network(user.id, caller.network()).await?;
        self.tell_of_new_device(user, caller, noted_at, now).await?;
        if is_worth_noting(caller.network(), noted_at, now) {
            self.note_network(user, caller.network(), now).await?;
        }
        Ok(())
    }

    /// A code, compared with what the user has.
    async fn compared(&self, user: &User, typed: &TypedCode, now: Timestamp) -> Result<Presented, CodeError> {
        let factors = self.store.find_authenticators(user.id).await?;
        match typed {
            TypedCode::App(code) => {
                let totp = factors.totp.ok_or(CodeError::Over)?;
                let secret = TotpSecret::open(self.keys.master(), user.id, &totp.secret);
                let step = secret.ok_or(CodeError::Unreadable)?.step_of(code, now);
                Ok(Presented::Code { secret: totp.secret, step })
            }
            TypedCode::Recovery(code) => {
                // Without a set, it is compared with none.
                let set = factors.recovery.map_or([0; 16], |set| set.id);
                Ok(Presented::Recovery(recovery_hash(&self.keys, user.id, set, code)))
            }
        }
    }
}

//! Setting up, showing and removing second factors, at the request of their user. [`crate::authenticators`] has them as stored,
//! and the rules; [`crate::sign_in`] asks for them.

use std::sync::Arc;
use std::time::Duration;

use jeton_jose::Timestamp;

use crate::audit::Actor;
use crate::authenticators::{
    AuthenticatorChange, Authenticators, AuthenticatorsChanged, RecoveryCode, RecoverySet,
};
use crate::factor_secrets::{TypedCode, recovery_codes, recovery_hash};
use crate::keyring::Keys;
use crate::random::{Random, sixteen};
use crate::sign_in::{Demand, SignedIn, Step, next_unless_done};
use crate::store::{Store, StoreError};
use crate::user::User;
use crate::{Network, UserId};

pub use crate::factor_secrets::TotpSecret;

/// Why a second factor was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactorError {
    /// The input cannot be a code of an app.
    #[error("this is not a code of an authenticator app")]
    Malformed,
    /// The code does not belong to the secret, or the clocks differ.
    #[error("the code does not match the secret")]
    Wrong,
    /// Nothing is being set up, or there is no second factor.
    #[error("there is nothing to change")]
    NotNow,
    /// There is no such user any more.
    #[error("the user was removed")]
    UnknownUser,
    /// The stored secret cannot be decrypted.
    #[error("a stored secret cannot be decrypted with the master key")]
    Unreadable,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FactorError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "second_factor_malformed",
            Self::Wrong => "second_factor_refused",
            Self::NotNow => "second_factor_missing",
            Self::UnknownUser => "user_unknown",
            Self::Unreadable => "second_factor_unreadable",
            Self::Store(error) => error.code(),
        }
    }
}

/// How recent a sign-in must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recency {
    /// Any, for looking.
    Any,
    /// [`RECENT`], for changing how one signs in.
    Recent,
}

/// A sign-in is recent for so long.
pub const RECENT: Duration = Duration::from_secs(10 * 60);

/// Sets up, shows and removes second factors.
pub struct FactorSetup {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) random: Arc<dyn Random>,
}

impl FactorSetup {
    /// What is still required from a user who wants to see their account or change it. `challenged` has presented a password.
    pub fn still_wanted(
        signed_in: Option<&SignedIn>,
        challenged: Option<&User>,
        recency: Recency,
        now: Timestamp,
    ) -> Step {
        let max_age = (recency == Recency::Recent).then_some(RECENT.as_secs());
        next_unless_done(&Demand { max_age, ..Demand::default() }, signed_in, challenged, now)
    }

    /// The second factors of a user.
    ///
    /// # Errors
    /// The store fails.
    pub async fn of(&self, user: UserId) -> Result<Authenticators, StoreError> {
        self.store.find_authenticators(user).await
    }

    /// Begins to set up an authenticator app, or goes on with what was begun: the secret stays the same until it is confirmed or
    /// given up.
    ///
    /// # Errors
    /// [`FactorError::UnknownUser`], or the store fails.
    pub async fn begin(
        &self,
        user: UserId,
        network: Network,
        now: Timestamp,
    ) -> Result<TotpSecret, FactorError> {
        let secret = TotpSecret::draw(&*self.random).seal(self.keys.master(), user);
        let factors = self.change(user, AuthenticatorChange::Begin { secret }, network, now).await?;
        self.begun(user, &factors)
    }

    /// The secret of the app that is being set up.
    ///
    /// # Errors
    /// [`FactorError::NotNow`] if none is.
    pub fn begun(&self, user: UserId, factors: &Authenticators) -> Result<TotpSecret, FactorError> {
        let begun = factors.setting_up.as_ref().ok_or(FactorError::NotNow)?;
        TotpSecret::open(self.keys.master(), user, &begun.secret).ok_or(FactorError::Unreadable)
    }

    /// Completes setting up an app with its first code. That code counts nowhere else.
    ///
    /// # Errors
    /// [`FactorError::Wrong`] or [`FactorError::Malformed`] changes nothing: another code can be tried. A second call with the same
    /// code changes nothing either, and succeeds.
    pub async fn confirm(
        &self,
        user: UserId,
        typed: &str,
        network: Network,
        now: Timestamp,
    ) -> Result<Authenticators, FactorError> {
        let Some(TypedCode::App(code)) = TypedCode::parse(typed) else { return Err(FactorError::Malformed) };
        let factors = self.of(user).await?;
        let totp = factors.totp.as_ref().map(|totp| &totp.secret);
        // Where nothing is being set up, they may have pressed twice.
        let secret = factors.setting_up.as_ref().map(|begun| &begun.secret).or(totp);
        let secret = secret.ok_or(FactorError::NotNow)?.clone();
        let opened = TotpSecret::open(self.keys.master(), user, &secret).ok_or(FactorError::Unreadable)?;
        let step = opened.step_of(&code, now).ok_or(FactorError::Wrong)?;
        let recovery = self.draw_recovery_codes(user, now);
        self.change(user, AuthenticatorChange::Confirm { secret, step, recovery }, network, now).await
    }

    /// Gives up setting up an app.
    ///
    /// # Errors
    /// [`FactorError::UnknownUser`], or the store fails.
    pub async fn give_up(&self, user: UserId, network: Network, now: Timestamp) -> Result<(), FactorError> {
        self.change(user, AuthenticatorChange::GiveUp, network, now).await.map(drop)
    }

    /// Replaces the recovery codes: the ones so far count no more.
    ///
    /// # Errors
    /// [`FactorError::NotNow`] if the user has no second factor.
    pub async fn renew_recovery_codes(
        &self,
        user: UserId,
        network: Network,
        now: Timestamp,
    ) -> Result<Authenticators, FactorError> {
        let set = self.draw_recovery_codes(user, now);
        self.change(user, AuthenticatorChange::RenewRecoveryCodes(set), network, now).await
    }

    /// Removes all second factors.
    ///
    /// # Errors
    /// [`FactorError::UnknownUser`], or the store fails.
    pub async fn remove(&self, user: UserId, network: Network, now: Timestamp) -> Result<(), FactorError> {
        self.change(user, AuthenticatorChange::Remove, network, now).await.map(drop)
    }

    /// The codes of a set, used ones too.
    pub fn recovery_codes(&self, user: UserId, set: &RecoverySet) -> Vec<RecoveryCode> {
        recovery_codes(&self.keys, user, set.id)
    }

    fn draw_recovery_codes(&self, user: UserId, now: Timestamp) -> RecoverySet {
        let id = sixteen(&*self.random);
        let codes = recovery_codes(&self.keys, user, id);
        let left = codes.iter().map(|code| recovery_hash(&self.keys, user, id, code)).collect();
        RecoverySet { id, made_at: now, left }
    }

    async fn change(
        &self,
        user: UserId,
        change: AuthenticatorChange,
        network: Network,
        now: Timestamp,
    ) -> Result<Authenticators, FactorError> {
        let by = Actor::User(user);
        match self.store.change_authenticators(user, change, by, Some(network), now).await? {
            AuthenticatorsChanged::Done(factors) => Ok(factors),
            AuthenticatorsChanged::NotNow(_) => Err(FactorError::NotNow),
            AuthenticatorsChanged::UnknownUser => Err(FactorError::UnknownUser),
        }
    }
}

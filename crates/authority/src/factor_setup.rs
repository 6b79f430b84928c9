//! Setting up, showing and removing authenticators, at the request of their user. [`crate::authenticators`] has them as stored,
//! and the rules; [`crate::sign_in`] asks for them.

use std::sync::Arc;
use std::time::Duration;

use jeton_jose::{Timestamp, base64url};

use crate::audit::Actor;
use crate::authenticators::{
    AuthenticatorChange, Authenticators, AuthenticatorsChanged, DeviceHash, LONGEST_PASSKEY_NAME,
    RecoveryCode, RecoverySet, RememberedDevice, passkey_name,
};
use crate::factor_secrets::{TypedCode, recovery_codes, recovery_hash};
use crate::keyring::Keys;
use crate::passkey::{CredentialId, Passkey, PasskeyError, RegistrationResponse, verify_registration};
use crate::random::{Random, sixteen};
use crate::settings::Settings;
use crate::sign_in::{Asked, Demand, PasskeyChallenge, SecondFactorDemand, SignedIn, Step, next_unless_done};
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
    /// The passkey cannot be added.
    #[error("the passkey is refused: {0}")]
    Passkey(#[from] PasskeyError),
    /// What was typed cannot be the name of a passkey.
    #[error("a passkey's name has 1 to {LONGEST_PASSKEY_NAME} characters")]
    PasskeyName,
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
            Self::Passkey(_) => "passkey_refused",
            Self::PasskeyName => "passkey_name_invalid",
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

impl Recency {
    /// What it demands of the sign-in.
    fn demand(self) -> Demand<'static> {
        match self {
            Self::Any => Demand::default(),
            Self::Recent => Demand {
                max_age: Some(RECENT.as_secs()),
                second_factor: SecondFactorDemand::Presented,
                ..Demand::default()
            },
        }
    }

    /// [`Demand::takes_known_device`].
    pub fn takes_known_device(self) -> bool {
        self.demand().takes_known_device()
    }
}

/// A sign-in is recent for so long.
pub const RECENT: Duration = Duration::from_secs(10 * 60);

/// Sets up, shows and removes second factors.
pub struct FactorSetup {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
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
        next_unless_done(&recency.demand(), signed_in, challenged, now)
    }

    /// The browsers in which a user is not asked for the second factor.
    pub fn remembered(&self, user: &User, factors: &Authenticators, now: Timestamp) -> Vec<RememberedDevice> {
        let Some(remembered_for) = self.settings.account.remembered_for else { return Vec::new() };
        factors.remembered(&user.into(), remembered_for, now).cloned().collect()
    }

    /// Asks for the second factor again in a browser where it was not asked for.
    ///
    /// # Errors
    /// [`FactorError::UnknownUser`], or the store fails.
    pub async fn forget_device(
        &self,
        user: UserId,
        device: DeviceHash,
        network: Network,
        now: Timestamp,
    ) -> Result<(), FactorError> {
        self.change(user, AuthenticatorChange::ForgetDevice(device), network, now).await.map(drop)
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

    /// Turns the second step off: the app and the recovery codes are removed, and passkeys stay.
    ///
    /// # Errors
    /// [`FactorError::UnknownUser`], or the store fails.
    pub async fn turn_off(&self, user: UserId, network: Network, now: Timestamp) -> Result<(), FactorError> {
        self.change(user, AuthenticatorChange::TurnOff, network, now).await.map(drop)
    }

    /// Requires a passkey after the password.
    ///
    /// # Errors
    /// [`FactorError::NotNow`] if the user has no passkey.
    pub async fn ask_for_passkey(
        &self,
        user: UserId,
        network: Network,
        now: Timestamp,
    ) -> Result<Authenticators, FactorError> {
        let recovery = self.draw_recovery_codes(user, now);
        self.change(user, AuthenticatorChange::AskAfterPassword { recovery }, network, now).await
    }

    /// Makes a challenge for a page on which a passkey is added, in base64url.
    pub fn passkey_challenge(&self, holder: &[&str], now: Timestamp) -> String {
        base64url::encode(PasskeyChallenge::draw(&*self.random, now).to_bytes(&self.keys, holder))
    }

    /// Adds a passkey, which gets the name of its provider. The same answer of a browser changes nothing a second time, and
    /// succeeds.
    ///
    /// # Errors
    /// [`FactorError::Passkey`] says what is wrong with it; [`FactorError::NotNow`] if the page is too old, or there are
    /// [`MOST_PASSKEYS`](crate::authenticators::MOST_PASSKEYS).
    pub async fn add_passkey(
        &self,
        user: UserId,
        asked: Asked<'_>,
        answer: &RegistrationResponse,
        network: Network,
        now: Timestamp,
    ) -> Result<Authenticators, FactorError> {
        let answered = answer.challenge()?;
        PasskeyChallenge::parse(&answered, &self.keys, asked.holder, now).ok_or(FactorError::NotNow)?;
        let registered = verify_registration(answer, &answered, asked.party)?;
        // A browser that does not say was asked for one that can be found.
        let is_discoverable = registered.is_discoverable.unwrap_or(true) && registered.user_verified;
        let passkey = Passkey {
            name: Passkey::default_name(registered.aaguid, &registered.transports).into(),
            id: registered.id,
            key: registered.key,
            counter: registered.counter,
            transports: registered.transports,
            is_discoverable,
            backup_eligible: registered.backup_eligible,
            backed_up: registered.backed_up,
            aaguid: base64url::encode(registered.aaguid).into(),
            added_at: now,
            used_at: None,
        };
        self.change(user, AuthenticatorChange::AddPasskey(Box::new(passkey)), network, now).await
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// [`FactorError::PasskeyName`], or [`FactorError::NotNow`] if there is no such passkey.
    pub async fn rename_passkey(
        &self,
        user: UserId,
        id: CredentialId,
        typed: &str,
        network: Network,
        now: Timestamp,
    ) -> Result<(), FactorError> {
        let name = passkey_name(typed).ok_or(FactorError::PasskeyName)?;
        self.change(user, AuthenticatorChange::RenamePasskey { id, name }, network, now).await.map(drop)
    }

    /// Removes a passkey.
    ///
    /// # Errors
    /// [`FactorError::NotNow`] if it is the last way in: the only passkey of a user without a password.
    pub async fn remove_passkey(
        &self,
        user: &User,
        id: CredentialId,
        network: Network,
        now: Timestamp,
    ) -> Result<(), FactorError> {
        let keep_one = user.password.is_unusable();
        self.change(user.id, AuthenticatorChange::RemovePasskey { id, keep_one }, network, now)
            .await
            .map(drop)
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

//! Signing in with a password: a grant is opened and its first tokens are issued.

use std::sync::Arc;
use std::time::Duration;

use jeton_jose::{SignError, Timestamp};

use super::{Challenge, SignIn};
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::grant::{LiveGrant, NewGrant, Owner};
use crate::issue::TokenPair;
use crate::issue::issue_pair;
use crate::password::{HashKinds, HashingBusy, PadWhen, Padding, Password, PasswordHash, Verification};
use crate::random::sixteen;
use crate::store::{GrantOpening, StoreError};
use crate::tally::SignInOutcome;
use crate::throttle::account_tag;
use crate::throttle::{Attempt, Standing, TurnedAway};
use crate::throttle::{KNOWN_NETWORKS, is_known, is_worth_noting};
use crate::user::{User, UserStatus, Username, folded, meant};
use crate::{Caller, GrantId, Network, UserId, throttle};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// No such user, a wrong password, or a disabled user: all alike to the outside.
    #[error("no active account with these credentials")]
    Refused,
    /// Too many wrong passwords; the password was not looked at.
    #[error("too many incorrect passwords; try again in {} s", .retry_after.as_secs())]
    Throttled {
        /// When the next attempt is welcome.
        retry_after: Duration,
    },
    /// More sign-ins are under way than can be hashed; nothing was looked at.
    #[error("too many sign-ins are in progress")]
    Busy,
    /// The password is right, and the user has a second factor, which is still required. Nobody is signed in yet.
    #[error("a second factor is required")]
    SecondFactorRequired(Challenge),
    /// A token could not be signed.
    #[error("no token could be signed: {0}")]
    Signing(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignInError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused => "credentials_refused",
            Self::Throttled { .. } => "sign_in_throttled",
            Self::Busy => "sign_in_busy",
            Self::SecondFactorRequired(_) => "second_factor_required",
            Self::Signing(_) => "signing_failed",
            Self::Store(_) => "store_failed",
        }
    }
}

impl From<HashingBusy> for SignInError {
    fn from(_: HashingBusy) -> Self {
        Self::Busy
    }
}

impl From<TurnedAway> for SignInError {
    fn from(turned_away: TurnedAway) -> Self {
        match turned_away {
            TurnedAway::Throttled(throttled) => Self::Throttled { retry_after: throttled.retry_after },
            TurnedAway::Busy => Self::Busy,
        }
    }
}

/// How the outcome of an attempt is counted.
const fn counted<T>(outcome: &Result<T, SignInError>) -> SignInOutcome {
    match outcome {
        Ok(_) => SignInOutcome::Succeeded,
        Err(SignInError::Refused) => SignInOutcome::Refused,
        Err(SignInError::Throttled { .. }) => SignInOutcome::Throttled,
        Err(SignInError::Busy) => SignInOutcome::Busy,
        Err(SignInError::SecondFactorRequired(_)) => SignInOutcome::SecondFactorRequired,
        Err(_) => SignInOutcome::Failed,
    }
}

/// What a failure is answered. Behind a veil it is the same for all names, known here or not.
fn refusal(attempt: &Attempt) -> SignInError {
    match attempt.veil() {
        Some(throttled) => SignInError::Throttled { retry_after: throttled.retry_after },
        None => SignInError::Refused,
    }
}

impl SignIn {
    /// Signs a user in with a password.
    ///
    /// The password is tried as it was typed and then in its [other spellings](Password::other_spellings). A failure costs the
    /// same work for everybody, whether there is such a user or not.
    ///
    /// # Errors
    /// [`SignInError::Refused`] does not tell an unknown user from a wrong password or a disabled user. With
    /// [`SignInError::SecondFactorRequired`], [`Self::with_code`] goes on.
    pub async fn with_password(
        &self,
        username: &str,
        password: Password,
        caller: impl Into<Caller>,
        now: Timestamp,
    ) -> Result<TokenPair, SignInError> {
        let caller = caller.into();
        let user = self.authenticate(username, password, &caller, now).await?;
        self.open_grant(user, caller.network(), now).await
    }

    /// Finds out who somebody is by their password, throttled.
    ///
    /// # Errors
    /// As [`Self::with_password`].
    pub(super) async fn authenticate(
        &self,
        username: &str,
        password: Password,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<User, SignInError> {
        let outcome = self.find_out(username, password, caller, now).await;
        self.tally.count_sign_in(counted(&outcome));
        outcome
    }

    async fn find_out(
        &self,
        username: &str,
        password: Password,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<User, SignInError> {
        let username = username.trim();
        let user = self.user_meant(username).await?;
        // For a name that nobody has, the same is looked up to no end.
        let id = user.as_ref().map_or(UserId::from_bytes([0; 16]), |user| user.id);
        let noted_at = self.store.find_known_network(id, caller.network()).await?;
        let standing = self.standing(username, caller, is_known(noted_at, now));

        // However the name is written, it is one account that is guessed at.
        let account = folded(username);
        let attempt = match throttle::enter(&self.throttle, &account, caller, standing, now).await {
            Ok(attempt) => attempt,
            Err(turned_away) => {
                if let TurnedAway::Throttled(_) = turned_away {
                    self.record_throttled_sign_in(username, caller.network(), now).await;
                }
                return Err(turned_away.into());
            }
        };
        let user = match self.check_password(user, password, &attempt).await {
            Ok(Some(user)) => user,
            Ok(None) => {
                if attempt.veil().is_some() {
                    self.record_throttled_sign_in(username, caller.network(), now).await;
                }
                return Err(refusal(&attempt));
            }
            // What we could not look at was no guess.
            Err(error) => {
                self.throttle().withdraw(attempt);
                return Err(error);
            }
        };
        self.throttle().succeed(attempt, now);
        // Half a sign-in makes no network known.
        if user.enrolled.is_two_step {
            return Err(SignInError::SecondFactorRequired(Challenge::of(&user, &*self.random, now)));
        }
        self.tell_of_new_device(&user, caller, noted_at, now).await?;
        if is_worth_noting(caller.network(), noted_at, now) {
            self.note_network(&user, caller.network(), now).await?;
        }
        Ok(user)
    }

    /// Records that sign-ins with this name are throttled from now on, unless this network had that recorded a while ago.
    async fn record_throttled_sign_in(&self, username: &str, network: Network, now: Timestamp) {
        if !self.rates.may_record_throttling(network, now) {
            return;
        }
        let user = self.user_meant(username).await.ok().flatten();
        let subject = AuditSubject { user: user.map(|user| user.id), ..AuditSubject::default() };
        let (event, by) = (AuditEvent::SignInThrottled, Actor::Authority);
        let record = AuditRecord::asked_from(network, event, by, subject, now);
        // The sign-in is refused either way, so a store that cannot write changes nothing for it.
        let _ = self.store.record_audit(record).await;
    }

    /// The user that somebody means who typed this name.
    async fn user_meant(&self, typed: &str) -> Result<Option<User>, StoreError> {
        let Ok(username) = Username::parse(typed) else { return Ok(None) };
        let alike = self.store.find_users_alike(&username).await?;
        Ok(meant(&username, alike))
    }

    /// How this account knows the caller. All of it is worked out for every name, whether somebody has it or not.
    fn standing(&self, username: &str, caller: &Caller, is_known_network: bool) -> Standing {
        let account = account_tag(&self.keys, username);
        match caller.browser().filter(|browser| browser.knows(&account)) {
            Some(browser) => Standing::Browser(browser.id()),
            None if is_known_network => Standing::Network,
            None => Standing::Stranger,
        }
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, throttle::Throttle> {
        // The throttle has no invariant that a panic elsewhere could break half-way.
        self.throttle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The user, if active and if this is their password, with the hash brought up to date.
    ///
    /// Every failure costs the same work: for a name that nobody has, for a disabled user with the right password, and for an
    /// attempt that may not succeed.
    async fn check_password(
        &self,
        user: Option<User>,
        password: Password,
        attempt: &Attempt,
    ) -> Result<Option<User>, SignInError> {
        let hash = match &user {
            Some(user) => user.password.clone(),
            None => PasswordHash::of_nobody(&self.settings.password.argon2),
        };
        let user = user.filter(|user| user.status == UserStatus::Active && attempt.may_succeed());
        let when = if user.is_some() { PadWhen::Differs } else { PadWhen::Always };
        let matching = self.matching(&hash, password, when).await?;
        let (Some(user), Some((password, needs_rehash))) = (user, matching) else { return Ok(None) };
        if needs_rehash {
            self.rehash(&user, &hash, password).await?;
        }
        Ok(Some(user))
    }

    /// The form of the password that matches the hash, if one does, and whether the hash is outdated.
    async fn matching(
        &self,
        hash: &PasswordHash,
        typed: Password,
        when: PadWhen,
    ) -> Result<Option<(Password, bool)>, SignInError> {
        let padding = Padding { kinds: self.hash_kinds_with(hash), when };
        let others = typed.other_spellings();
        let mut matching = None;
        for candidate in std::iter::once(typed).chain(others) {
            let verification = self.hashing.verify(hash.clone(), candidate.clone(), padding.clone()).await?;
            if let Verification::Matches { needs_rehash } = verification {
                matching.get_or_insert((candidate, needs_rehash));
                // Where nobody is signed in, a match takes no less time than a failure.
                if when == PadWhen::Differs {
                    break;
                }
            }
        }
        Ok(matching)
    }

    /// The kinds of hashes in use, that of `hash` among them: it may have come this second.
    fn hash_kinds_with(&self, hash: &PasswordHash) -> Arc<HashKinds> {
        let kinds = self.hash_kinds.load_full();
        if kinds.cover(hash, &self.settings.password.argon2) {
            return kinds;
        }
        let mut more = (*kinds).clone();
        more.add(hash, &self.settings.password.argon2);
        let more = Arc::new(more);
        self.hash_kinds.store(Arc::clone(&more));
        more
    }

    /// Remembers that the user signed in from here. A store that cannot write only puts it off until the next sign-in.
    pub(super) async fn note_network(
        &self,
        user: &User,
        network: Network,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.store.note_known_network(user.id, network, KNOWN_NETWORKS, now).await {
            Ok(()) | Err(StoreError::Unavailable(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Hashes the password with the current parameters. A busy pool or a store that cannot write only puts it off until
    /// the next sign-in.
    async fn rehash(&self, user: &User, from: &PasswordHash, password: Password) -> Result<(), StoreError> {
        let Ok(to) = self.hashing.hash(password, sixteen(&*self.random)).await else { return Ok(()) };
        match self.store.rehash_password(user.id, from, to).await {
            Ok(()) | Err(StoreError::Unavailable(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn open_grant(
        &self,
        user: User,
        network: Network,
        now: Timestamp,
    ) -> Result<TokenPair, SignInError> {
        let (client, lifetime) = (&self.settings.client_id, self.settings.refresh.absolute_lifetime);
        let id = GrantId::from_bytes(sixteen(&*self.random));
        let new = NewGrant::alone(id, Owner::from(&user), client, network, now, lifetime);
        let live = LiveGrant::opened(&new, user);
        match self.store.open_grant(new).await? {
            GrantOpening::Opened => {
                Ok(self.keys.with_ring(|ring| issue_pair(&live, ring, &self.settings, &*self.random, now))?)
            }
            GrantOpening::CredentialsChanged => Err(SignInError::Refused),
        }
    }
}

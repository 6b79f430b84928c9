//! Signing in with a password: a grant is opened and its first tokens are issued.

use std::time::Duration;

use jeton_jose::{SignError, Timestamp};

use crate::authority::Authority;
use crate::grant::{Grant, LiveGrant, NewGrant};
use crate::issue::access_token;
use crate::keys::KeyRing;
use crate::password::{HashingBusy, Password, PasswordHash, Verification};
use crate::random::sixteen;
use crate::refresh_token::RefreshState;
use crate::store::{GrantOpening, StoreError};
use crate::token::TokenPair;
use crate::user::{Attributes, User, UserStatus, Username};
use crate::{GrantId, Network, refresh_token, throttle};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// No such user, a wrong password, or a disabled user: all alike to the outside.
    #[error("no active account has these credentials")]
    Refused,
    /// Too many wrong passwords; the password was not looked at.
    #[error("too many wrong passwords; the next attempt is welcome in {} s", .retry_after.as_secs())]
    Throttled {
        /// When the next attempt is welcome.
        retry_after: Duration,
    },
    /// More sign-ins are under way than can be hashed; nothing was looked at.
    #[error("too many sign-ins are under way")]
    Busy,
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

impl Authority {
    /// Signs a user in with a password.
    ///
    /// The password is tried as it was typed and then without outer white space, since other systems trim it before they
    /// hash. An unknown user costs the same work as a known one.
    ///
    /// # Errors
    /// [`SignInError::Refused`] does not tell an unknown user from a wrong password or a disabled user.
    pub async fn sign_in(
        &self,
        username: &str,
        password: Password,
        network: Network,
        now: Timestamp,
    ) -> Result<TokenPair, SignInError> {
        let user = self.authenticate(username, password, network, now).await?;
        self.open_grant(user, network, now).await
    }

    /// Finds out who somebody is by their password, throttled.
    ///
    /// # Errors
    /// As [`Authority::sign_in`].
    pub(crate) async fn authenticate(
        &self,
        username: &str,
        password: Password,
        network: Network,
        now: Timestamp,
    ) -> Result<User, SignInError> {
        let username = username.trim();
        let attempt = throttle::enter(&self.throttle, username, network, now).await;
        let attempt = match attempt {
            Ok(attempt) => attempt,
            Err(throttled) => {
                self.record_throttled_sign_in(username, network, now).await;
                return Err(SignInError::Throttled { retry_after: throttled.retry_after });
            }
        };
        match self.check_password(username, password).await {
            Ok(Some(user)) => {
                self.throttle().succeed(attempt, now);
                Ok(user)
            }
            Ok(None) => Err(SignInError::Refused),
            // What we could not look at was no guess.
            Err(error) => {
                self.throttle().withdraw(attempt);
                Err(error)
            }
        }
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, throttle::Throttle> {
        // The throttle has no invariant that a panic elsewhere could break half-way.
        self.throttle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The active user with this name and password, with the hash brought up to date.
    async fn check_password(&self, username: &str, password: Password) -> Result<Option<User>, SignInError> {
        let user = match Username::parse(username) {
            Ok(username) => self.store.find_user(&username).await?,
            Err(_) => None,
        };
        let hash = match &user {
            Some(user) => user.password.clone(),
            None => PasswordHash::of_nobody(&self.settings.argon2),
        };
        let Some((password, needs_rehash)) = self.matching(&hash, password).await? else { return Ok(None) };
        let Some(user) = user.filter(|user| user.status == UserStatus::Active) else { return Ok(None) };
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
    ) -> Result<Option<(Password, bool)>, SignInError> {
        let trimmed = typed.trimmed();
        for candidate in std::iter::once(typed).chain(trimmed) {
            let verification = self.hashing.verify(hash.clone(), candidate.clone()).await?;
            if let Verification::Matches { needs_rehash } = verification {
                return Ok(Some((candidate, needs_rehash)));
            }
        }
        Ok(None)
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

    async fn open_grant(
        &self,
        user: User,
        network: Network,
        now: Timestamp,
    ) -> Result<TokenPair, SignInError> {
        let new = NewGrant {
            id: GrantId::from_bytes(sixteen(&*self.random)),
            user: user.id,
            epoch: user.epoch,
            client: self.settings.client_id.as_str().into(),
            scope: "".into(),
            session: None,
            detail: None,
            network,
            opened_at: now,
            expires_at: now.saturating_add(self.settings.absolute_lifetime),
        };
        let grant = Grant {
            id: new.id,
            user: new.user,
            client: new.client.clone(),
            scope: new.scope.clone(),
            detail: None,
            state: RefreshState::opened(now, network),
            expires_at: new.expires_at,
            revoked_at: None,
        };
        match self.store.open_grant(new).await? {
            GrantOpening::Opened => {
                let live = LiveGrant {
                    grant,
                    subject: user.subject(),
                    username: user.username,
                    email: None,
                    attributes: Attributes::default(),
                };
                Ok(self.with_ring(|ring| self.issue_pair(&live, ring, now))?)
            }
            GrantOpening::CredentialsChanged => Err(SignInError::Refused),
        }
    }

    /// Issues the tokens of a grant's state.
    pub(crate) fn issue_pair(
        &self,
        grant: &LiveGrant,
        ring: &KeyRing,
        now: Timestamp,
    ) -> Result<TokenPair, SignError> {
        Ok(TokenPair {
            refresh: refresh_token::mint(grant, ring, &self.settings)?,
            access: access_token::issue(grant, ring, &self.settings, &*self.random, now)?,
            grant: grant.grant.id,
        })
    }
}

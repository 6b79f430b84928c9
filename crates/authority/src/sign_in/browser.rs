//! Signing in and out in a browser.

use jeton_jose::Timestamp;

use super::SignIn;
use super::SignInError;
use crate::authenticators::DeviceSecret;
use crate::factor::Factor;
use crate::password::Password;
use crate::random::sixteen;
use crate::session::{LapsedSession, NewSession, Session, SessionSecret};
use crate::sign_in::SignedIn;
use crate::store::{SessionOpening, StoreError};
use crate::tally::SignInOutcome;
use crate::throttle::{KnownBrowser, account_tag};
use crate::user::User;
use crate::{Caller, SessionId};

/// The use of a session is recorded the first time, and then at most this often, in seconds, so that not every page
/// view costs a write.
const TOUCHED_EVERY: i64 = 60;

impl SignIn {
    /// Signs a user in in a browser, with a password. Grants from the browser's session `before`, however long it was
    /// idle, move to the new session. The new session has a new secret, so an attacker who planted the old one gains nothing
    /// (session fixation). A session of another user ends.
    ///
    /// # Errors
    /// As [`Self::with_password`]; a user with a second factor continues with [`Self::at_browser_with_code`], unless `device` is the secret
    /// of a browser that is remembered for them. Pass `None` if the request
    /// [requires the factor regardless](super::Demand::takes_known_device).
    pub async fn at_browser(
        &self,
        username: &str,
        password: Password,
        device: Option<&DeviceSecret>,
        before: Option<&SessionSecret>,
        caller: impl Into<Caller>,
        now: Timestamp,
    ) -> Result<(SessionSecret, SignedIn), SignInError> {
        let caller = caller.into();
        let (user, methods) = match (self.authenticate(username, password, &caller, now).await, device) {
            (Err(SignInError::SecondFactorRequired(challenge)), Some(device)) => {
                let remembered = self.remembered(challenge.user(), device, now).await?;
                let user = remembered.ok_or(SignInError::SecondFactorRequired(challenge))?;
                self.note_caller(&user, &caller, now).await?;
                self.tally.count_sign_in(SignInOutcome::Succeeded);
                (user, vec![Factor::Password, Factor::KnownDevice])
            }
            (authenticated, _) => (authenticated?, vec![Factor::Password]),
        };
        self.open_session(user, methods, before, &caller, now).await
    }

    /// Opens a session for a user who presented these factors.
    pub(super) async fn open_session(
        &self,
        user: User,
        methods: Vec<Factor>,
        before: Option<&SessionSecret>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(SessionSecret, SignedIn), SignInError> {
        let secret = SessionSecret::draw(&*self.random);
        let new = NewSession {
            id: SessionId::from_bytes(sixteen(&*self.random)),
            secret: secret.hash(),
            user: user.id,
            epoch: user.epoch,
            methods,
            network: caller.network(),
            device: caller.device().into(),
            authenticated_at: now,
            expires_at: now.saturating_add(self.settings.session.absolute_lifetime),
        };
        let session = Session {
            id: new.id,
            user: user.id,
            methods: new.methods.clone(),
            network: new.network,
            device: new.device.clone(),
            authenticated_at: now,
            last_used_at: now,
            expires_at: new.expires_at,
            seen: false,
        };
        match self.store.open_session(new, before.map(SessionSecret::hash)).await? {
            SessionOpening::Opened => Ok((secret, SignedIn { session, user })),
            SessionOpening::CredentialsChanged => Err(SignInError::Refused),
        }
    }

    /// The user who is signed in in the browser with this secret.
    ///
    /// # Errors
    /// The store fails.
    pub async fn signed_in(
        &self,
        secret: &SessionSecret,
        now: Timestamp,
    ) -> Result<Option<SignedIn>, StoreError> {
        let idle = self.settings.session.idle_lifetime;
        let Some((session, user)) = self.store.find_session(&secret.hash(), idle, now).await? else {
            return Ok(None);
        };
        let unused = now.unix().saturating_sub(session.last_used_at.unix());
        if !session.seen || unused >= TOUCHED_EVERY {
            match self.store.touch_session(session.id, now).await {
                // Reading goes on while the disk is full.
                Ok(()) | Err(StoreError::Unavailable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(SignedIn { session, user }))
    }

    /// The session that a browser's secret stands for although nobody is signed in with it any more, so that signing
    /// out ends its grants.
    ///
    /// # Errors
    /// The store fails.
    pub async fn lapsed_session(&self, secret: &SessionSecret) -> Result<Option<LapsedSession>, StoreError> {
        self.store.find_lapsed_session(&secret.hash()).await
    }

    /// The browser in this cookie, if somebody signed in there before; `None` if the authority did not make the
    /// cookie.
    pub fn known_browser(&self, cookie: &str) -> Option<KnownBrowser> {
        KnownBrowser::parse(cookie, &self.keys)
    }

    /// The cookie for a browser in which this user has just signed in, known or not.
    pub fn remember_browser(&self, before: Option<&KnownBrowser>, username: &str) -> String {
        let account = account_tag(&self.keys, username);
        KnownBrowser::remembering(before, account, &*self.random).to_cookie(&self.keys)
    }
}

//! What users see of their own account, and change themselves: where they are signed in, what applications may do for them, what
//! happened, the password, and leaving. How they sign in besides the password is [`crate::factor_setup`]'s.
//!
//! Nothing here asks whether the sign-in is recent enough: [`crate::factor_setup::FactorSetup::still_wanted`] says that.

mod applications;
mod export;
mod password;
mod places;

pub use applications::Application;
pub use password::NewPasswordError;
pub use places::{Place, Places};

use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use crate::audit::{Actor, AuditRecord};
use crate::client::Client;
use crate::client_directory::ClientDirectory;
use crate::grant::GrantsEnded;
use crate::password::{Hashing, least_length};
use crate::random::Random;
use crate::session::Session;
use crate::settings::Settings;
use crate::store::{GrantFilter, Store, StoreError};
use crate::user::{Leaving, LeavingChange, User};
use crate::{GrantId, Network, OAuthError, SessionId, UserId};

/// How many sessions, grants and consents of a user are listed at most.
pub const MOST_LISTED: u32 = 200;
/// How many events are listed at most.
pub const MOST_EVENTS: u32 = 100;

/// Why a wish to be removed was not noted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaveError {
    /// No owner would be left.
    #[error("the last owner cannot be removed")]
    LastOwner,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Shows users their account, and changes it for them.
pub struct OwnAccount {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clients: Arc<ClientDirectory>,
    pub(crate) hashing: Arc<dyn Hashing>,
    pub(crate) random: Arc<dyn Random>,
}

impl OwnAccount {
    /// How many characters a new password of the user has at least.
    pub fn least_password_length(&self, user: &User) -> u32 {
        least_length(user.enrolled.is_two_step, self.settings.password.min_length)
    }

    /// The client with this identifier, for its name; none for that of the token API, for one that was removed, and for one that is known by
    /// its document alone.
    ///
    /// # Errors
    /// The store fails, or the description of the client cannot be read.
    pub async fn client(&self, id: &str) -> Result<Option<Arc<Client>>, OAuthError> {
        match ClientId::parse(id) {
            Ok(id) => self.clients.stored(&id).await,
            Err(_) => Ok(None),
        }
    }

    /// Where a user is signed in.
    ///
    /// # Errors
    /// The store fails.
    pub async fn places(&self, user: UserId, now: Timestamp) -> Result<Places, StoreError> {
        let sessions = self.sessions(user, now).await?;
        let filter = GrantFilter::OfUser(user);
        let idle = self.settings.refresh.idle_lifetime;
        let grants = self.store.list_grants(filter, None, MOST_LISTED, idle, now).await?;
        Ok(Places::of(sessions, grants))
    }

    async fn sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.store.list_sessions(user, MOST_LISTED, self.settings.session.idle_lifetime, now).await
    }

    /// Ends a session of the user with its grants. One that is not theirs, or has ended, is left as it is.
    ///
    /// # Errors
    /// The store fails.
    pub async fn end_session(
        &self,
        user: UserId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.sessions(user, now).await?.iter().any(|own| own.id == session) {
            self.store.end_session(session, Actor::User(user), now).await?;
        }
        Ok(())
    }

    /// Ends a grant of the user. One that is not theirs is left as it is.
    ///
    /// # Errors
    /// The store fails.
    pub async fn end_grant(&self, user: UserId, grant: GrantId, now: Timestamp) -> Result<(), StoreError> {
        let found = self.store.find_grant(grant).await?;
        if found.is_some_and(|(live, _)| live.grant.user == user) {
            self.store.end_grant(grant, Actor::User(user), now).await?;
        }
        Ok(())
    }

    /// Signs the user out everywhere but in this session. What was allowed elsewhere and is not redeemed yet, a code or a device, opens no
    /// grant any more.
    ///
    /// # Errors
    /// The store fails.
    pub async fn sign_out_elsewhere(
        &self,
        user: UserId,
        here: SessionId,
        now: Timestamp,
    ) -> Result<GrantsEnded, StoreError> {
        let ended = self.store.revoke_user_grants(user, Some(here), Actor::User(user), now).await?;
        Ok(ended.unwrap_or_default())
    }

    /// The applications that may act for a user, or did until they were forgotten: those that the user consented to, and those that hold a
    /// grant.
    ///
    /// # Errors
    /// The store fails, or the description of a client cannot be read.
    pub async fn applications(&self, user: UserId, now: Timestamp) -> Result<Vec<Application>, OAuthError> {
        let consents = self.store.list_consents(user, MOST_LISTED).await?;
        let idle = self.settings.refresh.idle_lifetime;
        let filter = GrantFilter::OfUser(user);
        let grants = self.store.list_grants(filter, None, MOST_LISTED, idle, now).await?;
        let mut found = applications::of(consents, &grants, &self.settings.client_id);
        for application in &mut found {
            application.client = self.clients.stored(&application.id).await?;
        }
        Ok(found)
    }

    /// Takes back what the user allowed a client: its grants for the user end, and it has to ask again.
    ///
    /// # Errors
    /// The store fails.
    pub async fn withdraw(
        &self,
        user: UserId,
        client: &ClientId,
        network: Network,
        now: Timestamp,
    ) -> Result<GrantsEnded, StoreError> {
        self.store.withdraw_consent(user, client, network, now).await
    }

    /// What happened to the account lately, the newest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn events(&self, user: UserId) -> Result<Vec<AuditRecord>, StoreError> {
        self.store.list_audit_of(user, MOST_EVENTS).await
    }

    /// When the user is to be removed because they asked for it.
    ///
    /// # Errors
    /// The store fails.
    pub async fn removal(&self, user: UserId) -> Result<Option<Timestamp>, StoreError> {
        self.store.find_removal(user).await
    }

    /// Notes that the user wants to be removed, or no longer does. Answers when they are removed, if at all. Where users may not remove
    /// themselves ([`AccountSettings::removal`](crate::settings::AccountSettings::removal)), they can still change their mind.
    ///
    /// # Errors
    /// [`LeaveError`] says why nothing was noted.
    pub async fn change_removal(
        &self,
        user: UserId,
        leaves: bool,
        network: Network,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, LeaveError> {
        let wish = match (leaves, self.settings.account.removal) {
            (true, Some(wait)) => Leaving::After(wait),
            (true, None) => return Ok(self.removal(user).await?),
            (false, _) => Leaving::NoLonger,
        };
        match self.store.change_removal(user, wish, Some(network), now).await? {
            LeavingChange::Done(at) => Ok(at),
            LeavingChange::UnknownUser => Ok(None),
            LeavingChange::Refused(_) => Err(LeaveError::LastOwner),
        }
    }
}

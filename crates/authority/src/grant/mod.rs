//! Grants: one client's standing permission in one session.

mod detail;
mod ending;
mod opening;
mod refresh_state;

pub use detail::GrantDetail;
pub use ending::{
    Audience, Ended, EndedGrant, Ending, EndingCause, GrantsEnded, OpenGrant, Revocation, SessionClient, end,
    revocation,
};
pub use opening::{OpenedGrant, Surroundings, open, sign_in_record};
pub use refresh_state::RefreshState;

use std::time::Duration;

use jeton_jose::Timestamp;
use jeton_oauth::Scope;

use crate::user::Attributes;
use crate::user::{Subject, User, UserStatus, Username};
use crate::{GrantId, Network, SessionId, UserId};

/// A grant as the store keeps it. However often it is refreshed, this is all that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its identifier, the `sid` of its access tokens.
    pub id: GrantId,
    /// The first grant of its client in its browser's session, whose identifier is the `sid` of ID tokens; none where that is
    /// this one.
    pub sid: Option<GrantId>,
    /// Whose it is.
    pub user: UserId,
    /// The client that it was given to.
    pub client: Box<str>,
    /// The scope that it carries (RFC 6749 §3.3), empty for none.
    pub scope: Scope,
    /// What its authorization fixed beyond that; none for a sign-in at the token API.
    pub detail: Option<Box<GrantDetail>>,
    /// Where its refresh tokens stand.
    pub state: RefreshState,
    /// When it ends however often it is refreshed: sign-in plus `refresh.absolute_lifetime`.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl Grant {
    /// What its ID tokens say in `sid`, and the logout token that tells of the end of its browser's session: the same for each sign-in
    /// to a client within one session (OpenID Connect Back-Channel Logout §2.1).
    pub fn sid(&self) -> GrantId {
        self.sid.unwrap_or(self.id)
    }

    /// Whether it has reached its absolute lifetime, or its current refresh token has expired.
    pub fn has_expired(&self, idle_lifetime: Duration, now: Timestamp) -> bool {
        now >= self.expires_at.min(self.state.minted_at.saturating_add(idle_lifetime))
    }

    /// Whether its refresh tokens are bound to a key or a certificate.
    pub fn is_bound(&self) -> bool {
        self.detail.as_ref().is_some_and(|detail| detail.jkt.is_some() || detail.x5t_s256.is_some())
    }
}

/// A grant to be opened at sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGrant {
    /// Its identifier, drawn at random by the caller.
    pub id: GrantId,
    /// Whose it is.
    pub user: UserId,
    /// The user's epoch that the password was verified at; the grant is only opened while it still holds.
    pub epoch: u64,
    /// The client that it is given to.
    pub client: Box<str>,
    /// The scope that it carries.
    pub scope: Scope,
    /// The browser's session that it comes from and ends with; the grant is only opened while that holds.
    pub session: Option<SessionId>,
    /// The browser's session in which its client gets an ID token. The client is told of the end of that session, whether the grant ends
    /// with it or not, and the grant is only opened while that has not ended.
    pub told_of: Option<SessionId>,
    /// What its authorization fixed beyond that.
    pub detail: Option<Box<GrantDetail>>,
    /// The network of the sign-in.
    pub network: Network,
    /// When the user signed in.
    pub opened_at: Timestamp,
    /// When it ends however often it is refreshed.
    pub expires_at: Timestamp,
}

/// Whose a grant is to be, and at which epoch of theirs that was decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) user: UserId,
    pub(crate) epoch: u64,
}

impl Owner {
    /// Nobody: where a code was used before, the store only looks at who presents it.
    pub(crate) const NOBODY: Self = Self { user: UserId::from_bytes([0; 16]), epoch: 0 };
}

impl From<&User> for Owner {
    fn from(user: &User) -> Self {
        Self { user: user.id, epoch: user.epoch }
    }
}

impl NewGrant {
    /// A grant without a scope, in no browser's session.
    pub(crate) fn alone(
        id: GrantId,
        owner: Owner,
        client: &str,
        network: Network,
        opened_at: Timestamp,
        lifetime: Duration,
    ) -> Self {
        Self {
            id,
            user: owner.user,
            epoch: owner.epoch,
            client: client.into(),
            scope: Scope::default(),
            session: None,
            told_of: None,
            detail: None,
            network,
            opened_at,
            expires_at: opened_at.saturating_add(lifetime),
        }
    }
}

/// A grant together with what its tokens say of its user: all that minting needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveGrant {
    /// The grant.
    pub grant: Grant,
    /// What tokens call the user.
    pub subject: Subject,
    /// The username.
    pub username: Username,
    /// The user's e-mail address.
    pub email: Option<Box<str>>,
    /// What else is known of the user.
    pub attributes: Attributes,
}

impl LiveGrant {
    /// The grant that [`NewGrant`] opens for its user.
    pub fn opened(new: &NewGrant, user: User) -> Self {
        let grant = Grant {
            id: new.id,
            sid: None,
            user: new.user,
            client: new.client.clone(),
            scope: new.scope.clone(),
            detail: new.detail.clone(),
            state: RefreshState::opened(new.opened_at, new.network),
            expires_at: new.expires_at,
            revoked_at: None,
        };
        Self {
            grant,
            subject: user.subject(),
            username: user.username,
            email: user.email,
            attributes: user.attributes,
        }
    }
}

/// Whether a grant still holds: what checking one of its tokens asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantStanding {
    /// The current generation.
    pub generation: u64,
    /// When the grant was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Whether its user may sign in.
    pub user: UserStatus,
}

/// A grant as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSummary {
    /// The grant.
    pub grant: Grant,
    /// What its user signs in with.
    pub username: Username,
    /// The browser's session that it ends with, if it does with one.
    pub session: Option<SessionId>,
    /// When it was opened; not known of grants from before that was noted.
    pub opened_at: Option<Timestamp>,
}

//! Who calls the administration API: the user of an access token that is for it, with the rights of the user's role at this moment,
//! which the token's scope narrows.

use jeton_jose::{Timestamp, VerifyError};
use jeton_oauth::client::ClientId;

use super::Tokens;
use crate::issue::access_token;
use crate::oauth_error::OAuthError;
use crate::sender_constraint::SenderConstraint;
use crate::store::StoreError;
use crate::user::{Right, Role, User, UserStatus, may};

/// The scope of tokens that may do whatever their user may.
pub const ADMIN_SCOPE: &str = "jeton.admin";
/// The scope of tokens that may only read.
pub const ADMIN_READ_SCOPE: &str = "jeton.admin.read";
/// The path of the administration API. Appended to the issuer, it is the resource (RFC 8707) that its tokens are for.
pub const ADMIN_API: &str = "/admin/api";

/// What a token allows of what its user may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Everything,
    Reading,
}

/// A user who calls the administration API.
#[derive(Debug, Clone)]
pub struct Administrator {
    /// The user, as stored at the time of the call.
    pub user: User,
    /// The client of the token.
    pub client: Box<str>,
    reach: Reach,
}

impl Administrator {
    /// Whether the user and the token have a right.
    ///
    /// # Errors
    /// [`AdministratorError::InsufficientScope`] if another token of the user would have it, otherwise
    /// [`AdministratorError::NotAllowed`].
    pub fn permit(&self, right: Right) -> Result<(), AdministratorError> {
        permit(self.user.role, self.reach, right)
    }
}

fn permit(role: Role, reach: Reach, right: Right) -> Result<(), AdministratorError> {
    if !may(role, right) {
        return Err(AdministratorError::NotAllowed);
    }
    match reach {
        Reach::Reading if !right.only_reads() => Err(AdministratorError::InsufficientScope),
        Reach::Reading | Reach::Everything => Ok(()),
    }
}

/// Why a token does not open the administration API.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdministratorError {
    /// It is not genuine, has expired, or is for other APIs; or its grant has ended, or its client or user is disabled.
    #[error("the access token is not valid for the administration API")]
    InvalidToken,
    /// It is bound to a key or certificate that was not proved.
    #[error("the access token is bound to a key that was not proved")]
    NotProved,
    /// Its scope does not reach so far.
    #[error("the access token does not have the scope for this")]
    InsufficientScope,
    /// Its user does not have the right.
    #[error("this takes rights that you do not have")]
    NotAllowed,
    /// An internal error.
    #[error(transparent)]
    Failed(#[from] OAuthError),
}

impl AdministratorError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidToken | Self::NotProved => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::NotAllowed => "not_allowed",
            Self::Failed(error) => error.code(),
        }
    }
}

impl From<VerifyError> for AdministratorError {
    fn from(_: VerifyError) -> Self {
        Self::InvalidToken
    }
}

impl From<StoreError> for AdministratorError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Tokens {
    /// The user who calls the administration API with this token. Nothing about the user is remembered from one call to the next.
    ///
    /// # Errors
    /// [`AdministratorError`] says what is wrong with the token.
    pub async fn administrator(
        &self,
        token: &str,
        constraint: &SenderConstraint,
        now: Timestamp,
    ) -> Result<Administrator, AdministratorError> {
        let access = self.keys.with_ring(|ring| access_token::verify(ring, token, now))?;
        let api = format!("{}{ADMIN_API}", self.settings.issuer.trim_end_matches('/'));
        // A token for another API says nothing here, whoever got hold of it there.
        if !access.aud.contains(&api) {
            return Err(AdministratorError::InvalidToken);
        }
        let bound = access.claims.cnf.unwrap_or_default();
        let certificate_missing =
            bound.x5t_s256.is_some() && bound.x5t_s256.as_deref() != constraint.x5t_s256.as_deref();
        if bound.jkt.as_deref() != constraint.jkt.as_deref() || certificate_missing {
            return Err(AdministratorError::NotProved);
        }
        let grant = access.grant.ok_or(AdministratorError::InvalidToken)?;
        if !self.is_in_force(Some(grant), &access.claims.jti, now).await? {
            return Err(AdministratorError::InvalidToken);
        }
        let client = access.claims.client_id.to_string();
        let id = ClientId::parse(client.as_str()).map_err(|_| AdministratorError::InvalidToken)?;
        let client = self.clients.find(&id).await?.ok_or(AdministratorError::InvalidToken)?;
        if client.policy.disabled || !client.policy.resources.contains(&api) {
            return Err(AdministratorError::InvalidToken);
        }
        let found = self.store.find_grant(grant).await?;
        let (live, _) = found.ok_or(AdministratorError::InvalidToken)?;
        let user = self.store.find_user_by_id(live.grant.user).await?;
        let user = user.filter(|user| user.status == UserStatus::Active);
        let user = user.ok_or(AdministratorError::InvalidToken)?;
        let scope = client.permitted_scope(access.claims.scope);
        let reach = match (scope.contains(ADMIN_SCOPE), scope.contains(ADMIN_READ_SCOPE)) {
            (true, _) => Reach::Everything,
            (false, true) => Reach::Reading,
            (false, false) => return Err(AdministratorError::InsufficientScope),
        };
        Ok(Administrator { user, client: client.id.as_str().into(), reach })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_allows_no_more_than_its_user_may_and_a_scope_that_reads_changes_nothing() {
        for role in Role::ALL {
            for right in Right::ALL {
                assert_eq!(permit(role, Reach::Everything, right).is_ok(), may(role, right));
                let reads = may(role, right) && right.only_reads();
                assert_eq!(permit(role, Reach::Reading, right).is_ok(), reads, "{role:?} {right:?}");
            }
        }
        let refused = permit(Role::Owner, Reach::Reading, Right::Own).expect_err("a refusal");
        assert_eq!(refused.code(), "insufficient_scope");
        let refused = permit(Role::Auditor, Reach::Reading, Right::ChangeKeys).expect_err("a refusal");
        assert_eq!(refused.code(), "not_allowed", "no other token of an auditor would do");
    }
}

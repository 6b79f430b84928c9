//! Userinfo (OpenID Connect Core §5.3): the claims about the user that an access token permits its client to read.

use jeton_jose::{Timestamp, VerifyError};
use serde_json::{Map, Value};

use super::Tokens;
use crate::GrantId;
use crate::client_directory::Content;
use crate::issue::UserClaims;
use crate::issue::access_token::{self, Held};
use crate::oauth_error::OAuthError;
use crate::sender_constraint::SenderConstraint;
use crate::store::StoreError;
use crate::user::UserStatus;
use jeton_oauth::Scope;
use jeton_oauth::client::ClientId;
use std::sync::Arc;

use crate::client::Client;
use crate::grant::{GrantDetail, LiveGrant};

/// The claims about a user for a client.
#[derive(Debug, Clone)]
pub struct UserInfo {
    /// The client of the token.
    pub client: Arc<Client>,
    /// The claims, including `sub`.
    pub claims: Map<String, Value>,
}

/// The userinfo response (OpenID Connect Core §5.3.2).
#[derive(Debug, Clone)]
pub enum UserInfoBody {
    /// The claims as JSON.
    Json(String),
    /// A token: signed, encrypted, or both, as registered for the client.
    Jwt(String),
}

/// Why a token gets no userinfo.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserInfoError {
    /// It is not genuine, has expired, or is only for other APIs; or its grant has ended, or its client is disabled.
    #[error("the access token is not valid")]
    InvalidToken,
    /// It is bound to a certificate that was not presented.
    #[error("the access token is bound to a certificate that was not presented")]
    CertificateNotShown,
    /// It is bound to a key, and the proof is missing.
    #[error("the access token is bound to a key, and the proof of possession is missing")]
    NotProved,
    /// It was sent in two ways, or not as its scheme requires.
    #[error("the access token was sent more than once or is malformed")]
    Malformed,
    /// It does not have the scope `openid`.
    #[error("the access token does not have the scope openid")]
    InsufficientScope,
    /// An internal error.
    #[error(transparent)]
    Failed(#[from] OAuthError),
}

impl From<VerifyError> for UserInfoError {
    fn from(_: VerifyError) -> Self {
        Self::InvalidToken
    }
}

impl From<StoreError> for UserInfoError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Tokens {
    /// The claims about the user that an access token permits its client to read.
    ///
    /// # Errors
    /// [`UserInfoError`] says what is wrong with the token.
    pub async fn userinfo(
        &self,
        token: &str,
        constraint: &SenderConstraint,
        now: Timestamp,
    ) -> Result<UserInfo, UserInfoError> {
        let access = self.keys.with_ring(|ring| access_token::verify(ring, token, now))?;
        let bound = access.claims.cnf.clone().unwrap_or_default();
        let proved =
            |wanted: &Option<String>, shown: &Option<Box<str>>| wanted.as_deref() == shown.as_deref();
        if !proved(&bound.jkt, &constraint.jkt) {
            return Err(UserInfoError::NotProved);
        }
        // One that is shown for other reasons binds nothing.
        if bound.x5t_s256.is_some() && !proved(&bound.x5t_s256, &constraint.x5t_s256) {
            return Err(UserInfoError::CertificateNotShown);
        }
        // A token that is for another API alone says nothing here, whoever got hold of it there.
        let own = [&self.settings.issuer, &self.settings.access.audience];
        if !access.aud.iter().any(|aud| own.contains(&aud)) {
            return Err(UserInfoError::InvalidToken);
        }
        let grant = access.grant.ok_or(UserInfoError::InsufficientScope)?;
        let live = match self.replicated(grant, &access.claims.jti, now).await {
            Some(live) => live,
            None => self.current(grant, &access.claims.jti, now).await?,
        };
        let scope = access.claims.scope;
        let Some(detail) = live.grant.detail.as_deref().filter(|_| scope.contains("openid")) else {
            return Err(UserInfoError::InsufficientScope);
        };
        let id = ClientId::parse(live.grant.client.clone()).map_err(|_| UserInfoError::InvalidToken)?;
        let client = self.clients.find(&id).await?.ok_or(UserInfoError::InvalidToken)?;
        // A token that was exchanged is another client's than the grant.
        if client.policy.disabled || self.clients.is_disabled(&access.claims.client_id).await? {
            return Err(UserInfoError::InvalidToken);
        }
        let scope = client.permitted_scope(scope);
        if !scope.contains("openid") {
            return Err(UserInfoError::InsufficientScope);
        }
        let claims = self.userinfo_claims(&client, &live, detail, &scope);
        Ok(UserInfo { client, claims })
    }

    /// The grant from a replica, if the settings allow that and nothing is known of it that the replica may not have received yet.
    ///
    /// What a replica refuses is asked of the store itself.
    async fn replicated(&self, grant: GrantId, jti: &str, now: Timestamp) -> Option<LiveGrant> {
        // A token that may have been revoked by its name is looked for in the store.
        let has_name = Held::of(Some(grant), jti).name.is_some();
        if !self.settings.userinfo.from_replica || has_name || !self.feed.is_settled(grant, now) {
            return None;
        }
        live(self.store.find_replicated_grant(grant).await, now)
    }

    async fn current(&self, grant: GrantId, jti: &str, now: Timestamp) -> Result<LiveGrant, UserInfoError> {
        if !self.is_in_force(Some(grant), jti, now).await? {
            return Err(UserInfoError::InvalidToken);
        }
        live(self.store.find_grant(grant).await?, now).ok_or(UserInfoError::InvalidToken)
    }

    /// Builds the userinfo response in the form registered for the client.
    ///
    /// # Errors
    /// It cannot be signed or encrypted.
    pub async fn userinfo_body(&self, info: UserInfo, now: Timestamp) -> Result<UserInfoBody, OAuthError> {
        let UserInfo { client, mut claims } = info;
        let algorithms = client.algorithms();
        let signed = match algorithms.userinfo {
            None => None,
            Some(algorithm) => {
                claims.insert("iss".to_owned(), self.settings.issuer.as_str().into());
                claims.insert("aud".to_owned(), client.id.as_str().into());
                Some(self.clients.sign_for(algorithm, "JWT", &claims, now).await?)
            }
        };
        let json = || Value::from(claims.clone()).to_string();
        let Some(encryption) = algorithms.userinfo_encryption else {
            return Ok(signed.map_or_else(|| UserInfoBody::Json(json()), UserInfoBody::Jwt));
        };
        let encrypted = match &signed {
            Some(token) => self.clients.encrypt_for(&client, encryption, Content::Token(token)).await?,
            None => self.clients.encrypt_for(&client, encryption, Content::Json(&json())).await?,
        };
        Ok(UserInfoBody::Jwt(encrypted))
    }

    /// The claims about the user of a grant for its client.
    pub(crate) fn userinfo_claims(
        &self,
        client: &Client,
        live: &LiveGrant,
        detail: &GrantDetail,
        scope: &Scope,
    ) -> Map<String, Value> {
        let user = UserClaims::of_grant(live);
        let mut claims = user.of_scope(scope);
        user.add_requested(&detail.claims.userinfo, client.scope(), &mut claims);
        user.add_mapped(&client.policy, &mut claims);
        claims.insert("sub".to_owned(), self.keys.subject_for(client, &live.subject).into());
        claims
    }
}

/// A grant that has not ended, of a user who is active.
fn live(found: Option<(LiveGrant, UserStatus)>, now: Timestamp) -> Option<LiveGrant> {
    let (live, status) = found?;
    let is_live =
        status == UserStatus::Active && live.grant.revoked_at.is_none() && live.grant.expires_at > now;
    is_live.then_some(live)
}

//! Introspection (RFC 7662): information about a token for clients that may have it.

use std::sync::Arc;

use jeton_jose::Timestamp;
use serde::{Serialize, Serializer};

use super::Tokens;
use super::recognise::recognise;
use super::refresh::verify_refresh_token;
use crate::GrantId;
use crate::client::{Client, IntrospectionPolicy, known_as};
use crate::client_directory::ClientOfToken;
use crate::issue::access_token::{Held, may_be_named_to};
use crate::known_token::IntrospectionClaims;
use crate::oauth_error::OAuthError;
use crate::one_time::{OneTimeHash, OneTimeKind};
use crate::store::StoreError;
use crate::user::UserStatus;

/// The information about a token. If it is invalid, or the caller may not know about it, only `active: false`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Introspection {
    /// Its content, if it is valid now.
    pub claims: Option<Arc<IntrospectionClaims>>,
}

impl Introspection {
    /// Whether it is valid now.
    pub fn active(&self) -> bool {
        self.claims.is_some()
    }
}

impl Serialize for Introspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Wire<'a> {
            active: bool,
            #[serde(flatten)]
            claims: Option<&'a IntrospectionClaims>,
        }
        Wire { active: self.active(), claims: self.claims.as_deref() }.serialize(serializer)
    }
}

/// The `typ` of a signed response (RFC 9701 §5).
const INTROSPECTION_TYP: &str = "token-introspection+jwt";

impl Tokens {
    /// Tells an authenticated client about a token, if the client may know about it ([`IntrospectionPolicy`]). Only
    /// the client of a refresh token may. Tokens of a disabled client are invalid.
    ///
    /// # Errors
    /// The store fails. An invalid token is not an error.
    pub async fn introspect(
        &self,
        asker: &Client,
        token: &str,
        now: Timestamp,
    ) -> Result<Introspection, OAuthError> {
        let access = self.keys.with_ring(|ring| recognise(ring, &self.settings, token, now));
        let claims = match access {
            Ok(access) if !may_know(asker, &access.claims) => None,
            Ok(access) => {
                let jti = access.claims.jti.as_deref().unwrap_or_default();
                if !self.is_in_force(access.grant, jti, now).await? {
                    return Ok(Introspection::default());
                }
                match self.clients.of_token(&access.claims.client_id).await? {
                    ClientOfToken::Disabled => None,
                    ClientOfToken::Enabled(client) => permitted_now(&client, &access.claims),
                    ClientOfToken::Unlisted => Some(Arc::clone(&access.claims)),
                }
            }
            Err(_) => self.refresh_token_claims(asker, token, now).await?.map(Arc::new),
        };
        Ok(Introspection { claims })
    }

    /// The introspection response as a token that the caller can keep as evidence (RFC 9701 §5).
    ///
    /// # Errors
    /// It cannot be signed.
    pub async fn signed_introspection(
        &self,
        asker: &Client,
        introspection: &Introspection,
        now: Timestamp,
    ) -> Result<String, OAuthError> {
        #[derive(Serialize)]
        struct Claims<'a> {
            iss: &'a str,
            aud: &'a str,
            iat: Timestamp,
            token_introspection: &'a Introspection,
        }
        let (iss, aud) = (self.settings.issuer.as_str(), asker.id.as_str());
        let claims = Claims { iss, aud, iat: now, token_introspection: introspection };
        let algorithm = asker.algorithms().introspection.unwrap_or_else(|| asker.id_token_algorithm());
        self.clients.sign_for(algorithm, INTROSPECTION_TYP, &claims, now).await
    }

    /// Whether a genuine access token has not been revoked.
    pub(crate) async fn is_in_force(
        &self,
        grant: Option<GrantId>,
        jti: &str,
        now: Timestamp,
    ) -> Result<bool, OAuthError> {
        let Held { grant, name } = Held::of(grant, jti);
        if let Some(name) = name
            && self.is_revoked_by_name(&name, now).await?
        {
            return Ok(false);
        }
        match grant {
            Some(grant) => self.holds(grant).await,
            None => Ok(true),
        }
    }

    /// Whether the client of the token with this `jti` has revoked it. Such a token belongs to the client itself, or was
    /// issued by exchange.
    pub(crate) async fn is_revoked_by_name(&self, jti: &str, now: Timestamp) -> Result<bool, StoreError> {
        let revoked = self.store.peek(OneTimeKind::RevokedTokenId, OneTimeHash::of(jti)).await?;
        Ok(revoked.is_some_and(|revoked| revoked.expires_at > now))
    }

    async fn holds(&self, grant: GrantId) -> Result<bool, OAuthError> {
        let standing = self.store.grant_standing(grant).await?;
        Ok(standing
            .is_some_and(|standing| standing.revoked_at.is_none() && standing.user == UserStatus::Active))
    }

    async fn refresh_token_claims(
        &self,
        asker: &Client,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<IntrospectionClaims>, OAuthError> {
        let Ok((id, claims)) = self.keys.with_ring(|ring| verify_refresh_token(ring, token, now)) else {
            return Ok(None);
        };
        if claims.client_id() != Some(asker.id.as_str()) {
            return Ok(None);
        }
        let Some((live, UserStatus::Active)) = self.store.find_grant(id).await? else { return Ok(None) };
        let grant = &live.grant;
        if grant.revoked_at.is_some()
            || grant.expires_at <= now
            || claims.generation() < grant.state.generation
            || asker.lost_all_of(grant)
        {
            return Ok(None);
        }
        let scope = asker.permitted_scope(grant.scope.clone());
        Ok(Some(IntrospectionClaims {
            username: may_be_named_to(asker, scope.as_str()).then(|| live.username.as_str().into()),
            scope,
            client_id: grant.client.clone(),
            token_type: None,
            exp: grant
                .state
                .minted_at
                .saturating_add(self.settings.refresh.idle_lifetime)
                .min(grant.expires_at),
            iat: Some(grant.state.minted_at),
            sub: self.keys.subject_for(asker, &live.subject).into(),
            aud: vec![],
            iss: self.settings.issuer.as_str().into(),
            jti: None,
            sid: Some(grant.id.to_string().into()),
            cnf: None,
            act: None,
            authorization_details: grant
                .detail
                .as_ref()
                .map(|detail| asker.permitted_details(detail.authorization_details.clone()))
                .unwrap_or_default(),
        }))
    }
}

/// The content of an access token, without what its client may no longer have; `None` if nothing is left of its
/// permissions.
fn permitted_now(client: &Client, claims: &Arc<IntrospectionClaims>) -> Option<Arc<IntrospectionClaims>> {
    let mut details = claims.authorization_details.iter();
    if client.scope().covers(&claims.scope) && details.all(|detail| client.permits_type(detail.kind())) {
        return Some(Arc::clone(claims));
    }
    let mut left = IntrospectionClaims::clone(claims);
    left.scope = client.permitted_scope(left.scope);
    left.authorization_details = client.permitted_details(left.authorization_details);
    left.username = left.username.filter(|_| may_be_named_to(client, left.scope.as_str()));
    (!left.scope.is_empty() || !left.authorization_details.is_empty()).then(|| Arc::new(left))
}

/// Whether a client may know about an access token: it was issued to it, it is for it, or the operator permits it.
fn may_know(asker: &Client, token: &IntrospectionClaims) -> bool {
    let id = asker.id.as_str();
    let known = || asker.policy.resources.iter().chain(&asker.policy.exchange.accepts);
    let is_its = |aud: &String| aud == id || known_as(known().map(String::as_str), aud).is_some();
    asker.policy.introspection == IntrospectionPolicy::All
        || &*token.client_id == id
        || token.aud.iter().any(is_its)
}

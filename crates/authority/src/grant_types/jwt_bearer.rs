//! An assertion of somebody whom the operator trusts (RFC 7523 §2.1): a client says, with another issuer's word for it, in
//! whose name it asks.

use jeton_jose::jwt::Audience;
use jeton_oauth::{ErrorCode, Scope};
use serde_json::{Map, Value};

use super::issuing::Basis;
use super::{Grants, TokenCall};
use crate::assertion::{AssertionError, AssertionId, Presented, remembered_until};
use crate::client::public_keys;
use crate::grant::{LiveGrant, NewGrant, Owner};
use crate::issue::TokenResponse;
use crate::oauth_error::OAuthError;
use crate::one_time::OneTimeKind;
use crate::refusal::Refusal;
use crate::store::{GrantOpening, Placement};
use crate::user::{User, UserStatus, Username};

/// The `typ` that an assertion may have, beside none: that of a plain token, the one of RFC 7523bis, and that of a grant which another
/// identity provider gives (Identity Assertion Authorization Grant).
const TYPS: [&str; 3] = ["JWT", "authorization-grant+jwt", "oauth-id-jag+jwt"];
/// Scopes that belong to a sign-in, which this is not.
const OF_SIGN_INS: [&str; 2] = ["openid", "offline_access"];

/// One text for every assertion that is not good.
const NOT_VALID: Refusal = Refusal::new(ErrorCode::InvalidGrant, "assertion is not valid");

impl Grants {
    pub(super) async fn token_by_assertion(
        &self,
        request: &TokenCall,
        assertion: &str,
    ) -> Result<TokenResponse, OAuthError> {
        let client = &request.client;
        if client.policy.trusted_issuers.is_empty() {
            let none = "the client has no trusted assertion issuers";
            return Err(OAuthError::refused(ErrorCode::UnauthorizedClient, none));
        }
        // An assertion says nothing of factors.
        request.check_factors(None)?;
        let own = client.scope().retain(|token| !OF_SIGN_INS.contains(&token));
        let asked = request.asked(&self.base.settings, &own)?;
        let user = self.user_of_assertion(request, assertion).await?;
        let live = self.open_grant_of_assertion(request, user, asked.scope.clone()).await?;
        // No refresh token: whoever has assertions asks with the next one, and their issuer keeps the last word (RFC 7521 §4.1).
        self.access_token(request, &Basis::grant(&live), asked).await
    }

    /// Checks an assertion, once, and finds the user that it names.
    async fn user_of_assertion(&self, request: &TokenCall, assertion: &str) -> Result<User, OAuthError> {
        let refused = |error: AssertionError| NOT_VALID.because(error.to_string());
        let assertion = Presented::read(assertion, &TYPS).map_err(refused)?;
        let iss = assertion.iss().ok_or(NOT_VALID)?;
        let trusted = request.client.policy.trusted_issuers.iter().find(|trusted| trusted.issuer == iss);
        let trusted = trusted.ok_or(NOT_VALID)?;
        let keys = public_keys::read(&trusted.jwks).map_err(|error| NOT_VALID.because(error.to_string()))?;
        let keys = assertion.algorithm().and_then(|algorithm| public_keys::verifying(&keys, algorithm));
        let endpoint = format!("{}/token", self.base.settings.issuer);
        let audience = Audience::one_of([self.base.settings.issuer.as_str(), &endpoint]);
        let verified = assertion
            .verify::<Map<String, Value>>(iss, audience, keys.ok_or(NOT_VALID)?, request.now)
            .map_err(refused)?;
        let until = remembered_until(verified.registered(), request.now).map_err(refused)?;
        let claims = verified.claims();
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (jti, name) = (text("jti").ok_or(NOT_VALID)?, text(trusted.user_claim()).ok_or(NOT_VALID)?);
        let username = Username::parse(name).map_err(|_| NOT_VALID)?;
        let user = self.base.store.find_user(&username).await?;
        let user = user.filter(|user| user.status == UserStatus::Active).ok_or(NOT_VALID)?;
        let used = AssertionId::new(OneTimeKind::AssertionId, &["jwt-bearer", iss], jti, until);
        match used.use_up(&self.base.used_up, &*self.base.store, request.now).await? {
            Placement::Placed => Ok(user),
            Placement::Taken => Err(NOT_VALID.because("the assertion was already used").into()),
        }
    }

    /// A grant as short as its one token, so that disabling the user or revoking the token ends it like every other.
    async fn open_grant_of_assertion(
        &self,
        request: &TokenCall,
        user: User,
        scope: Scope,
    ) -> Result<LiveGrant, OAuthError> {
        let new = NewGrant {
            expires_at: request.now.saturating_add(self.base.settings.access.lifetime),
            ..self.new_grant(request, Owner::from(&user), scope, None)
        };
        let live = LiveGrant::opened(&new, user);
        match self.base.store.open_grant(new).await? {
            GrantOpening::Opened => Ok(live),
            GrantOpening::CredentialsChanged => Err(NOT_VALID.into()),
        }
    }
}

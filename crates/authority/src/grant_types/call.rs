//! A request for tokens, and what of a client's wish may be granted.

use std::sync::Arc;

use jeton_jose::Timestamp;
use jeton_oauth::authorization::AuthorizationDetails;
use jeton_oauth::{ErrorCode, Parameters, Scope};

use crate::Network;
use crate::authorization::{narrowed_details, permitted_details};
use crate::client::{Client, SecondFactorPolicy};
use crate::factor::are_two;
use crate::grant::GrantDetail;
use crate::oauth_error::OAuthError;
use crate::refusal::Refusal;
use crate::sender_constraint::SenderConstraint;
use crate::settings::{AuthorizationSettings, Settings};

pub(super) const NO_SCOPE_LEFT: Refusal =
    Refusal::new(ErrorCode::InvalidScope, "the client may no longer have any of the granted scope");
const NO_DETAILS_LEFT: Refusal = Refusal::new(
    ErrorCode::InvalidAuthorizationDetails,
    "the client may no longer have any of the granted authorization_details",
);

/// A request to an endpoint for tokens, whose client has been authenticated.
#[derive(Debug, Clone)]
pub struct TokenCall {
    /// Who asks.
    pub client: Arc<Client>,
    /// What it sends.
    pub parameters: Parameters,
    /// What it proved to hold.
    pub constraint: SenderConstraint,
    /// From where.
    pub network: Network,
    /// When.
    pub now: Timestamp,
}

/// Whoever signed in before the client required a second factor has to sign in again.
const NO_SECOND_FACTOR: Refusal = Refusal::new(
    ErrorCode::InvalidGrant,
    "the client requires a second factor, and its user signed in without one",
);

/// What an access token is to permit, and for which resources.
pub(crate) struct Permitted {
    pub(crate) scope: Scope,
    pub(crate) details: AuthorizationDetails,
    pub(crate) resources: Vec<Box<str>>,
}

impl TokenCall {
    /// Whether the client gets nothing for users who signed in without a second factor.
    pub(super) fn requires_second_factor(&self) -> bool {
        self.client.policy.second_factor == SecondFactorPolicy::Required
    }

    /// Refuses a grant whose user signed in with fewer factors than the client requires now. Nothing is used up, so it counts
    /// again if the operator takes that back.
    pub(super) fn check_factors(&self, detail: Option<&GrantDetail>) -> Result<(), OAuthError> {
        match detail {
            _ if !self.requires_second_factor() => Ok(()),
            Some(detail) if are_two(&detail.amr) => Ok(()),
            _ => Err(NO_SECOND_FACTOR.into()),
        }
    }

    /// What is asked for by a client to whom nothing was allowed before, out of the scope `own`. A client that names details alone
    /// gets no more than these (RFC 9396 §6).
    pub(crate) fn asked(&self, settings: &Settings, own: &Scope) -> Result<Permitted, OAuthError> {
        let details = match self.parameters.get("authorization_details") {
            Some(text) => permitted_details(&self.client, &settings.authorization, text)?,
            None => AuthorizationDetails::default(),
        };
        let scope = if !details.is_empty() && self.parameters.get("scope").is_none() {
            Scope::default()
        } else {
            self.narrowed(own)?
        };
        let asked: Vec<_> = self.parameters.all("resource").collect();
        Ok(Permitted { scope, details, resources: self.client.permitted_resources(settings, &asked)? })
    }

    /// What is asked for of what a grant allows, as far as the client may have it now.
    pub(super) fn left_of(
        &self,
        settings: &Settings,
        scope: Scope,
        detail: Option<&GrantDetail>,
    ) -> Result<Permitted, OAuthError> {
        let nothing = AuthorizationDetails::default();
        let details = detail.map_or(&nothing, |detail| &detail.authorization_details);
        let details = self.narrowed_details(&settings.authorization, details)?;
        let (scope, details) = self.permitted(&settings.authorization, scope, details)?;
        let resources = self.resources_of(settings, detail.map_or(&[], |detail| &detail.resources))?;
        Ok(Permitted { scope, details, resources })
    }

    /// What of `granted` is asked for; all of it where nothing is named (RFC 6749 §6).
    pub(super) fn narrowed(&self, granted: &Scope) -> Result<Scope, OAuthError> {
        let Some(text) = self.parameters.get("scope") else { return Ok(granted.clone()) };
        let invalid =
            Refusal::new(ErrorCode::InvalidScope, "scope is malformed or exceeds what may be granted");
        let asked = match Scope::parse(text) {
            Ok(asked) => asked,
            Err(error) => return Err(invalid.because(error.to_string()).into()),
        };
        if granted.covers(&asked) {
            return Ok(asked);
        }
        // The first of them are enough to find the mistake by.
        let beyond: Vec<_> = asked.tokens().filter(|token| !granted.contains(token)).take(8).collect();
        Err(invalid.because(format!("scope {:?} is not in {:?}", beyond.join(" "), granted.as_str())).into())
    }

    /// What is asked for of the details that were allowed; all of them where nothing is named (RFC 9396 §6.1).
    pub(super) fn narrowed_details(
        &self,
        settings: &AuthorizationSettings,
        allowed: &AuthorizationDetails,
    ) -> Result<AuthorizationDetails, OAuthError> {
        Ok(narrowed_details(settings, allowed, self.parameters.get("authorization_details"))?)
    }

    /// What the client may have now of a scope and of details that were allowed and are asked for.
    ///
    /// # Errors
    /// Where nothing is left of them (RFC 6749 §5.2: the scope exceeds what the client may have). A token that permits nothing
    /// would still be for the same API, which may look for no scope.
    fn permitted(
        &self,
        settings: &AuthorizationSettings,
        scope: Scope,
        details: AuthorizationDetails,
    ) -> Result<(Scope, AuthorizationDetails), OAuthError> {
        let nothing = scope.is_empty() && details.is_empty();
        let nothing_left = if scope.is_empty() { NO_DETAILS_LEFT } else { NO_SCOPE_LEFT };
        let scope = self.client.permitted_scope(scope);
        let known = |kind: &str| settings.details_types.iter().any(|known| known == kind);
        let mut details = self.client.permitted_details(details);
        if !details.iter().all(|detail| known(detail.kind())) {
            details = details.retain(|detail| known(detail.kind()));
        }
        if scope.is_empty() && details.is_empty() && !nothing {
            return Err(nothing_left.into());
        }
        Ok((scope, details))
    }

    /// The resources that this access token is for: those named now, out of those allowed before (RFC 8707 §2.2).
    fn resources_of(&self, settings: &Settings, allowed: &[Box<str>]) -> Result<Vec<Box<str>>, OAuthError> {
        let asked: Vec<_> = self.parameters.all("resource").collect();
        let left: Vec<Box<str>> = allowed
            .iter()
            .filter_map(|resource| self.client.permitted_resource(settings, resource))
            .map(Box::from)
            .collect();
        if asked.is_empty() {
            // Without a resource the token would be for the authority's own audience, which nobody allowed.
            if left.is_empty() && !allowed.is_empty() {
                return Err(OAuthError::refused(
                    ErrorCode::InvalidTarget,
                    "the client may no longer use any of the authorized resources",
                ));
            }
            return Ok(left);
        }
        let resources = self.client.permitted_resources(settings, &asked)?;
        if allowed.is_empty() || resources.iter().all(|resource| left.contains(resource)) {
            Ok(resources)
        } else {
            Err(OAuthError::refused(
                ErrorCode::InvalidTarget,
                "the resource was not part of the authorization",
            ))
        }
    }
}

//! What the operator says of a client, and how it changes what is known of it.

use jeton_jose::Algorithm;
use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::{ClientMetadata, SubjectType, TokenEndpointAuthMethod, Written};
use jeton_oauth::{RedirectUri, Scope};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::{DescriptionError, MembersOf};
use super::known_members;
use crate::client::{
    ClientPolicy, ConsentPolicy, IdTokenClaims, IntrospectionPolicy, PkcePolicy, SecondFactorPolicy,
    SecurityProfile, display_names, say_id_token_algorithm,
};
use crate::display_text::check_display_name;

/// What the operator says of a client. What is left out stays as it is, or is the default of a new client; a list that is not
/// empty replaces all that was there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClientDescription {
    /// Further members of what it says of itself (RFC 7591 §2). What else is said here counts more.
    pub metadata: Option<Map<String, Value>>,
    /// Further members of what the operator decides about it. What else is said here counts more.
    pub policy: Option<Map<String, Value>>,
    /// What pages call it.
    pub name: Option<String>,
    /// Where people are sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where people may be sent after signing out.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where it hears of sign-outs.
    pub backchannel_logout_uri: Option<String>,
    /// What it may ask for tokens with.
    pub grant_types: Vec<GrantType>,
    /// What it may ask for at most.
    pub scope: Option<Scope>,
    /// The resources that it may ask for tokens for.
    pub resources: Vec<String>,
    /// The types of authorization details that it may ask for.
    pub authorization_details_types: Vec<String>,
    /// Whether users are asked for consent.
    pub consent: Option<ConsentPolicy>,
    /// Whether its codes have to be bound by PKCE.
    pub pkce: Option<PkcePolicy>,
    /// Whether its users must present a second factor.
    pub second_factor: Option<SecondFactorPolicy>,
    /// The security profile that it is held to.
    pub profile: Option<ProfileChange>,
    /// How it authenticates.
    pub auth_method: Option<TokenEndpointAuthMethod>,
    /// Its public keys, as a JWK Set.
    pub jwks: Option<Value>,
    /// What its access tokens are bound to.
    pub token_binding: Option<TokenBinding>,
    /// Claims, each with the attribute of the user that it is taken from.
    pub claims: Vec<(String, String)>,
    /// What its ID tokens are signed with.
    pub id_token_alg: Option<Written<Algorithm>>,
    /// What its ID tokens say of users.
    pub id_token_claims: Option<IdTokenClaims>,
    /// Which tokens it is told about at introspection.
    pub introspection: Option<IntrospectionPolicy>,
    /// Whether its access tokens have a place in the status list.
    pub status_list: Option<bool>,
    /// How it calls its users.
    pub subject_type: Option<SubjectType>,
}

/// Another security profile of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileChange {
    /// It is held to this one from now on.
    HeldTo(SecurityProfile),
    /// It is held to none. What a profile made of it stays.
    Released,
}

impl ProfileChange {
    const fn profile(self) -> Option<SecurityProfile> {
        match self {
            Self::HeldTo(profile) => Some(profile),
            Self::Released => None,
        }
    }
}

/// What access tokens of a client are bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenBinding {
    /// A key that the client proves with every request (RFC 9449).
    Dpop,
    /// The certificate of its TLS connection (RFC 8705).
    Certificate,
    /// Nothing.
    Nothing,
}

impl ClientDescription {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What a new client says of itself, and what is decided about it.
    ///
    /// # Errors
    /// [`DescriptionError`] names what cannot be read.
    pub(super) fn of_new_client(&self) -> Result<(ClientMetadata, ClientPolicy), DescriptionError> {
        let mut metadata = ClientMetadata::default();
        self.change_metadata(&mut metadata)?;
        let mut policy = ClientPolicy::of_new_client(self.profile.and_then(ProfileChange::profile));
        self.change_policy(&mut policy)?;
        if policy.profile.is_some() && self.profile.is_none() {
            // The other members may name a profile, which changes the defaults.
            policy = ClientPolicy::of_new_client(policy.profile);
            self.change_policy(&mut policy)?;
        }
        add_defaults(&mut metadata, policy.profile);
        Ok((metadata, policy))
    }

    /// Puts what is said in the place of what was there.
    pub(super) fn change(
        &self,
        metadata: &mut ClientMetadata,
        policy: &mut ClientPolicy,
    ) -> Result<(), DescriptionError> {
        self.change_metadata(metadata)?;
        self.change_policy(policy)
    }

    fn change_metadata(&self, metadata: &mut ClientMetadata) -> Result<(), DescriptionError> {
        let names_before: Vec<_> = display_names(metadata).map(str::to_owned).collect();
        if let Some(members) = &self.metadata {
            let read: ClientMetadata = merged(metadata, members, MembersOf::Metadata)?;
            known_members::check_metadata(&read)?;
            *metadata = read.known_members_only();
        }
        replace(&mut metadata.client_name, self.name.as_ref());
        check_new_names(&names_before, metadata)?;
        replace(&mut metadata.backchannel_logout_uri, self.backchannel_logout_uri.as_ref());
        replace(&mut metadata.id_token_signed_response_alg, self.id_token_alg.as_ref());
        replace(&mut metadata.token_endpoint_auth_method, self.auth_method.as_ref());
        replace(&mut metadata.scope, self.scope.as_ref());
        replace(&mut metadata.subject_type, self.subject_type.as_ref());
        replace_all(&mut metadata.redirect_uris, &self.redirect_uris);
        replace_all(&mut metadata.post_logout_redirect_uris, &self.post_logout_redirect_uris);
        replace_all(&mut metadata.authorization_details_types, &self.authorization_details_types);
        if !self.grant_types.is_empty() {
            metadata.grant_types = Some(self.grant_types.clone());
        }
        if let Some(keys) = &self.jwks {
            metadata.jwks = Some(keys.clone());
            metadata.jwks_uri = None;
        }
        if let Some(binding) = self.token_binding {
            let is = |other| (binding == other).then_some(true);
            metadata.dpop_bound_access_tokens = is(TokenBinding::Dpop);
            metadata.tls_client_certificate_bound_access_tokens = is(TokenBinding::Certificate);
        }
        if let Some(ProfileChange::HeldTo(profile)) = self.profile {
            add_profile(metadata, profile);
            if self.id_token_alg.is_none() {
                leave_algorithm_to(profile, metadata);
            }
        }
        Ok(())
    }

    fn change_policy(&self, policy: &mut ClientPolicy) -> Result<(), DescriptionError> {
        if let Some(members) = &self.policy {
            // How it came to be known is no decision.
            let source = policy.source;
            known_members::check_policy(members)?;
            *policy = merged(policy, members, MembersOf::Policy)?;
            policy.source = source;
        }
        policy.consent = self.consent.unwrap_or(policy.consent);
        policy.pkce = self.pkce.unwrap_or(policy.pkce);
        policy.second_factor = self.second_factor.unwrap_or(policy.second_factor);
        policy.id_token_claims = self.id_token_claims.unwrap_or(policy.id_token_claims);
        policy.introspection = self.introspection.unwrap_or(policy.introspection);
        policy.status_list = self.status_list.unwrap_or(policy.status_list);
        if let Some(change) = self.profile {
            policy.profile = change.profile();
            if policy.profile.is_some() && self.pkce.is_none() {
                policy.pkce = PkcePolicy::Required;
            }
        }
        replace_all(&mut policy.resources, &self.resources);
        if !self.claims.is_empty() {
            policy.claims = self.claims.iter().cloned().collect();
        }
        Ok(())
    }
}

/// Checks the names that a client did not have before. One from before the rule stays until it is changed.
fn check_new_names(before: &[String], metadata: &ClientMetadata) -> Result<(), DescriptionError> {
    let mut new = display_names(metadata).filter(|name| !before.iter().any(|known| known == name));
    Ok(new.try_for_each(check_display_name)?)
}

/// What a new client may do where nobody says it: sign people in and keep them signed in, where it has a place to send them
/// back to; ask for itself otherwise.
fn add_defaults(metadata: &mut ClientMetadata, profile: Option<SecurityProfile>) {
    say_id_token_algorithm(metadata, profile);
    let asks_for_itself =
        metadata.redirect_uris.is_empty() && metadata.auth_method() != TokenEndpointAuthMethod::None;
    metadata.grant_types.get_or_insert_with(|| match asks_for_itself {
        true => vec![GrantType::ClientCredentials],
        false => vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
    });
}

/// What a profile wants of a client, where nobody says how: keys, and tokens bound to them.
fn add_profile(metadata: &mut ClientMetadata, profile: SecurityProfile) {
    metadata.token_endpoint_auth_method.get_or_insert(TokenEndpointAuthMethod::PrivateKeyJwt);
    metadata.require_pushed_authorization_requests = Some(true);
    if profile.signs_requests() {
        metadata.require_signed_request_object = Some(true);
    }
    if metadata.tls_client_certificate_bound_access_tokens != Some(true) {
        metadata.dpop_bound_access_tokens = Some(true);
    }
}

/// A profile has an algorithm for ID tokens, which takes the place of one that it does not permit.
fn leave_algorithm_to(profile: SecurityProfile, metadata: &mut ClientMetadata) {
    let said = metadata.id_token_signed_response_alg.as_ref().and_then(Written::value);
    if said.is_some_and(|algorithm| !profile.permits(*algorithm)) {
        metadata.id_token_signed_response_alg = None;
        say_id_token_algorithm(metadata, Some(profile));
    }
}

fn replace<T: Clone>(place: &mut Option<T>, value: Option<&T>) {
    if let Some(value) = value {
        *place = Some(value.clone());
    }
}

fn replace_all<T: Clone>(place: &mut Vec<T>, values: &[T]) {
    if !values.is_empty() {
        *place = values.to_vec();
    }
}

/// What is known with further members in it.
fn merged<T: Serialize + DeserializeOwned>(
    known: &T,
    members: &Map<String, Value>,
    of: MembersOf,
) -> Result<T, DescriptionError> {
    let unreadable =
        |error: serde_json::Error| DescriptionError::Unreadable { of, reason: error.to_string().into() };
    let mut whole = serde_json::to_value(known).map_err(unreadable)?;
    if let Value::Object(whole) = &mut whole {
        whole.extend(members.clone());
    }
    serde_json::from_value(whole).map_err(unreadable)
}

#[cfg(test)]
mod tests;

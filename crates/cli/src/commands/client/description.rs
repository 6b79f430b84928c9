//! The flags that describe a client, and how they change what is known of it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jeton_authority::check_display_name;
use jeton_authority::client::{
    ClientPolicy, ConsentPolicy, IdTokenClaims, IntrospectionPolicy, PkcePolicy, SecurityProfile,
    display_names, say_id_token_algorithm,
};
use jeton_jose::{Algorithm, JwkSet};
use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::{ClientMetadata, SubjectType, TokenEndpointAuthMethod, Written};
use jeton_oauth::{RedirectUri, Scope};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::members;
use crate::config::nearest;
use crate::failure::Failure;
use crate::key_file::{KeyFile, name_of};
use crate::{input, output};

/// The groups of flags in the help.
const MAY: &str = "Permissions";
const PROOF: &str = "Authentication";
const TOLD: &str = "Tokens and claims";
const REST: &str = "Other settings";

/// What a client is. A flag that may come several times replaces all that was there.
#[derive(Debug, Default, PartialEq, Args)]
pub(super) struct Description {
    /// Display name
    #[arg(long)]
    name: Option<String>,
    /// Redirect URI; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI", value_parser = redirect_uri)]
    redirect_uris: Vec<RedirectUri>,
    /// Post-logout redirect URI; may be repeated
    #[arg(long = "post-logout-redirect-uri", value_name = "URI", value_parser = redirect_uri)]
    post_logout_redirect_uris: Vec<RedirectUri>,
    /// Back-channel logout URI
    #[arg(long, value_name = "URL", value_parser = web_url)]
    backchannel_logout_uri: Option<String>,
    /// Allowed grant type; may be repeated [default: authorization_code and refresh_token with a redirect URI, client_credentials without]
    #[arg(long = "grant-type", value_name = "TYPE", value_parser = grant_type, help_heading = MAY)]
    grant_types: Vec<GrantType>,
    /// Allowed scope; may be repeated [default: openid profile email offline_access]
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope, help_heading = MAY)]
    scopes: Vec<Scope>,
    /// Resource that it may request tokens for; may be repeated
    #[arg(long = "resource", value_name = "URI", help_heading = MAY)]
    resources: Vec<String>,
    /// Allowed type of authorization details, one of `authorization.details_types`; may be repeated
    #[arg(long = "authorization-details-type", value_name = "TYPE", help_heading = MAY)]
    authorization_details_types: Vec<String>,
    /// Whether users are asked for consent
    #[arg(long, help_heading = MAY)]
    consent: Option<Consent>,
    /// Whether PKCE is required [default: auto, or required with a profile]
    #[arg(long, help_heading = MAY)]
    pkce: Option<Pkce>,
    /// Enforce a security profile and its requirements: pushed requests, keys instead of secrets, bound tokens
    #[arg(long, help_heading = MAY)]
    profile: Option<Profile>,
    /// Authentication method [default: client_secret_basic, or private_key_jwt with a profile]
    #[arg(long, value_name = "METHOD", value_parser = auth_method, help_heading = PROOF)]
    auth_method: Option<TokenEndpointAuthMethod>,
    /// Public keys: a JWK, a JWK set, PEM or DER
    #[arg(long, value_name = "FILE", help_heading = PROOF)]
    jwks: Option<PathBuf>,
    /// What access tokens are bound to [default with a profile: dpop]
    #[arg(long, value_name = "WHAT", help_heading = PROOF)]
    bind_tokens: Option<TokenBinding>,
    /// Claim, and the user attribute that supplies it; may be repeated
    #[arg(long = "claim", value_name = "CLAIM=ATTRIBUTE", value_parser = claim, help_heading = TOLD)]
    claims: Vec<(String, String)>,
    /// Signature algorithm of ID tokens [default: RS256, or ES256 with a profile]
    #[arg(long, value_name = "ALG", value_parser = id_token_alg, help_heading = TOLD)]
    id_token_alg: Option<Written<Algorithm>>,
    /// Which user claims ID tokens contain [default: scopes, or requested with a profile]
    #[arg(long, value_name = "WHICH", help_heading = TOLD)]
    id_token_claims: Option<IdTokenSays>,
    /// Which tokens it may introspect [default: own]
    #[arg(long, value_name = "WHICH", help_heading = TOLD)]
    introspect: Option<Introspect>,
    /// Use pairwise subject identifiers
    #[arg(long, help_heading = TOLD)]
    pairwise: bool,
    /// JSON file with other client metadata (RFC 7591); flags take precedence
    #[arg(long, value_name = "FILE", help_heading = REST)]
    metadata: Option<PathBuf>,
    /// JSON file with other members of `policy`, as `client show --json` prints it, such as `exchange` and `trusted_issuers`; flags take precedence
    #[arg(long, value_name = "FILE", help_heading = REST)]
    policy: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Consent {
    /// Not asked, for first-party applications
    Implied,
    /// Asked, and their answer is remembered
    Asked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pkce {
    /// Required; a client that authenticates may send a nonce with the openid scope instead
    Auto,
    /// Always required
    Required,
    /// Optional for a client that authenticates, as is the nonce, for old libraries
    Lenient,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum IdTokenSays {
    /// The claims of the granted scopes
    Scopes,
    /// Only individually requested claims, for small tokens; userinfo has the rest
    Requested,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Introspect {
    /// Tokens issued to it, and tokens whose audience is its identifier or one of its resources
    Own,
    /// All tokens, including those of the token API, for an API or gateway that receives any token
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// FAPI 2.0 Security Profile
    Fapi2,
    /// FAPI 2.0 Security Profile and Message Signing: signed requests too
    Fapi2MessageSigning,
    /// None; settings that a profile made are kept
    None,
}

impl Profile {
    const fn known(self) -> Option<SecurityProfile> {
        match self {
            Self::Fapi2 => Some(SecurityProfile::Fapi2),
            Self::Fapi2MessageSigning => Some(SecurityProfile::Fapi2MessageSigning),
            Self::None => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TokenBinding {
    /// A key that the client proves with every request (RFC 9449)
    Dpop,
    /// The certificate of its TLS connection (RFC 8705)
    Certificate,
    /// Nothing
    None,
}

impl TokenBinding {
    fn put_into(self, metadata: &mut ClientMetadata) {
        let is = |other| (self == other).then_some(true);
        metadata.dpop_bound_access_tokens = is(Self::Dpop);
        metadata.tls_client_certificate_bound_access_tokens = is(Self::Certificate);
    }
}

impl Description {
    /// The description of a new client.
    pub(super) fn metadata(&self) -> Result<ClientMetadata, Failure> {
        let mut metadata = ClientMetadata::default();
        self.change(&mut metadata)?;
        Ok(metadata)
    }

    /// Puts what was named in the place of what was there.
    pub(super) fn change(&self, metadata: &mut ClientMetadata) -> Result<(), Failure> {
        let names_before: Vec<_> = display_names(metadata).map(str::to_owned).collect();
        if let Some(file) = &self.metadata {
            let read: ClientMetadata = merged(metadata, file, |_| Ok(()))?;
            members::check_metadata(&read).map_err(|reason| in_file(file, &reason))?;
            *metadata = read.known_members_only();
        }
        replace(&mut metadata.client_name, self.name.as_ref());
        check_new_names(&names_before, metadata)?;
        replace(&mut metadata.backchannel_logout_uri, self.backchannel_logout_uri.as_ref());
        replace(&mut metadata.id_token_signed_response_alg, self.id_token_alg.as_ref());
        replace(&mut metadata.token_endpoint_auth_method, self.auth_method.as_ref());
        replace_all(&mut metadata.redirect_uris, &self.redirect_uris);
        replace_all(&mut metadata.post_logout_redirect_uris, &self.post_logout_redirect_uris);
        replace_all(&mut metadata.authorization_details_types, &self.authorization_details_types);
        if !self.grant_types.is_empty() {
            metadata.grant_types = Some(self.grant_types.clone());
        }
        if !self.scopes.is_empty() {
            let all = self.scopes.iter().map(Scope::as_str).filter(|scope| !scope.is_empty());
            let all = Scope::parse(&all.collect::<Vec<_>>().join(" "));
            metadata.scope = Some(all.map_err(|error| Failure::usage(error.to_string()))?);
        }
        if let Some(file) = &self.jwks {
            metadata.jwks = Some(public_keys(file)?);
            metadata.jwks_uri = None;
        }
        if self.pairwise {
            metadata.subject_type = Some(SubjectType::Pairwise);
        }
        if let Some(binding) = self.bind_tokens {
            binding.put_into(metadata);
        }
        if let Some(profile) = self.profile.and_then(Profile::known) {
            add_profile(metadata, profile);
            if self.id_token_alg.is_none() {
                leave_algorithm_to(profile, metadata);
            }
        }
        Ok(())
    }

    /// What the operator decides about a new client.
    pub(super) fn policy(&self) -> Result<ClientPolicy, Failure> {
        let mut policy = ClientPolicy::of_new_client(self.profile.and_then(Profile::known));
        self.change_policy(&mut policy)?;
        if policy.profile.is_some() && self.profile.is_none() {
            // The file names a profile, which has defaults of its own.
            policy = ClientPolicy::of_new_client(policy.profile);
            self.change_policy(&mut policy)?;
        }
        Ok(policy)
    }

    /// As [`Self::change`], for what the operator decides.
    pub(super) fn change_policy(&self, policy: &mut ClientPolicy) -> Result<(), Failure> {
        if let Some(file) = &self.policy {
            // How it came to be known is no decision.
            let source = policy.source;
            *policy = merged(policy, file, members::check_policy)?;
            policy.source = source;
        }
        match self.consent {
            Some(Consent::Implied) => policy.consent = ConsentPolicy::Implied,
            Some(Consent::Asked) => policy.consent = ConsentPolicy::Asked,
            None => {}
        }
        match self.pkce {
            Some(Pkce::Auto) => policy.pkce = PkcePolicy::Auto,
            Some(Pkce::Required) => policy.pkce = PkcePolicy::Required,
            Some(Pkce::Lenient) => policy.pkce = PkcePolicy::Lenient,
            None => {}
        }
        match self.id_token_claims {
            Some(IdTokenSays::Requested) => policy.id_token_claims = IdTokenClaims::Requested,
            Some(IdTokenSays::Scopes) => policy.id_token_claims = IdTokenClaims::Scopes,
            None => {}
        }
        match self.introspect {
            Some(Introspect::Own) => policy.introspection = IntrospectionPolicy::Own,
            Some(Introspect::All) => policy.introspection = IntrospectionPolicy::All,
            None => {}
        }
        if let Some(profile) = self.profile {
            policy.profile = profile.known();
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
fn check_new_names(before: &[String], metadata: &ClientMetadata) -> Result<(), Failure> {
    let mut new = display_names(metadata).filter(|name| !before.iter().any(|known| known == name));
    new.try_for_each(check_display_name)
        .map_err(|error| Failure::coded("client_metadata_member", error.to_string()))
}

/// What a new client may do where nobody says it: sign people in and keep them signed in, where it has a place to send them
/// back to; ask for itself otherwise.
pub(super) fn add_defaults(metadata: &mut ClientMetadata, profile: Option<SecurityProfile>) {
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

/// The description with the members of a file in it.
fn merged<T: Serialize + DeserializeOwned>(
    known: &T,
    file: &Path,
    check: impl FnOnce(&Map<String, Value>) -> Result<(), String>,
) -> Result<T, Failure> {
    let refused = |reason: String| in_file(file, &reason);
    let bytes = input::file_or_stdin(file)?;
    let members: Map<String, Value> =
        jeton_jose::json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
    check(&members).map_err(refused)?;
    let mut whole = serde_json::to_value(known).map_err(|error| refused(error.to_string()))?;
    if let Value::Object(whole) = &mut whole {
        whole.extend(members);
    }
    serde_json::from_value(whole).map_err(|error| refused(error.to_string()))
}

fn in_file(file: &Path, reason: &str) -> Failure {
    Failure::coded("client_file_refused", format!("{}: {reason}", name_of(file)))
}

/// The keys of a file, as a JWK set. Those that cannot be used are left out, and noted.
fn public_keys(file: &Path) -> Result<Value, Failure> {
    let read = KeyFile::read_published(file)?;
    let set = match &read {
        KeyFile::One(key) => JwkSet::new(vec![(**key).clone()]),
        KeyFile::Set(set) => set.clone(),
    };
    if set.check_public().is_err() {
        return Err(Failure::coded(
            "client_keys",
            format!("{}: contains private keys: give only public keys (jeton jwk public)", name_of(file)),
        ));
    }
    if let (true, Some(key)) = (set.keys().is_empty(), set.skipped().first()) {
        return Err(Failure::coded(
            key.reason().code(),
            format!(
                "{}: no key in the set is usable: {}",
                name_of(file),
                output::printable(&key.to_string())
            ),
        ));
    }
    for key in set.skipped() {
        output::note(&format!("note: {}: skipped {}", name_of(file), output::printable(&key.to_string())));
    }
    serde_json::from_str(&set.to_json()).map_err(|error| Failure::coded("internal", error.to_string()))
}

fn redirect_uri(text: &str) -> Result<RedirectUri, String> {
    if text.contains('*') {
        return Err(
            "wildcards are not supported: redirect URIs are compared exactly, so list each one".to_owned()
        );
    }
    RedirectUri::parse(text).map_err(|error| error.to_string())
}

/// A scope, written as the standards do: a comma is part of a token, which hardly anybody means.
fn scope(text: &str) -> Result<Scope, String> {
    if text.contains(',') {
        return Err(format!("separate scopes with spaces, not commas: \"{}\"", text.replace(',', " ")));
    }
    Scope::parse(text).map_err(|error| error.to_string())
}

/// An address that the authority itself posts to.
fn web_url(text: &str) -> Result<String, String> {
    match RedirectUri::parse(text) {
        Ok(uri) if uri.host().is_some() => Ok(text.to_owned()),
        Ok(_) => Err("expected an https URL".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A grant type, by its registered name or the last word of it.
fn grant_type(text: &str) -> Result<GrantType, String> {
    let short = |known: &&GrantType| known.as_str().rsplit(':').next() == Some(&text.replace('_', "-"));
    let device = (text == "device_code").then_some(GrantType::DeviceCode);
    GrantType::parse(text).or(device).or_else(|| GrantType::ALL.iter().find(short).copied()).ok_or_else(
        || {
            let last = |known: &GrantType| known.as_str().rsplit(':').next().unwrap_or_default();
            let known: Vec<_> = GrantType::ALL.iter().map(last).collect();
            format!("expected one of {}", known.join(", "))
        },
    )
}

fn auth_method(text: &str) -> Result<TokenEndpointAuthMethod, String> {
    TokenEndpointAuthMethod::parse(text).ok_or_else(|| {
        let known: Vec<_> = TokenEndpointAuthMethod::ALL.iter().map(|known| known.as_str()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

fn id_token_alg(text: &str) -> Result<Written<Algorithm>, String> {
    let said = Written::<Algorithm>::from(text);
    match said.value() {
        Some(algorithm) if !algorithm.is_symmetric() => Ok(said),
        _ => {
            let names =
                Algorithm::ALL.iter().filter(|known| !known.is_symmetric()).map(|known| known.as_str());
            let meant = nearest(text, names).map_or(String::new(), |name| format!(": did you mean {name}?"));
            Err(format!("expected a signature algorithm such as ES256, RS256, PS256 or EdDSA{meant}"))
        }
    }
}

fn claim(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((claim, attribute)) if !claim.is_empty() && !attribute.is_empty() => {
            Ok((claim.to_owned(), attribute.to_owned()))
        }
        _ => Err("expected CLAIM=ATTRIBUTE".to_owned()),
    }
}

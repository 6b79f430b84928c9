//! The flags that describe a client.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jeton_authority::client::{
    ConsentPolicy, IdTokenClaims, IntrospectionPolicy, PkcePolicy, SecondFactorPolicy, SecurityProfile,
};
use jeton_authority::client_lifecycle::{
    self, ClientDescription, DescriptionError, MembersOf, ProfileChange,
};
use jeton_jose::{Algorithm, JwkSet};
use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::{SubjectType, TokenEndpointAuthMethod, Written};
use jeton_oauth::{RedirectUri, Scope};
use serde_json::{Map, Value};

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
    /// Whether users must present a second factor [default: if-set-up]
    #[arg(long, value_name = "WHEN", help_heading = MAY)]
    second_factor: Option<SecondFactor>,
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
    /// Whether access tokens have a place in the status list [default: off]
    #[arg(long, value_name = "SWITCH", help_heading = TOLD)]
    status_list: Option<Switch>,
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
enum SecondFactor {
    /// Users who have set one up
    IfSetUp,
    /// All users; a user who has none must set one up first
    Required,
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
enum Switch {
    /// They have, for APIs that look there whether a token was revoked
    On,
    /// They have none
    Off,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TokenBinding {
    /// A key that the client proves with every request (RFC 9449)
    Dpop,
    /// The certificate of its TLS connection (RFC 8705)
    Certificate,
    /// Nothing
    None,
}

impl Description {
    /// Reads the files that it names, and says the rest as it was given.
    pub(super) fn read(&self) -> Result<ClientDescription, Failure> {
        let all: Vec<_> = self.scopes.iter().map(Scope::as_str).filter(|scope| !scope.is_empty()).collect();
        let scope = (!self.scopes.is_empty()).then(|| Scope::parse(&all.join(" ")));
        Ok(ClientDescription {
            metadata: self.metadata.as_deref().map(members).transpose()?,
            policy: self.policy.as_deref().map(members).transpose()?,
            name: self.name.clone(),
            redirect_uris: self.redirect_uris.clone(),
            post_logout_redirect_uris: self.post_logout_redirect_uris.clone(),
            backchannel_logout_uri: self.backchannel_logout_uri.clone(),
            grant_types: self.grant_types.clone(),
            scope: scope.transpose().map_err(|error| Failure::usage(error.to_string()))?,
            resources: self.resources.clone(),
            authorization_details_types: self.authorization_details_types.clone(),
            consent: self.consent.map(|consent| match consent {
                Consent::Implied => ConsentPolicy::Implied,
                Consent::Asked => ConsentPolicy::Asked,
            }),
            second_factor: self.second_factor.map(|second_factor| match second_factor {
                SecondFactor::IfSetUp => SecondFactorPolicy::IfSetUp,
                SecondFactor::Required => SecondFactorPolicy::Required,
            }),
            pkce: self.pkce.map(|pkce| match pkce {
                Pkce::Auto => PkcePolicy::Auto,
                Pkce::Required => PkcePolicy::Required,
                Pkce::Lenient => PkcePolicy::Lenient,
            }),
            profile: self.profile.map(|profile| match profile {
                Profile::Fapi2 => ProfileChange::HeldTo(SecurityProfile::Fapi2),
                Profile::Fapi2MessageSigning => ProfileChange::HeldTo(SecurityProfile::Fapi2MessageSigning),
                Profile::None => ProfileChange::Released,
            }),
            auth_method: self.auth_method,
            jwks: self.jwks.as_deref().map(public_keys).transpose()?,
            token_binding: self.bind_tokens.map(|binding| match binding {
                TokenBinding::Dpop => client_lifecycle::TokenBinding::Dpop,
                TokenBinding::Certificate => client_lifecycle::TokenBinding::Certificate,
                TokenBinding::None => client_lifecycle::TokenBinding::Nothing,
            }),
            claims: self.claims.clone(),
            id_token_alg: self.id_token_alg.clone(),
            id_token_claims: self.id_token_claims.map(|claims| match claims {
                IdTokenSays::Scopes => IdTokenClaims::Scopes,
                IdTokenSays::Requested => IdTokenClaims::Requested,
            }),
            introspection: self.introspect.map(|introspect| match introspect {
                Introspect::Own => IntrospectionPolicy::Own,
                Introspect::All => IntrospectionPolicy::All,
            }),
            status_list: self.status_list.map(|switch| switch == Switch::On),
            subject_type: self.pairwise.then_some(SubjectType::Pairwise),
        })
    }

    /// Why what it says was refused, with the file that says it.
    pub(super) fn refused(&self, error: &DescriptionError) -> Failure {
        let file = |of: &MembersOf| match of {
            MembersOf::Metadata => self.metadata.as_deref(),
            MembersOf::Policy => self.policy.as_deref(),
        };
        let (file, reason) = match error {
            DescriptionError::UnknownMember { of, within, name, known } => {
                let likely = nearest(name, known.iter().copied());
                let meant = likely.map(|likely| {
                    format!("unknown member `{within}{name}`: did you mean `{within}{likely}`?")
                });
                (file(of), meant.unwrap_or_else(|| error.to_string()))
            }
            DescriptionError::Unreadable { of, reason } => (file(of), reason.to_string()),
            _ => (None, error.to_string()),
        };
        match file {
            Some(file) => in_file(file, &output::printable(&reason)),
            None => Failure::coded(error.code(), reason),
        }
    }
}

/// The members of a JSON object in a file.
fn members(file: &Path) -> Result<Map<String, Value>, Failure> {
    let bytes = input::file_or_stdin(file)?;
    jeton_jose::json::from_slice(&bytes).map_err(|error| in_file(file, &error.to_string()))
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

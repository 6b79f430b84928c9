//! A client, as the authority uses it and as it is stored.

use std::collections::BTreeSet;

use jeton_jose::{Algorithm, Jwk, Timestamp};
use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::{ApplicationType, ClientId, ClientMetadata, TokenEndpointAuthMethod, Written};
use jeton_oauth::{RedirectUri, Scope};
use serde::{Deserialize, Serialize};

use super::{ClientAlgorithms, ClientPolicy, ClientSecret, ClientSource, public_keys};
use crate::distinguished_name::is_distinguished_name;
use crate::keys::{MasterKey, SealedKey};
use crate::shown_digest::ShownDigest;
use crate::user::Attributes;

/// The scope of a client that does not name one.
const DEFAULT_SCOPE: &str = "openid profile email offline_access";

/// A client, as the authority uses it.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its client identifier.
    pub id: ClientId,
    /// Its metadata.
    pub metadata: ClientMetadata,
    /// The operator's policy for it.
    pub policy: ClientPolicy,
    /// Its secret.
    pub secret: Option<ClientSecret>,
    /// The hash of its registration access token (RFC 7592 §3).
    pub registration_token: Option<Box<str>>,
    /// When it became known.
    pub created_at: Timestamp,
    scope: Scope,
    algorithms: ClientAlgorithms,
    keys: Vec<Jwk>,
}

/// A client to be added.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its client identifier.
    pub id: ClientId,
    /// Its metadata.
    pub metadata: ClientMetadata,
    /// The operator's policy for it.
    pub policy: ClientPolicy,
    /// Its secret.
    pub secret: Option<ClientSecret>,
    /// The hash of its registration access token.
    pub registration_token: Option<Box<str>>,
    /// When it became known.
    pub created_at: Timestamp,
}

impl From<Client> for NewClient {
    /// The same client, to be checked again after a change.
    fn from(client: Client) -> Self {
        let Client { id, metadata, policy, secret, registration_token, created_at, .. } = client;
        Self { id, metadata, policy, secret, registration_token, created_at }
    }
}

/// A stored client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClient {
    /// Its client identifier.
    pub id: ClientId,
    /// Its metadata and policy, as JSON.
    pub document: Box<str>,
    /// Its secret, encrypted under the master key.
    pub secret: Option<SealedKey>,
    /// Whether it has a back-channel logout URI.
    pub backchannel_logout: bool,
    /// When it became known.
    pub created_at: Timestamp,
}

/// Why the metadata of a client is invalid, or a stored client cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// It uses authorization codes, but has no redirect URI.
    #[error("a client that uses authorization codes needs a redirect URI")]
    NoRedirectUri,
    /// Its authentication method requires something that is missing.
    #[error("{method} needs {wants}")]
    AuthMethodNeeds {
        /// The method.
        method: TokenEndpointAuthMethod,
        /// What is missing.
        wants: &'static str,
    },
    /// A client that cannot authenticate cannot use this grant type.
    #[error("{grant_type} requires client authentication")]
    GrantTypeNeedsAuthentication {
        /// The grant type.
        grant_type: GrantType,
    },
    /// Its keys cannot be used.
    #[error("the keys of the client cannot be used: {reason}")]
    Keys {
        /// The reason.
        reason: Box<str>,
    },
    /// One of its members is invalid.
    #[error("{name} {reason}")]
    Member {
        /// The member.
        name: &'static str,
        /// The reason.
        reason: &'static str,
    },
    /// Its secret is too short.
    #[error("a client secret must have at least {} bytes", ClientSecret::MIN_LEN)]
    SecretTooShort,
    /// Its secret is too long.
    #[error("a client secret must have at most {} bytes", ClientSecret::MAX_LEN)]
    SecretTooLong,
    /// A secret was given or asked for, and the client uses none.
    #[error("{method} does not use a secret")]
    SecretUnused {
        /// How it authenticates.
        method: TokenEndpointAuthMethod,
    },
    /// The stored client cannot be read.
    #[error("the stored description of client {0} cannot be read")]
    Unreadable(ClientId),
}

impl ClientError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRedirectUri => "client_redirect_uri_missing",
            Self::AuthMethodNeeds { .. } => "client_auth_method_needs",
            Self::GrantTypeNeedsAuthentication { .. } => "client_grant_type_needs_authentication",
            Self::Keys { .. } => "client_keys",
            Self::Member { .. } => "client_metadata_member",
            Self::SecretTooShort => "client_secret_too_short",
            Self::SecretTooLong => "client_secret_too_long",
            Self::SecretUnused { .. } => "client_secret_unused",
            Self::Unreadable(_) => "client_unreadable",
        }
    }
}

/// The members of a stored client.
#[derive(Serialize, Deserialize)]
struct Document {
    metadata: ClientMetadata,
    #[serde(default)]
    policy: ClientPolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_token: Option<Box<str>>,
}

/// The user attributes that supply claims of a client's tokens, from its stored form; `None` if that cannot be read.
pub fn mapped_attributes(document: &str) -> Option<Vec<Box<str>>> {
    let document: Document = serde_json::from_str(document).ok()?;
    Some(document.policy.claims.into_values().map(Into::into).collect())
}

impl StoredClient {
    /// Whether access tokens from before a change say what is no longer so, or belong to a client that may no longer have them: a scope, a
    /// resource, a type of details, a grant type or a claim was taken away, the client was disabled, it sees other subjects, or it has other
    /// credentials and gets tokens of its own with them.
    pub fn is_outdated_by(&self, after: &Self) -> bool {
        let read = |client: &Self| serde_json::from_str::<Document>(&client.document).ok();
        let (Some(was), Some(is)) = (read(self), read(after)) else { return self.document != after.document };
        let taken = |was: &[String], is: &[String]| was.iter().any(|one| !is.contains(one));
        let grant_taken = GrantType::ALL.iter().any(|grant| {
            *grant != GrantType::RefreshToken && was.metadata.uses(*grant) && !is.metadata.uses(*grant)
        });
        let trust_taken =
            was.policy.trusted_issuers.iter().any(|one| !is.policy.trusted_issuers.contains(one));
        let claim_taken =
            was.policy.claims.iter().any(|(claim, from)| is.policy.claims.get(claim) != Some(from));
        let credentials_changed = self.secret != after.secret
            || was.metadata.jwks != is.metadata.jwks
            || was.metadata.jwks_uri != is.metadata.jwks_uri;
        !scope_of(&is.metadata).covers(&scope_of(&was.metadata))
            || grant_taken
            || trust_taken
            || claim_taken
            || taken(&was.metadata.authorization_details_types, &is.metadata.authorization_details_types)
            || taken(&was.policy.resources, &is.policy.resources)
            || taken(&was.policy.exchange.targets, &is.policy.exchange.targets)
            || was.policy.exchange.actor != is.policy.exchange.actor
            || is.policy.disabled && !was.policy.disabled
            || was.metadata.subject_type != is.metadata.subject_type
            || credentials_changed && was.metadata.uses(GrantType::ClientCredentials)
    }
}

fn scope_of(metadata: &ClientMetadata) -> Scope {
    match &metadata.scope {
        Some(scope) => scope.clone(),
        None => Scope::parse(DEFAULT_SCOPE).expect("the default scope is one"),
    }
}

impl Client {
    /// Validates a client.
    ///
    /// # Errors
    /// [`ClientError`] says what is invalid.
    pub fn new(new: NewClient) -> Result<Self, ClientError> {
        let NewClient { id, metadata, policy, secret, registration_token, created_at } = new;
        let scope = scope_of(&metadata);
        let (algorithms, keys) = (ClientAlgorithms::default(), vec![]);
        let mut client =
            Self { id, metadata, policy, secret, registration_token, created_at, scope, algorithms, keys };
        client.check()?;
        Ok(client)
    }

    fn check(&mut self) -> Result<(), ClientError> {
        let method = self.metadata.auth_method();
        if self.metadata.uses(GrantType::AuthorizationCode) && self.metadata.redirect_uris.is_empty() {
            return Err(ClientError::NoRedirectUri);
        }
        if method.needs_secret() && self.secret.is_none() {
            return Err(ClientError::AuthMethodNeeds { method, wants: "a client secret" });
        }
        if self.secret.as_ref().is_some_and(|secret| secret.expose().len() > ClientSecret::MAX_LEN) {
            return Err(ClientError::SecretTooLong);
        }
        if self.metadata.jwks.is_some() && self.metadata.jwks_uri.is_some() {
            return Err(ClientError::Member { name: "jwks", reason: "and jwks_uri cannot both be present" });
        }
        let keys_known = self.metadata.jwks.is_some() || self.metadata.jwks_uri.is_some();
        if method == TokenEndpointAuthMethod::PrivateKeyJwt && !keys_known {
            return Err(ClientError::AuthMethodNeeds { method, wants: "jwks or jwks_uri" });
        }
        if method == TokenEndpointAuthMethod::SelfSignedTlsClientAuth && !keys_known {
            return Err(ClientError::AuthMethodNeeds { method, wants: "jwks or jwks_uri" });
        }
        if method == TokenEndpointAuthMethod::TlsClientAuth && certificate_names(&self.metadata) != 1 {
            return Err(ClientError::AuthMethodNeeds { method, wants: "exactly one tls_client_auth_ name" });
        }
        check_certificate_names(&self.metadata)?;
        if method == TokenEndpointAuthMethod::None {
            for grant_type in [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer] {
                if self.metadata.uses(grant_type) {
                    return Err(ClientError::GrantTypeNeedsAuthentication { grant_type });
                }
            }
        }
        self.algorithms = ClientAlgorithms::read(&self.metadata)?;
        if let Some(profile) = self.policy.profile {
            profile.check(&self.metadata, &self.policy)?;
        }
        if self.policy.claims.keys().any(|claim| Attributes::is_reserved(claim)) {
            return Err(ClientError::Member { name: "claims", reason: "must not replace a reserved claim" });
        }
        if self.policy.status_list && self.policy.claims.contains_key("status") {
            return Err(ClientError::Member { name: "claims", reason: "must not replace the claim status" });
        }
        if let Some(jwks) = &self.metadata.jwks {
            self.keys = public_keys::read(jwks)?;
        }
        Ok(())
    }

    /// The usable public keys in its metadata, without those behind `jwks_uri`.
    pub(crate) fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Whether it is a public client (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.metadata.auth_method() == TokenEndpointAuthMethod::None
    }

    /// Whether the operator added it and it authenticates. Anybody can create the others.
    pub fn is_vouched_for(&self) -> bool {
        self.policy.source == ClientSource::Operator && !self.is_public()
    }

    /// The scope that it may request.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The algorithms that it registered.
    pub(crate) fn algorithms(&self) -> &ClientAlgorithms {
        &self.algorithms
    }

    /// The algorithms that sign for it.
    pub(crate) fn signing_algorithms(&self) -> Vec<Algorithm> {
        let ClientAlgorithms { id_token, userinfo, authorization, introspection, .. } = self.algorithms;
        let mut algorithms: Vec<_> =
            [id_token, userinfo, authorization, introspection].into_iter().flatten().collect();
        if id_token.is_none() && self.scope.contains("openid") {
            algorithms.push(self.id_token_algorithm());
        }
        algorithms
    }

    /// Whether it may sign with this algorithm, if it registered one. An unknown registered algorithm permits none.
    pub(crate) fn may_sign_by(&self, algorithm: Algorithm, registered: &Option<Written<Algorithm>>) -> bool {
        self.policy.profile.is_none_or(|profile| profile.permits(algorithm))
            && registered.as_ref().is_none_or(|registered| registered.value() == Some(&algorithm))
    }

    /// The registered redirect URI that matches this one.
    pub fn permits_redirect(&self, requested: &RedirectUri) -> bool {
        let is_native = self.is_native();
        let permits = |registered: &RedirectUri| match is_native {
            true => registered.permits_native(requested),
            false => registered.permits(requested),
        };
        self.metadata.redirect_uris.iter().any(permits)
    }

    /// Whether it runs on its user's machine (RFC 8252): its metadata say so, or say nothing and it has no secret.
    fn is_native(&self) -> bool {
        match self.metadata.application_type {
            Some(kind) => kind == ApplicationType::Native,
            None => self.is_public(),
        }
    }

    /// Its name on pages.
    pub fn name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(self.id.as_str())
    }

    /// Who vouches for its name, if nobody has verified it. `None` if the operator added the client.
    pub fn unverified(&self) -> Option<Unverified<'_>> {
        match self.policy.source {
            ClientSource::Operator => None,
            ClientSource::MetadataDocument => Some(Unverified::DescribedAt(host_of(self.id.as_str()))),
            ClientSource::Registered => {
                let named = self.metadata.client_uri.as_deref();
                Some(Unverified::Registered { names: named.map(host_of) })
            }
        }
    }

    /// A digest of what people recognise it by: its name, and the hosts of its redirect URIs.
    pub fn appearance(&self) -> Box<str> {
        let host = |uri: &'_ RedirectUri| uri.host().unwrap_or(uri.origin()).to_owned();
        let hosts: BTreeSet<_> = self.metadata.redirect_uris.iter().map(host).collect();
        let parts = std::iter::once(self.name()).chain(hosts.iter().map(String::as_str));
        ShownDigest::of(parts).to_text().into()
    }

    /// The stored form of a client that was changed. A secret that stayed the same stays encrypted as it was, so that it shows whether
    /// it is another one.
    pub fn to_stored_instead_of(&self, before: &StoredClient, master: &MasterKey) -> StoredClient {
        let stored = self.to_stored(master);
        let opened = before.secret.as_ref().and_then(|sealed| master.open_named(before.id.as_str(), sealed));
        let secret = self.secret.as_ref().map(|secret| secret.expose().as_bytes());
        if opened.as_ref().map(|opened| &opened[..]) == secret {
            StoredClient { secret: before.secret.clone(), ..stored }
        } else {
            stored
        }
    }

    /// The stored form.
    pub fn to_stored(&self, master: &MasterKey) -> StoredClient {
        let document = Document {
            metadata: self.metadata.clone(),
            policy: self.policy.clone(),
            registration_token: self.registration_token.clone(),
        };
        StoredClient {
            id: self.id.clone(),
            document: serde_json::to_string(&document).expect("a description is JSON").into(),
            secret: self
                .secret
                .as_ref()
                .map(|secret| master.seal_named(self.id.as_str(), secret.expose().as_bytes())),
            backchannel_logout: self.metadata.backchannel_logout_uri.is_some(),
            created_at: self.created_at,
        }
    }

    /// From the stored form.
    ///
    /// # Errors
    /// [`ClientError::Unreadable`] if a newer version wrote it, or if the master key is a different one.
    pub fn from_stored(stored: &StoredClient, master: &MasterKey) -> Result<Self, ClientError> {
        let unreadable = || ClientError::Unreadable(stored.id.clone());
        let document: Document = serde_json::from_str(&stored.document).map_err(|_| unreadable())?;
        let secret = match &stored.secret {
            None => None,
            Some(sealed) => {
                let opened = master.open_named(stored.id.as_str(), sealed).ok_or_else(unreadable)?;
                let text = std::str::from_utf8(&opened).map_err(|_| unreadable())?;
                Some(ClientSecret::new(text))
            }
        };
        Self::new(NewClient {
            id: stored.id.clone(),
            metadata: document.metadata,
            policy: document.policy,
            secret,
            registration_token: document.registration_token,
            created_at: stored.created_at,
        })
        .map_err(|_| unreadable())
    }
}

/// How many names of its certificate a client registered (RFC 8705 §2.1.2).
fn certificate_names(metadata: &ClientMetadata) -> usize {
    let names = [
        metadata.tls_client_auth_subject_dn.is_some(),
        metadata.tls_client_auth_san_dns.is_some(),
        metadata.tls_client_auth_san_uri.is_some(),
        metadata.tls_client_auth_san_ip.is_some(),
        metadata.tls_client_auth_san_email.is_some(),
    ];
    names.into_iter().filter(|named| *named).count()
}

/// A name that no certificate can have would only be noticed when the client authenticates.
fn check_certificate_names(metadata: &ClientMetadata) -> Result<(), ClientError> {
    if metadata.tls_client_auth_subject_dn.as_deref().is_some_and(|name| !is_distinguished_name(name)) {
        let reason = "is not a distinguished name such as CN=web,O=Example (RFC 4514)";
        return Err(ClientError::Member { name: "tls_client_auth_subject_dn", reason });
    }
    if metadata.tls_client_auth_san_ip.as_ref().is_some_and(|ip| ip.value().is_none()) {
        return Err(ClientError::Member { name: "tls_client_auth_san_ip", reason: "is not an IP address" });
    }
    Ok(())
}

/// Who vouches for the name of a client that nobody has verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified<'a> {
    /// The metadata document at this host.
    DescribedAt(&'a str),
    /// It registered itself.
    Registered {
        /// The host of the website in its metadata.
        names: Option<&'a str>,
    },
}

/// The client's names, in every language.
pub fn display_names(metadata: &ClientMetadata) -> impl Iterator<Item = &str> {
    let translated = metadata.translations.iter().filter(|(name, _)| name.starts_with("client_name#"));
    translated.filter_map(|(_, name)| name.as_str()).chain(metadata.client_name.as_deref())
}

/// The host of a URL, with its port.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

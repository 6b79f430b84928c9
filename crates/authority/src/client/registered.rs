//! A client as the authority works with it, and as the store keeps it.

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

/// The scope of a client that names none.
const DEFAULT_SCOPE: &str = "openid profile email offline_access";

/// A client as the authority works with it.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its name on the wire.
    pub id: ClientId,
    /// What it says of itself.
    pub metadata: ClientMetadata,
    /// What the operator decided about it.
    pub policy: ClientPolicy,
    /// What it shares with the authority.
    pub secret: Option<ClientSecret>,
    /// The hash of the token that it manages its own description with (RFC 7592 §3).
    pub registration_token: Option<Box<str>>,
    /// Since when it is known.
    pub created_at: Timestamp,
    scope: Scope,
    algorithms: ClientAlgorithms,
    keys: Vec<Jwk>,
}

/// A client to be added.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its name on the wire.
    pub id: ClientId,
    /// What it says of itself.
    pub metadata: ClientMetadata,
    /// What the operator decides about it.
    pub policy: ClientPolicy,
    /// What it shares with the authority.
    pub secret: Option<ClientSecret>,
    /// The hash of the token that it manages its own description with.
    pub registration_token: Option<Box<str>>,
    /// Since when it is known.
    pub created_at: Timestamp,
}

/// A client as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredClient {
    /// Its name on the wire.
    pub id: ClientId,
    /// Its description, as JSON.
    pub document: Box<str>,
    /// Its secret, sealed under the master key.
    pub secret: Option<SealedKey>,
    /// Whether it wants to hear of sign-outs.
    pub backchannel_logout: bool,
    /// Since when it is known.
    pub created_at: Timestamp,
}

/// Why a description of a client will not do, or a stored one cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// It sends people nowhere: the code needs a redirect URI.
    #[error("a client that uses authorization codes needs a redirect URI")]
    NoRedirectUri,
    /// Its way to authenticate needs something that is missing.
    #[error("{method} needs {wants}")]
    AuthMethodNeeds {
        /// The way.
        method: TokenEndpointAuthMethod,
        /// What is missing.
        wants: &'static str,
    },
    /// A client that cannot authenticate cannot use this grant.
    #[error("{grant_type} requires client authentication")]
    GrantTypeNeedsAuthentication {
        /// The grant.
        grant_type: GrantType,
    },
    /// Its keys will not do.
    #[error("the keys of the client cannot be used: {reason}")]
    Keys {
        /// Why.
        reason: Box<str>,
    },
    /// One of its members will not do.
    #[error("{name} {reason}")]
    Member {
        /// Which one.
        name: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// Its secret is too short.
    #[error("a client secret must have at least {} bytes", ClientSecret::MIN_LEN)]
    SecretTooShort,
    /// Its secret is too long.
    #[error("a client secret must have at most {} bytes", ClientSecret::MAX_LEN)]
    SecretTooLong,
    /// What is stored cannot be read.
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
            Self::Unreadable(_) => "client_unreadable",
        }
    }
}

/// The members of a stored description.
#[derive(Serialize, Deserialize)]
struct Document {
    metadata: ClientMetadata,
    #[serde(default)]
    policy: ClientPolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_token: Option<Box<str>>,
}

/// The attributes of users that a client's tokens have claims from, by its stored description; nothing where that cannot be read.
pub fn mapped_attributes(document: &str) -> Option<Vec<Box<str>>> {
    let document: Document = serde_json::from_str(document).ok()?;
    Some(document.policy.claims.into_values().map(Into::into).collect())
}

impl Client {
    /// Checks a description.
    ///
    /// # Errors
    /// [`ClientError`] says what will not do.
    pub fn new(new: NewClient) -> Result<Self, ClientError> {
        let NewClient { id, metadata, policy, secret, registration_token, created_at } = new;
        let scope = match &metadata.scope {
            Some(scope) => scope.clone(),
            None => Scope::parse(DEFAULT_SCOPE).expect("the default scope is one"),
        };
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
        if let Some(jwks) = &self.metadata.jwks {
            self.keys = public_keys::read(jwks)?;
        }
        Ok(())
    }

    /// The public keys in its description that can be used; those behind `jwks_uri` are not among them.
    pub(crate) fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Whether it cannot keep a secret (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.metadata.auth_method() == TokenEndpointAuthMethod::None
    }

    /// Whether the operator added it and it proves who it is. Anybody can be one of the others.
    pub fn is_vouched_for(&self) -> bool {
        self.policy.source == ClientSource::Operator && !self.is_public()
    }

    /// What it may ask for at most.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The algorithms that it registered.
    pub(crate) fn algorithms(&self) -> &ClientAlgorithms {
        &self.algorithms
    }

    /// What is signed for it, by which algorithms.
    pub(crate) fn signing_algorithms(&self) -> Vec<Algorithm> {
        let ClientAlgorithms { id_token, userinfo, authorization, introspection, .. } = self.algorithms;
        let mut algorithms: Vec<_> =
            [id_token, userinfo, authorization, introspection].into_iter().flatten().collect();
        if id_token.is_none() && self.scope.contains("openid") {
            algorithms.push(self.id_token_algorithm());
        }
        algorithms
    }

    /// Whether it may sign by this algorithm what it registered an algorithm for, if it did. One that is not known permits none.
    pub(crate) fn may_sign_by(&self, algorithm: Algorithm, registered: &Option<Written<Algorithm>>) -> bool {
        self.policy.profile.is_none_or(|profile| profile.permits(algorithm))
            && registered.as_ref().is_none_or(|registered| registered.value() == Some(&algorithm))
    }

    /// The registered redirect URI that permits this one.
    pub fn permits_redirect(&self, requested: &RedirectUri) -> bool {
        let is_native = self.is_native();
        let permits = |registered: &RedirectUri| match is_native {
            true => registered.permits_native(requested),
            false => registered.permits(requested),
        };
        self.metadata.redirect_uris.iter().any(permits)
    }

    /// Whether it runs on its user's machine (RFC 8252): it says so, or it has no secret and says nothing.
    fn is_native(&self) -> bool {
        match self.metadata.application_type {
            Some(kind) => kind == ApplicationType::Native,
            None => self.is_public(),
        }
    }

    /// What pages call it.
    pub fn name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(self.id.as_str())
    }

    /// Whose word its name is, where nobody has checked it. Nothing where the operator added the client.
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

    /// What people recognise it by, as a digest: its name, and the hosts that it sends them to.
    pub fn appearance(&self) -> Box<str> {
        let host = |uri: &'_ RedirectUri| uri.host().unwrap_or(uri.origin()).to_owned();
        let hosts: BTreeSet<_> = self.metadata.redirect_uris.iter().map(host).collect();
        let parts = std::iter::once(self.name()).chain(hosts.iter().map(String::as_str));
        ShownDigest::of(parts).to_text().into()
    }

    /// As the store keeps it.
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

    /// Reads what the store keeps.
    ///
    /// # Errors
    /// [`ClientError::Unreadable`] where it was written by a newer version, or the master key is another one.
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

/// A name that no certificate can have would only be found out when the client comes.
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

/// Whose word the name of a client is that nobody has checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified<'a> {
    /// It is known by the description at this host, which answers for it.
    DescribedAt(&'a str),
    /// It registered itself.
    Registered {
        /// The host of the website that it names, by its own word too.
        names: Option<&'a str>,
    },
}

/// The names that a client gives itself, in every language.
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

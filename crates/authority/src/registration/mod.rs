//! Clients that register themselves (RFC 7591) and manage what they said (RFC 7592).

mod initial_token;
mod left_out;

use std::sync::Arc;
use std::time::Duration;

use jeton_jose::{Timestamp, base64url};
use jeton_oauth::ErrorCode;
use jeton_oauth::client::{ClientId, ClientMetadata};
use serde::Serialize;
use serde_json::{Map, Value};

use self::left_out::Asked;
use crate::Network;
use crate::audit::Actor;
use crate::base::Base;
use crate::client::{Client, ClientError, ClientPolicy, ClientSecret, ClientSource, NewClient};
use crate::client_lifecycle::{Drafted, SecretChoice, SelfDescriptionRules, draft};
use crate::oauth_error::OAuthError;
use crate::one_time::{Handle, OneTimeHash};
use crate::ports::{CertificatesSeen, ClientSectors, ThisMachine};
use crate::random::sixteen;
use crate::refusal::Refusal;
use crate::settings::{RegistrationPolicy, RegistrationRate};
use crate::store::{ClientChange, ClientRemoval, StoreError};

pub use initial_token::{MAX_REGISTRATION_TOKEN_USES, add_registration_token};
pub use left_out::LeftOut;

/// Why a registration was not made or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// Clients are added by the operator alone.
    #[error("client registration is disabled")]
    Closed,
    /// It brings no token of the operator's, or one that is expired or used up. Which of them is not told.
    #[error("the initial access token is not valid")]
    InitialToken,
    /// There is no such client, or the token is not the one that it manages itself with. Which of them is not told.
    #[error("the registration access token is not valid")]
    NotAuthorized,
    /// Its network registered as many clients as it may (settings `client.registrations_at_once` and
    /// `client.registrations_pause`).
    #[error(
        "this network registered {} clients at once (client.registrations_at_once) and may register one every {:?} (client.registrations_pause)",
        .rate.at_once, .rate.pause
    )]
    Throttled {
        /// How many it may.
        rate: RegistrationRate,
        /// When the next one is welcome.
        retry_after: Duration,
    },
    /// What it says of itself will not do, its network changed too much, or something failed here.
    #[error(transparent)]
    OAuth(#[from] OAuthError),
}

impl RegistrationError {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Closed => "registration_closed",
            Self::InitialToken => "registration_initial_token_invalid",
            Self::NotAuthorized => "registration_token_invalid",
            Self::Throttled { .. } => "registration_throttled",
            Self::OAuth(error) => error.code(),
        }
    }
}

impl From<Refusal> for RegistrationError {
    fn from(refusal: Refusal) -> Self {
        Self::OAuth(refusal.into())
    }
}

impl From<StoreError> for RegistrationError {
    fn from(error: StoreError) -> Self {
        Self::OAuth(error.into())
    }
}

/// What a client is told of its registration (RFC 7591 §3.2.1, RFC 7592 §3).
#[derive(Clone, Serialize)]
pub struct Registration {
    /// Its name on the wire.
    pub client_id: ClientId,
    /// Since when it is known.
    pub client_id_issued_at: Timestamp,
    /// What it shares with the authority: told when it is made, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Box<str>>,
    /// When the secret ends: never, which is 0. There wherever the secret is (RFC 7591 §3.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<u64>,
    /// What it manages this with.
    pub registration_access_token: Box<str>,
    /// What it says of itself, as it was taken.
    #[serde(flatten)]
    pub metadata: ClientMetadata,
    /// What it asked for and did not get, for the log.
    #[serde(skip)]
    pub left_out: Vec<LeftOut>,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Lets clients register themselves.
pub struct ClientRegistration {
    pub(crate) base: Base,
    pub(crate) client_sectors: Option<Arc<dyn ClientSectors>>,
    pub(crate) certificates: CertificatesSeen,
    pub(crate) this_machine: ThisMachine,
}

impl ClientRegistration {
    /// Registers a client as it describes itself (RFC 7591 §3.1), with the operator's token where that is wanted. Users are
    /// asked before it gets anything.
    ///
    /// # Errors
    /// [`RegistrationError`] says why not.
    pub async fn register(
        &self,
        members: Map<String, Value>,
        initial_token: Option<&str>,
        network: Network,
        now: Timestamp,
    ) -> Result<Registration, RegistrationError> {
        let initial_token = match self.base.settings.client.registration {
            RegistrationPolicy::Closed => return Err(RegistrationError::Closed),
            RegistrationPolicy::Open => None,
            RegistrationPolicy::WithToken => Some(initial_token.ok_or(RegistrationError::InitialToken)?),
        };
        if let Some(token) = initial_token {
            self.check_registration_token(token, now).await?;
        }
        let asked = Asked::of(&members);
        let metadata = self.rules().check(members)?;
        let token = Handle::draw(&*self.base.random);
        let id = crate::id::hex(&sixteen(&*self.base.random), &mut [0; 32]).to_owned();
        let pkce = self.base.settings.client.registration_pkce;
        let Drafted { client, drawn } = self.draft(NewClient {
            id: ClientId::parse(id).expect("hex digits are an identifier"),
            metadata,
            policy: ClientPolicy::of_unvouched_client(ClientSource::Registered, pkce),
            secret: None,
            registration_token: Some(hash_of(token.expose())),
            created_at: now,
        })?;
        // Counted last: a mistake in a description costs nothing, and only what is kept has to be bounded.
        self.base.rates.registrations.take(network, now).map_err(|throttled| {
            RegistrationError::Throttled {
                rate: self.base.settings.client.registrations,
                retry_after: throttled.retry_after,
            }
        })?;
        self.check_sector_of(&client, network, now).await?;
        self.base.keys.ready_to_sign_for(&client, now).await?;
        if let Some(token) = initial_token {
            self.use_registration_token(token, now).await?;
        }
        match self.base.clients.add_client(&client, by_itself(&client.id)).await? {
            ClientChange::Done => {
                let registration = self.registration(&client, token.expose(), drawn.as_ref());
                Ok(Registration { left_out: asked.left_out_of(&client.metadata), ..registration })
            }
            _ => Err(StoreError::Failed("a random client identifier was taken".to_owned()).into()),
        }
    }

    /// What a client registered (RFC 7592 §2.1), without its secret: that was told once.
    ///
    /// # Errors
    /// [`RegistrationError::NotAuthorized`] for another token than the client's own.
    pub async fn read(&self, id: &str, token: &str) -> Result<Registration, RegistrationError> {
        let client = self.managed_client(id, token).await?;
        Ok(self.registration(&client, token, None))
    }

    /// Puts another description in the place of a client's (RFC 7592 §2.2): what is left out goes back to its default.
    ///
    /// A client that begins to need a secret gets one, and one that no longer needs it loses it. The registration access token
    /// stays the same: were it another after each call, a client would be locked out by one lost answer.
    ///
    /// # Errors
    /// [`RegistrationError`] says why not; nothing was changed then.
    pub async fn change(
        &self,
        id: &str,
        token: &str,
        members: Map<String, Value>,
        network: Network,
        now: Timestamp,
    ) -> Result<Registration, RegistrationError> {
        let before = self.managed_client(id, token).await?;
        self.base.rates.registration_changes.take(network, now).map_err(OAuthError::from)?;
        check_identity(&before, &members)?;
        let asked = Asked::of(&members);
        let metadata = self.rules().check(members)?;
        let changed = NewClient { metadata, ..Client::clone(&before).into() };
        let Drafted { client, drawn } = self.draft(changed)?;
        // What was granted to it before would tell it the subjects of the new one.
        if client.sector() != before.sector() {
            const MOVED: Refusal = Refusal::new(
                ErrorCode::InvalidClientMetadata,
                "the sector of a client cannot change: register another client",
            );
            return Err(OAuthError::from(MOVED).into());
        }
        self.check_sector_of(&client, network, now).await?;
        self.base.keys.ready_to_sign_for(&client, now).await?;
        match self.base.clients.change_client(&client, by_itself(&client.id), now).await? {
            ClientChange::Done => {
                let registration = self.registration(&client, token, drawn.as_ref());
                Ok(Registration { left_out: asked.left_out_of(&client.metadata), ..registration })
            }
            // Somebody removed it meanwhile.
            _ => Err(RegistrationError::NotAuthorized),
        }
    }

    /// Removes a client at its own wish (RFC 7592 §2.3); its grants end. Its network may register another one in its place.
    ///
    /// # Errors
    /// [`RegistrationError::NotAuthorized`] for another token than the client's own.
    pub async fn remove(
        &self,
        id: &str,
        token: &str,
        network: Network,
        now: Timestamp,
    ) -> Result<ClientId, RegistrationError> {
        let client = self.managed_client(id, token).await?;
        // A network that registers and removes in turns would fill the audit trail.
        self.base.rates.registration_changes.take(network, now).map_err(OAuthError::from)?;
        match self.base.clients.remove_client(&client.id, by_itself(&client.id), now).await? {
            ClientRemoval::Removed => {
                // Only what is kept has to be bounded.
                self.base.rates.registrations.give_back(network);
                Ok(client.id.clone())
            }
            ClientRemoval::Unknown => Err(RegistrationError::NotAuthorized),
        }
    }

    fn draft(&self, new: NewClient) -> Result<Drafted, RegistrationError> {
        draft(new, SecretChoice::AsNeeded, &*self.base.random).map_err(refused)
    }

    fn rules(&self) -> SelfDescriptionRules<'_> {
        let rules =
            SelfDescriptionRules::of(&self.base.settings.client).by_certificate(self.certificates.methods());
        let rules = match self.this_machine {
            ThisMachine::Asked => rules.with_plain_http(),
            ThisMachine::OutOfReach => rules,
        };
        if self.client_sectors.is_some() { rules.with_sectors() } else { rules }
    }

    /// Sees that a client belongs to the sector that it names, if it names one.
    async fn check_sector_of(
        &self,
        client: &Client,
        network: Network,
        now: Timestamp,
    ) -> Result<(), OAuthError> {
        const NO_MEMBER: Refusal = Refusal::new(
            ErrorCode::InvalidClientMetadata,
            "the list at sector_identifier_uri does not contain all redirect_uris",
        );
        let metadata = &client.metadata;
        if metadata.sector_identifier_uri.is_none() {
            return Ok(());
        }
        let sectors = self.client_sectors.as_ref().ok_or(NO_MEMBER)?;
        // Whoever can have something fetched can keep others busy with it.
        self.base.rates.sectors.take(network, now)?;
        if sectors.has_member(metadata, network).await? { Ok(()) } else { Err(NO_MEMBER.into()) }
    }

    /// The client whose registration access token this is.
    async fn managed_client(&self, id: &str, token: &str) -> Result<Arc<Client>, RegistrationError> {
        use subtle::ConstantTimeEq;
        let id = ClientId::parse(id).map_err(|_| RegistrationError::NotAuthorized)?;
        // Only clients in the store were registered; nothing is fetched for a name that somebody makes up.
        let client = self.base.clients.stored(&id).await?.filter(|client| !client.policy.disabled);
        let client = client.ok_or(RegistrationError::NotAuthorized)?;
        let presented = hash_of(token);
        let is_its_own = client
            .registration_token
            .as_ref()
            .is_some_and(|known| known.as_bytes().ct_eq(presented.as_bytes()).into());
        if is_its_own { Ok(client) } else { Err(RegistrationError::NotAuthorized) }
    }

    fn registration(&self, client: &Client, token: &str, secret: Option<&ClientSecret>) -> Registration {
        Registration {
            client_id: client.id.clone(),
            client_id_issued_at: client.created_at,
            client_secret: secret.map(|secret| secret.expose().into()),
            client_secret_expires_at: secret.map(|_| 0),
            registration_access_token: token.into(),
            metadata: client.metadata.clone(),
            left_out: vec![],
        }
    }
}

fn by_itself(client: &ClientId) -> Actor {
    Actor::Client(client.as_str().into())
}

/// What is kept of a registration access token.
fn hash_of(token: &str) -> Box<str> {
    base64url::encode(OneTimeHash::of(token).as_bytes()).into()
}

/// A change has to say whose it is, and may not choose another secret (RFC 7592 §2.2).
fn check_identity(client: &Client, members: &Map<String, Value>) -> Result<(), Refusal> {
    const OTHER: Refusal =
        Refusal::new(ErrorCode::InvalidClientMetadata, "client_id does not match the client");
    const SECRET: Refusal =
        Refusal::new(ErrorCode::InvalidClientMetadata, "client_secret is not the current secret");
    if members.get("client_id").and_then(Value::as_str) != Some(client.id.as_str()) {
        return Err(OTHER);
    }
    let named = members.get("client_secret").filter(|secret| !secret.is_null());
    let is_current = |named: &Value| {
        named.as_str().zip(client.secret.as_ref()).is_some_and(|(named, secret)| secret.is(named))
    };
    if named.is_none_or(is_current) { Ok(()) } else { Err(SECRET) }
}

fn refused(error: ClientError) -> RegistrationError {
    let refusal = match error {
        ClientError::NoRedirectUri => {
            Refusal::new(ErrorCode::InvalidRedirectUri, "the authorization code needs redirect_uris")
        }
        ClientError::AuthMethodNeeds { .. } => Refusal::new(
            ErrorCode::InvalidClientMetadata,
            "metadata required by token_endpoint_auth_method is missing",
        ),
        ClientError::GrantTypeNeedsAuthentication { .. } => Refusal::new(
            ErrorCode::InvalidClientMetadata,
            "one of grant_types requires client authentication",
        ),
        ClientError::Keys { .. } => {
            Refusal::new(ErrorCode::InvalidClientMetadata, "jwks is not a set of public keys")
        }
        ClientError::Member { name: "jwks", .. } => {
            Refusal::new(ErrorCode::InvalidClientMetadata, "jwks and jwks_uri cannot both be present")
        }
        ClientError::Member { .. } => Refusal::new(
            ErrorCode::InvalidClientMetadata,
            "a member of the client metadata is invalid or conflicts with another",
        ),
        _ => Refusal::new(ErrorCode::InvalidClientMetadata, "the client metadata is invalid"),
    };
    refusal.into()
}

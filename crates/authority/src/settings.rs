//! What an operator decides: lifetimes, leniency, names, algorithms.

use std::time::Duration;

use jeton_jose::{Algorithm, SharedSecret};
use jeton_oauth::Scope;
use jeton_oauth::authorization::GrantType;

use crate::password::Argon2Params;
use crate::pkce::PkcePolicy;
use crate::user::ClaimMapping;

/// The settings of an authority.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who issues the tokens: `iss` (RFC 9068 §2.2), the authority's own URL.
    pub issuer: String,
    /// Whom access tokens are for: `aud`.
    pub audience: String,
    /// Whether the token API's tokens say so. Setting `access.audience`.
    pub token_api_audience: TokenApiAudience,
    /// What the token API's access tokens say of their users. Setting `token_api.claims`.
    pub token_api_claims: Vec<ClaimMapping>,
    /// The client that the token API's grants are given to: `client_id`.
    pub client_id: String,
    /// For how long an access token holds. Setting `access.lifetime`.
    pub access_lifetime: Duration,
    /// What access tokens are signed with. Setting `access.algorithm`.
    pub access_algorithm: AccessAlgorithm,
    /// What access tokens say in `typ`. Setting `access.typ`.
    pub access_typ: AccessTyp,
    /// What tokens signed with Ed25519 say in `alg`.
    pub ed25519_name: Ed25519Name,
    /// How many verified access tokens are remembered, each for ten minutes at most: the signature of one that comes again is
    /// not checked again. Whether it was revoked is. Setting `access.remember`.
    pub remembered_tokens: usize,
    /// How lenient refreshing is. Settings `refresh.grace` and `refresh.excuses`.
    pub refresh: RefreshPolicy,
    /// For how long a refresh token holds from its minting. Setting `refresh.idle_lifetime`.
    pub idle_lifetime: Duration,
    /// For how long a grant holds from sign-in, however often it is refreshed. Setting `refresh.absolute_lifetime`.
    pub absolute_lifetime: Duration,
    /// For how long a browser stays signed in without being used. Setting `session.idle_lifetime`.
    pub session_idle_lifetime: Duration,
    /// For how long a browser stays signed in, however often it is used. Setting `session.absolute_lifetime`.
    pub session_absolute_lifetime: Duration,
    /// For how long an authorization code may be redeemed (RFC 6749 §4.1.2 says at most ten minutes). Setting
    /// `authorization.code_lifetime`.
    pub code_lifetime: Duration,
    /// For how long a pushed request may be used (RFC 9126 §2.2). Setting `authorization.request_lifetime`.
    pub request_lifetime: Duration,
    /// The types of authorization details that clients may ask for (RFC 9396 §5), each client those that it is registered for.
    /// Setting `authorization.details_types`.
    pub authorization_details_types: Vec<String>,
    /// How long authorization details may be, in bytes of JSON; never more than
    /// [`AuthorizationDetails::MAX_LEN`](jeton_oauth::authorization::AuthorizationDetails::MAX_LEN). Setting
    /// `authorization.details_size`.
    pub authorization_details_size: usize,
    /// Whether DPoP proofs have to hold a nonce. Setting `dpop.nonces`.
    pub dpop_nonces: DpopNonces,
    /// For how long a device waits for its user (RFC 8628 §3.2). Setting `device.lifetime`.
    pub device_lifetime: Duration,
    /// Who may register clients. Setting `client.registration`.
    pub registration: RegistrationPolicy,
    /// Who may be a client by the URL of a description (OAuth Client ID Metadata Document). Setting
    /// `client.metadata_documents`.
    pub metadata_documents: RegistrationPolicy,
    /// How many clients a network may register. Settings `client.registrations_at_once` and `client.registrations_pause`.
    pub registration_rate: RegistrationRate,
    /// The grant types that self-registered clients may use. Setting `client.registration_grant_types`.
    pub registered_grant_types: Vec<GrantType>,
    /// The scopes that self-registered clients may request. Setting `client.registration_scope`.
    pub registered_scope: Scope,
    /// The resources that clients which came by themselves may ask for tokens for (RFC 8707): APIs, MCP servers. Setting
    /// `client.registration_resources`.
    pub registered_resources: Vec<String>,
    /// The schemes without a dot that redirect URIs of clients which came by themselves may have, such as `cursor`. Setting
    /// `client.redirect_schemes`.
    pub registered_redirect_schemes: Vec<String>,
    /// Whether the codes of clients that registered themselves have to be bound by PKCE. Clients that are known by the URL of
    /// their description always have to. Setting `client.registration_pkce`.
    pub registered_pkce: PkcePolicy,
    /// The types of authorization details that clients may register for. Setting `client.registration_details_types`.
    pub registered_details_types: Vec<String>,
    /// For how long a key is published before it signs: longer than any API keeps the set. Setting `keys.publish_wait`.
    pub publish_wait: Duration,
    /// What passwords are hashed with.
    pub argon2: Argon2Params,
}

impl Settings {
    /// The default settings of the authority at this URL; its access tokens are for the same URL.
    pub fn new(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        Self {
            audience: issuer.clone(),
            issuer,
            token_api_audience: TokenApiAudience::default(),
            token_api_claims: vec![],
            client_id: "jeton".to_owned(),
            access_lifetime: Duration::from_secs(5 * 60),
            access_algorithm: AccessAlgorithm::AsStored,
            access_typ: AccessTyp::default(),
            ed25519_name: Ed25519Name::default(),
            remembered_tokens: 1024,
            refresh: RefreshPolicy::default(),
            idle_lifetime: Duration::from_secs(24 * 3600),
            absolute_lifetime: Duration::from_secs(30 * 24 * 3600),
            session_idle_lifetime: Duration::from_secs(24 * 3600),
            session_absolute_lifetime: Duration::from_secs(30 * 24 * 3600),
            code_lifetime: Duration::from_secs(60),
            // FAPI 2.0 (§5.3.2.2) wants less than ten minutes.
            request_lifetime: Duration::from_secs(9 * 60),
            authorization_details_types: vec![],
            authorization_details_size: DETAILS_SIZE,
            dpop_nonces: DpopNonces::default(),
            device_lifetime: Duration::from_secs(10 * 60),
            registration: RegistrationPolicy::default(),
            metadata_documents: RegistrationPolicy::default(),
            registration_rate: RegistrationRate::default(),
            registered_grant_types: vec![
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::DeviceCode,
            ],
            registered_scope: Scope::parse(REGISTERED_SCOPE).expect("the default scope is one"),
            registered_resources: vec![],
            registered_redirect_schemes: vec![],
            registered_pkce: PkcePolicy::Auto,
            registered_details_types: vec![],
            publish_wait: Duration::from_secs(24 * 3600),
            argon2: Argon2Params::default(),
        }
    }
}

/// What clients that registered themselves may ask for where the operator does not say.
const REGISTERED_SCOPE: &str = "openid profile email offline_access";

/// How long authorization details may be where the operator does not say: with them an access token fits into the headers
/// that servers take by default.
const DETAILS_SIZE: usize = 4 * 1024;

/// Whether the access tokens of the token API name an audience. Those of OAuth always do (RFC 9068 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenApiAudience {
    /// They name [`Settings::audience`].
    #[default]
    Named,
    /// They name none, for APIs whose library refuses a token with an audience that it was not told of.
    Absent,
}

/// Who may register clients (RFC 7591).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegistrationPolicy {
    /// Nobody: the operator adds them.
    #[default]
    Closed,
    /// Whoever has a token that the operator made (RFC 7591 §3). Users are asked before such a client gets anything.
    WithToken,
    /// Everybody. Users are asked before such a client gets anything.
    Open,
}

/// How many clients one network may register (RFC 7591). An IPv6 site (a /48) may register ten times as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationRate {
    /// So many at once.
    pub at_once: u32,
    /// From then on one each time this much has passed.
    pub pause: Duration,
}

impl Default for RegistrationRate {
    fn default() -> Self {
        Self { at_once: 20, pause: Duration::from_secs(5 * 60) }
    }
}

/// What access tokens are signed with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AccessAlgorithm {
    /// The keys in the store, whatever their algorithm; the first one is made for [`FIRST_ALGORITHM`].
    AsStored,
    /// A key of this algorithm. Where the store's newest key is for another, one is made, published, waited for, and
    /// then signs.
    Key(Algorithm),
    /// A secret that the operator shares with the APIs, for those that can only verify HMAC. Nothing is published.
    SharedSecret(SharedSecret),
}

/// The `typ` of access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessTyp {
    /// `at+jwt` (RFC 9068 §2.1), which tells them from ID tokens at a glance.
    #[default]
    AtJwt,
    /// `JWT`, for APIs whose library takes nothing else. They have to look at `aud`, which in an ID token is a client.
    Jwt,
}

/// The name of Ed25519 in tokens and published keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ed25519Name {
    /// `Ed25519`, its registered name (RFC 9864).
    #[default]
    Ed25519,
    /// `EdDSA`, which RFC 9864 deprecates and which many verifiers still know alone.
    EdDsa,
}

/// What ID tokens of new clients are signed with where nobody says (OpenID Connect Dynamic Client Registration §2): what every library
/// takes.
pub const ID_TOKEN_ALGORITHM: Algorithm = Algorithm::RS256;

/// The algorithm of the first key where nothing else is said: understood by every client, and cheap.
pub const FIRST_ALGORITHM: Algorithm = Algorithm::ES256;

/// How lenient refreshing is. The settings `refresh.grace` and `refresh.excuses`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// For how long after an advance or an excuse the grant stands still. Zero turns it off.
    pub grace: Duration,
    /// How many generations in a row may have been excused. Zero excuses nothing, not even the same parent again.
    pub excuses: u8,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self { grace: Duration::from_secs(30), excuses: 3 }
    }
}

/// Whether proofs have to hold a nonce of the server's (RFC 9449 §8), which keeps anybody from making them in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DpopNonces {
    /// They need one only where the client's clock is wrong: where `iat` is too old or in the future.
    #[default]
    Unused,
    /// They need one. It costs clients a second request whenever theirs is too old.
    Demanded,
}

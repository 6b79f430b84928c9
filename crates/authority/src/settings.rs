//! The operator's settings: lifetimes, leniency, names, algorithms.

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
    /// The issuer: `iss` (RFC 9068 §2.2), the authority's own URL.
    pub issuer: String,
    /// The default audience of access tokens: `aud`.
    pub audience: String,
    /// Whether the token API's tokens contain it. Setting `access.audience`.
    pub token_api_audience: TokenApiAudience,
    /// The claims about users in the token API's access tokens. Setting `token_api.claims`.
    pub token_api_claims: Vec<ClaimMapping>,
    /// The client of the token API's grants: `client_id`.
    pub client_id: String,
    /// The lifetime of an access token. Setting `access.lifetime`.
    pub access_lifetime: Duration,
    /// The signature algorithm of access tokens. Setting `access.algorithm`.
    pub access_algorithm: AccessAlgorithm,
    /// The `typ` of access tokens. Setting `access.typ`.
    pub access_typ: AccessTyp,
    /// The `alg` of tokens signed with Ed25519.
    pub ed25519_name: Ed25519Name,
    /// How many verified access tokens are cached, each for at most ten minutes: the signature of a cached token is
    /// not checked again. Revocation still is. Setting `access.remember`.
    pub remembered_tokens: usize,
    /// How lenient refreshing is. Settings `refresh.grace` and `refresh.excuses`.
    pub refresh: RefreshPolicy,
    /// How long a refresh token is valid after it was minted. Setting `refresh.idle_lifetime`.
    pub idle_lifetime: Duration,
    /// How long a grant lasts after the sign-in, however often it is refreshed. Setting `refresh.absolute_lifetime`.
    pub absolute_lifetime: Duration,
    /// How long a browser session lasts without being used. Setting `session.idle_lifetime`.
    pub session_idle_lifetime: Duration,
    /// How long a browser session lasts in total. Setting `session.absolute_lifetime`.
    pub session_absolute_lifetime: Duration,
    /// The lifetime of authorization codes (at most ten minutes, RFC 6749 §4.1.2). Setting
    /// `authorization.code_lifetime`.
    pub code_lifetime: Duration,
    /// The lifetime of pushed requests (RFC 9126 §2.2). Setting `authorization.request_lifetime`.
    pub request_lifetime: Duration,
    /// The types of authorization details that clients may request (RFC 9396 §5). Each client may request only those
    /// that it is registered for. Setting `authorization.details_types`.
    pub authorization_details_types: Vec<String>,
    /// The size limit for authorization details, in bytes of JSON; never more than
    /// [`AuthorizationDetails::MAX_LEN`](jeton_oauth::authorization::AuthorizationDetails::MAX_LEN). Setting
    /// `authorization.details_size`.
    pub authorization_details_size: usize,
    /// Whether DPoP proofs must contain a nonce. Setting `dpop.nonces`.
    pub dpop_nonces: DpopNonces,
    /// The lifetime of device codes (RFC 8628 §3.2). Setting `device.lifetime`.
    pub device_lifetime: Duration,
    /// Who may register clients. Setting `client.registration`.
    pub registration: RegistrationPolicy,
    /// Whether clients may identify themselves by the URL of their metadata document (OAuth Client ID Metadata
    /// Document). Setting `client.metadata_documents`.
    pub metadata_documents: RegistrationPolicy,
    /// How many clients a network may register. Settings `client.registrations_at_once` and `client.registrations_pause`.
    pub registration_rate: RegistrationRate,
    /// The grant types that self-registered clients may use. Setting `client.registration_grant_types`.
    pub registered_grant_types: Vec<GrantType>,
    /// The scopes that self-registered clients may request. Setting `client.registration_scope`.
    pub registered_scope: Scope,
    /// The resources that clients may request tokens for (RFC 8707) if the operator did not add them: APIs, MCP
    /// servers. Setting `client.registration_resources`.
    pub registered_resources: Vec<String>,
    /// The schemes without a dot that redirect URIs of such clients may have, such as `cursor`. Setting
    /// `client.redirect_schemes`.
    pub registered_redirect_schemes: Vec<String>,
    /// Whether self-registered clients must use PKCE. Clients known by the URL of their metadata document always must.
    /// Setting `client.registration_pkce`.
    pub registered_pkce: PkcePolicy,
    /// The types of authorization details that self-registered clients may request. Setting
    /// `client.registration_details_types`.
    pub registered_details_types: Vec<String>,
    /// How long a key is published before it signs: longer than any API caches the JWK Set. Setting
    /// `keys.publish_wait`.
    pub publish_wait: Duration,
    /// The parameters for hashing passwords.
    pub argon2: Argon2Params,
}

impl Settings {
    /// The default settings of the authority at this URL, which is also the audience of its access tokens.
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

/// The default scopes of self-registered clients.
const REGISTERED_SCOPE: &str = "openid profile email offline_access";

/// The default size limit of authorization details: with them, an access token fits into the headers that servers
/// accept by default.
const DETAILS_SIZE: usize = 4 * 1024;

/// Whether the token API's access tokens contain an audience. Those of OAuth always do (RFC 9068 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenApiAudience {
    /// They contain [`Settings::audience`].
    #[default]
    Named,
    /// They contain none, for APIs whose library refuses a token with an unexpected audience.
    Absent,
}

/// Who may register clients (RFC 7591).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegistrationPolicy {
    /// Only the operator.
    #[default]
    Closed,
    /// Any application with an initial access token (RFC 7591 §3). Users are asked for consent to such a client.
    WithToken,
    /// Any application. Users are asked for consent to such a client.
    Open,
}

/// How many clients one network may register (RFC 7591). An IPv6 site (a /48) may register ten times as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationRate {
    /// This many in a burst.
    pub at_once: u32,
    /// After that, one per this interval.
    pub pause: Duration,
}

impl Default for RegistrationRate {
    fn default() -> Self {
        Self { at_once: 20, pause: Duration::from_secs(5 * 60) }
    }
}

/// The signature algorithm of access tokens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AccessAlgorithm {
    /// The algorithm of the newest key in the store; the first key is for [`FIRST_ALGORITHM`].
    AsStored,
    /// This algorithm. If the store's newest key is for another one, a new key is generated and published, and signs
    /// after the waiting time.
    Key(Algorithm),
    /// A secret shared with the APIs, for APIs that can only verify HMAC. Nothing is published.
    SharedSecret(SharedSecret),
}

/// The `typ` of access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessTyp {
    /// `at+jwt` (RFC 9068 §2.1), which distinguishes them from ID tokens.
    #[default]
    AtJwt,
    /// `JWT`, for APIs whose library accepts nothing else. They must check `aud`, which is a client in an ID token.
    Jwt,
}

/// The name of Ed25519 in tokens and published keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ed25519Name {
    /// `Ed25519`, its registered name (RFC 9864).
    #[default]
    Ed25519,
    /// `EdDSA`, which RFC 9864 deprecates, but which is the only name that many verifiers know.
    EdDsa,
}

/// The default algorithm of ID tokens (OpenID Connect Dynamic Client Registration §2), which every library supports.
pub const ID_TOKEN_ALGORITHM: Algorithm = Algorithm::RS256;

/// The default algorithm of the first key: cheap, and supported by every client.
pub const FIRST_ALGORITHM: Algorithm = Algorithm::ES256;

/// How lenient refreshing is. Settings `refresh.grace` and `refresh.excuses`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// How long after an advance or an excuse refreshing returns the same token. Zero disables it.
    pub grace: Duration,
    /// How many generations in a row may be excused. With zero, nothing is excused, not even presenting the same
    /// parent again.
    pub excuses: u8,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self { grace: Duration::from_secs(30), excuses: 3 }
    }
}

/// Whether DPoP proofs must contain a nonce of the server (RFC 9449 §8), so that proofs cannot be made in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DpopNonces {
    /// Only if the client's clock is wrong, so that `iat` is too old or in the future.
    #[default]
    Unused,
    /// Always. It costs clients a second request whenever their nonce is too old.
    Demanded,
}

//! The operator's settings: lifetimes, leniency, names, algorithms.

use std::time::Duration;

use jeton_jose::{Algorithm, SharedSecret};
use jeton_oauth::Scope;
use jeton_oauth::authorization::GrantType;

use crate::mail::Notices;
use crate::password::Argon2Params;
use crate::pkce::PkcePolicy;
use crate::user::ClaimMapping;

/// The settings of an authority, by the prefixes of their names.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The issuer: `iss` (RFC 9068 §2.2), the authority's own URL.
    pub issuer: String,
    /// The client of the token API's grants: `client_id`.
    pub client_id: String,
    /// Access tokens.
    pub access: AccessSettings,
    /// Refreshing, and the grants behind it.
    pub refresh: RefreshSettings,
    /// Browsers' sessions.
    pub session: SessionSettings,
    /// Authorization requests and codes.
    pub authorization: AuthorizationSettings,
    /// Device codes.
    pub device: DeviceSettings,
    /// Proofs of possession.
    pub dpop: DpopSettings,
    /// Self-registered clients, and clients known by their URL.
    pub client: ClientSettings,
    /// The tokens of the token API.
    pub token_api: TokenApiSettings,
    /// Userinfo.
    pub userinfo: UserInfoSettings,
    /// The keys in the store.
    pub keys: KeySettings,
    /// Passwords.
    pub password: PasswordSettings,
    /// What users may do about their account.
    pub account: AccountSettings,
    /// The audit trail.
    pub audit: AuditSettings,
    /// Mail to users.
    pub mail: MailSettings,
}

impl Settings {
    /// The default settings of the authority at this URL, which is also the audience of its access tokens.
    pub fn new(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        Self {
            access: AccessSettings::for_audience(issuer.as_str()),
            issuer,
            client_id: "jeton".to_owned(),
            refresh: RefreshSettings::default(),
            session: SessionSettings::default(),
            authorization: AuthorizationSettings::default(),
            device: DeviceSettings::default(),
            dpop: DpopSettings::default(),
            client: ClientSettings::default(),
            token_api: TokenApiSettings::default(),
            userinfo: UserInfoSettings::default(),
            keys: KeySettings::default(),
            password: PasswordSettings::default(),
            account: AccountSettings::default(),
            audit: AuditSettings::default(),
            mail: MailSettings::default(),
        }
    }
}

/// Settings `mail.*`, apart from how it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailSettings {
    /// Whether mail is sent at all. Without it, nothing is queued.
    pub is_sent: bool,
    /// Whether users are told of a changed password.
    pub password_notices: bool,
    /// Whether users are told of changes to their second factors and passkeys.
    pub second_factor_notices: bool,
    /// Whether users are told of sign-ins from a device that is new.
    pub new_device_notices: bool,
    /// Whether users may set a new password by mail.
    pub password_reset: bool,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            is_sent: false,
            password_notices: true,
            second_factor_notices: true,
            new_device_notices: true,
            password_reset: true,
        }
    }
}

impl MailSettings {
    /// Which mails about audited events are wanted.
    pub const fn notices(&self) -> Notices {
        Notices {
            password: self.is_sent && self.password_notices,
            second_factor: self.is_sent && self.second_factor_notices,
        }
    }
}

/// Settings `access.*`.
#[derive(Debug, Clone)]
pub struct AccessSettings {
    /// The default audience of access tokens: `aud`.
    pub audience: String,
    /// The lifetime of an access token.
    pub lifetime: Duration,
    /// The signature algorithm of access tokens.
    pub algorithm: AccessAlgorithm,
    /// The `typ` of access tokens.
    pub typ: AccessTyp,
    /// The `alg` of tokens signed with Ed25519.
    pub ed25519_name: Ed25519Name,
    /// How many verified access tokens are cached, each for at most ten minutes: the signature of a cached token is
    /// not checked again. Revocation still is.
    pub remember: usize,
}

impl AccessSettings {
    /// The default settings of access tokens that are for this audience.
    pub fn for_audience(audience: impl Into<String>) -> Self {
        Self {
            audience: audience.into(),
            lifetime: Duration::from_secs(5 * 60),
            algorithm: AccessAlgorithm::AsStored,
            typ: AccessTyp::default(),
            ed25519_name: Ed25519Name::default(),
            remember: 1024,
        }
    }
}

/// Settings `refresh.*`.
#[derive(Debug, Clone, Copy)]
pub struct RefreshSettings {
    /// How lenient refreshing is.
    pub policy: RefreshPolicy,
    /// How long a refresh token is valid after it was minted.
    pub idle_lifetime: Duration,
    /// How long a grant lasts after the sign-in, however often it is refreshed.
    pub absolute_lifetime: Duration,
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self {
            policy: RefreshPolicy::default(),
            idle_lifetime: Duration::from_secs(24 * 3600),
            absolute_lifetime: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

/// Settings `session.*`.
#[derive(Debug, Clone, Copy)]
pub struct SessionSettings {
    /// How long a browser session lasts without being used.
    pub idle_lifetime: Duration,
    /// How long a browser session lasts in total.
    pub absolute_lifetime: Duration,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            idle_lifetime: Duration::from_secs(24 * 3600),
            absolute_lifetime: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

/// Settings `authorization.*`.
#[derive(Debug, Clone)]
pub struct AuthorizationSettings {
    /// The lifetime of authorization codes (at most ten minutes, RFC 6749 §4.1.2).
    pub code_lifetime: Duration,
    /// The lifetime of pushed requests (RFC 9126 §2.2).
    pub request_lifetime: Duration,
    /// The types of authorization details that clients may request (RFC 9396 §5). Each client may request only those
    /// that it is registered for.
    pub details_types: Vec<String>,
    /// The size limit for authorization details, in bytes of JSON; never more than
    /// [`AuthorizationDetails::MAX_LEN`](jeton_oauth::authorization::AuthorizationDetails::MAX_LEN).
    pub details_size: usize,
}

impl Default for AuthorizationSettings {
    fn default() -> Self {
        Self {
            code_lifetime: Duration::from_secs(60),
            // FAPI 2.0 (§5.3.2.2) wants less than ten minutes.
            request_lifetime: Duration::from_secs(9 * 60),
            details_types: vec![],
            details_size: DETAILS_SIZE,
        }
    }
}

/// Settings `device.*`.
#[derive(Debug, Clone, Copy)]
pub struct DeviceSettings {
    /// The lifetime of device codes (RFC 8628 §3.2).
    pub lifetime: Duration,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(10 * 60) }
    }
}

/// Settings `dpop.*`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DpopSettings {
    /// Whether DPoP proofs must contain a nonce.
    pub nonces: DpopNonces,
}

/// Settings `client.*`.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Who may register clients.
    pub registration: RegistrationPolicy,
    /// Whether clients may identify themselves by the URL of their metadata document (OAuth Client ID Metadata
    /// Document).
    pub metadata_documents: RegistrationPolicy,
    /// How many clients a network may register.
    pub registrations: RegistrationRate,
    /// The grant types that self-registered clients may use.
    pub registration_grant_types: Vec<GrantType>,
    /// The scopes that self-registered clients may request.
    pub registration_scope: Scope,
    /// The resources that clients may request tokens for (RFC 8707) if the operator did not add them: APIs, MCP
    /// servers.
    pub registration_resources: Vec<String>,
    /// The schemes without a dot that redirect URIs of such clients may have, such as `cursor`.
    pub redirect_schemes: Vec<String>,
    /// Whether self-registered clients must use PKCE. Clients known by the URL of their metadata document always must.
    pub registration_pkce: PkcePolicy,
    /// The types of authorization details that self-registered clients may request.
    pub registration_details_types: Vec<String>,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            registration: RegistrationPolicy::default(),
            metadata_documents: RegistrationPolicy::default(),
            registrations: RegistrationRate::default(),
            registration_grant_types: vec![
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::DeviceCode,
            ],
            registration_scope: Scope::parse(REGISTERED_SCOPE).expect("the default scope is one"),
            registration_resources: vec![],
            redirect_schemes: vec![],
            registration_pkce: PkcePolicy::Auto,
            registration_details_types: vec![],
        }
    }
}

/// Settings `token_api.*`, as far as they are about tokens, and what `access.audience` says of the token API.
#[derive(Debug, Clone, Default)]
pub struct TokenApiSettings {
    /// Whether its tokens contain the audience of access tokens.
    pub audience: TokenApiAudience,
    /// The claims about users in its access tokens.
    pub claims: Vec<ClaimMapping>,
}

/// Settings `userinfo.*`.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserInfoSettings {
    /// Whether userinfo is read from a replica of the store, if there is one.
    pub from_replica: bool,
}

/// Settings `keys.*`.
#[derive(Debug, Clone, Copy)]
pub struct KeySettings {
    /// How long a key is published before it signs: longer than any API caches the JWK Set.
    pub publish_wait: Duration,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self { publish_wait: Duration::from_secs(24 * 3600) }
    }
}

/// Settings `password.*`.
#[derive(Debug, Clone, Copy)]
pub struct PasswordSettings {
    /// The parameters for hashing passwords.
    pub argon2: Argon2Params,
    /// How many characters a password has at least that its user chooses. Beside a second factor,
    /// [`MIN_LENGTH_WITH_SECOND_FACTOR`](crate::password::MIN_LENGTH_WITH_SECOND_FACTOR) are enough.
    pub min_length: u32,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        // NIST SP 800-63B-4 §3.1.1.2.
        Self { argon2: Argon2Params::default(), min_length: 15 }
    }
}

/// Settings `account.*`.
#[derive(Debug, Clone, Copy)]
pub struct AccountSettings {
    /// How long it takes until users are removed who ask for it; `None` if users may not remove themselves.
    pub removal: Option<Duration>,
    /// For how long users who want that are not asked for the second factor in a browser; `None` if they are always asked.
    pub remembered_for: Option<Duration>,
}

impl Default for AccountSettings {
    fn default() -> Self {
        let days = |days: u64| Some(Duration::from_secs(days * 24 * 3600));
        Self { removal: days(7), remembered_for: days(30) }
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
    /// They contain [`AccessSettings::audience`].
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

/// The audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    /// How long records are kept.
    pub retention: Duration,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { retention: Duration::from_secs(400 * 24 * 3600) }
    }
}

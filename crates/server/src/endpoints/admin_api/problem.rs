//! Refusals of the administration API, as problem details (RFC 9457).

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use jeton_authority::accounts::AccountError;
use jeton_authority::client_lifecycle::ClientAdminError;
use jeton_authority::keyring::KeyChangeError;
use jeton_authority::password::PasswordError;
use jeton_authority::store::StoreError;
use jeton_authority::user::{AttributesError, ImportedKeyError, UnknownRole, UsernameError};
use jeton_authority::{AdministratorError, OAuthError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::request::{BodyError, FormError, RequestContext};
use crate::respond::json;

/// Why a request to the administration API is refused, as far as no rule of the authority says so.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The access token was sent in two ways or not as its scheme requires.
    #[error("the Authorization header must have exactly one access token")]
    AuthorizationMalformed,
    /// There is no access token.
    #[error("an access token is required")]
    TokenMissing,
    /// A parameter of the query is unknown, repeated, or has a value that it cannot have.
    #[error("the query parameter {0} is unknown, repeated, or has an invalid value")]
    Query(Box<str>),
    /// A cursor is not one that a list has given, or what it stands for was removed.
    #[error("the cursor is unknown: begin again without one")]
    Cursor,
    /// The body is not a JSON object of type application/json, or repeats a member.
    #[error("the body must be a JSON object of type application/json without repeated members")]
    NotAnObject,
    /// A member of the body is missing, unknown, or has a value that it cannot have.
    #[error("{0}")]
    Member(Box<str>),
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// There is no such client.
    #[error("there is no such client")]
    UnknownClient,
    /// There is no such session.
    #[error("there is no such session, or it has ended")]
    UnknownSession,
    /// There is no such grant.
    #[error("there is no such grant, or it has ended")]
    UnknownGrant,
    /// The request says nothing of the version that it is for.
    #[error("the header If-Match is required: send the ETag of the version that the change is for")]
    PreconditionRequired,
    /// The version that the request is for is not the current one.
    #[error("it was changed meanwhile: read it again")]
    Outdated,
    /// An `Idempotency-Key` cannot be one.
    #[error("the Idempotency-Key must have 1 to 255 visible ASCII characters")]
    IdempotencyKey,
    /// The same key was sent with another request.
    #[error("the Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    /// The first request with this key has not been answered yet.
    #[error("a request with this Idempotency-Key is in progress")]
    IdempotencyInProgress,
    /// Requests with this key came to nothing too often.
    #[error("requests with this Idempotency-Key were sent too often")]
    IdempotencyTooOften,
}

impl Refusal {
    /// The stable name of the refusal.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::AuthorizationMalformed => "authorization_malformed",
            Self::TokenMissing => "token_missing",
            Self::Query(_) => "query_malformed",
            Self::Cursor => "cursor_unknown",
            Self::NotAnObject => "body_not_an_object",
            Self::Member(_) => "member_malformed",
            Self::UnknownUser => "user_unknown",
            Self::UnknownClient => "client_unknown",
            Self::UnknownSession => "session_unknown",
            Self::UnknownGrant => "grant_unknown",
            Self::PreconditionRequired => "precondition_required",
            Self::Outdated => "outdated",
            Self::IdempotencyKey => "idempotency_key_malformed",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::IdempotencyInProgress => "idempotency_in_progress",
            Self::IdempotencyTooOften => "idempotency_too_often",
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::TokenMissing => StatusCode::UNAUTHORIZED,
            Self::UnknownUser | Self::UnknownClient | Self::UnknownSession | Self::UnknownGrant => {
                StatusCode::NOT_FOUND
            }
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::Outdated => StatusCode::PRECONDITION_FAILED,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::IdempotencyInProgress | Self::IdempotencyTooOften => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// A refusal as it is sent.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    challenge: Option<&'static str>,
}

/// Problem details (RFC 9457). `code` is the stable name of the error, as in the documentation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemDetails {
    /// A URN that ends in the code.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    /// What is wrong, in English.
    detail: String,
    code: &'static str,
    /// The identifier of the request in the log.
    request: String,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl ToString) -> Self {
        Self { status, code, detail: detail.to_string(), challenge: None }
    }

    fn failed(error: &StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                error.code(),
                "the store is unavailable at the moment, try again later",
            ),
            error => {
                let problem =
                    Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.code(), "a server error occurred");
                tracing::error!(code = error.code(), "{error}");
                problem
            }
        }
    }

    /// The response.
    pub(crate) fn into_response(self, context: &RequestContext) -> Response {
        tracing::debug!(request = context.id(), code = self.code, "{}", self.detail);
        let details = ProblemDetails {
            kind: format!("urn:jeton:error:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code,
            request: context.id().to_owned(),
        };
        let body = serde_json::to_string(&details).expect("texts are JSON");
        let mut response = json(self.status, body);
        const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM);
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE || self.status == StatusCode::CONFLICT {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let challenge = matches!(refusal, Refusal::TokenMissing).then_some("Bearer realm=\"admin\"");
        Self { challenge, ..Self::new(refusal.status(), refusal.code(), refusal) }
    }
}

impl From<AdministratorError> for Problem {
    fn from(error: AdministratorError) -> Self {
        match &error {
            AdministratorError::InvalidToken | AdministratorError::NotProved => Self {
                challenge: Some("Bearer realm=\"admin\", error=\"invalid_token\""),
                ..Self::new(StatusCode::UNAUTHORIZED, error.code(), error)
            },
            AdministratorError::InsufficientScope => Self {
                challenge: Some(
                    "Bearer realm=\"admin\", error=\"insufficient_scope\", scope=\"jeton.admin\"",
                ),
                ..Self::new(StatusCode::FORBIDDEN, error.code(), error)
            },
            AdministratorError::NotAllowed => Self::new(StatusCode::FORBIDDEN, error.code(), error),
            AdministratorError::Failed(OAuthError::Store(error)) => Self::failed(error),
            AdministratorError::Failed(error) => Self::of_oauth(error),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.code(), "a server error occurred"),
        }
    }
}

impl Problem {
    /// A proof of possession that is refused, or an internal error.
    pub(crate) fn of_oauth(error: &OAuthError) -> Self {
        match error {
            OAuthError::Store(error) => Self::failed(error),
            OAuthError::Refused(_) => Self {
                challenge: Some("DPoP realm=\"admin\", error=\"invalid_dpop_proof\""),
                ..Self::new(StatusCode::UNAUTHORIZED, error.code(), error)
            },
            OAuthError::Throttled { .. } | OAuthError::TurnedAway(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, error.code(), error)
            }
            error => {
                tracing::error!(code = error.code(), "{error}");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.code(), "a server error occurred")
            }
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let status = match &error {
            AccountError::Unknown { .. } => return Refusal::UnknownUser.into(),
            AccountError::NameTaken { .. }
            | AccountError::SimilarNameTaken { .. }
            | AccountError::KeyTaken { .. }
            | AccountError::LastOwner => StatusCode::CONFLICT,
            AccountError::NotAllowed => StatusCode::FORBIDDEN,
            AccountError::Outdated => StatusCode::PRECONDITION_FAILED,
            AccountError::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            AccountError::Store(error) => return Self::failed(error),
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.code(), error)
    }
}

impl From<ClientAdminError> for Problem {
    fn from(error: ClientAdminError) -> Self {
        let status = match error {
            ClientAdminError::Unknown(_) => return Refusal::UnknownClient.into(),
            ClientAdminError::Exists(_) | ClientAdminError::Reserved(_) => StatusCode::CONFLICT,
            ClientAdminError::Outdated => StatusCode::PRECONDITION_FAILED,
            ClientAdminError::Keys(error) => return error.into(),
            ClientAdminError::Store(error) => return Self::failed(&error),
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.code(), error)
    }
}

impl From<KeyChangeError> for Problem {
    fn from(error: KeyChangeError) -> Self {
        let status = match &error {
            KeyChangeError::UnknownKey(_) => StatusCode::NOT_FOUND,
            KeyChangeError::Key(_) | KeyChangeError::NeedsSharedSecret(_) => StatusCode::BAD_REQUEST,
            KeyChangeError::AlreadyWithdrawn(_)
            | KeyChangeError::OnlyKey(_)
            | KeyChangeError::SignsRefreshTokens(_)
            | KeyChangeError::Superseded => StatusCode::CONFLICT,
            KeyChangeError::Store(error) => return Self::failed(error),
            _ => {
                tracing::error!(code = error.code(), "{error}");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                return Self::new(status, error.code(), "a server error occurred");
            }
        };
        Self::new(status, error.code(), error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::failed(&error)
    }
}

impl From<FormError> for Problem {
    fn from(error: FormError) -> Self {
        let (status, code) = match &error {
            FormError::Body(BodyError::TooLarge { .. }) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            FormError::Body(BodyError::TooSlow { .. }) => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            FormError::Body(BodyError::Compressed) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "body_compressed"),
            _ => (StatusCode::BAD_REQUEST, "body_broken_off"),
        };
        Self::new(status, code, error)
    }
}

/// Errors of values that a member of the body, or the path, has.
macro_rules! of_values {
    ($($error:ty),+) => {
        $(impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Self::new(StatusCode::BAD_REQUEST, error.code(), error)
            }
        })+
    };
}

of_values!(UsernameError, PasswordError, AttributesError, UnknownRole);

impl From<ImportedKeyError> for Problem {
    fn from(error: ImportedKeyError) -> Self {
        Refusal::Member(format!("imported_key: {error}").into()).into()
    }
}

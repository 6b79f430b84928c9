//! The one table from causes to responses. The cause is logged here, once.

mod oauth;
mod page;

use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use jeton_authority::authenticators::CHALLENGE_LIFETIME;
use jeton_authority::feed::FeedError;
use jeton_authority::sign_in::CodeError;
use jeton_authority::store::StoreError;
use jeton_authority::{OAuthError, RegistrationError, SignInError, TokenError, UserInfoError};
use jeton_oauth::ParametersError;

pub(crate) use oauth::{NonceWanted, userinfo_challenge};

use crate::feed::NoStream;
use crate::request::{BodyError, FieldErrors, FormError, ReadError, RequestContext};
use crate::respond::json;

/// When a client may retry after it was turned away for lack of resources, in seconds.
const RETRY_AFTER: u64 = 1;
/// The same where as many listen to the revocation feed as may: most of them stay for long.
const FEED_FULL_RETRY_AFTER: u64 = 10;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The fields of the body could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Some fields are invalid.
    #[error("fields are missing or invalid")]
    Fields(FieldErrors),
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The password is right, and the user has a second factor.
    #[error("a second factor is required")]
    SecondFactorRequired { challenge: String },
    /// The second factor did not sign anybody in.
    #[error(transparent)]
    Code(#[from] CodeError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    #[error(transparent)]
    UserInfo(#[from] UserInfoError),
    /// A client's registration was refused, or a change to it.
    #[error(transparent)]
    Registration(RegistrationError),
    #[error(transparent)]
    Form(#[from] FormError),
    /// The token for `verify` is spent or revoked; `verify` has separate messages for this.
    #[error("verified token is spent or revoked")]
    VerifiedRevoked,
    /// Somebody cannot listen to what is revoked.
    #[error("{0}")]
    Feed(NoStream),
    /// There is nothing at this path.
    #[error("no such path")]
    NotFound,
    /// The path does not support this method.
    #[error("method not allowed")]
    MethodNotAllowed(Method),
    /// The request target is too long.
    #[error("request target too long")]
    TargetTooLong,
    /// The request has no valid `Host`, or more than one.
    #[error("the request names no host, or more than one")]
    HostUnclear,
    /// The node's clock differs from the database's, which the log says.
    #[error("the clock of this node differs too much from the clock of the database")]
    ClockDisagrees,
    #[error("request took longer than {limit:?}")]
    TimedOut { limit: Duration },
    /// The code for this request panicked. The panic message may quote data, so it is not repeated; the log says where
    /// it happened.
    #[error("handler panicked")]
    Panicked,
}

impl From<RegistrationError> for ApiError {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::OAuth(error) => Self::OAuth(error),
            error => Self::Registration(error),
        }
    }
}

struct Wire {
    status: StatusCode,
    body: Bytes,
    retry_after: Option<u64>,
}

/// The log level of an error.
enum Severity {
    /// Somebody must act.
    Fault,
    /// The server lacks a resource, perhaps temporarily.
    Shortage,
    Refusal,
}

impl ApiError {
    /// Logs the cause and turns it into a response.
    pub(crate) fn into_response(self, context: &RequestContext) -> Response {
        let request = context.id();
        match self.severity() {
            Severity::Fault => tracing::error!(request, code = self.code(), "{self}"),
            Severity::Shortage => tracing::warn!(request, code = self.code(), "{self}"),
            Severity::Refusal => self.log_refusal(context),
        }
        match &self {
            Self::OAuth(error) => return oauth::answer(error, context.credentials()),
            Self::UserInfo(error) => return oauth::userinfo_answer(error),
            Self::Registration(error) => return oauth::registration_answer(error),
            _ => {}
        }
        let wire = self.wire();
        let page = page::of(&self, context, wire.status);
        let mut response = page.unwrap_or_else(|| json(wire.status, wire.body));
        if wire.status == StatusCode::UNAUTHORIZED {
            const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"api\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        if self.code() == body_code(&BodyError::Compressed) {
            // What would have been taken (RFC 9110 §12.5.3).
            const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
            response.headers_mut().insert(header::ACCEPT_ENCODING, IDENTITY);
        }
        if let Some(seconds) = wire.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }

    /// Logs an OAuth error for the operator, with the cause that the client does not get. Routine errors, and errors
    /// that are logged elsewhere, are logged at `debug`.
    fn log_refusal(&self, context: &RequestContext) {
        let (request, code, client) = (context.id(), self.code(), context.client_id());
        match self {
            Self::OAuth(error)
                if !matches!(
                    code,
                    "authorization_pending" | "slow_down" | "use_dpop_nonce" | "token_replayed"
                ) =>
            {
                let network = context.network();
                tracing::info!(request, code, client, %network, cause = error.cause(), "{error}");
            }
            Self::Registration(error) => tracing::info!(request, code, "{error}"),
            Self::OAuth(error) => tracing::debug!(request, code, client, cause = error.cause(), "{error}"),
            _ => tracing::debug!(request, code, "{self}"),
        }
    }

    /// The stable name of the error.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Read(ReadError::Body(error)) => body_code(error),
            Self::Read(ReadError::MediaType(_)) => "media_type_unsupported",
            Self::Read(ReadError::Json(error)) => error.code(),
            Self::Read(ReadError::Multipart) => "multipart_malformed",
            Self::Read(ReadError::NoData | ReadError::NotAnObject(_)) => "body_not_an_object",
            Self::Fields(_) => "fields_invalid",
            Self::SignIn(error) => error.code(),
            Self::SecondFactorRequired { .. } => "second_factor_required",
            Self::Code(error) => error.code(),
            Self::Token(error) => error.code(),
            Self::OAuth(error) | Self::UserInfo(UserInfoError::Failed(error)) => error.code(),
            Self::Registration(error) => error.code(),
            Self::UserInfo(UserInfoError::InsufficientScope) => "insufficient_scope",
            Self::UserInfo(UserInfoError::Malformed) => "invalid_request",
            Self::UserInfo(_) => "invalid_token",
            Self::Form(FormError::Body(error)) => body_code(error),
            Self::Form(FormError::MediaType) => "media_type_unsupported",
            Self::Form(FormError::Parameters(error)) => error.code(),
            Self::VerifiedRevoked => "token_revoked",
            Self::Feed(error) => error.code(),
            Self::NotFound => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::TargetTooLong => "target_too_long",
            Self::HostUnclear => "host_unclear",
            Self::ClockDisagrees => "clock_disagrees",
            Self::TimedOut { .. } => "request_timed_out",
            Self::Panicked => "handler_panicked",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::SignIn(SignInError::Busy | SignInError::Store(StoreError::Unavailable(_)))
            | Self::Code(CodeError::Store(StoreError::Unavailable(_)))
            | Self::Token(TokenError::Store(StoreError::Unavailable(_)))
            | Self::OAuth(OAuthError::Store(StoreError::Unavailable(_)))
            | Self::UserInfo(UserInfoError::Failed(OAuthError::Store(StoreError::Unavailable(_))))
            | Self::Feed(
                NoStream::Full
                | NoStream::Ending
                | NoStream::Failed(FeedError::Store(StoreError::Unavailable(_))),
            )
            | Self::ClockDisagrees
            | Self::TimedOut { .. } => Severity::Shortage,
            other if other.wire().status.is_server_error() => Severity::Fault,
            _ => Severity::Refusal,
        }
    }

    fn wire(&self) -> Wire {
        match self {
            Self::Read(error) => read_error(error),
            Self::Fields(errors) => wire(StatusCode::BAD_REQUEST, errors.to_json()),
            Self::SignIn(error) => sign_in_error(error),
            Self::SecondFactorRequired { challenge } => wire(
                StatusCode::UNAUTHORIZED,
                serde_json::json!({
                    "detail": "A second factor is required. Enter the code of your authenticator app.",
                    "code": self.code(),
                    "challenge": challenge,
                    "expires_in": CHALLENGE_LIFETIME.as_secs(),
                })
                .to_string(),
            ),
            Self::Code(error) => code_error(error),
            Self::Token(error) => token_error(error),
            // These have a wire of their own; here it only matters whether they are a fault.
            Self::OAuth(
                OAuthError::Refused(_)
                | OAuthError::Replayed { .. }
                | OAuthError::Throttled { .. }
                | OAuthError::TurnedAway(_),
            )
            | Self::Registration(_) => wire(StatusCode::BAD_REQUEST, ""),
            Self::UserInfo(UserInfoError::Failed(OAuthError::Refused(_))) => {
                wire(StatusCode::UNAUTHORIZED, "")
            }
            Self::OAuth(_) | Self::UserInfo(UserInfoError::Failed(_)) => server_error(),
            Self::UserInfo(_) => wire(StatusCode::UNAUTHORIZED, ""),
            Self::Form(error) => form_error(error),
            Self::VerifiedRevoked => {
                wire(StatusCode::BAD_REQUEST, r#"{"non_field_errors":["Token is blacklisted"]}"#)
            }
            Self::Feed(NoStream::Full) => Wire {
                retry_after: Some(FEED_FULL_RETRY_AFTER),
                ..unavailable("Too many connections listen to the revocation feed, try again later.")
            },
            Self::Feed(NoStream::Ending) => unavailable("The server is about to stop."),
            Self::Feed(NoStream::Failed(FeedError::Store(error))) => store_error(error),
            Self::Feed(NoStream::Failed(_)) => server_error(),
            Self::NotFound => wire(StatusCode::NOT_FOUND, r#"{"detail":"Not found."}"#),
            Self::MethodNotAllowed(method) => {
                wire(StatusCode::METHOD_NOT_ALLOWED, detail(&format!("Method \"{method}\" not allowed.")))
            }
            Self::TargetTooLong => {
                wire(StatusCode::URI_TOO_LONG, r#"{"detail":"Request target is too long."}"#)
            }
            Self::HostUnclear => wire(
                StatusCode::BAD_REQUEST,
                r#"{"detail":"The Host header is missing, repeated or invalid."}"#,
            ),
            Self::ClockDisagrees => unavailable("The clock of this server is wrong, try again later."),
            Self::TimedOut { .. } => unavailable("The request took too long, try again later."),
            Self::Panicked => server_error(),
        }
    }
}

const fn body_code(error: &BodyError) -> &'static str {
    match error {
        BodyError::TooLarge { .. } => "body_too_large",
        BodyError::TooSlow { .. } => "body_too_slow",
        BodyError::BrokenOff => "body_broken_off",
        BodyError::Compressed => "body_compressed",
    }
}

fn body_error(error: &BodyError) -> Wire {
    match error {
        BodyError::TooLarge { limit } => wire(
            StatusCode::PAYLOAD_TOO_LARGE,
            detail(&format!("Request body is larger than {limit} bytes.")),
        ),
        BodyError::TooSlow { .. } => {
            wire(StatusCode::REQUEST_TIMEOUT, r#"{"detail":"Request body did not arrive in time."}"#)
        }
        BodyError::BrokenOff => wire(StatusCode::BAD_REQUEST, r#"{"detail":"Request body is incomplete."}"#),
        BodyError::Compressed => {
            wire(StatusCode::UNSUPPORTED_MEDIA_TYPE, r#"{"detail":"Request body must not be compressed."}"#)
        }
    }
}

fn form_error(error: &FormError) -> Wire {
    let description = match error {
        FormError::Body(error) => return body_error(error),
        FormError::MediaType => "the body must be application/x-www-form-urlencoded",
        FormError::Parameters(ParametersError::Repeated) => "a parameter is repeated",
        FormError::Parameters(_) => "the parameters cannot be read",
    };
    wire(
        StatusCode::BAD_REQUEST,
        format!("{{\"error\":\"invalid_request\",\"error_description\":\"{description}\"}}"),
    )
}

fn read_error(error: &ReadError) -> Wire {
    match error {
        ReadError::Body(error) => body_error(error),
        ReadError::MediaType(found) => wire(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            detail(&format!("Unsupported media type \"{found}\" in request.")),
        ),
        ReadError::Json(problem) => {
            wire(StatusCode::BAD_REQUEST, detail(&format!("JSON parse error - {problem}")))
        }
        ReadError::Multipart => {
            wire(StatusCode::BAD_REQUEST, r#"{"detail":"Multipart form parse error - malformed form"}"#)
        }
        ReadError::NoData => wire(StatusCode::BAD_REQUEST, r#"{"non_field_errors":["No data provided"]}"#),
        ReadError::NotAnObject(kind) => wire(
            StatusCode::BAD_REQUEST,
            format!("{{\"non_field_errors\":[\"Invalid data. Expected a dictionary, but got {kind}.\"]}}"),
        ),
    }
}

fn sign_in_error(error: &SignInError) -> Wire {
    match error {
        SignInError::Refused => wire(
            StatusCode::UNAUTHORIZED,
            r#"{"detail":"No active account found with the given credentials"}"#,
        ),
        SignInError::Throttled { retry_after } => throttled(*retry_after),
        SignInError::Busy => unavailable("Too many sign-ins are in progress, try again later."),
        SignInError::Store(error) => store_error(error),
        _ => server_error(),
    }
}

fn throttled(retry_after: Duration) -> Wire {
    let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
    let seconds = seconds.max(1);
    let unit = if seconds == 1 { "second" } else { "seconds" };
    Wire {
        status: StatusCode::TOO_MANY_REQUESTS,
        body: detail(&format!("Request was throttled. Expected available in {seconds} {unit}.")).into(),
        retry_after: Some(seconds),
    }
}

fn code_error(error: &CodeError) -> Wire {
    let refused = |text: &str| {
        let body = serde_json::json!({"detail": text, "code": error.code()});
        wire(StatusCode::UNAUTHORIZED, body.to_string())
    };
    match error {
        CodeError::Malformed => wire(
            StatusCode::BAD_REQUEST,
            r#"{"code":["Enter the six digits of your authenticator app, or a recovery code."]}"#,
        ),
        CodeError::Refused => refused("Incorrect code."),
        CodeError::Used => refused("This code was used already. Wait for the next one."),
        CodeError::Over => refused("The sign-in has ended. Start again with the password."),
        CodeError::Throttled { retry_after } => throttled(*retry_after),
        CodeError::Store(error) => store_error(error),
        _ => server_error(),
    }
}

fn token_error(error: &TokenError) -> Wire {
    let body = match error {
        TokenError::Invalid(_) => r#"{"detail":"Token is invalid","code":"token_not_valid"}"#,
        TokenError::Expired { .. } => r#"{"detail":"Token is expired","code":"token_not_valid"}"#,
        TokenError::WrongType => r#"{"detail":"Token has wrong type","code":"token_not_valid"}"#,
        TokenError::Revoked | TokenError::Replayed { .. } => {
            r#"{"detail":"Token is blacklisted","code":"token_not_valid"}"#
        }
        TokenError::UserDisabled => r#"{"detail":"No active account found for the given token."}"#,
        TokenError::Store(error) => return store_error(error),
        _ => return server_error(),
    };
    wire(StatusCode::UNAUTHORIZED, body)
}

fn store_error(error: &StoreError) -> Wire {
    match error {
        StoreError::Unavailable(_) => unavailable("Storage is unavailable at the moment, try again later."),
        _ => server_error(),
    }
}

fn wire(status: StatusCode, body: impl Into<Bytes>) -> Wire {
    Wire { status, body: body.into(), retry_after: None }
}

fn unavailable(text: &str) -> Wire {
    Wire {
        status: StatusCode::SERVICE_UNAVAILABLE,
        body: detail(text).into(),
        retry_after: Some(RETRY_AFTER),
    }
}

fn server_error() -> Wire {
    wire(StatusCode::INTERNAL_SERVER_ERROR, r#"{"detail":"A server error occurred."}"#)
}

/// `{"detail":"…"}`, escaped as JSON requires.
fn detail(text: &str) -> String {
    serde_json::json!({ "detail": text }).to_string()
}

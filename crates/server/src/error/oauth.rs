//! Error responses of the OAuth endpoints (RFC 6749 §5.2, RFC 6750 §3).

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use jeton_authority::store::StoreError;
use jeton_authority::{OAuthError, Refusal, RegistrationError, UserInfoError, dpop_algorithms};
use jeton_oauth::{BearerChallenge, BearerError, ErrorCode, ErrorDescription, Realm};

use crate::request::Credentials;
use crate::respond::json;

/// When a client may retry after it was turned away for lack of resources, in seconds.
const RETRY_AFTER: u64 = 1;

/// Marks a response that requests a proof with a nonce (`use_dpop_nonce`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct NonceWanted;

/// The error response to a client.
pub(super) fn answer(error: &OAuthError, credentials: Credentials) -> Response {
    match error {
        OAuthError::Refused(refusal) if refusal.code == ErrorCode::InvalidClient => {
            unauthenticated(refusal, credentials)
        }
        OAuthError::Refused(refusal) | OAuthError::Replayed { refusal, .. } => refused(refusal),
        OAuthError::Throttled { retry_after } => {
            let refusal =
                Refusal::new(ErrorCode::TemporarilyUnavailable, "too many requests, try again later");
            let mut response = refused(&refusal);
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
            response
        }
        OAuthError::TurnedAway(_) => {
            let refusal = Refusal::new(
                ErrorCode::TemporarilyUnavailable,
                "too many fetches are in progress, try again later",
            );
            let mut response = refused(&refusal);
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER.into());
            response
        }
        OAuthError::Store(StoreError::Unavailable(_)) => {
            let refusal =
                Refusal::new(ErrorCode::TemporarilyUnavailable, "storage is unavailable at the moment");
            let mut response = refused(&refusal);
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER.into());
            response
        }
        _ => refused(&Refusal::new(ErrorCode::ServerError, "the server failed")),
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    // Neither holds a letter that JSON would escape.
    let body =
        format!("{{\"error\":\"{}\",\"error_description\":\"{}\"}}", refusal.code, refusal.description);
    let mut response = json(status, body);
    if refusal.code == ErrorCode::UseDpopNonce {
        response.extensions_mut().insert(NonceWanted);
    }
    response
}

/// The response to a client that failed to authenticate. Only a client that used the header gets a challenge (RFC 6749
/// §5.2): on a challenge, a browser would ask its user for a password, who has none to give.
fn unauthenticated(refusal: &Refusal, credentials: Credentials) -> Response {
    let mut response = refused(refusal);
    match credentials {
        Credentials::InHeader => {
            const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"token\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, BASIC);
        }
        Credentials::Elsewhere => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

/// The error response of userinfo.
pub(super) fn userinfo_answer(error: &UserInfoError) -> Response {
    let (code, description) = match error {
        UserInfoError::Failed(OAuthError::Refused(refusal)) => {
            let code = match refusal.code {
                ErrorCode::UseDpopNonce => BearerError::UseDpopNonce,
                _ => BearerError::InvalidDpopProof,
            };
            return refused_token(Scheme::Dpop, code, refusal.description.clone());
        }
        UserInfoError::Failed(error) => return answer(error, Credentials::Elsewhere),
        UserInfoError::Malformed => {
            (BearerError::InvalidRequest, "the token was sent more than once or is malformed")
        }
        UserInfoError::InsufficientScope => {
            (BearerError::InsufficientScope, "the access token lacks the scope openid")
        }
        UserInfoError::NotProved => {
            let description = "the access token is bound to a key, and the proof of possession is missing";
            let description = ErrorDescription::from_static(description);
            return refused_token(Scheme::Dpop, BearerError::InvalidToken, description);
        }
        UserInfoError::CertificateNotShown => {
            (BearerError::InvalidToken, "the access token is bound to a certificate that was not presented")
        }
        _ => (BearerError::InvalidToken, "the access token is not valid"),
    };
    refused_token(Scheme::Bearer, code, ErrorDescription::from_static(description))
}

/// The error response to a client whose registration, or a change to it, was refused.
pub(super) fn registration_answer(error: &RegistrationError) -> Response {
    if let RegistrationError::Throttled { rate, retry_after } = error {
        let body = format!(
            r#"{{"error":"temporarily_unavailable","error_description":"a network may register {} clients at once and then one every {} seconds: settings client.registrations_at_once and client.registrations_pause"}}"#,
            rate.at_once,
            rate.pause.as_secs(),
        );
        let mut response = json(StatusCode::TOO_MANY_REQUESTS, body);
        response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
        return response;
    }
    if matches!(error, RegistrationError::Closed) {
        let body = r#"{"error":"access_denied","error_description":"client registration is disabled"}"#;
        return json(StatusCode::FORBIDDEN, body);
    }
    // RFC 7592 §2.1: a client that is gone is told no more than one with a wrong token.
    const CHALLENGE: HeaderValue =
        HeaderValue::from_static("Bearer realm=\"register\", error=\"invalid_token\"");
    let body = match error {
        RegistrationError::InitialToken => {
            r#"{"error":"invalid_token","error_description":"an initial access token is required"}"#
        }
        _ => r#"{"error":"invalid_token","error_description":"the registration access token is not valid"}"#,
    };
    let mut response = json(StatusCode::UNAUTHORIZED, body);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
    response
}

/// The challenge of userinfo if no token was sent: either kind of token is accepted.
pub(crate) fn userinfo_challenge() -> Response {
    let mut response = json(StatusCode::UNAUTHORIZED, "{}");
    for scheme in [Scheme::Bearer, Scheme::Dpop] {
        add_challenge(&mut response, &challenge(scheme));
    }
    response
}

#[derive(Clone, Copy)]
enum Scheme {
    Bearer,
    Dpop,
}

fn refused_token(scheme: Scheme, code: BearerError, description: ErrorDescription) -> Response {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let body = format!("{{\"error\":\"{code}\",\"error_description\":\"{description}\"}}");
    let mut response = json(status, body);
    add_challenge(&mut response, &challenge(scheme).error(code).error_description(description));
    if code == BearerError::UseDpopNonce {
        response.extensions_mut().insert(NonceWanted);
    }
    response
}

fn challenge(scheme: Scheme) -> BearerChallenge {
    let challenge = BearerChallenge::new(Realm::parse("userinfo").expect("a realm of plain letters"));
    match scheme {
        Scheme::Bearer => challenge,
        Scheme::Dpop => challenge.by_dpop(dpop_algorithms()),
    }
}

fn add_challenge(response: &mut Response, challenge: &BearerChallenge) {
    if let Ok(value) = HeaderValue::try_from(challenge.to_string()) {
        response.headers_mut().append(header::WWW_AUTHENTICATE, value);
    }
}

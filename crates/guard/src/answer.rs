//! The answers to requests that are refused, made once for each guard.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use jeton_oauth::{BearerError, Scope};

use crate::challenge::Challenges;
use crate::credentials::Dialect;
use crate::refusal::{Reason, Refusal};

/// What the body of a refusal looks like, and with it how the `Authorization` header is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyStyle {
    /// `{"error":…,"error_description":…}`, the members of the challenge; empty where there were no credentials.
    #[default]
    OAuth,
    /// What a Django view behind djangorestframework-simplejwt answers, for front ends that were written against one: its
    /// bodies to the letter, 401 for every fault of the credentials, the scheme `Bearer` in exactly this spelling, and
    /// no tokens without a user. The challenge stays that of RFC 6750.
    SimpleJwt,
}

impl BodyStyle {
    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::OAuth => Dialect::Rfc6750,
            Self::SimpleJwt => Dialect::SimpleJwt,
        }
    }
}

/// An answer, ready to be sent any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    challenges: Vec<HeaderValue>,
    /// The nonce for the client's next proof.
    nonce: Option<HeaderValue>,
    body: Bytes,
}

/// The header with the nonce for the client's next proof (RFC 9449 §8.1).
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// How long a client should wait while the keys are unavailable (seconds).
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("10");

impl Answer {
    /// The response of a resource without a guard, which is a mistake in the router.
    pub(crate) fn unguarded() -> Self {
        tracing::error!("a handler requires an access token, but its router has no guard layer");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            challenges: vec![],
            nonce: None,
            body: Bytes::new(),
        }
    }

    pub(crate) fn with_nonce(self, nonce: Option<HeaderValue>) -> Self {
        Self { nonce, ..self }
    }

    pub(crate) fn into_response<B: From<Bytes>>(self) -> Response<B> {
        let has_body = !self.body.is_empty();
        let mut response = Response::new(B::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for challenge in self.challenges {
            headers.append(WWW_AUTHENTICATE, challenge);
        }
        if let Some(nonce) = self.nonce {
            give_nonce(headers, nonce);
            headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}

/// Tells a client the nonce for its next proof. Scripts may read it wherever the API lets them read the answer at all.
pub(crate) fn give_nonce(headers: &mut HeaderMap, nonce: HeaderValue) {
    headers.insert(DPOP_NONCE, nonce);
    headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("DPoP-Nonce"));
}

/// Every answer of one guard.
#[derive(Debug)]
pub(crate) struct Answers {
    challenges: Challenges,
    style: BodyStyle,
    by_reason: [Answer; Reason::ALL.len()],
}

impl Answers {
    pub(crate) fn new(challenges: Challenges, style: BodyStyle) -> Self {
        let by_reason = Reason::ALL.map(|reason| answer(reason, &challenges, style, Scope::default()));
        Self { challenges, style, by_reason }
    }

    pub(crate) const fn style(&self) -> BodyStyle {
        self.style
    }

    /// The answer to a request that is refused for this reason.
    pub(crate) fn to(&self, refusal: &Refusal) -> Answer {
        tracing::debug!(code = refusal.code(), reason = %refusal, "request refused");
        let reason = refusal.reason();
        match (refusal, self.by_reason.get(reason as usize)) {
            (Refusal::ScopeInsufficient { wanted, .. }, _) => {
                answer(reason, &self.challenges, self.style, wanted.clone())
            }
            (_, Some(answer)) => answer.clone(),
            (_, None) => answer(reason, &self.challenges, self.style, Scope::default()),
        }
    }
}

fn answer(reason: Reason, challenges: &Challenges, style: BodyStyle, scope: Scope) -> Answer {
    match style {
        BodyStyle::OAuth => oauth(reason, challenges, scope),
        BodyStyle::SimpleJwt => simplejwt(reason, challenges, scope),
    }
}

fn oauth(reason: Reason, challenges: &Challenges, scope: Scope) -> Answer {
    let description = reason.description();
    match reason.error() {
        Some(error) => Answer {
            status: status(error),
            challenges: challenges.of(Some(error), reason, scope),
            nonce: None,
            // Neither text can hold anything that JSON would escape.
            body: format!(r#"{{"error":"{error}","error_description":"{description}"}}"#).into(),
        },
        None if reason.is_outage() => Answer {
            status: StatusCode::SERVICE_UNAVAILABLE,
            challenges: vec![],
            nonce: None,
            body: format!(r#"{{"error":"temporarily_unavailable","error_description":"{description}"}}"#)
                .into(),
        },
        None => Answer {
            status: StatusCode::UNAUTHORIZED,
            challenges: challenges.of(None, reason, scope),
            nonce: None,
            body: Bytes::new(),
        },
    }
}

// Here each fault of the credentials is a 401, as in Django REST framework, and a token that was sent is an invalid one.
fn simplejwt(reason: Reason, challenges: &Challenges, scope: Scope) -> Answer {
    let invalid = |message: &str| {
        format!(
            r#"{{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":[{{"token_class":"AccessToken","token_type":"access","message":"{message}"}}]}}"#
        )
    };
    let error = match reason {
        Reason::NoCredentials | Reason::TokenAbsent => None,
        reason if reason.is_outage() => None,
        Reason::ScopeInsufficient => Some(BearerError::InsufficientScope),
        // Nothing else makes a client repeat the request with the nonce (RFC 9449 §9).
        Reason::NonceNeeded => Some(BearerError::UseDpopNonce),
        _ => Some(BearerError::InvalidToken),
    };
    let body = match reason {
        Reason::NoCredentials => r#"{"detail":"Authentication credentials were not provided."}"#.into(),
        Reason::TokenAbsent | Reason::HeaderMalformed | Reason::HeaderRepeated => {
            r#"{"detail":"Authorization header must contain two space-delimited values","code":"bad_authorization_header"}"#
                .into()
        }
        Reason::UserAbsent => {
            r#"{"detail":"Token contained no recognizable user identification","code":"token_not_valid"}"#.into()
        }
        Reason::ScopeInsufficient => r#"{"detail":"You do not have permission to perform this action."}"#.into(),
        reason if reason.is_outage() => format!(r#"{{"detail":"{}"}}"#, reason.description()),
        Reason::Expired => invalid("Token is expired"),
        Reason::AnotherUse => invalid("Token has wrong type"),
        _ => invalid("Token is invalid"),
    };
    let (status, challenges) = match reason {
        reason if reason.is_outage() => (StatusCode::SERVICE_UNAVAILABLE, vec![]),
        Reason::ScopeInsufficient => (StatusCode::FORBIDDEN, challenges.of(error, reason, scope)),
        _ => (StatusCode::UNAUTHORIZED, challenges.of(error, reason, scope)),
    };
    Answer { status, challenges, nonce: None, body: body.into() }
}

fn status(error: BearerError) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED)
}

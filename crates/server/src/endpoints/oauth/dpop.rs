//! The headers of DPoP (RFC 9449): the proof in a request, and the nonce in a response.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use jeton_authority::OAuthError;
use jeton_authority::settings::DpopNonces;
use jeton_oauth::ErrorCode;

use crate::app::App;
use crate::error::NonceWanted;

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The proof in a request. There may be at most one, because it would be unclear which of two counts (RFC 9449 §4.3).
pub(crate) fn proof(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let refused =
        || OAuthError::refused(ErrorCode::InvalidDpopProof, "the request must have exactly one DPoP proof");
    let mut values = headers.get_all(DPOP).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused());
    }
    value.to_str().map(Some).map_err(|_| refused())
}

/// Tells a client that sends proofs which nonce to use next: if nonces are required, or if its proof was refused
/// because it had none.
pub(crate) async fn nonce(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let demanded = app.authority.settings().dpop.nonces == DpopNonces::Demanded;
    let demanded = demanded && request.headers().contains_key(DPOP);
    let mut response = next.run(request).await;
    if (demanded || response.extensions().get::<NonceWanted>().is_some())
        && let Ok(value) = HeaderValue::try_from(app.authority.proofs().nonce(app.clock.now()))
    {
        response.headers_mut().insert(DPOP_NONCE, value);
    }
    response
}

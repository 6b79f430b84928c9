//! The headers of DPoP (RFC 9449): the proof in a request, and the nonce in a response.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use jeton_authority::OAuthError;
use jeton_authority::settings::DpopNonces;
use jeton_oauth::ErrorCode;

use crate::app::App;
use crate::error::NonceWanted;
use crate::tally::Endpoint;

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

/// Whether a client is told the next nonce whatever the response: nonces are required, and it sends proofs.
pub(crate) fn is_told_nonce(app: &App, endpoint: Endpoint, headers: &HeaderMap) -> bool {
    app.authority.settings().dpop.nonces == DpopNonces::Demanded
        && endpoint.is_for_clients()
        && headers.contains_key(DPOP)
}

/// Tells a client that sends proofs which nonce to use next: if it is [told anyway](is_told_nonce), or if its proof was
/// refused because it had none.
pub(crate) fn tell_nonce(app: &App, is_told: bool, response: &mut Response) {
    if (is_told || response.extensions().get::<NonceWanted>().is_some())
        && let Ok(value) = HeaderValue::try_from(app.authority.proofs().nonce(app.clock.now()))
    {
        response.headers_mut().insert(DPOP_NONCE, value);
    }
}

//! Signing out: here, which the authority is told of (RP-Initiated Logout §2), and elsewhere, which the authority tells of
//! (Back-Channel Logout §2.5).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Redirect;
use jeton_jose::jwt::Verifier;
use jeton_oauth::Parameters;
use serde::Deserialize;

use super::application::Application;
use super::session::{Ended, Visit};
use super::trouble::Trouble;

/// `POST /sign-out`: ends the session here, and goes to the authority to end all the others.
pub(super) async fn begin(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
) -> Result<Redirect, Trouble> {
    from_this_site(&application, &headers)?;
    let Some(Visit::SignedIn(known)) = application.sessions.of(&headers) else {
        return Ok(Redirect::to("/"));
    };
    application.sessions.replace(&headers, Visit::Ended(Ended::Here));
    let back = format!("{}/", application.origin);
    let request: Parameters = [
        ("id_token_hint", known.id_token.as_str()),
        ("client_id", application.authority.client_id()),
        ("post_logout_redirect_uri", &back),
    ]
    .into_iter()
    .collect();
    let endpoint = &application.authority.metadata().await?.end_session_endpoint;
    Ok(Redirect::to(&format!("{endpoint}?{}", request.to_query())))
}

/// What the application reads in a logout token.
#[derive(Deserialize)]
struct Logout {
    jti: String,
    sid: Option<String>,
    sub: Option<String>,
}

/// `POST /backchannel-logout`: the authority tells that somebody signed out. No browser takes part in this.
pub(super) async fn told(State(application): State<Arc<Application>>, body: Bytes) -> StatusCode {
    let Ok(form) = Parameters::parse(&body) else { return StatusCode::BAD_REQUEST };
    let Some(token) = form.get("logout_token") else { return StatusCode::BAD_REQUEST };
    let (issuer, client_id) = (application.authority.issuer(), application.authority.client_id());
    let verifier = |keys| Verifier::logout_token(issuer, client_id, keys);
    match application.authority.verify::<Logout>(token, verifier).await {
        Ok(verified) => {
            let Logout { jti, sid, sub } = verified.into_claims();
            application.sessions.end(&jti, sid.as_deref(), sub.as_deref());
            StatusCode::OK
        }
        Err(Trouble::Authority(_)) => StatusCode::BAD_GATEWAY,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// A form of another site changes nothing here. The cookie is not sent with one either; this is the second lock.
pub(super) fn from_this_site(application: &Application, headers: &HeaderMap) -> Result<(), Trouble> {
    match headers.get(header::ORIGIN) {
        Some(origin) if origin.as_bytes() != application.origin.as_bytes() => Err(Trouble::OtherSite),
        _ => Ok(()),
    }
}

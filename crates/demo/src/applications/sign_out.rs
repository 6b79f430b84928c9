//! Signing out: here, which the authority is told of (RP-Initiated Logout §2), and elsewhere, which the authority tells of
//! (Back-Channel Logout §2.5).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Redirect;
use jeton_jose::jwt::Verifier;
use jeton_oauth::Parameters;
use serde::Deserialize;

use super::application::Application;
use super::session::{Leaving, Visit, random};
use super::trouble::Trouble;

/// `POST /sign-out`: ends the session here, and goes to the authority to end all the others. Pressed twice, the browser follows the
/// second answer alone, so each leads to the authority.
pub(super) async fn begin(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
) -> Result<Redirect, Trouble> {
    from_this_site(&application, &headers)?;
    // Asked for first: where the authority is down, nothing ends by halves.
    let endpoint = &application.authority.metadata().await?.end_session_endpoint;
    let leaving = application.sessions.change(&headers, |visit| {
        if let Visit::SignedIn(known) = visit {
            let (sid, id_token) = (known.sid.clone(), known.id_token.clone());
            *visit = Visit::Leaving(Leaving { sid, id_token, state: random(), returned: false });
        }
        match visit {
            Visit::Leaving(leaving) => Some(leaving.clone()),
            _ => None,
        }
    });
    let Some(leaving) = leaving.flatten() else { return Ok(Redirect::to("/")) };
    let back = application.post_logout_redirect_uri();
    let request: Parameters = [
        ("id_token_hint", leaving.id_token.as_str()),
        ("client_id", application.authority.client_id()),
        ("post_logout_redirect_uri", &back),
        ("state", &leaving.state),
    ]
    .into_iter()
    .collect();
    Ok(Redirect::to(&format!("{endpoint}?{}", request.to_query())))
}

/// `GET /signed-out`: back from the authority.
pub(super) async fn back(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Redirect {
    let answer = Parameters::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    application.sessions.change(&headers, |visit| {
        if let Visit::Leaving(leaving) = visit
            && answer.get("state") == Some(&leaving.state)
        {
            leaving.returned = true;
        }
    });
    Redirect::to("/")
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

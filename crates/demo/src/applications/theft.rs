//! What a thief gets who copied the access token out of a log: everything where it is a bearer token, nothing where it is
//! bound to a key that the thief has not (RFC 9449).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Redirect;
use jeton_jose::dpop::Prover;
use jeton_jose::{Algorithm, PrivateKey};

use super::application::Application;
use super::session::{Theft, Visit};
use super::sign_out::from_this_site;
use super::trouble::Trouble;
use crate::DemoError;

/// A key that tokens can be bound to.
pub(super) fn new_prover() -> Result<Prover, DemoError> {
    let key = PrivateKey::generate(Algorithm::ES256).map_err(DemoError::internal)?;
    Prover::new(&key).map_err(DemoError::internal)
}

/// `POST /steal`: shows the access token as somebody would who has nothing but it.
pub(super) async fn attempt(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
) -> Result<Redirect, Trouble> {
    from_this_site(&application, &headers)?;
    let Some(Visit::SignedIn(known)) = application.sessions.of(&headers) else {
        return Ok(Redirect::to("/"));
    };
    let mut thefts = vec![show(&application, &known.access_token, "as it is", None).await?];
    if application.kind.bound {
        let own = new_prover().map_err(|error| Trouble::Authority(error.to_string()))?;
        thefts.push(show(&application, &known.access_token, "with the thief’s own key", Some(&own)).await?);
    }
    application.sessions.change_signed_in(&headers, &known.sid, |now| now.thefts = thefts);
    Ok(Redirect::to("/#theft"))
}

async fn show(
    application: &Application,
    access_token: &str,
    how: &'static str,
    prover: Option<&Prover>,
) -> Result<Theft, Trouble> {
    let (parts, body) = application.authority.userinfo(access_token, prover).await?;
    let challenges = parts.headers.get_all(header::WWW_AUTHENTICATE).iter();
    let mut lines = vec![parts.status.to_string()];
    lines.extend(challenges.filter_map(|challenge| challenge.to_str().ok()).map(str::to_owned));
    if parts.status.is_success() {
        lines.push(String::from_utf8_lossy(&body).into_owned());
    }
    Ok(Theft { how, taken: parts.status.is_success(), answer: lines.join("\n") })
}

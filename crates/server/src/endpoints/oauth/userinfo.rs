//! `GET` and `POST /userinfo`: the claims about the user that an access token permits its client to read (OpenID
//! Connect Core §5.3).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use jeton_authority::SenderConstraint;
use jeton_authority::client_auth::ClientCertificate;
use jeton_authority::{OAuthError, PresentedProof, UserInfoBody, UserInfoError};
use jeton_oauth::ErrorCode;

use super::dpop;
use crate::app::App;
use crate::error::{ApiError, userinfo_challenge as challenge};
use crate::request::{RequestContext, form};
use crate::respond::{json, jwt};
use crate::urls::path;

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    context: RequestContext,
    request: Request,
) -> Response {
    match userinfo(&app, request).await {
        Ok(Some(UserInfoBody::Json(claims))) => json(StatusCode::OK, claims),
        Ok(Some(UserInfoBody::Jwt(token))) => jwt(token, "application/jwt"),
        Ok(None) => challenge(),
        Err(error) => error.into_response(&context),
    }
}

/// The userinfo; `None` if no token was sent.
async fn userinfo(app: &App, request: Request) -> Result<Option<UserInfoBody>, ApiError> {
    let (parts, body) = request.into_parts();
    let now = app.clock.now();
    let Some(Presented { token, scheme }) = presented(app, &parts, body).await? else { return Ok(None) };
    let certificate = parts.extensions.get::<ClientCertificate>();
    let x5t_s256 = certificate.map(|certificate| certificate.thumbprint().into());
    let mut constraint = SenderConstraint { x5t_s256, ..SenderConstraint::default() };
    let mut used = None;
    if scheme == Scheme::Dpop {
        let missing = OAuthError::refused(ErrorCode::InvalidDpopProof, "the DPoP proof is missing");
        let proof = dpop::proof(&parts.headers).and_then(|proof| proof.ok_or(missing));
        let uris = app.urls_of(path::USERINFO);
        let uris: Vec<_> = uris.iter().map(String::as_str).collect();
        let presented = PresentedProof {
            proof: proof.map_err(UserInfoError::from)?,
            method: parts.method.as_str(),
            uris: &uris,
            access_token: Some(&token),
            // The token itself says by which key.
            profile: None,
        };
        let good = app.authority.proofs().check(presented, now).map_err(UserInfoError::from)?;
        constraint.jkt = Some(good.jkt().into());
        used = Some(good);
    }
    let info = app.authority.tokens().userinfo(&token, &constraint, now).await?;
    if let Some(proof) = &used {
        app.authority.proofs().use_up(proof, now).await.map_err(UserInfoError::from)?;
    }
    Ok(Some(app.authority.tokens().userinfo_body(info, now).await?))
}

struct Presented {
    token: String,
    scheme: Scheme,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

/// The token from the header or the body (RFC 6750 §2.1 and §2.2, RFC 9449 §7.1).
async fn presented(app: &App, parts: &Parts, body: Body) -> Result<Option<Presented>, ApiError> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let in_header = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => Some(credentials(value).ok_or(UserInfoError::Malformed)?),
        _ => return Err(UserInfoError::Malformed.into()),
    };
    // Libraries also post an empty JSON object, or nothing with its type: only a form can hold the token.
    let in_body = if parts.method == Method::POST && form::is_form(parts) {
        form::of_body(parts, body, &app.limits).await?.get("access_token").map(str::to_owned)
    } else {
        None
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(UserInfoError::Malformed.into()),
        (None, Some(token)) => Ok(Some(Presented { token, scheme: Scheme::Bearer })),
        (found, None) => Ok(found),
    }
}

fn credentials(value: &HeaderValue) -> Option<Presented> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        _ => return None,
    };
    Some(Presented { token: token.trim().to_owned(), scheme })
}

//! Signing in at the authority: off with a request, back with a code, and on with fresh tokens (OpenID Connect Core §3.1).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use jeton_jose::Timestamp;
use jeton_jose::jwt::{Verified, Verifier};
use jeton_oauth::Parameters;
use jeton_oauth::pkce::CodeVerifier;
use serde::Deserialize;

use super::application::Application;
use super::session::{Begun, Ended, SignedIn, Visit, random};
use super::sign_out::from_this_site;
use super::trouble::Trouble;
use crate::clock;

/// What the applications ask for.
pub(super) const SCOPE: &str = "openid profile email";

/// What the applications read in an ID token.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    nonce: Option<String>,
    auth_time: Timestamp,
}

/// `GET /sign-in`: off to the authority. `state`, `nonce` and the verifier stay here, bound to this browser's cookie.
pub(super) async fn begin(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let begun = Begun { state: random(), nonce: random(), verifier: random(), at: clock::now() };
    let verifier = CodeVerifier::parse(&begun.verifier).expect("43 letters of base64url are a verifier");
    let challenge = verifier.challenge();
    let redirect_uri = application.redirect_uri();
    let request: Parameters = [
        ("response_type", "code"),
        ("client_id", application.authority.client_id()),
        ("redirect_uri", &redirect_uri),
        ("scope", SCOPE),
        ("state", &begun.state),
        ("nonce", &begun.nonce),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ]
    .into_iter()
    .collect();
    let endpoint = &application.authority.metadata().await?.authorization_endpoint;
    let target = format!("{endpoint}?{}", request.to_query());
    let cookie = application.sessions.begin(&headers, Visit::Begun(begun));
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(&target)).into_response())
}

/// `GET /callback`: back with a code, or with the reason why there is none.
pub(super) async fn callback(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let answer = Parameters::parse(query.unwrap_or_default().as_bytes())
        .map_err(|_| Trouble::NotBegun("it cannot be read"))?;
    let Some(Visit::Begun(begun)) = application.sessions.of(&headers) else {
        return Err(Trouble::NotBegun("there is none"));
    };
    if answer.get("state") != Some(&begun.state) {
        return Err(Trouble::NotBegun("its state is another"));
    }
    // Who answers has to be who was asked (RFC 9207): no other authority's code is tried here.
    if answer.get("iss") != Some(application.authority.issuer()) {
        return Err(Trouble::NotBegun("it comes from another issuer"));
    }
    if let Some(error) = answer.get("error") {
        application.sessions.replace(&headers, Visit::Ended(Ended::NoMoreTokens));
        return Err(Trouble::Refused(error.to_owned()));
    }
    let code = answer.get("code").ok_or(Trouble::NotBegun("it has no code"))?;
    let redirect_uri = application.redirect_uri();
    let tokens = application
        .authority
        .tokens(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", &begun.verifier),
        ])
        .await?;
    let verified = verify(&application, &tokens.id_token).await?;
    let claims = verified.claims();
    // The ID token was made for this very request, so nobody put another one in its place.
    if claims.nonce.as_ref() != Some(&begun.nonce) {
        return Err(Trouble::NotBegun("its nonce is another"));
    }
    let signed_in = SignedIn {
        name: application.authority.name_of(&tokens, &claims.sub).await?,
        sub: claims.sub.clone(),
        sid: claims.sid.clone(),
        auth_time: claims.auth_time,
        begun_at: begun.at,
        expires_at: clock::now().saturating_add(Duration::from_secs(tokens.expires_in)),
        refreshed: 0,
        claims: pretty(verified.registered().json()),
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token,
        id_token: tokens.id_token,
        thefts: vec![],
    };
    let cookie = application.sessions.begin(&headers, Visit::SignedIn(Box::new(signed_in)));
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to("/")).into_response())
}

/// `POST /refresh`: new tokens for the old ones.
pub(super) async fn refresh(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
) -> Result<Redirect, Trouble> {
    from_this_site(&application, &headers)?;
    let Some(Visit::SignedIn(mut known)) = application.sessions.of(&headers) else {
        return Ok(Redirect::to("/"));
    };
    let grant = [("grant_type", "refresh_token"), ("refresh_token", known.refresh_token.as_str())];
    match application.authority.tokens(&grant).await {
        Ok(tokens) => {
            let verified = verify(&application, &tokens.id_token).await?;
            if verified.claims().sub != known.sub {
                return Err(Trouble::NotBegun("it is somebody else's"));
            }
            known.expires_at = clock::now().saturating_add(Duration::from_secs(tokens.expires_in));
            known.refreshed += 1;
            known.claims = pretty(verified.registered().json());
            known.access_token = tokens.access_token;
            known.refresh_token = tokens.refresh_token;
            known.thefts.clear();
            known.id_token = tokens.id_token;
            application.sessions.replace(&headers, Visit::SignedIn(known));
        }
        Err(Trouble::Refused(_)) => {
            application.sessions.replace(&headers, Visit::Ended(Ended::NoMoreTokens));
        }
        Err(trouble) => return Err(trouble),
    }
    Ok(Redirect::to("/"))
}

async fn verify(application: &Application, id_token: &str) -> Result<Verified<Claims>, Trouble> {
    let (issuer, client_id) = (application.authority.issuer(), application.authority.client_id());
    application.authority.verify(id_token, |keys| Verifier::id_token(issuer, client_id, keys)).await
}

fn pretty(json: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(json);
    value.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_else(|_| json.to_owned())
}

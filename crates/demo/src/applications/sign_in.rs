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
use super::attempt::Attempt;
use super::page;
use super::session::{Ended, SignedIn, Visit};
use super::sign_out::from_this_site;
use super::trouble::Trouble;
use crate::clock;

/// What the applications ask for.
pub(super) const SCOPE: &str = "openid profile email";

/// The user did not sign in (RFC 6749 §4.1.2.1).
const ACCESS_DENIED: &str = "access_denied";
/// The refresh token is worth nothing any more (RFC 6749 §5.2). Any other refusal may pass.
const INVALID_GRANT: &str = "invalid_grant";

/// What the applications read in an ID token.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    nonce: Option<String>,
    auth_time: Timestamp,
}

/// `GET /sign-in`: off to the authority. `state`, `nonce` and the verifier stay here, bound to this browser by a cookie.
pub(super) async fn begin(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    // Somebody signed in in another tab, or pressed Back.
    if application.sessions.is_signed_in(&headers) {
        return Ok(Redirect::to("/").into_response());
    }
    let endpoint = &application.authority.metadata().await?.authorization_endpoint;
    let (begun, cookies) = application.attempts.begin(&headers);
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
    let target = format!("{endpoint}?{}", request.to_query());
    let cookies = cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(cookies), Redirect::to(&target)).into_response())
}

/// `GET /callback`: back with a code, or with the reason why there is none. It may come again (a reload, Back, two clicks), and leads
/// where it led the first time.
pub(super) async fn callback(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let home = Redirect::to("/").into_response();
    let session = match signed_in_by(&application, &headers, &query.unwrap_or_default()).await {
        Ok(session) => session,
        // An old answer, while somebody is signed in: they are where they wanted to be.
        Err(_) if application.sessions.is_signed_in(&headers) => return Ok(home),
        Err(Trouble::Refused { error, .. }) if error == ACCESS_DENIED => return Ok(page::not_signed_in()),
        Err(trouble) => return Err(trouble),
    };
    // An answer that comes again leaves a session alone that has begun since.
    let cookie = match application.sessions.is_signed_in(&headers) {
        true => None,
        false => application.sessions.cookie_of(&session),
    };
    let cookies = cookie.map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(cookies), home).into_response())
}

/// The name of the session that an answer leads to.
async fn signed_in_by(
    application: &Application,
    headers: &HeaderMap,
    query: &str,
) -> Result<String, Trouble> {
    let answer =
        Parameters::parse(query.as_bytes()).map_err(|_| Trouble::NotBegun("the answer cannot be read"))?;
    let begun = answer.get("state").and_then(|state| application.attempts.find(headers, state));
    let begun = begun
        .ok_or(Trouble::NotBegun("this browser has not started one with this state, or it has expired"))?;
    // Who answers has to be who was asked (RFC 9207): no other authority's code is tried here.
    if answer.get("iss") != Some(application.authority.issuer()) {
        return Err(Trouble::NotBegun("the answer comes from another issuer"));
    }
    if let Some(error) = answer.get("error") {
        // The sign-in stays begun: Back leads to the authority again, and from there here.
        return Err(Trouble::Refused { error: error.to_owned(), description: None });
    }
    let code = answer.get("code").ok_or(Trouble::NotBegun("the answer has no code"))?;
    let exchange = async || {
        let signed_in = exchange(application, &begun, code).await?;
        Ok(application.sessions.begin(headers, signed_in))
    };
    begun.session.get_or_try_init(exchange).await.cloned()
}

/// Exchanges a code for tokens, and reads in them who signed in.
async fn exchange(application: &Application, begun: &Attempt, code: &str) -> Result<SignedIn, Trouble> {
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
    let verified = verify(application, &tokens.id_token).await?;
    let claims = verified.claims();
    // The ID token was made for this very request, so nobody put another one in its place.
    if claims.nonce.as_ref() != Some(&begun.nonce) {
        return Err(Trouble::NotBegun("the nonce does not match"));
    }
    Ok(SignedIn {
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
    })
}

/// `POST /refresh`: new tokens for the old ones.
pub(super) async fn refresh(
    State(application): State<Arc<Application>>,
    headers: HeaderMap,
) -> Result<Redirect, Trouble> {
    from_this_site(&application, &headers)?;
    let Some(Visit::SignedIn(known)) = application.sessions.of(&headers) else {
        return Ok(Redirect::to("/"));
    };
    let grant = [("grant_type", "refresh_token"), ("refresh_token", known.refresh_token.as_str())];
    let tokens = match application.authority.tokens(&grant).await {
        Ok(tokens) => tokens,
        Err(Trouble::Refused { error, .. }) if error == INVALID_GRANT => {
            application.sessions.change(&headers, |visit| {
                if matches!(visit, Visit::SignedIn(now) if now.sid == known.sid) {
                    *visit = Visit::Ended(Ended::NoMoreTokens);
                }
            });
            return Ok(Redirect::to("/"));
        }
        Err(trouble) => return Err(trouble),
    };
    let verified = verify(&application, &tokens.id_token).await?;
    if verified.claims().sub != known.sub {
        return Err(Trouble::NotBegun("the new tokens belong to another user"));
    }
    // The session may have ended meanwhile. Then the new tokens are dropped.
    application.sessions.change_signed_in(&headers, &known.sid, |now| {
        now.expires_at = clock::now().saturating_add(Duration::from_secs(tokens.expires_in));
        now.refreshed += 1;
        now.claims = pretty(verified.registered().json());
        now.access_token = tokens.access_token;
        now.refresh_token = tokens.refresh_token;
        now.id_token = tokens.id_token;
        now.thefts.clear();
    });
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

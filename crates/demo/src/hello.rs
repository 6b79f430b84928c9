//! The API that the demo protects: `GET /hello/`.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use jeton_authority::Authority;
use jeton_authority::settings::{AccessAlgorithm, AccessTyp, TokenApiAudience};
use jeton_guard::remote::{Fetcher, Reach, RemoteJwkSetBuilder, RemoteUrl};
use jeton_guard::revocations::{Revocations, RevocationsBuilder};
use jeton_guard::{AccessToken, BodyStyle, Guard};
use jeton_jose::jwt::{Audience, TokenType};
use jeton_jose::{JwkSet, KeySet};
use jeton_oauth::ACCESS_TOKEN_TYP;
use serde::Serialize;

use crate::error::DemoError;
use crate::surroundings::Surroundings;

/// How often the published keys are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What the API answers.
#[derive(Serialize)]
struct Hello {
    message: &'static str,
    /// Who is asking, as the token has it.
    user_id: String,
    username: Option<String>,
    /// The session that the token came from.
    session: Option<String>,
}

/// The API, and what keeps its keys up to date.
///
/// All it knows of the authority is what everybody may have: the JWK set, or the secret that it shares with it, and the revocation feed.
pub(super) fn api(
    around: &Surroundings<'_>,
) -> Result<(Router, impl Future<Output = ()> + Send + use<>), DemoError> {
    let settings = around.authority.settings();
    let shares_secret = matches!(settings.access.algorithm, AccessAlgorithm::SharedSecret(_));
    let keys = match &settings.access.algorithm {
        AccessAlgorithm::SharedSecret(secret) => KeySet::from(secret),
        _ => published(around.authority).map_err(DemoError::internal)?,
    };
    let audience = match settings.token_api.audience {
        TokenApiAudience::Named => Audience::new(settings.access.audience.as_str()),
        TokenApiAudience::Absent => Audience::any(),
    };
    let revocations = revocations(around, &keys)?;
    let guard = Guard::builder(settings.issuer.as_str(), audience, keys)
        .typ(match settings.access.typ {
            AccessTyp::AtJwt => TokenType::from(ACCESS_TOKEN_TYP),
            AccessTyp::Jwt => TokenType::JwtOrNone,
        })
        .body_style(BodyStyle::SimpleJwt)
        // The token was made by this machine's clock.
        .leeway(Duration::ZERO)
        .remember(around.remember)
        .revocations(revocations)
        .build();
    let routes = Router::new().route("/hello/", get(hello)).route("/hello", get(hello)).layer(guard.layer());
    let authority = (!shares_secret).then(|| Arc::clone(around.authority));
    Ok((routes, follow(guard, authority)))
}

/// What the authority says was revoked. A demo that listens elsewhere than on this machine is not reached, and its API goes by expiry alone.
fn revocations(around: &Surroundings<'_>, keys: &KeySet) -> Result<Revocations, DemoError> {
    let settings = around.authority.settings();
    let fetcher = Fetcher::new().allow(Reach::Loopback);
    let url = |path: &str| {
        RemoteUrl::parse(&format!("http://{}{path}", around.reached_at())).map_err(DemoError::internal)
    };
    let feed = url("/revocations")?;
    let builder = match settings.access.algorithm {
        AccessAlgorithm::SharedSecret(_) => {
            RevocationsBuilder::with_keys(settings.issuer.as_str(), feed, keys.clone())
        }
        _ => {
            let keys = RemoteJwkSetBuilder::new(settings.issuer.as_str(), url("/.well-known/jwks.json")?);
            Revocations::at(feed, keys.fetcher(fetcher.clone()).build())
        }
    };
    builder.fetcher(fetcher).start().map_err(DemoError::internal)
}

async fn hello(token: AccessToken) -> Json<Hello> {
    Json(Hello {
        message: "Hello, World!",
        user_id: token.user_id.clone().unwrap_or_else(|| token.sub.clone()),
        username: token.username.clone(),
        session: token.sid.clone(),
    })
}

/// Takes over the published keys whenever they change.
async fn follow(guard: Guard, authority: Option<Arc<Authority>>) {
    let Some(authority) = authority else { return };
    let mut known = authority.keys().published().etag;
    loop {
        tokio::time::sleep(LOOK).await;
        let etag = authority.keys().published().etag;
        if etag != known
            && let Ok(keys) = published(&authority)
            && guard.replace_keys(keys).is_ok()
        {
            known = etag;
        }
    }
}

fn published(authority: &Authority) -> Result<KeySet, jeton_jose::KeyError> {
    KeySet::from_jwk_set(&JwkSet::parse(&authority.keys().published().json)?)
}

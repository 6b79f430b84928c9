//! Protects one route of an axum API with the tokens of one issuer.
//!
//! `cargo run --example protect -- jwks.json` serves on 127.0.0.1:3000; then
//! `curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/hello`.

use axum::{Json, Router, routing::get};
use jeton_guard::{AccessToken, Guard};
use jeton_jose::{JwkSet, KeySet};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("which file holds the issuer's JWK Set?")?;
    let keys = KeySet::from_jwk_set(&JwkSet::parse(&std::fs::read(file)?)?)?;
    let guard =
        Guard::builder("http://127.0.0.1:8000", "http://127.0.0.1:3000", keys).remember(10_000).build();

    let app = Router::new().route("/hello", get(hello)).layer(guard.layer());
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

async fn hello(token: AccessToken) -> Json<Value> {
    Json(json!({"message": "Hello, World!", "sub": token.sub, "scope": token.scope}))
}

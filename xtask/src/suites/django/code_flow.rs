//! Access tokens of single sign-on: a person signs in with an authorization code, and Django's view knows them.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::rig::django::Peer;
use crate::rig::expect;
use crate::rig::http::Client;
use crate::rig::jeton::{Jeton, Server};
use crate::rig::page::encode;
use crate::rig::visitor::Visitor;

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The client that signs people in, by its algorithm, since the data folder outlives a server.
fn id(algorithm: &str) -> String {
    format!("spa-{algorithm}")
}

/// Signs somebody in through the pages and shows the view the access token, and the one after a refresh.
pub(super) fn opens_the_view(
    jeton: &Jeton,
    server: &Server,
    peer: &Peer,
    algorithm: &str,
    (username, password): (&str, &str),
) -> Result<()> {
    let (authority, id) = (server.client(), id(algorithm));
    let callback = format!("{}/callback", peer.client().base());
    jeton.run(&["client", "add", "--id", &id, "--public", "--redirect-uri", &callback])?;
    let request = form(&[
        ("client_id", &id),
        ("redirect_uri", &callback),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let mut visitor = Visitor::new(username, password);
    let arrival = visitor.visit(&format!("{}/authorize?{request}", authority.base()))?;
    let code = arrival.url.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
    let code = code.with_context(|| format!("no code:\n{}", visitor.take_exchanges().join("\n")))?;
    let tokens = exchange(
        authority,
        &[
            ("grant_type", "authorization_code"),
            ("client_id", &id),
            ("code", code),
            ("redirect_uri", &callback),
            ("code_verifier", VERIFIER),
        ],
    )?;
    is_known(peer, &tokens, username)?;
    let refresh_token = text(&tokens, "refresh_token")?;
    let refresh = [("grant_type", "refresh_token"), ("client_id", &*id), ("refresh_token", &*refresh_token)];
    is_known(peer, &exchange(authority, &refresh)?, username)
}

fn is_known(peer: &Peer, tokens: &Value, username: &str) -> Result<()> {
    let who = peer.client().fetch_with("/whoami/", &text(tokens, "access_token")?)?.expect(200)?.json()?;
    expect(who["username"] == username, || format!("Django says {who}"))
}

fn exchange(authority: &Client, fields: &[(&str, &str)]) -> Result<Value> {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    authority.send("POST", "/token", &headers, &form(fields))?.expect(200)?.json()
}

fn text(tokens: &Value, member: &str) -> Result<String> {
    tokens[member].as_str().map(str::to_owned).with_context(|| format!("no {member} in the answer"))
}

fn form(fields: &[(&str, &str)]) -> String {
    let owned: Vec<_> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    encode(&owned)
}

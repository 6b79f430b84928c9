//! The same requests to two servers, with texts that a database may not take.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::rig::expect;
use crate::rig::http::{Answer, Client};

/// A text as JSON has it, and percent-encoded.
struct Odd {
    name: &'static str,
    json: String,
    form: String,
}

fn odd_texts() -> Vec<Odd> {
    let odd = |name, json: &str, form: &str| Odd { name, json: json.to_owned(), form: form.to_owned() };
    vec![
        odd("U+0000", r"\u0000", "%00"),
        odd("U+0000 within", r"ada\u0000x", "ada%00x"),
        odd("a lone surrogate", r"\ud800", "%ED%A0%80"),
        odd("bytes that are no UTF-8", r"\udc80x", "%FF%FE"),
        odd("U+FFFF", r"\uffff", "%EF%BF%BF"),
        odd("an emoji", "\u{1f600}", "%F0%9F%98%80"),
        odd("right to left", r"\u202eada", "%E2%80%AEada"),
        odd("a quote", r"a'b\\\u0022;--", "a'b%5C%22;--"),
        odd("10 kB", &"a".repeat(10_000), &"a".repeat(10_000)),
        odd("1 MB", &"a".repeat(1_000_000), &"a".repeat(1_000_000)),
    ]
}

/// Bodies of JSON, in which `@` stands for the text.
const JSON: &[(&str, &str)] = &[
    ("/api/token/", r#"{"username": "@", "password": "correct horse battery"}"#),
    ("/api/token/", r#"{"username": "ada", "password": "@"}"#),
    ("/api/token/refresh/", r#"{"refresh": "@"}"#),
    ("/api/token/verify/", r#"{"token": "@"}"#),
    ("/api/token/blacklist/", r#"{"refresh": "@"}"#),
    ("/register", r#"{"redirect_uris": ["https://app.example/cb"], "client_name": "@"}"#),
    ("/register", r#"{"redirect_uris": ["https://app.example/@"]}"#),
    ("/register", r#"{"redirect_uris": ["https://app.example/cb"], "software_id": "@", "scope": "@"}"#),
];

const FORMS: &[(&str, &str)] = &[
    ("/token", "grant_type=authorization_code&client_id=@&code=x&code_verifier=y"),
    ("/token", "grant_type=authorization_code&client_id=web&code=@&code_verifier=@"),
    ("/token", "grant_type=refresh_token&client_id=web&refresh_token=@"),
    ("/token", "grant_type=@&client_id=web"),
    ("/token", "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=web&device_code=@"),
    ("/par", "client_id=@&response_type=code&scope=openid"),
    ("/device_authorization", "client_id=@&scope=@"),
    ("/introspect", "client_id=web&client_secret=@&token=@"),
    ("/revoke", "client_id=@&token=@"),
];

const QUERIES: &[&str] = &[
    "/authorize?client_id=@&response_type=code&scope=openid&state=s",
    "/authorize?client_id=web&response_type=code&scope=@&state=@&redirect_uri=@",
    "/authorize?client_id=web&request_uri=urn:ietf:params:oauth:request_uri:@",
    "/device?user_code=@",
    "/end_session?id_token_hint=@&client_id=@&state=@",
];

/// Asks both servers the same.
///
/// # Errors
/// When one answers otherwise than the other, or with a failure of its own.
pub(super) fn compare(one: &Client, other: &Client) -> Result<()> {
    for text in odd_texts() {
        for (path, body) in JSON {
            let body = body.replace('@', &text.json);
            let send =
                |client: &Client| client.send("POST", path, &[("content-type", "application/json")], &body);
            alike(&text, path, send(one), send(other))?;
        }
        for (path, body) in FORMS {
            let body = body.replace('@', &text.form);
            let send = |client: &Client| {
                client.send("POST", path, &[("content-type", "application/x-www-form-urlencoded")], &body)
            };
            alike(&text, path, send(one), send(other))?;
        }
        // Longer ones no server reads the head of.
        for target in QUERIES.iter().filter(|_| text.form.len() <= 10_000) {
            let target = target.replace('@', &text.form);
            alike(&text, &target[..target.len().min(60)], one.fetch(&target), other.fetch(&target))?;
        }
    }
    Ok(())
}

fn alike(text: &Odd, asked: &str, one: Result<Answer>, other: Result<Answer>) -> Result<()> {
    let (one, other) = match (one, other) {
        (Ok(one), Ok(other)) => (one, other),
        // A body that is too large may be answered before it is read, which closes the connection.
        (one, other) if text.form.len() > 100_000 => {
            return expect(
                one.as_ref().map_or(413, |answer| answer.status)
                    == other.as_ref().map_or(413, |answer| answer.status),
                || format!("{asked} with {}", text.name),
            );
        }
        (one, other) => bail!("{asked} with {}: no answer: {:?}", text.name, one.err().or(other.err())),
    };
    let what = |answer: &Answer| (answer.status, error_of(answer));
    expect(what(&one) == what(&other), || {
        format!("{asked} with {}: {} and from SQLite {}", text.name, shown(&one), shown(&other))
    })?;
    expect(one.status < 500, || format!("{asked} with {}: {}", text.name, shown(&one)))
}

/// The code of an error, as far as there is one: the rest may have a random part.
fn error_of(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_str(&answer.body).ok()?;
    ["error", "code", "detail"].iter().find_map(|name| body[name].as_str().map(str::to_owned))
}

fn shown(answer: &Answer) -> String {
    answer.line().chars().take(200).collect()
}

//! What the program says to the suite, a line of JSON for each thing that happened; and the browser's way back to it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use anyhow::{Context, Result};
use openidconnect::url::Url;
use openidconnect::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

fn say(event: &Value) {
    println!("{event}");
}

/// Carries out a step and says how it ended.
pub fn step<T>(sentence: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
    let outcome = act();
    match &outcome {
        Ok(_) => say(&json!({ "done": sentence })),
        Err(error) => say(&json!({ "failed": { "step": sentence, "why": format!("{error:#}") } })),
    }
    outcome
}

/// Carries a request over plain HTTP, and says what went over the wire.
pub fn http(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    let agent = config.new_agent();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = if request.body().is_empty() { agent.run(request.map(drop)) } else { agent.run(request) };
    let (parts, mut body) = response?.into_parts();
    let body = body.read_to_vec()?;
    let shown = if parts.status.is_success() { "".into() } else { String::from_utf8_lossy(&body) };
    say(&json!({ "exchange": format!("{method} {uri}: {} {shown}", parts.status) }));
    Ok(HttpResponse::from_parts(parts, body))
}

/// The address that somebody came back to.
pub struct Back(Url);

impl Back {
    pub fn path(&self) -> &str {
        self.0.path()
    }

    pub fn parameter(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

/// Sends the person to an address and answers the one on this port that they come back to.
pub fn visit(link: &Url, port: u16) -> Result<Back> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    say(&json!({ "visit": link }));
    let (mut stream, _) = listener.accept()?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().context("an empty request")??;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Length: 24\r\nConnection: close\r\n\r\nBack at the application.",
    )?;
    let target = first.split(' ').nth(1).context("a request without a target")?;
    Ok(Back(Url::parse(&format!("http://127.0.0.1:{port}{target}"))?))
}

//! A plain HTTP client for loopback servers: no redirects, no retries, every status an answer.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use ureq::http::Request;

/// A client of one server, with kept-alive connections of its own.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The header fields, names in lower case, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: String,
}

impl Client {
    /// A client of the server at this address, without a slash at its end.
    pub(crate) fn new(base: impl Into<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(60)))
            .user_agent("jeton-xtask")
            .build();
        Self { agent: config.new_agent(), base: base.into() }
    }

    /// The address it talks to.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// `GET path`.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub(crate) fn fetch(&self, path: &str) -> Result<Answer> {
        self.send("GET", path, &[], "")
    }

    /// `GET path` with an access token.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub(crate) fn fetch_with(&self, path: &str, access_token: &str) -> Result<Answer> {
        self.send("GET", path, &[("authorization", &format!("Bearer {access_token}"))], "")
    }

    /// `POST path` with a JSON body.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send("POST", path, &[("content-type", "application/json")], &body.to_string())
    }

    /// Any request.
    ///
    /// # Errors
    /// When there is no whole answer. Whether the server acted on the request is not known then.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer> {
        let url = format!("{}{path}", self.base);
        let mut request = Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = if body.is_empty() && method != "POST" {
            self.agent.run(request.body(())?)
        } else {
            let request = self.agent.configure_request(request.body(body.to_owned())?);
            self.agent.run(request.build())
        };
        let mut response = response.with_context(|| format!("{method} {url}"))?;
        let headers = response.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let (headers, status) = (headers.collect(), response.status().as_u16());
        let body =
            response.body_mut().read_to_vec().with_context(|| format!("the answer to {method} {url}"))?;
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

impl Answer {
    /// The first header field of this name, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body)
            .with_context(|| format!("not JSON, with status {}: {}", self.status, self.body))
    }

    /// A member of the body that is a string.
    ///
    /// # Errors
    /// When there is none; the error shows the answer.
    pub(crate) fn text(&self, member: &str) -> Result<String> {
        let value = self.json()?;
        let text =
            value[member].as_str().with_context(|| format!("no {member} in the answer {}", self.line()))?;
        Ok(text.to_owned())
    }

    /// This answer if it has that status.
    ///
    /// # Errors
    /// When it has another; the error shows the answer.
    pub(crate) fn expect(self, status: u16) -> Result<Self> {
        super::expect(self.status == status, || format!("wanted {status}, got {}", self.line()))?;
        Ok(self)
    }

    /// Status and body in one line.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.status, self.body.trim_end())
    }
}

//! What a load sends: a fixed request, or one whose token is replaced by the one in each answer.

use std::cell::RefCell;
use std::rc::Rc;

/// A request to send again and again.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: String,
    body: String,
    rotation: Option<Rotation>,
}

/// Refresh tokens are used once: each session's token is replaced by the one in the answer.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The member that holds the token, in the request and in the answer.
    pub member: &'static str,
    /// The current tokens, one a session; a load leaves the last ones here.
    pub tokens: Rc<RefCell<Vec<String>>>,
}

impl Request {
    /// A GET.
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET",
            path: path.to_owned(),
            headers: String::new(),
            body: String::new(),
            rotation: None,
        }
    }

    /// A POST of JSON.
    pub fn post_json(path: &str, body: String) -> Self {
        let headers = "content-type: application/json\r\n".to_owned();
        Self { method: "POST", path: path.to_owned(), headers, body, rotation: None }
    }

    /// A POST of `{"member": token}` that rotates its tokens.
    pub fn rotate(path: &str, rotation: Rotation) -> Self {
        Self { rotation: Some(rotation), ..Self::post_json(path, String::new()) }
    }

    /// With a bearer token (RFC 6750 §2.1).
    #[must_use]
    pub fn bearer(mut self, token: &str) -> Self {
        self.headers.push_str("authorization: Bearer ");
        self.headers.push_str(token);
        self.headers.push_str("\r\n");
        self
    }

    pub(super) fn rotation(&self) -> Option<&Rotation> {
        self.rotation.as_ref()
    }

    /// The bytes of a request without rotation.
    pub(super) fn encode(&self) -> Vec<u8> {
        self.encode_with(&self.body)
    }

    /// The bytes of a request that presents this token.
    pub(super) fn encode_token(&self, member: &str, token: &str) -> Vec<u8> {
        self.encode_with(&format!(r#"{{"{member}":"{token}"}}"#))
    }

    fn encode_with(&self, body: &str) -> Vec<u8> {
        let Self { method, path, headers, .. } = self;
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}");
        match *method {
            "GET" => format!("{head}\r\n"),
            _ => format!("{head}content-length: {length}\r\n\r\n{body}"),
        }
        .into_bytes()
    }
}

/// A string member of a flat JSON object whose strings need no escapes, as tokens do not.
pub(super) fn string_member<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let quoted = format!("\"{name}\"");
    let after = &body[body.find(&quoted)? + quoted.len()..];
    let value = after.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    value.split_once('"').map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_among_others() {
        let body = r#"{"access":"a.b.c", "refresh" : "d.e.f"}"#;
        assert_eq!(string_member(body, "refresh"), Some("d.e.f"));
        assert_eq!(string_member(body, "token"), None);
    }

    #[test]
    fn a_bearer_token_goes_into_the_header() {
        let bytes = Request::get("/hello/").bearer("t").encode();
        let expected = "GET /hello/ HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer t\r\n\r\n";
        assert_eq!(String::from_utf8(bytes).expect("ASCII"), expected);
    }
}

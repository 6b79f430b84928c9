//! What a load sends: a fixed request, or one that presents another text each time.

use std::cell::RefCell;
use std::rc::Rc;

use crate::floor::ISSUER;

/// A request to send again and again.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: String,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Fixed(String),
    Presents(Presented),
}

/// Texts that requests present, one each: refresh tokens, authorization codes.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The body before the text.
    pub before: String,
    /// The body behind it.
    pub after: String,
    /// The member of the answer whose text takes its place; without one each text is presented once, and a window ends when
    /// there are none left.
    pub renewed_by: Option<&'static str>,
    /// The texts; a load takes them, and leaves here what it did not use up.
    pub texts: Rc<RefCell<Vec<String>>>,
}

impl Request {
    /// A GET.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path, Body::Fixed(String::new()))
    }

    /// A POST of JSON.
    pub fn post_json(path: &str, body: String) -> Self {
        Self::new("POST", path, Body::Fixed(body)).header("content-type", "application/json")
    }

    /// A POST of a form, already encoded.
    pub fn post_form(path: &str, body: String) -> Self {
        Self::new("POST", path, Body::Fixed(body)).header("content-type", "application/x-www-form-urlencoded")
    }

    /// With one of these texts in its body each time.
    #[must_use]
    pub fn presenting(self, presented: Presented) -> Self {
        Self { body: Body::Presents(presented), ..self }
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        for part in [name, ": ", value, "\r\n"] {
            self.headers.push_str(part);
        }
        self
    }

    /// With a bearer token (RFC 6750 §2.1).
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    fn new(method: &'static str, path: &str, body: Body) -> Self {
        Self { method, path: path.to_owned(), headers: String::new(), body }
    }

    /// What it presents.
    pub fn presented(&self) -> Option<&Presented> {
        match &self.body {
            Body::Fixed(_) => None,
            Body::Presents(presented) => Some(presented),
        }
    }

    /// The bytes of a request that presents nothing.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match &self.body {
            Body::Fixed(body) => self.encode_with(body),
            Body::Presents(_) => self.encode_presenting(""),
        }
    }

    /// The bytes of a request that presents this text.
    pub(super) fn encode_presenting(&self, text: &str) -> Vec<u8> {
        match &self.body {
            Body::Fixed(body) => self.encode_with(body),
            Body::Presents(Presented { before, after, .. }) => {
                self.encode_with(&format!("{before}{text}{after}"))
            }
        }
    }

    fn encode_with(&self, body: &str) -> Vec<u8> {
        let Self { method, path, headers, .. } = self;
        let length = body.len();
        let host = ISSUER.trim_start_matches("http://");
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}");
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
        let expected = "GET /hello/ HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nauthorization: Bearer t\r\n\r\n";
        assert_eq!(String::from_utf8(bytes).expect("ASCII"), expected);
    }

    #[test]
    fn what_is_presented_stands_within_the_body() {
        let presented = Presented {
            before: "code=".to_owned(),
            after: "&x=y".to_owned(),
            renewed_by: None,
            texts: Rc::default(),
        };
        let bytes =
            Request::post_form("/token", String::new()).presenting(presented).encode_presenting("abc");
        let text = String::from_utf8(bytes).expect("ASCII");
        assert!(text.ends_with("content-length: 12\r\n\r\ncode=abc&x=y"), "{text}");
    }
}

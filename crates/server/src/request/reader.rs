//! Who reads an answer: a person at a browser, or a program.

use http::{HeaderMap, header};

/// Paths that programs ask, and their folders. Some of these programs say that they take HTML, as Java's do by default.
const OF_PROGRAMS: [&str; 13] = [
    "/token",
    "/device_authorization",
    "/par",
    "/introspect",
    "/register",
    "/register/",
    "/revoke",
    "/userinfo",
    "/api/",
    "/.well-known/",
    "/healthz",
    "/readyz",
    "/assets/",
];

/// Who reads an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person, who is shown a page.
    Person,
    /// A program, which is told in JSON.
    Program,
}

impl Reader {
    /// Who reads the answer to a request for `path` with these headers.
    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Self {
        let is = |name: &str, values: &[&str]| {
            headers.get(name).is_some_and(|value| values.iter().any(|known| value == known))
        };
        // What a browser says of itself counts more than what it takes.
        if headers.contains_key("sec-fetch-dest") {
            let goes_there = is("sec-fetch-dest", &["document", "iframe", "frame"]);
            return if goes_there { Self::Person } else { Self::Program };
        }
        let of_programs = OF_PROGRAMS
            .iter()
            .any(|known| if known.ends_with('/') { path.starts_with(known) } else { path == *known });
        if !of_programs && takes_html(headers) { Self::Person } else { Self::Program }
    }
}

fn takes_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().map(|value| value.as_bytes().to_ascii_lowercase());
    let types = ["text/html", "application/xhtml+xml"];
    let mut values = values.map(|value| String::from_utf8_lossy(&value).into_owned());
    values.any(|value| {
        value.split(',').any(|part| {
            let name = part.split(';').next().unwrap_or_default().trim();
            types.contains(&name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(path: &str, headers: &[(&'static str, &str)]) -> Reader {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("a value")));
        Reader::of(path, &headers.collect())
    }

    #[test]
    fn a_browser_that_goes_somewhere_has_a_person_before_it() {
        const CHROMIUM: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for path in ["/authorize", "/nowhere", "/device/sign-in", "/"] {
            assert_eq!(reader(path, &[("accept", CHROMIUM)]), Reader::Person, "{path}");
        }
        for path in ["/authorize", "/token", "/api/token/"] {
            let goes = [("accept", CHROMIUM), ("sec-fetch-dest", "document")];
            assert_eq!(reader(path, &goes), Reader::Person, "{path}");
        }
    }

    #[test]
    fn everything_else_is_a_program() {
        for accept in ["*/*", "application/json", "application/json, text/plain, */*", "text/htmlx", ""] {
            assert_eq!(reader("/nowhere", &[("accept", accept)]), Reader::Program, "{accept}");
        }
        assert_eq!(reader("/nowhere", &[]), Reader::Program);
        for dest in ["empty", "script", "image", "style"] {
            let loads = [("accept", "text/html"), ("sec-fetch-dest", dest)];
            assert_eq!(reader("/nowhere", &loads), Reader::Program, "{dest}");
        }
        const JAVA: &str = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";
        for path in ["/token", "/api/token/", "/register/abc", "/.well-known/jwks.json", "/userinfo"] {
            assert_eq!(reader(path, &[("accept", JAVA)]), Reader::Program, "{path}");
        }
    }
}

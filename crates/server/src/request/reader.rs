//! Who reads a response: a person in a browser, or a program.

use http::{HeaderMap, HeaderName, header};

use crate::urls::path;

/// Paths and folders for programs. Some of these programs say that they accept HTML, as Java's do by default.
const OF_PROGRAMS: [&str; 13] = [
    path::TOKEN,
    path::DEVICE_AUTHORIZATION,
    path::PAR,
    path::INTROSPECT,
    path::REGISTER,
    path::REGISTERED,
    path::REVOKE,
    path::USERINFO,
    path::WELL_KNOWN,
    path::HEALTHZ,
    path::READYZ,
    "/api/",
    "/assets/",
];

pub(super) const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person, who gets a page.
    Person,
    /// A program, which gets JSON.
    Program,
}

impl Reader {
    /// Who reads the response to a request for `path` with these headers.
    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Self {
        // What a browser says of itself counts more than what it takes.
        if let Some(goes_to) = headers.get(SEC_FETCH_DEST) {
            let is_page = ["document", "iframe", "frame"].iter().any(|page| goes_to == page);
            return if is_page { Self::Person } else { Self::Program };
        }
        let of_programs = OF_PROGRAMS
            .iter()
            .any(|known| if known.ends_with('/') { path.starts_with(known) } else { path == *known });
        if !of_programs && takes_html(headers) { Self::Person } else { Self::Program }
    }
}

fn takes_html(headers: &HeaderMap) -> bool {
    const HTML: [&[u8]; 2] = [b"text/html", b"application/xhtml+xml"];
    headers.get_all(header::ACCEPT).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).any(
        |part| {
            let end = part.iter().position(|byte| *byte == b';').unwrap_or(part.len());
            let name = part.split_at(end).0.trim_ascii();
            HTML.iter().any(|html| name.eq_ignore_ascii_case(html))
        },
    )
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

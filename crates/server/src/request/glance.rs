//! Which of the headers that the service handles are present in a request.

use http::{HeaderMap, header};

use super::reader::SEC_FETCH_DEST;
use crate::proxy::X_FORWARDED_FOR;

/// Which of these headers are present. Most requests have none, and one pass over the headers costs a third of looking
/// up each by name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    pub(crate) cookie: bool,
    /// `X-Forwarded-For` or `Forwarded`.
    pub(crate) forwarding: bool,
    /// `Sec-Fetch-Dest` or `Accept`.
    pub(crate) reader: bool,
}

impl Glance {
    pub(crate) fn at(headers: &HeaderMap) -> Self {
        headers.keys().fold(Self::default(), |glance, name| Self {
            cookie: glance.cookie || name == header::COOKIE,
            forwarding: glance.forwarding || name == header::FORWARDED || name == X_FORWARDED_FOR,
            reader: glance.reader || name == header::ACCEPT || name == SEC_FETCH_DEST,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn each_header_is_seen_by_itself() {
        let glance = |name: &'static str| {
            let header = (HeaderName::from_static(name), HeaderValue::from_static("x"));
            let host = (header::HOST, HeaderValue::from_static("auth.example"));
            Glance::at(&[host, header].into_iter().collect())
        };
        let none = Glance::default();
        assert_eq!(glance("authorization"), none);
        assert_eq!(glance("cookie"), Glance { cookie: true, ..none });
        for name in ["forwarded", "x-forwarded-for"] {
            assert_eq!(glance(name), Glance { forwarding: true, ..none });
        }
        for name in ["accept", "sec-fetch-dest"] {
            assert_eq!(glance(name), Glance { reader: true, ..none });
        }
    }
}

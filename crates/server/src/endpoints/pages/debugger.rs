//! The token debugger. It works in the browser alone, so all that happens here is sending it.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use crate::pages::{Debugger, self_contained};

pub(crate) async fn get(headers: HeaderMap) -> Response {
    const DEFLATE: HeaderValue = HeaderValue::from_static("deflate");
    const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");
    let file = Debugger::file();
    let compressed = takes_deflate(&headers);
    let body = if compressed { &file.deflated } else { &file.html };
    let mut response = self_contained(body.clone(), file.policy.clone());
    response.headers_mut().insert(header::VARY, ACCEPT_ENCODING);
    if compressed {
        response.headers_mut().insert(header::CONTENT_ENCODING, DEFLATE);
    }
    response
}

/// Whether the browser takes the `deflate` coding, as all do. One that names it with a weight of 0 does not.
fn takes_deflate(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let weight =
            parameters.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.trim().parse().ok());
        name.trim().eq_ignore_ascii_case("deflate") && weight.is_some_and(|weight: f32| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coding_is_the_browsers_choice() {
        for (accepted, taken) in [
            ("gzip, deflate, br, zstd", true),
            ("DEFLATE;q=0.5", true),
            ("gzip", false),
            ("deflate;q=0", false),
            ("deflate; q=0.000, gzip", false),
            ("deflate;q=x", false),
            ("", false),
        ] {
            let headers =
                HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(takes_deflate(&headers), taken, "{accepted}");
        }
        assert!(!takes_deflate(&HeaderMap::new()));
    }
}

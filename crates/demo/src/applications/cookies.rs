//! The application's cookies.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

/// The value of a cookie.
pub(super) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    all(headers).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// All cookies that came. Those of other programs on the machine come too, with any octets in them: what is no text is skipped.
pub(super) fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    pairs.filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
}

/// Sets a cookie, for this long or until the browser is closed. The demo speaks plain http. Over https add `; Secure` and begin the
/// name with `__Host-`.
pub(super) fn set(name: &str, value: &str, max_age: Option<Duration>) -> HeaderValue {
    // Lax: the browser comes back from the authority, which is another site.
    let mut cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if let Some(max_age) = max_age {
        cookie.push_str(&format!("; Max-Age={}", max_age.as_secs()));
    }
    HeaderValue::try_from(cookie).expect("base64url is plain letters")
}

/// Takes a cookie away.
pub(super) fn clear(name: &str) -> HeaderValue {
    set(name, "", Some(Duration::ZERO))
}

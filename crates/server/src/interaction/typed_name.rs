//! The name that somebody typed before a page is shown again. It travels in a cookie and not in an address, since people also type
//! their password there. It is kept for one request, and for a short time.

use http::{HeaderMap, HeaderValue};
use jeton_jose::base64url;

use super::Browser;
use crate::app::App;

/// What it is sealed for.
const PURPOSE: &str = "typed name";
/// How much of what was typed is kept, in bytes: longer than any username.
const MAX_LEN: usize = 600;

/// The cookie that keeps a name for a request.
pub(crate) fn keep_typed_name(
    app: &App,
    browser: &Browser,
    request: &str,
    name: &str,
) -> Option<HeaderValue> {
    let name = name.trim();
    if name.is_empty() || name.len() > MAX_LEN {
        return None;
    }
    let mac = app.authority.seal_text(PURPOSE, &[&browser.name, request, name]);
    Some(app.cookies.set_typed_name(&format!("{}.{mac}", base64url::encode(name))))
}

/// The name that was typed for a request.
pub(crate) fn typed_name(app: &App, browser: &Browser, headers: &HeaderMap, request: &str) -> Option<String> {
    let (name, mac) = app.cookies.typed_name(headers)?.split_once('.')?;
    let name = String::from_utf8(base64url::decode(name).ok()?).ok()?;
    app.authority.is_sealed(PURPOSE, &[&browser.name, request, &name], mac).then_some(name)
}

//! The username that was typed before a page is shown again. It is kept in a cookie and not in a URL, because people
//! sometimes type their password into the wrong field. It is kept for one request, and for a short time.

use http::HeaderValue;
use jeton_jose::base64url;

use super::{Browser, Mark};
use crate::app::App;

/// How many bytes of the input are kept: more than the longest username.
const MAX_LEN: usize = 600;

/// The cookie that keeps the name for this purpose.
pub(super) fn keep_typed_name(app: &App, browser: &Browser, about: &str, name: &str) -> Option<HeaderValue> {
    let name = name.trim();
    if name.is_empty() || name.len() > MAX_LEN {
        return None;
    }
    let mac = Mark::TypedName { about, name }.mac(app, browser);
    Some(app.cookies.set_typed_name(&format!("{}.{mac}", base64url::encode(name))))
}

/// The name that was typed for this purpose.
pub(super) fn typed_name(app: &App, browser: &Browser, about: &str) -> Option<String> {
    let (name, mac) = browser.typed_name.as_deref()?.split_once('.')?;
    let name = String::from_utf8(base64url::decode(name).ok()?).ok()?;
    Mark::TypedName { about, name: &name }.is_genuine(app, browser, mac).then_some(name)
}

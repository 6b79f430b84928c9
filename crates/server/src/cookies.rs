//! The browser's cookies: the session secret, a name for the browser that forms are bound to, a record of who signed
//! in there before, so that the throttle does not slow these users down because of others, and for a short time the
//! username that was typed.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use jeton_authority::authenticators::DeviceSecret;
use jeton_authority::session::SessionSecret;
use jeton_jose::base64url;

/// The names of the cookies, and the path that browsers send them to.
#[derive(Debug, Clone)]
pub(crate) struct Cookies {
    /// The prefix of each name (RFC 6265bis §4.1.3). `__Host-`: no other host and no page without TLS can set such a
    /// cookie, which is for a whole host. `__Secure-`: no page without TLS can set it, and it may have a path. Empty
    /// without TLS.
    prefix: &'static str,
    /// The path of the issuer, which may share its host with other applications.
    path: Box<str>,
}

/// The rest of the names.
const SESSION: &str = "jeton-session";
const BROWSER: &str = "jeton-browser";
const KNOWN: &str = "jeton-known";
const TYPED_NAME: &str = "jeton-typed-name";
const DEVICE: &str = "jeton-device";

/// How long a browser remembers who signed in there, from the last sign-in, in seconds: half a year.
const KNOWN_FOR: u32 = 180 * 24 * 3600;

/// How long a typed username is kept, in seconds.
const TYPED_NAME_KEPT: u32 = 10 * 60;

/// The length of a browser's name, in bytes.
const BROWSER_BYTES: usize = 32;

impl Cookies {
    /// The cookies of the authority with this issuer, mounted at `base`.
    pub(crate) fn of(issuer: &str, base: &str) -> Self {
        // A path that no cookie can name is left out: the whole host gets them then.
        let can_be_named = base.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
        let path = if base.is_empty() || !can_be_named { "/" } else { base };
        let prefix = match (issuer.starts_with("https:"), path) {
            (true, "/") => "__Host-",
            (true, _) => "__Secure-",
            (false, _) => "",
        };
        Self { prefix, path: path.into() }
    }

    /// The secret of the browser session.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Option<SessionSecret> {
        SessionSecret::parse(self.only(headers, SESSION)?)
    }

    pub(crate) fn browser<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.only(headers, BROWSER)?;
        base64url::decode(name).is_ok_and(|bytes| bytes.len() == BROWSER_BYTES).then_some(name)
    }

    /// The browser's record of who signed in there before.
    pub(crate) fn known<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        self.only(headers, KNOWN)
    }

    /// The sealed input of the user.
    pub(crate) fn typed_name<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        self.only(headers, TYPED_NAME)
    }

    /// The secret of a browser in which users are not asked for the second factor.
    pub(crate) fn device(&self, headers: &HeaderMap) -> Option<DeviceSecret> {
        DeviceSecret::parse(self.only(headers, DEVICE)?)
    }

    pub(crate) fn set_device(&self, secret: &DeviceSecret, kept: Duration) -> HeaderValue {
        self.set(DEVICE, secret.expose(), Some(u32::try_from(kept.as_secs()).unwrap_or(u32::MAX)))
    }

    /// A name for a browser that has none.
    pub(crate) fn new_browser() -> String {
        let mut bytes = [0; BROWSER_BYTES];
        jeton_jose::random::fill(&mut bytes);
        base64url::encode(bytes)
    }

    /// Sets the session secret. It lasts until the browser is closed or the session ends.
    pub(crate) fn set_session(&self, secret: &SessionSecret) -> HeaderValue {
        self.set(SESSION, secret.expose(), None)
    }

    pub(crate) fn clear_session(&self) -> HeaderValue {
        self.set(SESSION, "", Some(0))
    }

    pub(crate) fn set_browser(&self, name: &str) -> HeaderValue {
        self.set(BROWSER, name, None)
    }

    /// Stores in the browser who signed in there. This outlives the session.
    pub(crate) fn set_known(&self, value: &str) -> HeaderValue {
        self.set(KNOWN, value, Some(KNOWN_FOR))
    }

    /// Keeps the user's input for a short time. It may be anything, even a password.
    pub(crate) fn set_typed_name(&self, sealed: &str) -> HeaderValue {
        self.set(TYPED_NAME, sealed, Some(TYPED_NAME_KEPT))
    }

    pub(crate) fn clear_typed_name(&self) -> HeaderValue {
        self.set(TYPED_NAME, "", Some(0))
    }

    fn set(&self, name: &str, value: &str, max_age: Option<u32>) -> HeaderValue {
        let Self { prefix, path } = self;
        let time = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if prefix.is_empty() { "" } else { "; Secure" };
        // Lax and not Strict: people come here from the pages of clients, and have to be recognised then.
        let text = format!("{prefix}{name}={value}; Path={path}{time}; HttpOnly; SameSite=Lax{secure}");
        let mut header = HeaderValue::try_from(text).expect("a cookie of printable letters");
        header.set_sensitive(true);
        header
    }

    /// The value of a cookie. A cookie that occurs twice was planted, so it counts as absent. The header contains
    /// octets, and other applications on the host may put any into it (RFC 6265 §5.4): their cookies are skipped,
    /// whatever they contain.
    fn only<'a>(&self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
        let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
        let mut values = pairs.filter_map(|pair| {
            pair.strip_prefix(self.prefix.as_bytes())?.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
        });
        match (values.next(), values.next()) {
            (Some(value), None) => std::str::from_utf8(value).ok(),
            _ => None,
        }
    }
}

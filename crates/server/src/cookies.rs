//! The cookies of a browser: the secret of its session, a name for the browser itself that forms are bound to, one that says who
//! signed in there before, so that the throttle does not hold them up for what others do, and for a short time the name that its
//! user typed.

use http::{HeaderMap, HeaderValue, header};
use jeton_authority::session::SessionSecret;
use jeton_jose::base64url;

/// What the cookies are called, and where browsers send them.
#[derive(Debug, Clone)]
pub(crate) struct Cookies {
    prefix: Prefix,
    /// The path of the issuer, which may share its host with other applications.
    path: Box<str>,
}

/// What a name begins with (RFC 6265bis §4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    /// `__Host-`: no other host and no page without TLS can plant such a cookie. It is for a whole host.
    Host,
    /// `__Secure-`: no page without TLS can. It may have a path.
    Secure,
    /// Nothing, where there is no TLS.
    None,
}

/// For how long a browser remembers who signed in there, from the last sign-in, in seconds: half a year.
const KNOWN_FOR: u32 = 180 * 24 * 3600;

/// For how long a typed name is kept, in seconds.
const TYPED_NAME_KEPT: u32 = 10 * 60;

/// Bytes of the name that a browser is given.
const BROWSER_BYTES: usize = 32;

impl Cookies {
    /// The cookies of the authority with this issuer, which is mounted at `base`.
    pub(crate) fn of(issuer: &str, base: &str) -> Self {
        // A path that no cookie can name is left out: the whole host gets them then.
        let can_be_named = base.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
        let path = if base.is_empty() || !can_be_named { "/" } else { base };
        let prefix = match (issuer.starts_with("https:"), path) {
            (true, "/") => Prefix::Host,
            (true, _) => Prefix::Secure,
            (false, _) => Prefix::None,
        };
        Self { prefix, path: path.into() }
    }

    /// The secret of the browser's session.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Option<SessionSecret> {
        SessionSecret::parse(only(headers, self.session_name())?)
    }

    /// The name of the browser.
    pub(crate) fn browser<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = only(headers, self.browser_name())?;
        base64url::decode(name).is_ok_and(|bytes| bytes.len() == BROWSER_BYTES).then_some(name)
    }

    /// A name for a browser that has none.
    pub(crate) fn new_browser() -> String {
        let mut bytes = [0; BROWSER_BYTES];
        jeton_jose::random::fill(&mut bytes);
        base64url::encode(bytes)
    }

    /// Hands the browser the secret of its session. It lasts as long as the browser is open or the session holds.
    pub(crate) fn set_session(&self, secret: &SessionSecret) -> HeaderValue {
        self.set(self.session_name(), secret.expose())
    }

    /// Takes the secret away.
    pub(crate) fn clear_session(&self) -> HeaderValue {
        self.clear(self.session_name())
    }

    /// What the user typed, as it was sealed.
    pub(crate) fn typed_name<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        only(headers, self.typed_name_name())
    }

    /// Keeps what the user typed for a short time. It may be anything, a password too.
    pub(crate) fn set_typed_name(&self, sealed: &str) -> HeaderValue {
        self.set_for(self.typed_name_name(), sealed, &format!("; Max-Age={TYPED_NAME_KEPT}"))
    }

    /// Forgets what the user typed.
    pub(crate) fn clear_typed_name(&self) -> HeaderValue {
        self.clear(self.typed_name_name())
    }

    /// Hands the browser its name.
    pub(crate) fn set_browser(&self, name: &str) -> HeaderValue {
        self.set(self.browser_name(), name)
    }

    /// What the browser shows of those who signed in there before.
    pub(crate) fn known<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        only(headers, self.known_name())
    }

    /// Has the browser remember who signed in there. It outlives the session.
    pub(crate) fn set_known(&self, value: &str) -> HeaderValue {
        let text = format!(
            "{}={value}; Path={}; Max-Age={KNOWN_FOR}; HttpOnly; SameSite=Lax{}",
            self.known_name(),
            self.path,
            self.flag()
        );
        let mut header = HeaderValue::try_from(text).expect("printable letters");
        header.set_sensitive(true);
        header
    }

    fn clear(&self, name: &str) -> HeaderValue {
        let text = format!("{name}=; Path={}; Max-Age=0; HttpOnly; SameSite=Lax{}", self.path, self.flag());
        HeaderValue::try_from(text).expect("a cookie of plain letters")
    }

    fn set(&self, name: &str, value: &str) -> HeaderValue {
        self.set_for(name, value, "")
    }

    fn set_for(&self, name: &str, value: &str, time: &str) -> HeaderValue {
        // Lax and not Strict: people come here from the pages of clients, and have to be recognised then.
        let text = format!("{name}={value}; Path={}{time}; HttpOnly; SameSite=Lax{}", self.path, self.flag());
        let mut header = HeaderValue::try_from(text).expect("printable letters");
        header.set_sensitive(true);
        header
    }

    const fn flag(&self) -> &'static str {
        match self.prefix {
            Prefix::Host | Prefix::Secure => "; Secure",
            Prefix::None => "",
        }
    }

    const fn session_name(&self) -> &'static str {
        match self.prefix {
            Prefix::Host => "__Host-jeton-session",
            Prefix::Secure => "__Secure-jeton-session",
            Prefix::None => "jeton-session",
        }
    }

    const fn known_name(&self) -> &'static str {
        match self.prefix {
            Prefix::Host => "__Host-jeton-known",
            Prefix::Secure => "__Secure-jeton-known",
            Prefix::None => "jeton-known",
        }
    }

    const fn typed_name_name(&self) -> &'static str {
        match self.prefix {
            Prefix::Host => "__Host-jeton-typed-name",
            Prefix::Secure => "__Secure-jeton-typed-name",
            Prefix::None => "jeton-typed-name",
        }
    }

    const fn browser_name(&self) -> &'static str {
        match self.prefix {
            Prefix::Host => "__Host-jeton-browser",
            Prefix::Secure => "__Secure-jeton-browser",
            Prefix::None => "jeton-browser",
        }
    }
}

/// The value of a cookie. One that comes twice was planted by somebody, so it counts as none. The header holds octets, and other
/// applications of the host may put any into it (RFC 6265 §5.4): theirs are skipped, whatever they hold.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| value_of(pair.trim_ascii(), name.as_bytes()));
    match (values.next(), values.next()) {
        (Some(value), None) => std::str::from_utf8(value).ok(),
        _ => None,
    }
}

/// What follows `name=`.
fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    pair.strip_prefix(name)?.strip_prefix(b"=")
}

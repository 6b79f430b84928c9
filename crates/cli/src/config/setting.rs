//! The types that values have, and how each is read from text.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderName;
use ipnet::IpNet;
use jeton_authority::client::PkcePolicy;
use jeton_authority::mail::MailAddress;
use jeton_authority::settings::{AccessTyp, DpopNonces, Ed25519Name, RegistrationPolicy};
use jeton_fetch::RemoteUrl;
use jeton_jose::Algorithm;
use jeton_oauth::Scope;
use jeton_oauth::authorization::GrantType;
use jeton_server::logging::Format;
use jeton_server::mail::Encryption;
use jeton_server::tls::AskForCertificates;
use jeton_server::{ForwardingHeader, Reach};
use jeton_store::{DatabaseUrl, DatabaseUrlError};
use zeroize::Zeroizing;

/// A type that a key can have.
pub(crate) trait Setting: Sized {
    /// What its values look like, for people.
    const FORM: &'static str;
    /// Whether values are never to be shown.
    const SECRET: bool = false;

    /// Reads a value.
    ///
    /// # Errors
    /// What was wanted and what was found; for a secret, only the former.
    fn parse(text: &str) -> Result<Self, String>;

    /// Writes a value so that it is read as the same again. Where a type leaves it out, nothing can be a default but what an empty
    /// text stands for.
    fn show(&self) -> String {
        String::new()
    }
}

fn wanted<T: Setting>(text: &str) -> String {
    format!("expected {}, found {text:?}", T::FORM)
}

/// An empty text is no value.
impl<T: Setting> Setting for Option<T> {
    const FORM: &'static str = T::FORM;
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }
}

impl Setting for String {
    const FORM: &'static str = "a text";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.chars().any(char::is_control) {
            Err(wanted::<Self>(text))
        } else {
            Ok(text.to_owned())
        }
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Setting for PathBuf {
    const FORM: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err(wanted::<Self>(text)) } else { Ok(text.into()) }
    }
}

impl Setting for Duration {
    const FORM: &'static str = "a duration such as 30s, 5m, 24h or 30d";

    fn parse(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .ok()
            .filter(|duration| duration.subsec_nanos() == 0)
            .ok_or_else(|| wanted::<Self>(text))
    }

    fn show(&self) -> String {
        // The largest unit that leaves nothing over, but one day is 24 hours.
        let seconds = self.as_secs();
        let (unit, letter) = [(86_400, 'd'), (3_600, 'h'), (60, 'm')]
            .into_iter()
            .find(|(unit, _)| {
                seconds.is_multiple_of(*unit) && seconds > if *unit == 86_400 { *unit } else { 0 }
            })
            .unwrap_or((1, 's'));
        format!("{}{letter}", seconds / unit)
    }
}

impl Setting for usize {
    const FORM: &'static str = "a whole number";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| wanted::<Self>(text))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for u32 {
    const FORM: &'static str = "a whole number";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| wanted::<Self>(text))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for u8 {
    const FORM: &'static str = "a whole number up to 255";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| wanted::<Self>(text))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for bool {
    const FORM: &'static str = "true or false";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| wanted::<Self>(text))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// What access tokens are signed with, and the name that Ed25519 has in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AccessAlgorithm {
    pub(crate) algorithm: Algorithm,
    pub(crate) ed25519_name: Ed25519Name,
}

impl Setting for AccessAlgorithm {
    const FORM: &'static str = "a signature algorithm such as ES256, Ed25519, EdDSA, RS256 or HS256";

    fn parse(text: &str) -> Result<Self, String> {
        let algorithm = text.parse().map_err(|_| wanted::<Self>(text))?;
        let ed25519_name = if text == "EdDSA" { Ed25519Name::EdDsa } else { Ed25519Name::Ed25519 };
        Ok(Self { algorithm, ed25519_name })
    }
}

/// A port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Port(pub(crate) u16);

impl Setting for Port {
    const FORM: &'static str = "a port between 1 and 65535";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().ok().filter(|port| *port > 0).map(Self).ok_or_else(|| wanted::<Self>(text))
    }
}

/// The address that mail is sent from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FromAddress(pub(crate) MailAddress);

impl Setting for FromAddress {
    const FORM: &'static str = "an e-mail address such as login@example.org";

    fn parse(text: &str) -> Result<Self, String> {
        MailAddress::parse(text).map(Self).map_err(|error| format!("{error}: expected {}", Self::FORM))
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) usize);

impl Setting for Size {
    const FORM: &'static str = "a number of bytes such as 65536, 64KiB or 1MiB";

    fn parse(text: &str) -> Result<Self, String> {
        let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let factor = match unit.trim_start() {
            "" | "B" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            _ => None,
        };
        digits
            .parse::<usize>()
            .ok()
            .zip(factor)
            .and_then(|(number, factor)| number.checked_mul(factor))
            .map(Self)
            .ok_or_else(|| wanted::<Self>(text))
    }

    fn show(&self) -> String {
        match self.0 {
            bytes if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
            bytes if bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
            bytes => bytes.to_string(),
        }
    }
}

/// An address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listen(pub(crate) SocketAddr);

impl Setting for Listen {
    const FORM: &'static str = "an address and a port such as 127.0.0.1:8000";

    fn parse(text: &str) -> Result<Self, String> {
        let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        numeric.as_deref().unwrap_or(text).parse().map(Self).map_err(|_| wanted::<Self>(text))
    }
}

/// An address to listen on for those who run the server. A port alone is one of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnListen(pub(crate) SocketAddr);

impl Setting for OwnListen {
    const FORM: &'static str = "a port of 127.0.0.1 such as 9464, or an address and a port";

    fn parse(text: &str) -> Result<Self, String> {
        let port = text.parse::<u16>().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let address = port.or_else(|_| Listen::parse(text).map(|listen| listen.0));
        address.map(Self).map_err(|_| wanted::<Self>(text))
    }
}

/// The URL of the authority: https, or http; no query, no fragment, no slash at its end (RFC 8414 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issuer(pub(crate) String);

impl Setting for Issuer {
    const FORM: &'static str = "a URL such as https://login.example.org or https://example.org/auth, without query, fragment or a slash at its end";

    fn parse(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let plain = |rest: &str| {
            !rest.is_empty()
                && !rest.starts_with(['/', ':'])
                && !rest.ends_with('/')
                && rest.chars().all(|c| c.is_ascii_graphic() && !"?#\"<>\\^`{|}@;".contains(c))
                // Browsers and proxies take such parts away, and would be at another path.
                && rest.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."))
        };
        if rest.is_some_and(plain) { Ok(Self(text.to_owned())) } else { Err(wanted::<Self>(text)) }
    }
}

/// The URL of a collector of traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Collector(pub(crate) RemoteUrl);

impl Setting for Collector {
    const FORM: &'static str = "a URL such as http://127.0.0.1:4318/v1/traces";

    fn parse(text: &str) -> Result<Self, String> {
        RemoteUrl::parse(text).map(Self).map_err(|error| format!("{error}: expected {}", Self::FORM))
    }
}

/// A part of a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share(pub(crate) f64);

impl Setting for Share {
    const FORM: &'static str = "a number between 0 and 1 such as 0.01";

    fn parse(text: &str) -> Result<Self, String> {
        let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        share.map(Self).ok_or_else(|| wanted::<Self>(text))
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// A URL that endpoints are below: https, no query, no fragment, no slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebUrl(pub(crate) String);

impl Setting for WebUrl {
    const FORM: &'static str = "an https URL, without query, fragment or a slash at its end";

    fn parse(text: &str) -> Result<Self, String> {
        match Issuer::parse(text) {
            Ok(Issuer(url)) if url.starts_with("https://") => Ok(Self(url)),
            _ => Err(wanted::<Self>(text)),
        }
    }
}

/// Where the data is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Database(
    /// None: in the data folder.
    pub(crate) Option<DatabaseUrl>,
);

impl Setting for Database {
    const FORM: &'static str =
        "sqlite:FILE, postgres://USER:PASSWORD@HOST/DATABASE, or nothing for SQLite in the data folder";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        DatabaseUrl::parse(text).map(|url| Self(Some(url))).map_err(|error| match error {
            // The text may hold a password.
            DatabaseUrlError::Malformed => format!("expected {}", Self::FORM),
            error => format!("{error}: expected {}", Self::FORM),
        })
    }
}

/// A secret. It is wiped from memory when dropped, and never shown.
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret, where it is needed.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Setting for Secret {
    const FORM: &'static str = "a secret";
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

/// A set of networks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Networks(pub(crate) Vec<IpNet>);

impl Setting for Networks {
    const FORM: &'static str = "addresses or networks such as 10.0.0.0/8, separated by commas";

    fn parse(text: &str) -> Result<Self, String> {
        let one = |network: &str| network.parse().or_else(|_| network.parse::<IpAddr>().map(IpNet::from));
        let networks = text.split(',').map(str::trim).filter(|network| !network.is_empty());
        networks.map(one).collect::<Result<_, _>>().map(Self).map_err(|_| wanted::<Self>(text))
    }
}

/// The kinds of address beside public ones that may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reaches(pub(crate) Vec<Reach>);

impl Setting for Reaches {
    const FORM: &'static str = "loopback or private, or both with a comma between";

    fn parse(text: &str) -> Result<Self, String> {
        let one = |word: &str| match word {
            "loopback" => Ok(Reach::Loopback),
            "private" => Ok(Reach::Private),
            _ => Err(wanted::<Self>(text)),
        };
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(one).collect::<Result<_, _>>().map(Self)
    }
}

/// Texts separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Texts(pub(crate) Vec<String>);

impl Setting for Texts {
    const FORM: &'static str = "texts separated by commas";

    fn parse(text: &str) -> Result<Self, String> {
        let texts = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        Ok(Self(texts.map(str::to_owned).collect()))
    }

    fn show(&self) -> String {
        self.0.join(",")
    }
}

macro_rules! words {
    ($name:ident, $form:literal, $($variant:ident = $word:literal),+) => {
        impl Setting for $name {
            const FORM: &'static str = $form;

            fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(wanted::<Self>(text)),
                }
            }

            fn show(&self) -> String {
                match self {
                    $(Self::$variant => $word,)+
                }
                .to_owned()
            }
        }
    };
}

words!(Format, "auto, text or json", Auto = "auto", Text = "text", Json = "json");
words!(AccessTyp, "at+jwt or JWT", AtJwt = "at+jwt", Jwt = "JWT");
words!(
    ForwardingHeader,
    "x-forwarded-for or forwarded",
    XForwardedFor = "x-forwarded-for",
    Forwarded = "forwarded"
);
words!(Encryption, "tls, starttls or none", Tls = "tls", StartTls = "starttls", None = "none");
words!(AskForCertificates, "off or optional", No = "off", Optional = "optional");
words!(RegistrationPolicy, "closed, token or open", Closed = "closed", WithToken = "token", Open = "open");
words!(PkcePolicy, "auto, required or lenient", Auto = "auto", Required = "required", Lenient = "lenient");
words!(DpopNonces, "unused or demanded", Unused = "unused", Demanded = "demanded");
words!(
    LogLevel,
    "error, warn, info, debug or trace",
    Error = "error",
    Warn = "warn",
    Info = "info",
    Debug = "debug",
    Trace = "trace"
);

/// The minimum level of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogLevel {
    /// Something failed.
    Error,
    /// Something is odd.
    Warn,
    /// What happens, in outline.
    Info,
    /// What happens, in detail.
    Debug,
    /// Everything.
    Trace,
}

/// Whether clients may be known by the URL of their description: there is no token for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Documents(RegistrationPolicy);

impl Setting for Documents {
    const FORM: &'static str = "closed or open";

    fn parse(text: &str) -> Result<Self, String> {
        match RegistrationPolicy::parse(text) {
            Ok(policy @ (RegistrationPolicy::Closed | RegistrationPolicy::Open)) => Ok(Self(policy)),
            _ => Err(wanted::<Self>(text)),
        }
    }

    fn show(&self) -> String {
        self.0.show()
    }
}

/// A time to wait, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait(Option<Duration>);

impl Setting for Wait {
    const FORM: &'static str = "a duration such as 7d, or off";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self(None)),
            _ => Duration::parse(text).map(|wait| Self(Some(wait))).map_err(|_| wanted::<Self>(text)),
        }
    }

    fn show(&self) -> String {
        self.0.map_or_else(|| "off".to_owned(), |wait| wait.show())
    }
}

/// Types that exist for their form alone: the parts of the server take what is in them.
macro_rules! forms {
    ($($form:ident($inner:ty)),+) => {$(
        impl From<$inner> for $form {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }

        impl From<$form> for $inner {
            fn from(form: $form) -> Self {
                form.0
            }
        }
    )+};
}

pub(super) use forms;

forms!(
    Size(usize),
    Texts(Vec<String>),
    GrantTypes(Vec<GrantType>),
    Documents(RegistrationPolicy),
    Wait(Option<Duration>)
);

/// The name of a header field (RFC 9110 §5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldName(pub(crate) HeaderName);

impl Setting for FieldName {
    const FORM: &'static str = "the name of a header";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| wanted::<Self>(text))
    }
}

/// A list of grant types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrantTypes(pub(crate) Vec<GrantType>);

impl Setting for GrantTypes {
    const FORM: &'static str = "grant types such as authorization_code, separated by commas";

    fn parse(text: &str) -> Result<Self, String> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        names.map(GrantType::parse).collect::<Option<_>>().map(Self).ok_or_else(|| wanted::<Self>(text))
    }

    fn show(&self) -> String {
        self.0.iter().map(|grant| grant.as_str()).collect::<Vec<_>>().join(",")
    }
}

impl Setting for Scope {
    const FORM: &'static str = "scope tokens, separated by spaces";

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|_| wanted::<Self>(text))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

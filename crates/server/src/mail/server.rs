//! The mail server, as the operator names it.

use std::fmt;
use std::sync::OnceLock;

use jeton_authority::mail::MailAddress;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use zeroize::Zeroizing;

use super::MailError;

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// TLS from the first byte, usually on port 465 (RFC 8314 §3.3).
    #[default]
    Tls,
    /// TLS after STARTTLS, usually on port 587. A server that does not offer it gets no mail (RFC 3207).
    StartTls,
    /// None.
    None,
}

impl Encryption {
    /// Its name in the settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::StartTls => "starttls",
            Self::None => "none",
        }
    }

    /// The port on which servers usually speak it.
    pub const fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// The mail server, and who sends over it.
pub struct MailServer {
    pub(super) host: Box<str>,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) credentials: Option<(Box<str>, Zeroizing<String>)>,
    pub(super) from: MailAddress,
    pub(super) from_name: Box<str>,
    roots: Option<Certificate>,
    /// Made when it is first needed, since the system's roots are read for it.
    tls: OnceLock<TlsParameters>,
}

impl MailServer {
    /// The server at a host and port, over which mail is sent from this address.
    pub fn new(host: impl Into<Box<str>>, port: u16, encryption: Encryption, from: MailAddress) -> Self {
        Self {
            host: host.into(),
            port,
            encryption,
            credentials: None,
            from,
            from_name: "".into(),
            roots: None,
            tls: OnceLock::new(),
        }
    }

    /// Authenticates with a username and a password.
    #[must_use]
    pub fn with_credentials(self, username: impl Into<Box<str>>, password: Zeroizing<String>) -> Self {
        Self { credentials: Some((username.into(), password)), ..self }
    }

    /// Shows a name beside the address.
    #[must_use]
    pub fn with_name(self, from_name: impl Into<Box<str>>) -> Self {
        Self { from_name: from_name.into(), ..self }
    }

    /// Trusts these root certificates (PEM), besides those of the system.
    ///
    /// # Errors
    /// The text holds no certificate.
    pub fn trust_also(self, pem: &[u8]) -> Result<Self, MailError> {
        let refused = |reason: &str| MailError::Tls { reason: reason.to_owned() };
        if !pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
            return Err(refused("there is no certificate in PEM"));
        }
        let roots = Certificate::from_pem(pem).map_err(|_| refused("the certificates are not in PEM"))?;
        Ok(Self { roots: Some(roots), tls: OnceLock::new(), ..self })
    }

    /// What TLS connections are made with.
    pub(super) fn tls(&self) -> Result<TlsParameters, MailError> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls.clone());
        }
        let mut builder = TlsParameters::builder(self.host.to_string());
        if let Some(roots) = &self.roots {
            builder = builder.add_root_certificate(roots.clone());
        }
        let tls = builder.build_rustls().map_err(|error| MailError::Tls { reason: error.to_string() })?;
        Ok(self.tls.get_or_init(|| tls).clone())
    }
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Hides the password.
impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, encryption, .. } = self;
        let mut shown = f.debug_struct("MailServer");
        shown.field("host", host).field("port", port).field("encryption", encryption);
        shown.finish_non_exhaustive()
    }
}

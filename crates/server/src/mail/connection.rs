//! One connection to the mail server. It lasts for the mails that are due, and is never kept: servers close idle connections.

use std::net::IpAddr;
use std::time::Duration;

use jeton_authority::mail::MailAddress;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::{ClientId, Extension};
use lettre::{Address, Message};
use tokio::time::timeout;

use super::{Encryption, MailError, MailServer};

/// How long the mail server may take to be ready for a mail.
pub(super) const TO_CONNECT: Duration = Duration::from_secs(20);
/// How long the mail server may take for a mail. Some scan it before they answer.
const TO_SEND: Duration = Duration::from_secs(40);
/// How long saying goodbye may take.
const TO_QUIT: Duration = Duration::from_secs(2);

/// A connection that is ready for mails.
pub(super) struct Connection(AsyncSmtpConnection);

impl Connection {
    /// Connects, protects the connection as the operator says, and authenticates.
    pub(super) async fn open(
        server: &MailServer,
        hello: &ClientId,
        limit: Duration,
    ) -> Result<Self, MailError> {
        match timeout(limit, connect(server, hello)).await {
            Ok(connected) => connected.map(Self),
            Err(_) => Err(MailError::TimedOut { limit }),
        }
    }

    /// Sends one mail to one recipient.
    pub(super) async fn send(&mut self, to: &MailAddress, message: &Message) -> Result<(), MailError> {
        if to.needs_utf8() && !self.0.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(MailError::NoUtf8);
        }
        match timeout(TO_SEND, self.0.send(message.envelope(), &message.formatted())).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused { reason: said(&error) }),
            Ok(Err(error)) if error.is_transient() => Err(MailError::Later { reason: said(&error) }),
            Ok(Err(error)) => Err(MailError::Unreachable { reason: said(&error) }),
            Err(_) => {
                self.0.abort_in_time().await;
                Err(MailError::TimedOut { limit: TO_SEND })
            }
        }
    }

    /// Whether another mail can be sent: a refused one ends the connection.
    pub(super) fn is_over(&self) -> bool {
        self.0.has_broken()
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) {
        if !self.0.has_broken() {
            let _ = timeout(TO_QUIT, self.0.quit()).await;
        }
    }
}

trait AbortInTime {
    async fn abort_in_time(&mut self);
}

impl AbortInTime for AsyncSmtpConnection {
    async fn abort_in_time(&mut self) {
        let _ = timeout(TO_QUIT, self.abort()).await;
    }
}

async fn connect(server: &MailServer, hello: &ClientId) -> Result<AsyncSmtpConnection, MailError> {
    let address = (&*server.host, server.port);
    let tls = match server.encryption {
        Encryption::Tls => Some(server.tls()?),
        Encryption::StartTls | Encryption::None => None,
    };
    let is_tls = tls.is_some();
    let connected = AsyncSmtpConnection::connect_tokio1(address, None, hello, tls, None).await;
    let mut connection = connected.map_err(|error| at_connecting(&error, is_tls))?;
    if server.encryption == Encryption::StartTls {
        if !connection.can_starttls() {
            connection.abort_in_time().await;
            return Err(MailError::NoStartTls);
        }
        connection
            .starttls(server.tls()?, hello)
            .await
            .map_err(|error| MailError::Tls { reason: said(&error) })?;
    }
    if let Some((username, password)) = &server.credentials {
        let credentials = Credentials::new(username.to_string(), password.to_string());
        let authenticated = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
        if let Err(error) = authenticated {
            connection.abort_in_time().await;
            return Err(match error.is_permanent() || error.is_client() {
                true => MailError::Credentials { reason: said(&error) },
                false => MailError::Later { reason: said(&error) },
            });
        }
    }
    Ok(connection)
}

fn at_connecting(error: &lettre::transport::smtp::Error, is_tls: bool) -> MailError {
    let reason = said(error);
    // What rustls says of a server that speaks something else, and of its certificate.
    let is_of_tls = is_tls
        && ["certificate", "corrupt message", "InvalidContentType", "handshake", "alert"]
            .iter()
            .any(|word| reason.contains(word));
    if is_of_tls {
        MailError::Tls { reason }
    } else if error.is_transient() || error.is_permanent() {
        MailError::Later { reason }
    } else {
        MailError::Unreachable { reason }
    }
}

/// What went wrong, without the words of the library for the kind of error.
fn said(error: &lettre::transport::smtp::Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    match (error.status(), source) {
        (Some(code), Some(text)) => format!("{code} {text}"),
        (Some(code), None) => code.to_string(),
        (None, Some(text)) => text,
        (None, None) => error.to_string(),
    }
}

/// How this server introduces itself (RFC 5321 §4.1.1.1): by the host of the issuer.
pub(super) fn hello(host: &str) -> ClientId {
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(host.to_owned()),
    }
}

/// An address as the library has it.
pub(super) fn on_the_wire(address: &MailAddress) -> Result<Address, MailError> {
    Address::new(address.local(), address.domain())
        .map_err(|error| MailError::Unwritable { reason: error.to_string() })
}

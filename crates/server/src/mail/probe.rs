//! Trying the mail server, for an operator who sets it up.

use std::time::Duration;

use jeton_authority::mail::MailAddress;
use jeton_jose::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::Connection;
use super::{Encryption, MailError, MailServer, Postmark};

/// How long the mail server may take to be ready.
const TO_CONNECT: Duration = Duration::from_secs(5);
/// How long a server may take to greet. One that speaks TLS waits for the other side and says nothing.
const TO_GREET: Duration = Duration::from_millis(1500);
/// The longest line that is read of a server that may speak anything.
const LONGEST_LINE: u64 = 1024;

/// Why the test mail was not sent.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct ProbeError {
    /// Why.
    #[source]
    pub error: MailError,
    /// How the server wants to be talked to, where that is another way than the configured one.
    pub wanted: Option<Encryption>,
}

/// Sends a test mail, and finds out what is wrong where that fails, within ten seconds unless the server is slow after it took the
/// recipient.
///
/// # Errors
/// [`ProbeError`] says what is wrong, and how the server wants to be talked to.
pub async fn probe(
    server: &MailServer,
    postmark: &Postmark,
    to: &MailAddress,
    now: Timestamp,
) -> Result<(), ProbeError> {
    let opened = Connection::open(server, &postmark.hello(), TO_CONNECT).await;
    let mut connection = match opened {
        Ok(connection) => connection,
        Err(error) => {
            let is_of_the_mode = matches!(
                error,
                MailError::Tls { .. }
                    | MailError::NoStartTls
                    | MailError::TimedOut { .. }
                    | MailError::Unreachable { .. }
            );
            let spoken = if is_of_the_mode { spoken_at(&server.host, server.port).await } else { None };
            return Err(ProbeError { error, wanted: spoken.filter(|mode| *mode != server.encryption) });
        }
    };
    let sent = match postmark.test_message(server, to, now) {
        Ok(message) => connection.send(to, &message).await,
        Err(error) => Err(error),
    };
    connection.close().await;
    sent.map_err(|error| ProbeError { error, wanted: None })
}

/// How a server wants to be talked to; `None` if nobody is there.
async fn spoken_at(host: &str, port: u16) -> Option<Encryption> {
    let stream = timeout(TO_GREET, TcpStream::connect((host, port))).await.ok()?.ok()?;
    let mut stream = BufReader::new(stream);
    let Ok(greeted) = timeout(TO_GREET, line_of(&mut stream)).await else { return Some(Encryption::Tls) };
    if !greeted?.starts_with("220") {
        return None;
    }
    let offers = timeout(TO_GREET, async {
        stream.get_mut().write_all(b"EHLO localhost\r\n").await.ok()?;
        loop {
            let line = line_of(&mut stream).await?;
            if line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS")) {
                return Some(Encryption::StartTls);
            }
            if !line.starts_with("250-") {
                return Some(Encryption::None);
            }
        }
    });
    offers.await.ok().flatten()
}

async fn line_of(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = Vec::new();
    let mut limited = tokio::io::AsyncReadExt::take(&mut *stream, LONGEST_LINE);
    let read = limited.read_until(b'\n', &mut line).await.ok()?;
    (read > 0).then(|| String::from_utf8_lossy(&line).into_owned())
}

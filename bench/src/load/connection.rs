//! One keep-alive HTTP/1.1 connection.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::LoadError;

/// An answer, as far as a load cares.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    head: &'a str,
    pub(crate) body: &'a str,
}

impl Answer<'_> {
    /// The values of a header.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.head.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A connection that asks one thing after the other.
pub(crate) struct Connection {
    server: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> Result<Self, LoadError> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self { server, stream, buffer: Vec::with_capacity(16 << 10) })
    }

    /// Connects again, after an error or when the server said that it would close.
    pub(super) async fn reopen(&mut self) -> Result<(), LoadError> {
        *self = Self::open(self.server).await?;
        Ok(())
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Result<Answer<'_>, LoadError> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.read_more().await?;
            if let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break Head::parse(&self.buffer[..end + 4]).ok_or(LoadError::Unreadable)?;
            }
        };
        let end = head.bytes + head.body_bytes;
        while self.buffer.len() < end {
            self.read_more().await?;
        }
        if head.closes {
            self.stream = TcpStream::connect(self.server).await?;
            self.stream.set_nodelay(true)?;
        }
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| LoadError::Unreadable);
        let (raw_head, body) = self.buffer[..end].split_at(head.bytes);
        Ok(Answer { status: head.status, head: text(raw_head)?, body: text(body)? })
    }

    async fn read_more(&mut self) -> Result<(), LoadError> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(Error::from(ErrorKind::UnexpectedEof).into());
        }
        Ok(())
    }
}

/// What the head of an answer says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    bytes: usize,
    status: u16,
    body_bytes: usize,
    closes: bool,
}

impl Head {
    fn parse(head: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(head).ok()?;
        let mut lines = text.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let mut parsed = Self { bytes: head.len(), status, body_bytes: 0, closes: false };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            if name.eq_ignore_ascii_case("content-length") {
                parsed.body_bytes = value.trim().parse().ok()?;
            } else if name.eq_ignore_ascii_case("connection") {
                parsed.closes = value.trim().eq_ignore_ascii_case("close");
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return None;
            }
        }
        Some(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_status_length_and_whether_the_connection_closes() {
        let head = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 12\r\nConnection: close\r\n\r\n";
        let expected = Head { bytes: head.len(), status: 401, body_bytes: 12, closes: true };
        assert_eq!(Head::parse(head), Some(expected));
    }

    #[test]
    fn a_chunked_answer_is_not_read_wrongly() {
        assert_eq!(Head::parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), None);
    }
}

//! A mail server that keeps what it gets, and says what it is told to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::tls::certificates::Authority;

/// How it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Plain,
    StartTls,
    Tls,
}

/// A mail that it took.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) data: String,
    pub(crate) encrypted: bool,
}

#[derive(Default)]
struct Shared {
    received: Vec<Received>,
    commands: Vec<String>,
    /// What it says to the next recipients, instead of `250`.
    recipients: VecDeque<&'static str>,
    /// What it says to the next mails, instead of `250`; an empty text takes the mail and closes the connection.
    mails: VecDeque<&'static str>,
}

/// The server. It ends when this is dropped.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    pub(crate) root: Authority,
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sink {
    pub(crate) async fn start(speaks: Speaks) -> Self {
        Self::offering(speaks, &["8BITMIME"]).await
    }

    pub(crate) async fn offering(speaks: Speaks, offers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let root = Authority::new("mail root");
        let certified = root.server("localhost");
        let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(Arc::new(
            tokio_rustls::rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certified.der.clone()], certified.key())
        .expect("a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let shared = Arc::new(Mutex::new(Shared::default()));
        let task = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
                    tokio::spawn(async move {
                        match speaks {
                            Speaks::Tls => {
                                if let Ok(stream) = acceptor.accept(stream).await {
                                    talk(BufReader::new(stream), &shared, offers, true, true).await;
                                }
                            }
                            Speaks::Plain => {
                                talk(BufReader::new(stream), &shared, offers, false, true).await;
                            }
                            Speaks::StartTls => {
                                let mut stream = BufReader::new(stream);
                                if start_tls(&mut stream).await
                                    && let Ok(stream) = acceptor.accept(stream.into_inner()).await
                                {
                                    talk(BufReader::new(stream), &shared, offers, true, false).await;
                                }
                            }
                        }
                    });
                }
            }
        });
        Self { address, root, shared, task }
    }

    /// What it says to the next recipients.
    pub(crate) fn at_recipients(&self, replies: &[&'static str]) {
        self.shared.lock().expect("no panic").recipients.extend(replies);
    }

    /// What it says to the next mails; nothing at all with an empty text.
    pub(crate) fn at_mails(&self, replies: &[&'static str]) {
        self.shared.lock().expect("no panic").mails.extend(replies);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.lock().expect("no panic").received.clone()
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.shared.lock().expect("no panic").commands.clone()
    }

    /// The mails, once there are so many.
    pub(crate) async fn mails(&self, number: usize) -> Vec<Received> {
        for _ in 0..1000 {
            let received = self.received();
            if received.len() >= number {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{number} mails did not come, but {:?}", self.received());
    }
}

/// Speaks until STARTTLS.
async fn start_tls(stream: &mut BufReader<tokio::net::TcpStream>) -> bool {
    let mut line = String::new();
    if stream.write_all(b"220 sink\r\n").await.is_err() {
        return false;
    }
    loop {
        line.clear();
        match stream.read_line(&mut line).await {
            Ok(read) if read > 0 => {}
            _ => return false,
        }
        let starts = line.trim() == "STARTTLS";
        let reply: &[u8] = match line.trim() {
            "STARTTLS" => b"220 go ahead\r\n",
            text if text.starts_with("EHLO") => b"250-sink\r\n250 STARTTLS\r\n",
            _ => b"530 STARTTLS first\r\n",
        };
        if stream.write_all(reply).await.is_err() {
            return false;
        }
        if starts {
            return true;
        }
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: BufReader<S>,
    shared: &Mutex<Shared>,
    offers: &[&str],
    encrypted: bool,
    greets: bool,
) {
    let mut mail = Received { from: String::new(), to: vec![], data: String::new(), encrypted };
    if greets && stream.write_all(b"220 sink\r\n").await.is_err() {
        return;
    }
    let mut line = String::new();
    loop {
        line.clear();
        match stream.read_line(&mut line).await {
            Ok(read) if read > 0 => {}
            _ => return,
        }
        let command = line.trim_end().to_owned();
        shared.lock().expect("no panic").commands.push(command.clone());
        let reply = if command.starts_with("EHLO") {
            let mut reply: String = offers.iter().map(|offer| format!("250-{offer}\r\n")).collect();
            reply.push_str("250 SIZE 1000000");
            reply
        } else if let Some(from) = command.strip_prefix("MAIL FROM:") {
            mail.from = from.to_owned();
            "250 ok".to_owned()
        } else if let Some(to) = command.strip_prefix("RCPT TO:") {
            let reply = shared.lock().expect("no panic").recipients.pop_front().unwrap_or("250 ok");
            if reply.starts_with("250") {
                mail.to.push(to.to_owned());
            }
            reply.to_owned()
        } else if command == "DATA" {
            if stream.write_all(b"354 go on\r\n").await.is_err() {
                return;
            }
            let mut data = String::new();
            loop {
                line.clear();
                match stream.read_line(&mut line).await {
                    Ok(read) if read > 0 => {}
                    _ => return,
                }
                if line == ".\r\n" {
                    break;
                }
                data.push_str(&line);
            }
            let reply = shared.lock().expect("no panic").mails.pop_front().unwrap_or("250 taken");
            if reply.is_empty() || reply.starts_with("250") {
                mail.data = data;
                shared.lock().expect("no panic").received.push(mail.clone());
            }
            if reply.is_empty() {
                return;
            }
            mail.to.clear();
            reply.to_owned()
        } else if command.starts_with("AUTH PLAIN") {
            match command.ends_with("AHVzZXIAc2VjcmV0") {
                true => "235 welcome".to_owned(),
                false => "535 no".to_owned(),
            }
        } else if command == "QUIT" {
            "221 bye".to_owned()
        } else {
            "250 ok".to_owned()
        };
        if stream.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() || command == "QUIT" {
            return;
        }
    }
}

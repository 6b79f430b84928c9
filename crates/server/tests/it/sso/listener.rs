//! A web server of a client, on this machine: it answers as a test wishes and keeps what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jeton_server::{Fetcher, Reach, ServiceBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) struct Listener {
    port: u16,
    answer: Arc<Mutex<String>>,
    seen: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Listener {
    /// One that answers with these bytes.
    pub(crate) async fn start(answer: &str) -> Self {
        Self::start_at(0, answer).await
    }

    pub(crate) async fn start_at(port: u16, answer: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answer = Arc::new(Mutex::new(answer.to_owned()));
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let (answering, seeing) = (Arc::clone(&answer), Arc::clone(&seen));
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answering, seeing) = (Arc::clone(&answering), Arc::clone(&seeing));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !is_whole(&request)
                        && stream.read_buf(&mut request).await.is_ok_and(|read| read > 0)
                    {
                    }
                    seeing.lock().expect("no panic").push(String::from_utf8_lossy(&request).into_owned());
                    let answer = answering.lock().expect("no panic").clone();
                    if answer.is_empty() {
                        // Slow enough for every limit.
                        tokio::time::sleep(Duration::from_secs(3600)).await;
                    }
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { port, answer, seen, serving }
    }

    /// One that serves this JSON.
    pub(crate) async fn serving(json: &str) -> Self {
        Self::start(&document(json)).await
    }

    /// Answers so from now on.
    pub(crate) fn answer(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().expect("no panic"));
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it was sent, request by request.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").clone()
    }

    /// Waits until it was sent so many requests.
    pub(crate) async fn asked(&self, times: usize) -> Vec<String> {
        for _ in 0..1000 {
            let seen = self.seen();
            if seen.len() >= times {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("asked {} times, not {times}", self.seen().len());
    }

    /// Stops it, and tells its port.
    pub(crate) async fn stop(self) -> u16 {
        self.serving.abort();
        let _ = self.serving.await;
        self.port
    }
}

/// An answer with this JSON.
pub(crate) fn document(json: &str) -> String {
    let length = json.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{json}")
}

/// An answer without a body.
pub(crate) fn status(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")
}

/// A service that may ask this machine.
pub(crate) fn reaching_here(service: ServiceBuilder) -> ServiceBuilder {
    service.fetcher(Fetcher::new().allow(Reach::Loopback))
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

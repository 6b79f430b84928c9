//! An issuer's web server on this machine, which answers as a test wishes and counts.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use jeton_guard::remote::{Fetcher, Reach, RemoteJwkSet, RemoteJwkSetBuilder, RemoteUrl};
use jeton_guard::{Guard, ManualClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{AUDIENCE, ISSUER, Issuer, NOW, app, jwk_set};

/// What it answers to one request: the bytes, after a while, and then perhaps more of them, slowly.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) after: Duration,
    pub(crate) drip: Option<Duration>,
}

impl Reply {
    pub(crate) fn ok(body: &str) -> Self {
        Self::raw(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    }

    pub(crate) fn keys(issuers: &[&Issuer]) -> Self {
        Self::ok(&jwk_set(issuers).to_json())
    }

    pub(crate) fn status(status: &str) -> Self {
        Self::raw(&format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"))
    }

    pub(crate) fn raw(bytes: &str) -> Self {
        Self { bytes: bytes.into(), ..Self::default() }
    }

    pub(crate) fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }
}

/// The server. It ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Origin {
    port: u16,
    /// What comes next; the last one stays.
    replies: Arc<Mutex<VecDeque<Reply>>>,
    requests: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Origin {
    pub(crate) async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = Self {
            port: listener.local_addr().expect("an address").port(),
            replies: Arc::new(Mutex::new(VecDeque::from([reply]))),
            requests: Arc::default(),
            seen: Arc::default(),
        };
        let serving = origin.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        origin
    }

    async fn serve(self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        self.seen.lock().expect("no panic").push(request);
        self.requests.fetch_add(1, Ordering::SeqCst);
        let reply = {
            let mut replies = self.replies.lock().expect("no panic");
            if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() }.expect("a reply")
        };
        tokio::time::sleep(reply.after).await;
        match reply.drip {
            None => stream.write_all(&reply.bytes).await?,
            Some(pause) => {
                for byte in reply.bytes {
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(pause).await;
                }
            }
        }
        stream.shutdown().await
    }

    /// Answers so from now on.
    pub(crate) fn answer(&self, reply: Reply) {
        self.answer_in_turn([reply]);
    }

    pub(crate) fn answer_in_turn(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.replies.lock().expect("no panic") = replies.into_iter().collect();
    }

    /// How often it was asked.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// What it was sent, head by head.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").clone()
    }

    pub(crate) fn url(&self) -> RemoteUrl {
        self.at("/jwks.json")
    }

    pub(crate) fn at(&self, path: &str) -> RemoteUrl {
        RemoteUrl::parse(&format!("http://127.0.0.1:{}{path}", self.port)).expect("a URL")
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits until it has been asked so often.
    pub(crate) async fn asked(&self, times: usize) {
        for _ in 0..500 {
            if self.requests() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("asked {} times, not {times}", self.requests());
    }
}

/// A fetcher that may ask this machine.
pub(crate) fn fetcher() -> Fetcher {
    Fetcher::new().allow(Reach::Loopback)
}

/// The origin's set under the usual issuer's name, and the clock that it goes by.
pub(crate) fn remote(origin: &Origin) -> (RemoteJwkSet, ManualClock) {
    let clock = ManualClock::new(NOW);
    let set = RemoteJwkSetBuilder::new(ISSUER, origin.url()).fetcher(fetcher()).clock(clock.clone()).build();
    (set, clock)
}

/// A router behind a guard with those keys. Tokens never expire here unless a test says so: the keys' age is what moves.
pub(crate) fn guarded(keys: &RemoteJwkSet, clock: &ManualClock) -> Router {
    app(&Guard::remote(AUDIENCE, keys.clone()).clock(clock.clone()).remember(64).build())
}

/// A token that is good for a day.
pub(crate) fn token(issuer: &Issuer) -> String {
    issuer.sign(&crate::world::with("exp", serde_json::json!(NOW.unix() + 86_400)))
}

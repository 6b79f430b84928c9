//! One connection: HTTP/1.1 on a socket or on TLS, and how long its client may keep it waiting.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::peer::Peer;
use super::places::Place;
use super::progress::{Patience, Phase, Watched};
use super::{Answer, Streams};

/// How long a client may still take to send a request's head when the server is about to stop.
pub(crate) const LAST_HEADER_TIME: Duration = Duration::from_secs(1);

/// The state of the whole server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It serves requests.
    Serving,
    /// It finishes accepted requests.
    Draining,
    /// It has waited long enough.
    Closing,
}

/// Serves one connection until it ends. When it is told to close, it ends immediately, unless a request is in
/// progress, which is answered first.
///
/// One timer per connection is enough for all its requests: it is set to the earliest moment at which the client could
/// be late, and only then is it checked whether the client is late.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static, A: Answer>(
    stream: S,
    peer: Peer,
    place: &mut Place,
    service: A,
    http: http1::Builder,
    mut stage: watch::Receiver<Stage>,
) {
    let limits = service.limits();
    let mut patience = Patience {
        header_time: limits.header_time,
        keep_alive_time: if service.trusts(peer.address()) {
            limits.proxy_keep_alive_time
        } else {
            limits.keep_alive_time
        },
    };
    let progress = Arc::clone(place.progress());
    // A handshake had a time of its own.
    progress.enter(Phase::Fresh);
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&progress)));
    let seen = Arc::clone(&progress);
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, progress, peer) = (service.clone(), Arc::clone(&seen), peer.clone());
        progress.enter(Phase::Answering);
        async move {
            let response = service.answer(peer, request).await;
            let streams = response.extensions().get::<Streams>().is_some();
            progress.enter(if streams { Phase::Streaming } else { Phase::Idle });
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = pin!(http.serve_connection(io, answer));
    let mut timer = pin!(sleep_until(Instant::now() + patience.header_time));
    let mut known = Stage::Serving;
    let mut leaving = false;
    loop {
        let current = *stage.borrow_and_update();
        if current == Stage::Closing {
            return;
        }
        if current != known {
            known = current;
            connection.as_mut().graceful_shutdown();
            // A connection that nothing was sent on yet is not worth waiting for much longer.
            patience.header_time = patience.header_time.min(LAST_HEADER_TIME);
            timer.as_mut().reset(Instant::now() + patience.header_time);
        }
        tokio::select! {
            biased;
            // A broken connection is the client's affair.
            _ = connection.as_mut() => return,
            () = timer.as_mut() => match progress.late(&patience, Instant::now()) {
                Ok(next) => timer.as_mut().reset(next),
                // The read that hyper tries next answers 408 and fails.
                Err(Phase::ReadingHead) => progress.give_up(),
                Err(_) => return,
            },
            () = place.asked_to_leave(), if !leaving => {
                leaving = true;
                if progress.idleness(Instant::now()).is_some() {
                    return;
                }
                connection.as_mut().graceful_shutdown();
            }
            changed = stage.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

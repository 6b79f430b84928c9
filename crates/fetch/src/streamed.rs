//! An endless response, such as a stream of events, read as it arrives.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::error::FetchError;
use crate::exchange::MAX_HEAD_BYTES;
use crate::url::RemoteUrl;

/// An endless response. The connection closes when this is dropped.
#[derive(Debug)]
pub struct Streamed {
    body: Incoming,
    _connection: JoinSet<()>,
}

impl Streamed {
    /// The next bytes; `None` if the response has ended. Waits without a limit.
    ///
    /// # Errors
    /// [`FetchError::Http`] if the connection broke.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame.map_err(|_| FetchError::Http)?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

/// Asks for a stream of this media type, with these headers.
pub(crate) async fn begin<S>(
    stream: S,
    url: &RemoteUrl,
    media_type: &str,
    headers: &[(HeaderName, HeaderValue)],
) -> Result<Streamed, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut request = Request::builder()
        .uri(url.path_and_query())
        .header(HOST, url.authority())
        .header(ACCEPT, media_type)
        .header(ACCEPT_ENCODING, "identity")
        .header(USER_AGENT, concat!("jeton/", env!("CARGO_PKG_VERSION")));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|_| FetchError::Http)?;
    let handshake = http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| FetchError::Http)?;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        // The reader of the body gets the error.
        let _ = connection.await;
    });
    let response = sender.send_request(request).await.map_err(|_| FetchError::Http)?;
    let status = response.status();
    if status.is_redirection() {
        return Err(FetchError::Redirected { status: status.as_u16() });
    }
    if status != StatusCode::OK {
        return Err(FetchError::Status { status: status.as_u16() });
    }
    if response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(FetchError::Encoded);
    }
    let found = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = found.and_then(|found| found.split(';').next()).unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(media_type) {
        return Err(FetchError::MediaType);
    }
    Ok(Streamed { body: response.into_body(), _connection: tasks })
}

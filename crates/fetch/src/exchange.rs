//! One request and its response on a separate connection, with every limit enforced.
//!
//! hyper speaks HTTP over a stream that this crate opened, so the address that was checked is the one that is
//! connected to. A client with a connection pool would resolve the name again, and its pool would serve one request in
//! minutes.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::error::FetchError;
use crate::url::RemoteUrl;

/// The largest head of a response, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 32 * 1024;

/// The request to a host.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exchange<'a> {
    /// Get a document of one of these media types, with at most this many bytes.
    Get { accept: &'a str, wanted: Wanted, max_bytes: usize },
    /// Post this form. Only the status of the response is read.
    PostForm { form: &'a str },
    /// Post this JSON. Only the status of the response is read.
    PostJson { json: &'a Bytes },
}

/// Which media types a response may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any media type.
    Any,
    /// `application/json`, or a type with the suffix `+json`.
    Json,
}

impl Exchange<'_> {
    /// Sends the request and returns the body of the response.
    pub(crate) async fn on<S>(self, stream: S, url: &RemoteUrl) -> Result<Bytes, FetchError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let request = self.request(url)?;
        let handshake =
            http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|_| FetchError::Http)?;
        // Whenever this function ends, the set ends the connection with it.
        let mut tasks = JoinSet::new();
        tasks.spawn(connection);

        let response = sender.send_request(request).await.map_err(|_| FetchError::Http)?;
        let status = response.status();
        match self {
            _ if status.is_redirection() => Err(FetchError::Redirected { status: status.as_u16() }),
            Self::Get { wanted, max_bytes, .. } if status == http::StatusCode::OK => {
                body(response, wanted, max_bytes).await
            }
            Self::PostForm { .. } | Self::PostJson { .. } if status.is_success() => Ok(Bytes::new()),
            _ => Err(FetchError::Status { status: status.as_u16() }),
        }
    }

    fn request(self, url: &RemoteUrl) -> Result<Request<Full<Bytes>>, FetchError> {
        let request = Request::builder()
            .uri(url.path_and_query())
            .header(HOST, url.authority())
            .header(ACCEPT_ENCODING, "identity")
            .header(CONNECTION, "close")
            .header(USER_AGENT, concat!("jeton/", env!("CARGO_PKG_VERSION")));
        let request = match self {
            Self::Get { accept, .. } => request.header(ACCEPT, accept).body(Full::default()),
            Self::PostForm { form } => request
                .method(http::Method::POST)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::from(form.to_owned())),
            Self::PostJson { json } => request
                .method(http::Method::POST)
                .header(CONTENT_TYPE, "application/json")
                .body(Full::from(json.clone())),
        };
        request.map_err(|_| FetchError::Http)
    }
}

async fn body(response: Response<Incoming>, wanted: Wanted, max_bytes: usize) -> Result<Bytes, FetchError> {
    if response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(FetchError::Encoded);
    }
    let media_type = response.headers().get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    if wanted == Wanted::Json && !media_type.is_some_and(is_json) {
        return Err(FetchError::MediaType);
    }
    let body = Limited::new(response.into_body(), max_bytes).collect().await;
    body.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            FetchError::TooLarge { limit: max_bytes }
        } else {
            FetchError::Http
        }
    })
}

/// Whether a media type is JSON or has the suffix `+json` (RFC 6839 §3.1). Parameters are ignored.
fn is_json(media_type: &[u8]) -> bool {
    let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let essence = essence.to_ascii_lowercase();
    essence == b"application/json" || (essence.starts_with(b"application/") && essence.ends_with(b"+json"))
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn json_is_known_by_its_media_type() {
        for (media_type, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/jwk-set+json", true),
            ("text/html", false),
            ("text/json", false),
            ("application/jsonp", false),
            ("text/html;application/json", false),
            ("", false),
        ] {
            assert_eq!(is_json(media_type.as_bytes()), json, "{media_type}");
        }
    }
}

//! Forms that are posted.

use jeton_fetch::{FetchError, Fetcher, Reach};

use crate::host::Host;

fn fetcher() -> Fetcher {
    Fetcher::new().allow(Reach::Loopback)
}

#[tokio::test]
async fn a_form_arrives_whole_and_encoded() {
    let host = Host::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let posted =
        fetcher().post_form(&host.url("127.0.0.1"), &[("logout_token", "a.b-c"), ("x", "1&2 é")]).await;
    assert_eq!(posted, Ok(()));
    let request = host.seen().remove(0);
    assert!(request.starts_with("POST /document HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nlogout_token=a.b-c&x=1%262+%C3%A9"), "{request}");
}

#[tokio::test]
async fn a_form_that_is_not_taken_or_sent_elsewhere_is_an_error() {
    for (status, error) in [
        ("400 Bad Request", FetchError::Status { status: 400 }),
        ("503 Service Unavailable", FetchError::Status { status: 503 }),
        ("307 Temporary Redirect\r\nlocation: http://127.0.0.1/", FetchError::Redirected { status: 307 }),
    ] {
        let host = Host::answering(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")).await;
        assert_eq!(fetcher().post_form(&host.url("127.0.0.1"), &[]).await, Err(error));
    }
    let host = Host::answering("HTTP/1.1 200 OK\r\n\r\n").await;
    let refused = Fetcher::new().post_form(&host.url("127.0.0.1"), &[]).await;
    assert_eq!(refused, Err(FetchError::PlainHttp));
    assert!(host.seen().is_empty());
}

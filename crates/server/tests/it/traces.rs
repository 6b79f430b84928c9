//! What a collector of traces is sent, and that one that never answers costs nothing.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use jeton_fetch::RemoteUrl;
use jeton_server::{Fetcher, Reach, TraceExporter, Traces, TrustedProxies};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::app::{ELSEWHERE, HOME, PASSWORD, TestApp};

/// Longer than anything here should take.
const LONG: Duration = Duration::from_secs(120);

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A place for a collector, an app that sends all of its traces there, and what sends them.
async fn traced(share: f64) -> (TcpListener, TestApp, Traces, JoinHandle<()>) {
    let collector = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = collector.local_addr().expect("an address");
    let url = RemoteUrl::parse(&format!("http://{address}/v1/traces")).expect("a URL");
    let (traces, exporter) = Traces::to(url, Fetcher::new().allow(Reach::Loopback), share, "node".to_owned());
    let exporting = tokio::spawn(TraceExporter::run(exporter));
    let proxy = format!("{HOME}/32").parse().expect("a network");
    let app = TestApp::with(
        |settings| settings,
        |service| {
            service
                .traces(Some(traces.clone()))
                .trusted_proxies(TrustedProxies::new([proxy], jeton_server::ForwardingHeader::default()))
        },
    )
    .await;
    (collector, app, traces, exporting)
}

/// Takes one request of an exporter and answers it.
async fn receive(collector: &TcpListener) -> (String, Value) {
    let (mut stream, _) = timeout(LONG, collector.accept()).await.expect("a connection").expect("no error");
    let request = whole_request(&mut stream).await;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.expect("sent");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_ascii_lowercase(), serde_json::from_str(body).expect("JSON"))
}

async fn whole_request(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    let mut chunk = vec![0; 65_536];
    loop {
        let read = timeout(LONG, stream.read(&mut chunk)).await.expect("a request").expect("no error");
        request.push_str(std::str::from_utf8(&chunk[..read]).expect("text"));
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let length = head.to_ascii_lowercase().split("content-length: ").nth(1).expect("a length").to_owned();
        let length = length.split("\r\n").next().and_then(|length| length.parse().ok()).unwrap_or(usize::MAX);
        if body.len() >= length {
            return request;
        }
    }
}

fn sign_in(traceparent: Option<String>) -> Request<Body> {
    let mut request = Request::post("/api/token/").header("content-type", "application/json");
    if let Some(traceparent) = traceparent {
        request = request.header("traceparent", traceparent);
    }
    let body = serde_json::json!({"username": "ada", "password": PASSWORD}).to_string();
    request.body(Body::from(body)).expect("a request")
}

#[tokio::test]
async fn a_request_is_a_span_of_its_trace_and_hashing_its_password_a_part_of_it() {
    let (collector, app, traces, exporting) = traced(1.0).await;
    app.send_from(HOME, sign_in(Some(format!("00-{TRACE}-{PARENT}-01")))).await.pair();
    app.send_from(ELSEWHERE, sign_in(Some(format!("00-{TRACE}-{PARENT}-01")))).await.pair();
    app.get("/a/secret/path?with=query").await;
    traces.stop();
    let (head, body) = receive(&collector).await;
    exporting.await.expect("no panic");
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/json"), "{head}");
    let resource = &body["resourceSpans"][0];
    assert_eq!(resource["resource"]["attributes"][0]["value"]["stringValue"], "jeton");
    let spans = resource["scopeSpans"][0]["spans"].as_array().expect("spans");
    let named = |name: &str| spans.iter().filter(|span| span["name"] == name).collect::<Vec<_>>();
    let (requests, hashes) = (named("POST token_api_obtain"), named("hash password"));
    assert_eq!((requests.len(), hashes.len(), named("GET other").len()), (2, 2, 1), "{body:#}");
    assert_eq!((&requests[0]["traceId"], &requests[0]["parentSpanId"]), (&TRACE.into(), &PARENT.into()));
    assert_eq!((&hashes[0]["traceId"], &hashes[0]["parentSpanId"]), (&TRACE.into(), &requests[0]["spanId"]));
    assert_ne!(requests[1]["traceId"], TRACE, "only a trusted proxy says which trace it is");
    let times =
        |span: &Value, name: &str| span[name].as_str().expect("a time").parse::<u64>().expect("a number");
    assert!(times(hashes[0], "startTimeUnixNano") >= times(requests[0], "startTimeUnixNano"));
    assert!(times(hashes[0], "endTimeUnixNano") <= times(requests[0], "endTimeUnixNano"));
    for text in ["secret", "ada", PASSWORD] {
        assert!(!body.to_string().contains(text), "{text}");
    }
}

#[tokio::test]
async fn what_is_not_to_be_recorded_is_not() {
    let (collector, app, traces, exporting) = traced(0.0).await;
    app.get("/healthz").await;
    app.send_from(HOME, sign_in(Some(format!("00-{TRACE}-{PARENT}-00")))).await.pair();
    app.send_from(HOME, sign_in(Some(format!("00-{TRACE}-{PARENT}-01")))).await.pair();
    traces.stop();
    let (_, body) = receive(&collector).await;
    exporting.await.expect("no panic");
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans");
    assert_eq!(spans.iter().filter(|span| span["kind"] == 2).count(), 1, "{body:#}");
}

#[tokio::test]
async fn a_collector_that_accepts_and_never_answers_holds_up_nothing() {
    let (collector, app, traces, exporting) = traced(1.0).await;
    let silent = tokio::spawn(async move {
        let mut kept = vec![];
        while let Ok((stream, _)) = collector.accept().await {
            kept.push(stream);
        }
    });
    // More than fits into its queue.
    for _ in 0..10_000 {
        assert_eq!(app.get("/healthz").await.status, 200);
    }
    assert!(traces.dropped() > 0);
    traces.stop();
    timeout(LONG, exporting).await.expect("it ends by itself").expect("no panic");
    silent.abort();
}

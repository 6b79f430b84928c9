//! What the metrics say, and that nobody outside can add to them.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request};
use jeton_server::{Service, StartUp, Telemetry, serve};
use tokio::net::TcpListener;

use crate::app::{NOW, PASSWORD, TestApp};
use crate::sockets::exchange;
use crate::sso::client::web;

/// What watches an app.
pub(crate) fn watch(app: &TestApp) -> Telemetry {
    let start_up = StartUp::of(&Service::builder(), "https://auth.example");
    start_up.finish(app.service.clone());
    Telemetry::of(start_up, jeton_jose::Timestamp::from_unix(NOW)).build()
}

/// The value of a sample, by its name and labels as they are written.
fn value(metrics: &str, sample: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in\n{metrics}")).parse().expect("a number")
}

/// The names and labels of all samples.
fn series(metrics: &str) -> BTreeSet<&str> {
    let samples = metrics.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.rsplit_once(' ').expect("a name and a value").0).collect()
}

#[tokio::test]
async fn requests_sign_ins_and_refreshes_are_counted_by_what_became_of_them() {
    let app = TestApp::new().await;
    let telemetry = watch(&app);
    let pair = app.sign_in().await;
    app.try_sign_in("ada", "wrong").await;
    let advanced = app.refresh(&pair.refresh).await.pair();
    app.refresh(&pair.refresh).await.pair();
    app.refresh("garbage").await;
    app.hand.step(60);
    let later = app.refresh(&advanced.refresh).await.pair();
    app.hand.step(60);
    app.refresh(&advanced.refresh).await.pair();
    app.hand.step(60);
    app.refresh(&later.refresh).await.pair();
    app.refresh(&pair.refresh).await;
    app.get("/nowhere").await;
    let metrics = telemetry.metrics();
    for (sample, expected) in [
        ("jeton_http_requests_total{endpoint=\"token_api_obtain\",outcome=\"ok\"}", 1.0),
        ("jeton_http_requests_total{endpoint=\"token_api_obtain\",outcome=\"refused\"}", 1.0),
        ("jeton_http_requests_total{endpoint=\"token_api_refresh\",outcome=\"ok\"}", 5.0),
        ("jeton_http_requests_total{endpoint=\"token_api_refresh\",outcome=\"refused\"}", 2.0),
        ("jeton_http_requests_total{endpoint=\"other\",outcome=\"refused\"}", 1.0),
        ("jeton_http_request_duration_seconds_count{endpoint=\"token_api_refresh\"}", 7.0),
        ("jeton_sign_ins_total{outcome=\"succeeded\"}", 1.0),
        ("jeton_sign_ins_total{outcome=\"refused\"}", 1.0),
        ("jeton_refreshes_total{verdict=\"advanced\"}", 3.0),
        ("jeton_refreshes_total{verdict=\"stood_still\"}", 1.0),
        ("jeton_refreshes_total{verdict=\"excused\"}", 1.0),
        ("jeton_refreshes_total{verdict=\"replayed\"}", 1.0),
        ("jeton_started", 1.0),
        ("jeton_store_queue_length", 0.0),
    ] {
        assert!(
            (value(&metrics, sample) - expected).abs() < f64::EPSILON,
            "{sample} is not {expected} in\n{metrics}"
        );
    }
    assert!(value(&metrics, "jeton_store_commit_duration_seconds_count") >= 5.0);
    assert!(value(&metrics, "jeton_store_operations_total") >= 5.0);
    let keys = metrics.lines().filter(|line| line.starts_with("jeton_key_state{")).count();
    assert!(keys >= 1, "{metrics}");
}

#[tokio::test]
async fn ten_thousand_made_up_paths_methods_and_clients_add_no_series() {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    let telemetry = watch(&app);
    let before = telemetry.metrics();
    for number in 0..2_500 {
        app.get(&format!("/made-up/{number}")).await;
        let method = Method::from_bytes(format!("M{number}").as_bytes()).expect("a method");
        let request = Request::builder().method(method).uri("/token").body(Body::empty());
        app.send(request.expect("a request")).await;
        app.get(&format!("/register/{number}?made={number}")).await;
        app.post_as(&format!("client{number}"), "/token", &[("grant_type", &format!("grant{number}"))]).await;
    }
    app.try_sign_in("\"}{made_up=\"", PASSWORD).await;
    let after = telemetry.metrics();
    assert_eq!(series(&before), series(&after));
    assert!(
        (value(&after, "jeton_http_requests_total{endpoint=\"other\",outcome=\"refused\"}") - 2_500.0).abs()
            < 0.5
    );
}

#[tokio::test]
async fn metrics_and_probes_have_a_listener_of_their_own_and_the_authoritys_has_no_metrics() {
    let app = TestApp::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, watch(&app), std::future::pending()));
    let ask = async |line: &str| {
        exchange(address, format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await
    };
    let answer = ask("GET /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{answer}");
    assert!(answer.contains("\njeton_build_info{version="), "{answer}");
    for (line, status) in [
        ("GET /healthz", 200),
        ("GET /readyz", 200),
        ("GET /startupz", 200),
        ("POST /metrics", 405),
        ("POST /api/token/", 404),
        ("GET /.well-known/jwks.json", 404),
    ] {
        assert!(ask(line).await.starts_with(&format!("HTTP/1.1 {status} ")), "{line}");
    }
    assert_eq!(app.get("/metrics").await.status, 404);
}

#[tokio::test]
async fn before_the_database_is_open_there_are_metrics_of_the_process_alone() {
    let start_up = StartUp::of(&Service::builder(), "https://auth.example");
    let metrics = Telemetry::of(start_up, jeton_jose::Timestamp::from_unix(NOW)).build().metrics();
    assert!((value(&metrics, "jeton_started")).abs() < f64::EPSILON);
    assert!(value(&metrics, "process_resident_memory_bytes") > 1_000_000.0);
    assert!(value(&metrics, "process_open_fds") > 1.0);
    assert!(!metrics.contains("jeton_http_requests_total"), "{metrics}");
}

/// The names of metrics in a text, without what a histogram appends.
fn names(text: &str) -> BTreeSet<&str> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let words = text.split(word).filter(|word| word.starts_with("jeton_") || word.starts_with("process_"));
    words
        .map(|word| {
            ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word)
        })
        .collect()
}

fn read(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All metrics that there can be: some are only there with PostgreSQL, or with TLS.
fn all_metrics() -> String {
    let sources = ["collecting", "process"].map(|name| read(&format!("src/telemetry/{name}.rs")));
    let literals = sources.iter().flat_map(|source| source.split('"').skip(1).step_by(2));
    literals.filter(|text| names(text).len() == 1 && !text.contains(' ')).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_dashboard_and_the_alerts_name_metrics_that_there_are() {
    let all = all_metrics();
    let all = names(&all);
    for file in ["grafana/jeton.json", "prometheus/alerts.yml", "prometheus/alerts_test.yml"] {
        let text = read(&format!("../../deploy/{file}"));
        let unknown: Vec<_> = names(&text).difference(&all).copied().collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
        assert!(names(&text).len() > 10, "{file}");
    }
}

#[tokio::test]
async fn the_guide_explains_every_metric_and_a_server_has_no_other() {
    let (guide, all) = (read("../../docs/guide/operating.md"), all_metrics());
    assert_eq!(names(&guide).difference(&names(&all)).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert_eq!(names(&all).difference(&names(&guide)).collect::<Vec<_>>(), Vec::<&&str>::new());
    let metrics = watch(&TestApp::new().await).metrics();
    assert!(names(&metrics).is_subset(&names(&all)), "{metrics}");
}

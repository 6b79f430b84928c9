//! Whatever is sent, the answer is one of those that are documented.

use std::sync::OnceLock;

use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Request, header};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::app::{Answer, PASSWORD, Pair, TestApp};

struct World {
    runtime: Runtime,
    app: TestApp,
    pair: Pair,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (app, pair) = runtime.block_on(async {
            let app = TestApp::new().await;
            let pair = app.sign_in().await;
            (app, pair)
        });
        World { runtime, app, pair }
    })
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        6 => Just(Method::POST),
        2 => prop::sample::select(vec![Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE]),
        1 => "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}".prop_map(|name| Method::from_bytes(name.as_bytes()).expect("a token")),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "/api/token/",
        "/api/token/refresh/",
        "/api/token/verify/",
        "/api/token/blacklist/",
        "/api/token/refresh",
        "/.well-known/jwks.json",
        "/healthz",
        "/readyz",
    ]);
    prop_oneof![
        8 => known.clone().prop_map(str::to_owned),
        1 => (known, "[?][a-z0-9=&%+/]{0,40}").prop_map(|(path, query)| format!("{path}{query}")),
        1 => Just("/".to_owned()),
        1 => "/[a-zA-Z0-9/._~%-]{0,60}",
    ]
}

fn content_type() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => Just(b"application/json".to_vec()),
        2 => Just(b"application/x-www-form-urlencoded".to_vec()),
        1 => Just(b"multipart/form-data; boundary=x".to_vec()),
        1 => "multipart/form-data(; ?boundary=[\"a-z]{0,80})?".prop_map(String::into_bytes),
        1 => vec(prop_oneof![Just(b'\t'), 0x20..0x7f_u8, 0x80..=0xff_u8], 0..40),
    ]
}

fn some_headers() -> impl Strategy<Value = Vec<(HeaderName, HeaderValue)>> {
    let name = prop_oneof![
        prop::sample::select(vec![
            header::IF_NONE_MATCH,
            header::EXPECT,
            header::AUTHORIZATION,
            header::CONTENT_LENGTH,
            header::FORWARDED,
            HeaderName::from_static("x-forwarded-for"),
            HeaderName::from_static("x-request-id"),
        ]),
        "[a-z-]{1,20}".prop_map(|name| HeaderName::from_bytes(name.as_bytes()).expect("a name")),
    ];
    let value = vec(prop_oneof![Just(b'\t'), 0x20..0x7f_u8, 0x80..=0xff_u8], 0..60)
        .prop_map(|value| HeaderValue::from_bytes(&value).expect("a value"));
    vec((name, value), 0..6)
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{0,9}|username|password|refresh|token", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A body that one of the endpoints takes.
fn valid_body() -> impl Strategy<Value = Vec<u8>> {
    let world = world();
    let (access, refresh) = (world.pair.access.as_str(), world.pair.refresh.as_str());
    prop::sample::select(vec![
        json!({"username": "ada", "password": PASSWORD}).to_string(),
        json!({"refresh": refresh}).to_string(),
        json!({"refresh": access}).to_string(),
        json!({"token": access}).to_string(),
        json!({"token": refresh, "username": "ada", "password": "x", "refresh": refresh}).to_string(),
        format!("username=ada&password={PASSWORD}&refresh={refresh}&token={access}"),
        format!("--x\r\nContent-Disposition: form-data; name=\"refresh\"\r\n\r\n{refresh}\r\n--x--\r\n"),
    ])
    .prop_map(String::into_bytes)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let mutated = (valid_body(), vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4)).prop_map(
        |(mut body, changes)| {
            for (at, byte, change) in changes {
                let at = at.index(body.len().max(1)).min(body.len());
                match change {
                    0 if at < body.len() => body[at] = byte,
                    1 => body.insert(at, byte),
                    2 => body.truncate(at),
                    _ => {
                        let tail = body.split_off(at);
                        body.extend_from_within(..);
                        body.extend(tail);
                    }
                }
            }
            body
        },
    );
    prop_oneof![
        2 => valid_body(),
        6 => mutated,
        3 => json_value().prop_map(|value| value.to_string().into_bytes()),
        2 => vec(any::<u8>(), 0..300),
        1 => (1..3000_usize, "[\\[{\"]").prop_map(|(depth, opening)| opening.repeat(depth).into_bytes()),
        1 => (60_000..70_000_usize).prop_map(|length| vec![b' '; length]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_gets_a_documented_answer(
        method in method(),
        path in path(),
        content_type in content_type(),
        headers in some_headers(),
        body in body(),
        step in 0..20_i64,
    ) {
        let world = world();
        world.app.hand.step(step);
        let is_head = method == Method::HEAD;
        let is_for_people = method == Method::GET && path == "/";
        let mut request = Request::builder().method(method).uri(&path).body(Body::from(body)).expect("a request");
        for (name, value) in headers {
            request.headers_mut().append(name, value);
        }
        let content_type = HeaderValue::from_bytes(&content_type).expect("a value");
        request.headers_mut().insert(header::CONTENT_TYPE, content_type);
        let answer = world.runtime.block_on(world.app.send(request));
        check(&answer, is_head, is_for_people)?;
    }
}

fn check(answer: &Answer, is_head: bool, is_for_people: bool) -> Result<(), TestCaseError> {
    let status = answer.status.as_u16();
    prop_assert!(
        matches!(status, 200 | 304 | 400 | 401 | 404 | 405 | 413 | 415 | 429),
        "{status}: {}",
        answer.text()
    );
    prop_assert!(answer.body.len() < 4096);
    prop_assert!(answer.header("x-request-id").is_some());
    if is_for_people {
        prop_assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    } else if !is_head && status != 304 {
        prop_assert_eq!(answer.header("content-type"), Some("application/json"));
        prop_assert!(answer.json().is_object());
    }
    Ok(())
}

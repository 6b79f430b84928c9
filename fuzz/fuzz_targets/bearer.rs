//! The guard before a service: whatever the `Authorization` headers, only one header with the one good token lets a request
//! through, in both dialects, remembered or not; and no challenge can be broken out of.
#![no_main]

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use jeton_fuzz::{keys, token};
use jeton_guard::{BodyStyle, Guard, Guarded, ManualClock};
use jeton_jose::Timestamp;
use libfuzzer_sys::fuzz_target;
use tower_layer::Layer;
use tower_service::Service;

static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let claims = format!(
        r#"{{"iss":"i","aud":"a","sub":"u","user_id":"u","client_id":"c","jti":"j","iat":{now},"exp":{exp},"token_type":"access"}}"#,
        now = keys::NOW,
        exp = keys::NOW + 300
    );
    token::signed(br#"{"alg":"HS256","kid":"k1","typ":"at+jwt"}"#, claims.as_bytes())
});
static SERVICES: LazyLock<[(BodyStyle, Guarded<Inner>); 2]> =
    LazyLock::new(|| [BodyStyle::OAuth, BodyStyle::SimpleJwt].map(|style| (style, service(style))));

fn service(style: BodyStyle) -> Guarded<Inner> {
    let clock = ManualClock::new(Timestamp::from_unix(keys::NOW));
    let guard =
        Guard::builder("i", "a", keys::hmac("k1")).body_style(style).remember(100).clock(clock).build();
    guard.layer().layer(Inner)
}

fuzz_target!(|data: &[u8]| {
    // `@` stands for the good token, a line for a header.
    let values: Vec<Vec<u8>> =
        data.split(|byte| *byte == b'\n').take(3).map(|line| replace(line, TOKEN.as_bytes())).collect();
    let headers: Vec<HeaderValue> =
        values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok()).collect();
    for (style, service) in &*SERVICES {
        let mut request = Request::new(());
        for header in &headers {
            request.headers_mut().append(AUTHORIZATION, header.clone());
        }
        let response = answer(service.clone(), request);
        let passes = match headers.as_slice() {
            [one] => expected(one.as_bytes(), *style),
            _ => false,
        };
        assert_eq!(response.status() == StatusCode::OK, passes, "{style:?} {headers:?}");
        if !passes {
            let challenge = response.headers().get(WWW_AUTHENTICATE).expect("a challenge");
            check(challenge.to_str().expect("a text"));
            assert!(response.status().is_client_error());
        }
    }
});

fn replace(line: &[u8], token: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in line {
        if *byte == b'@' { out.extend_from_slice(token) } else { out.push(*byte) }
    }
    out
}

/// Whether this header holds the good token: the scheme, white space, the token.
fn expected(value: &[u8], style: BodyStyle) -> bool {
    let Some((scheme, rest)) = value.split_at_checked(6) else { return false };
    let scheme = match style {
        BodyStyle::SimpleJwt => value.trim_ascii_start().starts_with(b"Bearer"),
        _ => scheme.eq_ignore_ascii_case(b"Bearer") && rest.first() == Some(&b' '),
    };
    let words: Vec<_> = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    scheme && words.len() == 2 && words[0].len() == 6 && words[1] == TOKEN.as_bytes()
}

/// RFC 9110 §11.6.1: a scheme, then names with quoted values.
fn check(challenge: &str) {
    let mut rest = challenge.strip_prefix("Bearer ").expect("the scheme");
    loop {
        let (name, value) = rest.split_once("=\"").expect("a name and a value");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{challenge}");
        let (value, after) = value.split_once('"').expect("the value ends");
        assert!(!value.contains('\\'), "{challenge}");
        match after.strip_prefix(", ") {
            Some(more) => rest = more,
            None => return assert_eq!(after, "", "{challenge}"),
        }
    }
}

/// What stands behind the guard.
#[derive(Clone)]
struct Inner;

impl Service<Request<()>> for Inner {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Bytes>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(Bytes::new())))
    }
}

fn answer(mut service: Guarded<Inner>, request: Request<()>) -> Response<Bytes> {
    let mut context = Context::from_waker(Waker::noop());
    let _ = service.poll_ready(&mut context);
    match pin!(service.call(request)).poll(&mut context) {
        Poll::Ready(Ok(response)) => response,
        _ => panic!("the answer has to be waited for"),
    }
}

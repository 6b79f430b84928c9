//! Other applications on the host of the authority, and what they leave in the header `Cookie`: any octets.

use axum::body::Body;
use http::{HeaderValue, Request, header};

use super::browser::{Browser, form, redirected};
use super::client::{authorize, web, with_form};
use crate::app::{Answer, PASSWORD, TestApp};

/// What neighbours' cookies may be.
const NEIGHBOURS: [&[u8]; 8] = [
    b"name=Jos\xe9",
    b"name=Jos\xc3\xa9",
    "prénom=José".as_bytes(),
    b"n\xff\xfe=\x80\x81",
    b"\xe9",
    b"=x",
    b"a=\"b\tc\"",
    b";;  ; =;jeton-session;__Host-jeton-session",
];

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.add_client("web", web()).await;
    app
}

/// Sends a request with the browser's cookies and a neighbour's: before them, behind them, or in a header of its own.
async fn beside(
    app: &TestApp,
    browser: &Browser<'_>,
    mut request: Request<Body>,
    neighbour: &[u8],
    place: usize,
) -> Answer {
    let own: Vec<_> = ["session", "browser", "known"]
        .iter()
        .filter_map(|name| {
            let name = format!("__Host-jeton-{name}");
            browser.cookie(&name).map(|value| format!("{name}={value}"))
        })
        .collect();
    let own = own.join("; ").into_bytes();
    let lines = match place {
        0 => vec![[neighbour, b"; ", &own].concat()],
        1 => vec![[&own[..], b"; ", neighbour].concat()],
        2 => vec![neighbour.to_vec(), own],
        _ => vec![own, neighbour.to_vec()],
    };
    for line in lines {
        request.headers_mut().append(header::COOKIE, HeaderValue::from_bytes(&line).expect("octets"));
    }
    app.send(request).await
}

#[tokio::test]
async fn a_cookie_of_another_application_signs_nobody_out_whatever_it_holds() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    for neighbour in NEIGHBOURS {
        for place in 0..4 {
            let silent =
                Request::get(authorize(&[("prompt", "none")])).body(Body::empty()).expect("a request");
            let answer = beside(&app, &browser, silent, neighbour, place).await;
            assert!(redirected(&answer).get("code").is_some(), "{:?}", neighbour.escape_ascii().to_string());
        }
    }
}

#[tokio::test]
async fn forms_work_beside_any_cookie_of_another_application() {
    let app = app().await;
    for neighbour in NEIGHBOURS {
        for place in 0..4 {
            let browser = Browser::new(&app);
            let page = form(&browser.get(&authorize(&[])).await);
            let fields = [
                ("form_token", page.hidden[0].1.as_str()),
                ("username", "ada"),
                ("password", PASSWORD),
                ("action", "sign_in"),
            ];
            let request = with_form(Request::post(&page.action), &fields);
            let answer = beside(&app, &browser, request, neighbour, place).await;
            let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
            let signed_in =
                cookies.iter().any(|cookie| cookie.as_bytes().starts_with(b"__Host-jeton-session="));
            assert!(signed_in, "{}: {}", neighbour.escape_ascii(), answer.text());
        }
    }
}

#[tokio::test]
async fn a_cookie_of_the_authority_that_comes_twice_still_counts_as_none() {
    let app = app().await;
    let browser = Browser::new(&app);
    browser.sign_in(&authorize(&[])).await;
    for planted in
        [&b"__Host-jeton-session=planted"[..], b"__Host-jeton-session=\xff", b"__Host-jeton-session="]
    {
        for place in 0..4 {
            let silent =
                Request::get(authorize(&[("prompt", "none")])).body(Body::empty()).expect("a request");
            let answer = beside(&app, &browser, silent, planted, place).await;
            assert_eq!(redirected(&answer).get("error"), Some("login_required"));
        }
    }
}

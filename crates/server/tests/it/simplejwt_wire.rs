//! Every row of simplejwt's tables, as its users see it on the wire: status, body to the byte, headers.

use axum::body::Body;
use http::{Method, Request, header};
use jeton_authority::audit::Actor;

use crate::app::{Answer, TestApp};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=x";

const OBTAIN: &str = "/api/token/";
const REFRESH: &str = "/api/token/refresh/";
const VERIFY: &str = "/api/token/verify/";
const BLACKLIST: &str = "/api/token/blacklist/";

const NO_ACCOUNT: &str = r#"{"detail":"No active account found with the given credentials"}"#;
const INVALID: &str = r#"{"detail":"Token is invalid","code":"token_not_valid"}"#;
const EXPIRED: &str = r#"{"detail":"Token is expired","code":"token_not_valid"}"#;
const BLACKLISTED: &str = r#"{"detail":"Token is blacklisted","code":"token_not_valid"}"#;
const WRONG_TYPE: &str = r#"{"detail":"Token has wrong type","code":"token_not_valid"}"#;

struct Row {
    path: &'static str,
    content_type: &'static str,
    body: &'static [u8],
    status: u16,
    answer: &'static str,
}

const fn row(
    path: &'static str,
    content_type: &'static str,
    body: &'static [u8],
    status: u16,
    answer: &'static str,
) -> Row {
    Row { path, content_type, body, status, answer }
}

/// `ACCESS`, `REFRESH`, `SPENT`, `REVOKED`, `STALE` (expired) and `FORGED` in a body stand for such tokens; in an answer, for what was got.
const ROWS: &[Row] = &[
    // Credentials.
    row(OBTAIN, JSON, br#"{"username":"ada","password":"correct horse"}"#, 200, r#"{"refresh":"…","access":"…"}"#),
    row(OBTAIN, JSON, br#"{"username":"ada","password":"wrong"}"#, 401, NO_ACCOUNT),
    row(OBTAIN, JSON, br#"{"username":"nobody","password":"correct horse"}"#, 401, NO_ACCOUNT),
    row(OBTAIN, JSON, br#"{"username":"bob","password":"correct horse"}"#, 401, NO_ACCOUNT),
    row(OBTAIN, JSON, br#"{"username":1,"password":1.5}"#, 401, NO_ACCOUNT),
    row(OBTAIN, JSON, br#"{"username":7,"password":12345678}"#, 200, r#"{"refresh":"…","access":"…"}"#),
    row(OBTAIN, JSON, br#"{"username":" ada ","password":" correct horse "}"#, 200, r#"{"refresh":"…","access":"…"}"#),
    row(OBTAIN, JSON, br#"{"username":"eve","password":" kept spaces "}"#, 200, r#"{"refresh":"…","access":"…"}"#),
    row(OBTAIN, JSON, br#"{"username":"ada","password":"correct horse","otp":[{"a":null}]}"#, 200, r#"{"refresh":"…","access":"…"}"#),
    // Encodings.
    row(OBTAIN, "application/json; charset=utf-8", br#"{"username":"ada"}"#, 400, r#"{"password":["This field is required."]}"#),
    row(OBTAIN, "Application/JSON", br#"{"username":"ada"}"#, 400, r#"{"password":["This field is required."]}"#),
    row(OBTAIN, FORM, b"username=ada&password=correct+horse", 200, r#"{"refresh":"…","access":"…"}"#),
    row(OBTAIN, FORM, b"username=eve&username=ada&password=correct%20horse", 200, r#"{"refresh":"…","access":"…"}"#),
    row(OBTAIN, FORM, b"username=ada&password=%00", 400, r#"{"password":["Null characters are not allowed."]}"#),
    row(OBTAIN, FORM, b"username=&password=%ff", 400, r#"{"username":["This field may not be blank."]}"#),
    row(OBTAIN, FORM, br#"{"username":"ada"}"#, 400, r#"{"username":["This field is required."],"password":["This field is required."]}"#),
    row(
        OBTAIN,
        MULTIPART,
        b"--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada\r\n--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\ncorrect horse\r\n--x--\r\n",
        200,
        r#"{"refresh":"…","access":"…"}"#,
    ),
    row(
        OBTAIN,
        MULTIPART,
        b"--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada\r\n--x\r\nContent-Disposition: form-data; name=\"password\"; filename=\"p\"\r\n\r\ncorrect horse\r\n--x--\r\n",
        400,
        r#"{"password":["Not a valid string."]}"#,
    ),
    row(OBTAIN, "multipart/form-data", b"--x", 400, r#"{"detail":"Multipart form parse error - malformed form"}"#),
    row(OBTAIN, "application/xml", b"<a/>", 415, r#"{"detail":"Unsupported media type \"application/xml\" in request."}"#),
    row(OBTAIN, "text/plain", b"{}", 415, r#"{"detail":"Unsupported media type \"text/plain\" in request."}"#),
    row(OBTAIN, "", b"{}", 415, r#"{"detail":"Unsupported media type \"\" in request."}"#),
    row(OBTAIN, "garbage", b"{}", 415, r#"{"detail":"Unsupported media type \"garbage\" in request."}"#),
    row(OBTAIN, "application/xml", b"", 400, r#"{"username":["This field is required."],"password":["This field is required."]}"#),
    // Fields.
    row(OBTAIN, JSON, b"", 400, r#"{"username":["This field is required."],"password":["This field is required."]}"#),
    row(OBTAIN, JSON, b"{}", 400, r#"{"username":["This field is required."],"password":["This field is required."]}"#),
    row(OBTAIN, JSON, br#"{"password":"x"}"#, 400, r#"{"username":["This field is required."]}"#),
    row(OBTAIN, JSON, br#"{"username":"","password":"  "}"#, 400, r#"{"username":["This field may not be blank."],"password":["This field may not be blank."]}"#),
    row(OBTAIN, JSON, br#"{"username":true,"password":null}"#, 400, r#"{"username":["Not a valid string."],"password":["This field may not be null."]}"#),
    row(OBTAIN, JSON, br#"{"username":[],"password":{}}"#, 400, r#"{"username":["Not a valid string."],"password":["Not a valid string."]}"#),
    row(OBTAIN, JSON, br#"{"username":"a\u0000","password":"b\u0000"}"#, 400, r#"{"username":["Null characters are not allowed."],"password":["Null characters are not allowed."]}"#),
    row(OBTAIN, JSON, b"[]", 400, r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}"#),
    row(OBTAIN, JSON, b"[{}, 1]", 400, r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}"#),
    row(OBTAIN, JSON, b"1", 400, r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}"#),
    row(OBTAIN, JSON, b"-1", 400, r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}"#),
    row(OBTAIN, JSON, b"1.5", 400, r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got float."]}"#),
    row(OBTAIN, JSON, b"true", 400, r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got bool."]}"#),
    row(OBTAIN, JSON, br#""x""#, 400, r#"{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}"#),
    row(OBTAIN, JSON, b"null", 400, r#"{"non_field_errors":["No data provided"]}"#),
    // Refresh.
    row(REFRESH, JSON, br#"{"refresh":"REFRESH"}"#, 200, r#"{"access":"…","refresh":"…"}"#),
    row(REFRESH, JSON, br#"{"refresh":" REFRESH\n"}"#, 200, r#"{"access":"…","refresh":"…"}"#),
    row(REFRESH, FORM, b"refresh=REFRESH", 200, r#"{"access":"…","refresh":"…"}"#),
    row(REFRESH, JSON, b"{}", 400, r#"{"refresh":["This field is required."]}"#),
    row(REFRESH, JSON, br#"{"refresh":""}"#, 400, r#"{"refresh":["This field may not be blank."]}"#),
    row(REFRESH, JSON, br#"{"refresh":null}"#, 400, r#"{"refresh":["This field may not be null."]}"#),
    row(REFRESH, JSON, br#"{"refresh":true}"#, 400, r#"{"refresh":["Not a valid string."]}"#),
    row(REFRESH, JSON, br#"{"refresh":1}"#, 401, INVALID),
    row(REFRESH, JSON, br#"{"refresh":"x"}"#, 401, INVALID),
    row(REFRESH, JSON, br#"{"refresh":"FORGED"}"#, 401, INVALID),
    row(REFRESH, JSON, br#"{"refresh":"ACCESS"}"#, 401, WRONG_TYPE),
    row(REFRESH, JSON, br#"{"refresh":"STALE"}"#, 401, EXPIRED),
    row(REFRESH, JSON, br#"{"refresh":"REVOKED"}"#, 401, BLACKLISTED),
    row(REFRESH, JSON, br#"{"refresh":"DISABLED"}"#, 401, r#"{"detail":"No active account found for the given token."}"#),
    // Verify.
    row(VERIFY, JSON, br#"{"token":"ACCESS"}"#, 200, "{}"),
    row(VERIFY, JSON, br#"{"token":"REFRESH"}"#, 200, "{}"),
    row(VERIFY, JSON, br#"{"token":"SPENT"}"#, 400, r#"{"non_field_errors":["Token is blacklisted"]}"#),
    row(VERIFY, JSON, br#"{"token":"REVOKED"}"#, 400, r#"{"non_field_errors":["Token is blacklisted"]}"#),
    row(VERIFY, JSON, br#"{"token":"STALE"}"#, 401, EXPIRED),
    row(VERIFY, JSON, br#"{"token":"FORGED"}"#, 401, INVALID),
    row(VERIFY, JSON, br#"{"token":1}"#, 401, INVALID),
    row(VERIFY, JSON, br#"{"token":true}"#, 400, r#"{"token":["Not a valid string."]}"#),
    row(VERIFY, JSON, br#"{"token":null}"#, 400, r#"{"token":["This field may not be null."]}"#),
    row(VERIFY, JSON, br#"{"token":""}"#, 400, r#"{"token":["This field may not be blank."]}"#),
    row(VERIFY, JSON, b"{}", 400, r#"{"token":["This field is required."]}"#),
    // Blacklist.
    row(BLACKLIST, JSON, br#"{"refresh":"REFRESH"}"#, 200, "{}"),
    row(BLACKLIST, JSON, br#"{"refresh":"REVOKED"}"#, 401, BLACKLISTED),
    row(BLACKLIST, JSON, br#"{"refresh":"ACCESS"}"#, 401, WRONG_TYPE),
    row(BLACKLIST, JSON, br#"{"refresh":"STALE"}"#, 401, EXPIRED),
    row(BLACKLIST, JSON, br#"{"refresh":"x"}"#, 401, INVALID),
    row(BLACKLIST, JSON, br#"{"refresh":true}"#, 400, r#"{"refresh":["Not a valid string."]}"#),
    row(BLACKLIST, JSON, br#"{"refresh":null}"#, 400, r#"{"refresh":["This field may not be null."]}"#),
    row(BLACKLIST, JSON, br#"{"refresh":""}"#, 400, r#"{"refresh":["This field may not be blank."]}"#),
    row(BLACKLIST, JSON, b"{}", 400, r#"{"refresh":["This field is required."]}"#),
];

#[tokio::test]
async fn every_row_of_the_tables_holds() {
    let app = TestApp::new().await;
    let bob = app.add_user("bob").await;
    app.add_user_with("eve", " kept spaces ").await;
    app.add_user_with("7", "12345678").await;
    let stale = app.sign_in().await.refresh;
    app.hand.step(25 * 3600);
    let revoked = app.sign_in().await.refresh;
    app.sign_out(&revoked).await.expect(200, "{}");
    let disabled = app.try_sign_in("bob", crate::app::PASSWORD).await.pair().refresh;
    app.store.disable_user(bob, Actor::Operator, app.service.clock().now()).await.expect("a store");

    for row in ROWS {
        // Each row has tokens of its own: some rows spend them.
        let spent = app.sign_in().await;
        app.refresh(&spent.refresh).await.pair();
        let fresh = app.sign_in().await;
        let forged = format!("{}AAAA", &fresh.refresh[..fresh.refresh.len() - 4]);
        let mut body = row.body.to_vec();
        if let Ok(text) = std::str::from_utf8(row.body) {
            body = text
                .replace("ACCESS", &fresh.access)
                .replace("REFRESH", &fresh.refresh)
                .replace("SPENT", &spent.refresh)
                .replace("REVOKED", &revoked)
                .replace("STALE", &stale)
                .replace("DISABLED", &disabled)
                .replace("FORGED", &forged)
                .into_bytes();
        }
        for path in [row.path, row.path.trim_end_matches('/')] {
            let mut request = Request::post(path);
            if !row.content_type.is_empty() {
                request = request.header(header::CONTENT_TYPE, row.content_type);
            }
            let answer = app.send(request.body(Body::from(body.clone())).expect("a request")).await;
            let name = format!("{} {} {}", path, row.content_type, String::from_utf8_lossy(row.body));
            if path == row.path || row.status != 200 || row.path != BLACKLIST {
                assert_eq!(answer.status.as_u16(), row.status, "{name}: {}", answer.text());
                assert_eq!(masked(&answer), row.answer, "{name}");
            }
            expect_headers(&answer, &name);
        }
        app.hand.step(60);
    }
}

#[tokio::test]
async fn json_is_read_strictly() {
    let app = TestApp::new().await;
    let deep = format!("{{\"username\":{}{}}}", "[".repeat(100), "]".repeat(100));
    let bodies: [&[u8]; 13] = [
        b"{",
        b" ",
        b"{}garbage",
        br#"{"username":}"#,
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"NaN",
        b"{'username':'ada'}",
        br#"{"username":"ada","username":"ada","password":"x"}"#,
        br#"{"username":"ada","password":"x","a":{"b":1,"\u0062":2}}"#,
        br#"{"username":"\ud800","password":"x"}"#,
        br#"{"username":"ada","password":"x",}"#,
        deep.as_bytes(),
    ];
    for body in bodies {
        for path in [OBTAIN, REFRESH, VERIFY, BLACKLIST] {
            let request =
                Request::post(path).header(header::CONTENT_TYPE, JSON).body(Body::from(body.to_vec()));
            let answer = app.send(request.expect("a request")).await;
            let name = String::from_utf8_lossy(body);
            assert_eq!(answer.status, 400, "{name}");
            assert!(
                answer.text().starts_with(r#"{"detail":"JSON parse error - "#),
                "{name}: {}",
                answer.text()
            );
            expect_headers(&answer, &name);
        }
    }
}

#[tokio::test]
async fn a_password_is_one_line_of_at_most_4096_bytes() {
    let app = TestApp::new().await;
    app.try_sign_in("ada", &"x".repeat(4096)).await.expect(401, NO_ACCOUNT);
    app.try_sign_in("ada", &"x".repeat(4097)).await.expect(
        400,
        r#"{"password":["The password is too long: it has 4097 bytes, at most 4096 are allowed."]}"#,
    );
    app.try_sign_in("ada", "two\nlines")
        .await
        .expect(400, r#"{"password":["The password contains a line break."]}"#);
    app.try_sign_in("ada", "correct horse\r\n").await.pair();
    app.try_sign_in("ada", &"x".repeat(1 << 20))
        .await
        .expect(413, r#"{"detail":"Request body is larger than 65536 bytes."}"#);
}

#[tokio::test]
async fn other_methods_are_refused_and_the_allowed_ones_named() {
    let app = TestApp::new().await;
    for path in [OBTAIN, REFRESH, VERIFY, BLACKLIST] {
        for method in ["GET", "PUT", "PATCH", "DELETE", "TRACE", "FOO"] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let request = Request::builder().method(&method).uri(path).body(Body::empty());
            let answer = app.send(request.expect("a request")).await;
            answer.expect(405, &format!(r#"{{"detail":"Method \"{method}\" not allowed."}}"#));
            expect_headers(&answer, path);
        }
        let head = app.send(Request::head(path).body(Body::empty()).expect("a request")).await;
        assert_eq!(head.status, 405);
        expect_headers(&head, path);
    }
}

#[tokio::test]
async fn options_describes_the_endpoint() {
    let app = TestApp::new().await;
    for (path, name, fields) in [
        (OBTAIN, "Token Obtain Pair", &["username", "password"][..]),
        (REFRESH, "Token Refresh", &["refresh", "access"]),
        (VERIFY, "Token Verify", &["token"]),
        (BLACKLIST, "Token Blacklist", &["refresh"]),
    ] {
        let request = Request::builder().method(Method::OPTIONS).uri(path).body(Body::empty());
        let answer = app.send(request.expect("a request")).await;
        assert_eq!(answer.status, 200);
        expect_headers(&answer, path);
        let body = answer.json();
        assert_eq!(body["name"], name);
        assert_eq!(body["parses"], serde_json::json!([JSON, FORM, "multipart/form-data"]));
        let post = body["actions"]["POST"].as_object().expect("fields");
        assert_eq!(post.len(), fields.len());
        assert!(fields.iter().all(|field| post[*field]["type"] == "string"));
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found_in_json() {
    let app = TestApp::new().await;
    for path in ["/api/", "/api/token//", "/api/token/nope/", "/API/TOKEN/", "/api/token/../token/"] {
        let answer = app.get(path).await;
        answer.expect(404, r#"{"detail":"Not found."}"#);
        assert_eq!(answer.header("content-type"), Some(JSON));
    }
}

/// What every answer of the token API carries.
#[track_caller]
fn expect_headers(answer: &Answer, name: &str) {
    assert_eq!(answer.header("content-type"), Some(JSON), "{name}");
    assert_eq!(answer.header("allow"), Some("POST, OPTIONS"), "{name}");
    assert_eq!(answer.header("vary"), Some("Accept"), "{name}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{name}");
    assert!(answer.header("x-request-id").is_some(), "{name}");
    let challenge = (answer.status == 401).then_some(r#"Bearer realm="api""#);
    assert_eq!(answer.header("www-authenticate"), challenge, "{name}");
}

/// The body with its tokens struck out.
fn masked(answer: &Answer) -> String {
    let mut text = answer.text().to_owned();
    if answer.status == 200 && text != "{}" {
        let pair = answer.pair();
        for token in [pair.access, pair.refresh] {
            assert_eq!(token.split('.').count(), 3);
            text = text.replace(&token, "…");
        }
    }
    text
}

//! The requests that both sides are sent.
//!
//! A body or header may name a token in braces: `{access}` and `{refresh}` of a fresh sign-in, `{expired access}` and
//! `{expired refresh}`, `{tampered access}` and `{tampered refresh}`, `{unsigned access}` (`alg: none`), `{signed out}`,
//! and `{disabled}`, the refresh token of a user who was disabled after signing in.

/// One request.
#[derive(Debug)]
pub(super) struct Row {
    /// What is special about it, in words.
    pub(super) situation: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// A header line, `name: value`; empty for none.
    pub(super) header: &'static str,
    pub(super) body: &'static str,
}

const JSON: &str = "content-type: application/json";
const FORM: &str = "content-type: application/x-www-form-urlencoded";
const MULTIPART: &str = "content-type: multipart/form-data; boundary=X";

const OBTAIN: &str = "/api/token/";
const REFRESH: &str = "/api/token/refresh/";
const VERIFY: &str = "/api/token/verify/";
const BLACKLIST: &str = "/api/token/blacklist/";
const HELLO: &str = "/hello/";

const fn post(path: &'static str, situation: &'static str, body: &'static str) -> Row {
    send("POST", path, situation, JSON, body)
}

const fn send(
    method: &'static str,
    path: &'static str,
    situation: &'static str,
    header: &'static str,
    body: &'static str,
) -> Row {
    Row { situation, method, path, header, body }
}

const fn view(situation: &'static str, header: &'static str) -> Row {
    Row { situation, method: "GET", path: HELLO, header, body: "" }
}

/// The token API.
pub(super) const TOKENS: &[Row] = &[
    post(OBTAIN, "the right password", r#"{"username":"ada","password":"correct horse battery"}"#),
    post(OBTAIN, "a wrong password", r#"{"username":"ada","password":"wrong"}"#),
    post(OBTAIN, "an unknown user", r#"{"username":"nobody","password":"correct horse battery"}"#),
    post(OBTAIN, "an inactive user", r#"{"username":"gone","password":"correct horse battery"}"#),
    post(OBTAIN, "spaces around the name", r#"{"username":"  ada ","password":"correct horse battery"}"#),
    post(OBTAIN, "numbers instead of strings", r#"{"username":12,"password":345}"#),
    post(OBTAIN, "a fraction as the name", r#"{"username":1.5,"password":"x"}"#),
    post(
        OBTAIN,
        "members that nobody asked for",
        r#"{"username":"ada","password":"wrong","more":{"a":[1]}}"#,
    ),
    post(OBTAIN, "no member at all", "{}"),
    post(OBTAIN, "no password", r#"{"username":"ada"}"#),
    post(OBTAIN, "no name", r#"{"password":"x"}"#),
    post(OBTAIN, "both blank", r#"{"username":"","password":""}"#),
    post(OBTAIN, "a name of spaces", r#"{"username":"   ","password":"x"}"#),
    post(OBTAIN, "both null", r#"{"username":null,"password":null}"#),
    post(OBTAIN, "a truth value and a list", r#"{"username":true,"password":["x"]}"#),
    post(OBTAIN, "an object as the name", r#"{"username":{"a":1},"password":"x"}"#),
    post(OBTAIN, "a NUL in the name", r#"{"username":"a\u0000da","password":"x"}"#),
    post(OBTAIN, "a NUL in the password", r#"{"username":"ada","password":"x\u0000y"}"#),
    post(OBTAIN, "a list", "[]"),
    post(OBTAIN, "a string", r#""ada""#),
    post(OBTAIN, "a number", "12"),
    post(OBTAIN, "broken JSON", r#"{"username":"ada""#),
    post(OBTAIN, "text after the object", r#"{"username":"ada","password":"x"} x"#),
    send("POST", OBTAIN, "a form", FORM, "username=ada&password=correct+horse%20battery"),
    send("POST", OBTAIN, "a form with a wrong password", FORM, "username=ada&password=correct%2Bhorse"),
    send("POST", OBTAIN, "a form without a password", FORM, "username=ada"),
    send("POST", OBTAIN, "an empty form", FORM, ""),
    send(
        "POST",
        OBTAIN,
        "a multipart form",
        MULTIPART,
        concat!(
            "--X\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada\r\n",
            "--X\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\ncorrect horse battery\r\n--X--\r\n",
        ),
    ),
    send(
        "POST",
        OBTAIN,
        "a multipart form without a password",
        MULTIPART,
        "--X\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada\r\n--X--\r\n",
    ),
    send(
        "POST",
        OBTAIN,
        "JSON with a charset",
        "content-type: application/json; charset=utf-8",
        r#"{"username":"ada"}"#,
    ),
    send("POST", OBTAIN, "XML", "content-type: application/xml", "<username>ada</username>"),
    send("POST", OBTAIN, "plain text", "content-type: text/plain", "username=ada"),
    send("GET", OBTAIN, "the wrong method", "", ""),
    send("PUT", OBTAIN, "the wrong method", JSON, r#"{"username":"ada","password":"x"}"#),
    send("PATCH", OBTAIN, "the wrong method", JSON, "{}"),
    send("DELETE", OBTAIN, "the wrong method", "", ""),
    post(REFRESH, "a refresh token", r#"{"refresh":"{refresh}"}"#),
    post(REFRESH, "garbage", r#"{"refresh":"garbage"}"#),
    post(REFRESH, "three parts of garbage", r#"{"refresh":"a.b.c"}"#),
    post(REFRESH, "an expired token", r#"{"refresh":"{expired refresh}"}"#),
    post(REFRESH, "a token that was changed", r#"{"refresh":"{tampered refresh}"}"#),
    post(REFRESH, "an access token", r#"{"refresh":"{access}"}"#),
    post(REFRESH, "a token that was signed out", r#"{"refresh":"{signed out}"}"#),
    post(REFRESH, "the token of a user who was disabled", r#"{"refresh":"{disabled}"}"#),
    post(REFRESH, "no token", "{}"),
    post(REFRESH, "a blank token", r#"{"refresh":""}"#),
    post(REFRESH, "null", r#"{"refresh":null}"#),
    post(REFRESH, "a number", r#"{"refresh":12}"#),
    post(REFRESH, "a list", r#"{"refresh":[]}"#),
    send("POST", REFRESH, "a form", FORM, "refresh={refresh}"),
    send("GET", REFRESH, "the wrong method", "", ""),
    post(VERIFY, "an access token", r#"{"token":"{access}"}"#),
    post(VERIFY, "a refresh token", r#"{"token":"{refresh}"}"#),
    post(VERIFY, "garbage", r#"{"token":"garbage"}"#),
    post(VERIFY, "an expired access token", r#"{"token":"{expired access}"}"#),
    post(VERIFY, "an expired refresh token", r#"{"token":"{expired refresh}"}"#),
    post(VERIFY, "a token that was changed", r#"{"token":"{tampered access}"}"#),
    post(VERIFY, "a token without a signature", r#"{"token":"{unsigned access}"}"#),
    post(VERIFY, "a refresh token that was signed out", r#"{"token":"{signed out}"}"#),
    post(VERIFY, "no token", "{}"),
    post(VERIFY, "a blank token", r#"{"token":""}"#),
    post(VERIFY, "null", r#"{"token":null}"#),
    post(VERIFY, "a truth value", r#"{"token":false}"#),
    send("POST", VERIFY, "a form", FORM, "token={access}"),
    send("GET", VERIFY, "the wrong method", "", ""),
    post(BLACKLIST, "a refresh token", r#"{"refresh":"{refresh}"}"#),
    post(BLACKLIST, "the same again", r#"{"refresh":"{signed out}"}"#),
    post(BLACKLIST, "an access token", r#"{"refresh":"{access}"}"#),
    post(BLACKLIST, "garbage", r#"{"refresh":"garbage"}"#),
    post(BLACKLIST, "an expired token", r#"{"refresh":"{expired refresh}"}"#),
    post(BLACKLIST, "no token", "{}"),
    post(BLACKLIST, "a blank token", r#"{"refresh":""}"#),
    send("GET", BLACKLIST, "the wrong method", "", ""),
];

/// The protected view.
pub(super) const PROTECTED: &[Row] = &[
    view("nothing", ""),
    view("another scheme", "authorization: Basic YWRhOng="),
    view("the scheme in lower case", "authorization: bearer {access}"),
    view("the scheme alone", "authorization: Bearer"),
    view("three parts", "authorization: Bearer a b"),
    view("garbage", "authorization: Bearer garbage"),
    view("an expired token", "authorization: Bearer {expired access}"),
    view("a token that was changed", "authorization: Bearer {tampered access}"),
    view("a token without a signature", "authorization: Bearer {unsigned access}"),
    view("a refresh token", "authorization: Bearer {refresh}"),
];

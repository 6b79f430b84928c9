//! Redirect URIs, and the tricks that are played with them.

use jeton_oauth::{RedirectUri, RedirectUriError};

fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn nothing_but_the_registered_text_matches() {
    let registered = uri("https://app.example/cb");
    assert!(registered.permits(&uri("https://app.example/cb")));
    for other in [
        "https://app.example/cb/",
        "https://app.example/cb?x=1",
        "https://app.example/CB",
        "https://app.example/cb/../evil",
        "https://app.example/%63b",
        "https://app.example:443/cb",
        "https://app.example.evil.example/cb",
        "https://evil.example/cb",
        "https://app.example/",
        "http://127.0.0.1/cb",
    ] {
        assert!(!registered.permits(&uri(other)), "{other}");
    }
}

#[test]
fn what_no_client_should_be_answered_to_is_refused() {
    use RedirectUriError::{Fragment, Malformed, PlainHttp, Scheme, UserInformation};
    for (text, error) in [
        ("", Malformed),
        ("/cb", Malformed),
        ("https:", Malformed),
        ("https:/cb", Malformed),
        ("https:///cb", Malformed),
        ("https://app.example:99999/cb", Malformed),
        ("https://app.example\\@evil.example/cb", Malformed),
        ("https://app.example/c b", Malformed),
        ("https://app.example/cb\r\nSet-Cookie: a=b", Malformed),
        ("https://äpp.example/cb", Malformed),
        ("HTTPS://app.example/cb", Malformed),
        ("https://app.example/cb#x", Fragment),
        ("https://app.example@evil.example/cb", UserInformation),
        ("https://user:word@app.example/cb", UserInformation),
        ("http://app.example/cb", PlainHttp),
        ("http://127.0.0.1.evil.example/cb", PlainHttp),
        ("javascript:alert(1)", Scheme),
        ("data:text/html,x", Scheme),
        ("file:///etc/passwd", Scheme),
        ("urn:ietf:wg:oauth:2.0:oob", Scheme),
        ("vbscript:msgbox(1)", Scheme),
        ("view-source:https://app.example/cb", Scheme),
        ("wss://app.example/cb", Scheme),
        ("cursor:", Scheme),
        ("my_app:/cb", Malformed),
    ] {
        assert_eq!(RedirectUri::parse(text), Err(error), "{text}");
    }
    let long = format!("https://app.example/{}", "a".repeat(RedirectUri::MAX_LEN));
    assert_eq!(RedirectUri::parse(long), Err(Malformed));
}

#[test]
fn only_the_port_of_a_loopback_address_may_differ() {
    for (registered, requested, permitted) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:51004/cb", true),
        ("http://[::1]/cb", "http://[::1]:51004/cb", true),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/other", false),
        ("http://127.0.0.1/cb", "http://[::1]:51004/cb", false),
        ("http://localhost:3000/cb", "http://localhost:3001/cb", false),
        ("https://app.example/cb", "https://app.example:8443/cb", false),
    ] {
        assert_eq!(uri(registered).permits(&uri(requested)), permitted, "{registered} {requested}");
    }
}

#[test]
fn a_native_application_may_name_its_loopback_address_localhost() {
    let registered = uri("http://localhost/cb");
    assert!(registered.permits_native(&uri("http://localhost:51004/cb")));
    assert!(uri("http://127.0.0.1/cb").permits_native(&uri("http://127.0.0.1:51004/cb")));
    for other in
        ["http://localhost:51004/other", "http://127.0.0.1:51004/cb", "http://app.localhost:51004/cb"]
    {
        assert!(!registered.permits_native(&uri(other)), "{other}");
    }
    assert!(!uri("https://app.example/cb").permits_native(&uri("https://app.example:8443/cb")));
}

#[test]
fn an_app_owns_its_scheme_with_a_dot_or_without() {
    assert!(uri("com.example.app:/cb").permits(&uri("com.example.app:/cb")));
    assert!(uri("cursor://anysphere.cursor-retrieval/oauth/cb").is_native());
    assert_eq!(uri("cursor://anysphere.cursor-retrieval/oauth/cb").scheme(), "cursor");
    assert_eq!(uri("com.example.app:/cb").origin(), "com.example.app:");
    assert_eq!(uri("https://app.example:8443/cb?x").origin(), "https://app.example:8443");
    assert_eq!(uri("http://[::1]:80/cb").origin(), "http://[::1]:80");
}

//! Which addresses are asked, and which documents taken.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jeton_fetch::{FetchError, Fetcher, Reach, RemoteUrl};

use crate::host::Host;

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[tokio::test]
async fn a_name_is_resolved_once_and_that_address_connected_to() {
    let host = Host::serving("application/json", "{}").await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    // A name that answers otherwise the second time, as one does that is out to get past the check.
    let rebinding = move |_: &str| match counting.fetch_add(1, Ordering::SeqCst) {
        0 => vec![address("127.0.0.1")],
        _ => vec![address("169.254.169.254")],
    };
    let fetcher = Fetcher::new().allow(Reach::Loopback).resolve_with(rebinding);
    fetcher.json(&host.url("client.example")).await.expect("the address that was checked");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let refused = fetcher.json(&host.url("client.example")).await;
    assert_eq!(refused, Err(FetchError::AddressRefused { address: address("169.254.169.254") }));
}

#[tokio::test]
async fn a_public_name_for_a_private_address_is_refused_unasked() {
    let host = Host::serving("application/json", "{}").await;
    let fetcher = Fetcher::new().resolve_with(|_| vec![address("127.0.0.1"), address("10.0.0.1")]);
    let url = host.url("client.example").to_string().replace("http:", "https:");
    let outcome = fetcher.json(&RemoteUrl::parse(&url).expect("a URL")).await;
    assert_eq!(outcome, Err(FetchError::AddressRefused { address: address("10.0.0.1") }));
    assert!(host.seen().is_empty());
}

#[tokio::test]
async fn a_document_that_does_not_say_that_it_is_json_is_not_taken_for_json() {
    let fetcher = Fetcher::new().allow(Reach::Loopback);
    let html = Host::serving("text/html", "{}").await;
    assert_eq!(fetcher.json(&html.url("127.0.0.1")).await, Err(FetchError::MediaType));
    let silent = Host::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    assert_eq!(fetcher.json(&silent.url("127.0.0.1")).await, Err(FetchError::MediaType));
    let json = Host::serving("application/json; charset=utf-8", "{}").await;
    assert_eq!(fetcher.json(&json.url("127.0.0.1")).await.as_deref(), Ok(&b"{}"[..]));
}

#[tokio::test]
async fn less_may_be_taken_than_the_most_that_ever_is() {
    let host = Host::serving("application/json", r#"{"a":1}"#).await;
    let fetcher = Fetcher::new().allow(Reach::Loopback).max_bytes(6);
    assert_eq!(fetcher.json(&host.url("127.0.0.1")).await, Err(FetchError::TooLarge { limit: 6 }));
}

#[test]
fn roots_of_ones_own_are_certificates_in_pem() {
    for (text, is_none) in [
        ("", true),
        ("garbage", true),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", false),
        ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", false),
    ] {
        match Fetcher::new().trust_also(text.as_bytes()) {
            Err(FetchError::NoTrustedRoots) => assert!(is_none, "{text}"),
            Err(FetchError::Tls { .. }) => assert!(!is_none, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

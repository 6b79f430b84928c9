//! What is fetched, from where, and how much of it.

use std::time::Duration;

use jeton_guard::remote::{FetchError, Fetcher, Reach, RemoteJwkSetBuilder, RemoteUrl, RemoteUrlError};
use jeton_jose::Algorithm;

use super::origin::{Origin, Reply, fetcher, guarded, remote, token};
use crate::world::{Issuer, jwk_set, send_token, with};

fn url(text: &str) -> RemoteUrl {
    RemoteUrl::parse(text).expect("a URL")
}

#[tokio::test]
async fn this_machine_is_asked_only_where_it_is_allowed() {
    let origin = Origin::start(Reply::keys(&[&Issuer::new("k")])).await;
    assert_eq!(Fetcher::new().jwk_set(&origin.url()).await.err(), Some(FetchError::PlainHttp));
    let https = url(&origin.url().to_string().replace("http:", "https:"));
    let address = "127.0.0.1".parse().expect("an address");
    assert_eq!(Fetcher::new().jwk_set(&https).await.err(), Some(FetchError::AddressRefused { address }));
    // A name is no better than what it resolves to.
    let by_name = url(&https.to_string().replace("127.0.0.1", "localhost"));
    assert!(matches!(Fetcher::new().jwk_set(&by_name).await, Err(FetchError::AddressRefused { .. })));
    assert_eq!(origin.requests(), 0);
    fetcher().jwk_set(&origin.url()).await.expect("allowed");
    fetcher()
        .jwk_set(&url(&origin.url().to_string().replace("127.0.0.1", "localhost")))
        .await
        .expect("allowed");
}

#[tokio::test]
async fn private_and_link_local_addresses_are_refused_unless_allowed_and_plain_http_always() {
    for (host, reach) in [("10.255.255.1", Reach::Private), ("169.254.169.254", Reach::LinkLocal)] {
        let (https, http) = (url(&format!("https://{host}/jwks")), url(&format!("http://{host}/jwks")));
        let refused = FetchError::AddressRefused { address: host.parse().expect("an address") };
        assert_eq!(Fetcher::new().jwk_set(&https).await.err(), Some(refused.clone()));
        assert_eq!(fetcher().jwk_set(&http).await.err(), Some(refused));
        let plain = fetcher().allow(reach).jwk_set(&http).await.err();
        assert_eq!(plain, Some(FetchError::PlainHttp));
    }
    let reserved = Fetcher::new().allow(Reach::Private).allow(Reach::LinkLocal).allow(Reach::Loopback);
    for host in ["0.0.0.0", "[::]", "224.0.0.1", "[::ffff:0.0.0.0]"] {
        let outcome = reserved.jwk_set(&url(&format!("https://{host}/jwks"))).await;
        assert!(matches!(outcome, Err(FetchError::AddressRefused { .. })), "{host}");
    }
}

#[tokio::test]
async fn an_address_in_other_clothes_is_recognised() {
    for host in
        ["[::ffff:169.254.169.254]", "[::ffff:10.0.0.1]", "[64:ff9b::a9fe:a9fe]", "0x7f.1", "2130706433"]
    {
        let outcome = Fetcher::new().jwk_set(&url(&format!("https://{host}/jwks"))).await;
        assert!(
            matches!(outcome, Err(FetchError::AddressRefused { .. } | FetchError::HostUnknown)),
            "{host}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = Origin::start(Reply::keys(&[&Issuer::new("k")])).await;
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let origin =
            Origin::start(Reply::status(&format!("{status}\r\nlocation: {}", elsewhere.url()))).await;
        let outcome = fetcher().jwk_set(&origin.url()).await;
        assert!(matches!(outcome, Err(FetchError::Redirected { .. })), "{status}: {outcome:?}");
    }
    assert_eq!(elsewhere.requests(), 0);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_given_up_early() {
    let limit = Fetcher::MAX_BYTES;
    let too_long = "x".repeat(limit + 1);
    let announced = Reply::ok(&too_long);
    let chunk = format!("{:x}\r\n{}\r\n", 16 * 1024, "x".repeat(16 * 1024));
    let endless =
        Reply::raw(&format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", chunk.repeat(1000)));
    let unframed = Reply::raw(&format!("HTTP/1.1 200 OK\r\n\r\n{}", too_long.repeat(20)));
    for reply in [announced, endless, unframed] {
        let origin = Origin::start(reply).await;
        assert_eq!(fetcher().jwk_set(&origin.url()).await.err(), Some(FetchError::TooLarge { limit }));
    }
}

#[tokio::test]
async fn a_set_of_more_than_a_hundred_keys_is_refused() {
    let issuer = Issuer::new("k");
    let jwk = issuer.key.public_key().to_jwk();
    let set = |count: usize| {
        let keys = (0..count).map(|n| jwk.clone().with_kid(n.to_string()).expect("short")).collect();
        jeton_jose::JwkSet::new(keys).to_json().to_string()
    };
    let origin = Origin::start(Reply::ok(&set(100))).await;
    fetcher().jwk_set(&origin.url()).await.expect("a hundred keys");
    origin.answer(Reply::ok(&set(101)));
    assert!(matches!(fetcher().jwk_set(&origin.url()).await, Err(FetchError::Keys(_))));
}

#[tokio::test]
async fn a_slow_answer_ends_with_the_time_that_is_allowed_in_all() {
    let limit = Duration::from_millis(300);
    let silent = Reply::keys(&[]).after(Duration::from_secs(60));
    let dripping = Reply { drip: Some(Duration::from_millis(50)), ..Reply::keys(&[&Issuer::new("k")]) };
    for reply in [silent, dripping] {
        let origin = Origin::start(reply).await;
        let started = tokio::time::Instant::now();
        assert_eq!(
            fetcher().limit(limit).jwk_set(&origin.url()).await.err(),
            Some(FetchError::Timeout { limit })
        );
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(Fetcher::DEFAULT_LIMIT, Duration::from_secs(5));
}

#[tokio::test]
async fn an_answer_that_is_no_plain_http_is_refused() {
    for (reply, error) in [
        (Reply::raw("SSH-2.0-OpenSSH_9.2\r\n"), FetchError::Http),
        (Reply::raw(""), FetchError::Http),
        (Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}"), FetchError::Http),
        (
            Reply::raw("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}"),
            FetchError::Encoded,
        ),
        (Reply::status("204 No Content"), FetchError::Status { status: 204 }),
    ] {
        let origin = Origin::start(reply).await;
        assert_eq!(fetcher().jwk_set(&origin.url()).await.err(), Some(error));
    }
}

#[tokio::test]
async fn the_request_says_what_it_wants_and_nothing_more() {
    let origin = Origin::start(Reply::keys(&[])).await;
    fetcher().jwk_set(&origin.at("/keys?v=2")).await.expect("a set");
    let head = origin.seen().remove(0).to_ascii_lowercase();
    assert!(head.starts_with("get /keys?v=2 http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("host: {}\r\n", origin.issuer().trim_start_matches("http://"))), "{head}");
    assert!(!head.contains("authorization") && !head.contains("cookie"), "{head}");
}

#[tokio::test]
async fn the_metadata_of_an_issuer_lead_to_its_keys() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::status("404 Not Found")).await;
    let name = origin.issuer();
    let metadata =
        |issuer: &str| Reply::ok(&format!(r#"{{"issuer":"{issuer}","jwks_uri":"{}"}}"#, origin.url()));
    // OpenID Connect's place first, then that of RFC 8414.
    for replies in [
        vec![metadata(&name), Reply::keys(&[&issuer])],
        vec![Reply::status("404 Not Found"), metadata(&name), Reply::keys(&[&issuer])],
    ] {
        origin.answer_in_turn(replies);
        assert_eq!(fetcher().jwk_set_of(&name).await.expect("a set").keys().len(), 1);
    }
    let paths: Vec<_> =
        origin.seen().iter().filter_map(|head| head.split(' ').nth(1).map(str::to_owned)).collect();
    let (openid, oauth) = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server");
    assert_eq!(paths, [openid, "/jwks.json", openid, oauth, "/jwks.json"]);

    origin.answer(metadata("https://evil.example"));
    let other =
        FetchError::IssuerMismatch { wanted: name.as_str().into(), found: "https://evil.example".into() };
    assert_eq!(fetcher().metadata(&name).await.err(), Some(other));
    origin.answer(Reply::ok(&format!(r#"{{"issuer":"{name}","jwks_uri":"file:///etc/passwd"}}"#)));
    assert_eq!(fetcher().metadata(&name).await.err(), Some(FetchError::Url(RemoteUrlError::Malformed)));
    origin.answer(Reply::ok(&format!(r#"{{"issuer":"{name}","jwks_uri":"https://169.254.169.254/"}}"#)));
    assert!(matches!(fetcher().jwk_set_of(&name).await, Err(FetchError::AddressRefused { .. })));
}

#[tokio::test]
async fn a_guard_finds_the_keys_of_its_issuer_by_the_metadata() {
    let issuer = Issuer::new("k");
    let origin = Origin::start(Reply::status("404 Not Found")).await;
    let name = origin.issuer();
    let metadata = format!(r#"{{"issuer":"{name}","jwks_uri":"{}"}}"#, origin.url());
    origin.answer_in_turn([Reply::ok(&metadata), Reply::keys(&[&issuer])]);
    let (_, clock) = remote(&origin);
    let keys = RemoteJwkSetBuilder::discovered(&name).fetcher(fetcher()).clock(clock.clone()).build();
    let token = issuer.sign(&with("iss", name.into()));
    assert_eq!(send_token(&guarded(&keys, &clock), &token).await.body, "Hello, user-1!");
}

#[tokio::test]
async fn keys_that_name_no_algorithm_count_only_where_one_is_said() {
    let issuer = Issuer::with_algorithm(Algorithm::RS256, "k");
    let json =
        jwk_set(&[&issuer]).to_json().replace(r#""alg":"RS256","#, "").replace(r#","alg":"RS256""#, "");
    assert!(!json.contains("RS256"));
    let origin = Origin::start(Reply::ok(&json)).await;
    let (silent, clock) = remote(&origin);
    assert_eq!(send_token(&guarded(&silent, &clock), &token(&issuer)).await.status, 503);
    let said = RemoteJwkSetBuilder::new(crate::world::ISSUER, origin.url())
        .fetcher(fetcher())
        .clock(clock.clone())
        .default_algorithm(Algorithm::RS256)
        .build();
    assert_eq!(send_token(&guarded(&said, &clock), &token(&issuer)).await.status, 200);
}

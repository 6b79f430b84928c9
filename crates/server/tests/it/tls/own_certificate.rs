//! Hosts that show the very certificate that they are trusted by (setting `fetch.roots`).

use jeton_fetch::{FetchError, Fetcher, Reach, RemoteUrl};
use rcgen::{BasicConstraints, CertificateParams, IsCa, date_time_ymd};

use super::certificates::{Certified, self_signed};
use super::site::https_host;

/// As `openssl req -x509` makes one: of a certificate authority.
fn authority(name: &str) -> Certified {
    self_signed(name, as_authority)
}

fn as_authority(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

async fn fetched(shown: &Certified, trusted: &Certified) -> Result<(), FetchError> {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    let host = https_host(shown, answer.to_owned()).await;
    let fetcher = Fetcher::new().allow(Reach::Loopback).trust_also(trusted.pem.as_bytes()).expect("a root");
    let url = RemoteUrl::parse(&format!("https://localhost:{}/", host.port())).expect("a URL");
    fetcher.json(&url).await.map(drop)
}

#[tokio::test]
async fn a_root_may_be_the_servers_own_certificate() {
    let own = authority("localhost");
    fetched(&own, &own).await.expect("it is the one that is trusted");
    let plain = self_signed("localhost", |_| {});
    fetched(&plain, &plain).await.expect("it is the one that is trusted");
}

#[tokio::test]
async fn a_root_that_is_the_servers_own_is_for_its_name_and_its_time_and_for_no_other_certificate() {
    let other_name = authority("other.example");
    let expired = self_signed("localhost", |params| {
        as_authority(params);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 2, 1);
    });
    for own in [other_name, expired] {
        assert!(matches!(fetched(&own, &own).await, Err(FetchError::Tls { .. })), "{own:?}");
    }
    let (shown, trusted) = (authority("localhost"), authority("localhost"));
    assert!(matches!(fetched(&shown, &trusted).await, Err(FetchError::Tls { .. })), "another of that name");
}

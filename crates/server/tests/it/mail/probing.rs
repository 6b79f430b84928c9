//! `jeton mail test` says what is wrong.

use std::time::{Duration, Instant};

use jeton_jose::Timestamp;
use jeton_server::mail::{Encryption, MailError, MailServer, Postmark, ProbeError, probe};

use super::sink::{Sink, Speaks};
use super::{address, server};
use crate::app::NOW;

async fn probed(server: &MailServer) -> Result<(), ProbeError> {
    let postmark = Postmark::of("https://auth.example");
    let began = Instant::now();
    let outcome = probe(server, &postmark, &address("you@example.org"), Timestamp::from_unix(NOW)).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    outcome
}

#[tokio::test]
async fn a_test_mail_arrives_and_a_wrong_mode_is_told_with_the_right_one() {
    for (speaks, mode) in [
        (Speaks::Tls, Encryption::Tls),
        (Speaks::StartTls, Encryption::StartTls),
        (Speaks::Plain, Encryption::None),
    ] {
        let sink = Sink::start(speaks).await;
        for tried in [Encryption::Tls, Encryption::StartTls, Encryption::None] {
            match probed(&server(&sink, tried)).await {
                Ok(()) => assert_eq!(tried, mode),
                // Such a server takes no mail before STARTTLS.
                Err(ProbeError { error: MailError::Refused { reason }, .. }) => {
                    assert!(reason.contains("STARTTLS"), "{reason}");
                }
                Err(error) => assert_eq!(error.wanted, Some(mode), "{speaks:?} {tried:?}: {error}"),
            }
        }
        assert_eq!(sink.received().len(), 1);
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_no_wrong_mode() {
    let sink = Sink::start(Speaks::Tls).await;
    let port = sink.address.port();
    let stranger = MailServer::new("localhost", port, Encryption::Tls, address("login@auth.example"));
    let error = probed(&stranger).await.expect_err("it is refused");
    assert!(matches!(error.error, MailError::Tls { .. }) && error.wanted.is_none(), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_and_a_server_that_is_not_there_are_told_apart() {
    let sink = Sink::offering(Speaks::Tls, &["AUTH PLAIN"]).await;
    let with =
        |password: &str| server(&sink, Encryption::Tls).with_credentials("user", password.to_owned().into());
    probed(&with("secret")).await.expect("the right password");
    let error = probed(&with("wrong")).await.expect_err("the wrong password");
    assert_eq!(error.error.code(), "mail_credentials_refused");
    assert!(!format!("{error:?} {:?}", with("wrong")).contains("wrong\""), "{error:?}");
    let away = server(&sink, Encryption::Tls);
    drop(sink);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(probed(&away).await.expect_err("nobody is there").error.code(), "mail_unreachable");
}

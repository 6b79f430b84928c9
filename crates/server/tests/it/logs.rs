//! What the log says, and what it never says.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::app::{PASSWORD, TestApp};

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Collects this thread's events of every level for as long as the guard lives.
    pub(crate) fn collect() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber =
            tracing_subscriber::fmt().json().flatten_event(true).with_max_level(LevelFilter::TRACE);
        (log.clone(), tracing::subscriber::set_default(subscriber.with_writer(log).finish()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }

    pub(crate) fn events(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_is_ever_logged() {
    let app = TestApp::new().await;
    let (log, _guard) = Log::collect();
    let first = app.sign_in().await;
    app.hand.step(240);
    let second = app.refresh(&first.refresh).await.pair();
    app.hand.step(240);
    let third = app.refresh(&second.refresh).await.pair();
    app.hand.step(240);
    app.verify(&third.access).await;
    app.refresh(&first.refresh)
        .await
        .expect(401, r#"{"detail":"Token is blacklisted","code":"token_not_valid"}"#);
    app.try_sign_in("ada", "a wrong password").await;
    // Somebody typed the password into the field for the name.
    app.try_sign_in(PASSWORD, PASSWORD).await;
    app.verify(&format!("{}x", third.access)).await;
    app.sign_out(&third.refresh).await;

    let text = log.text();
    for pair in [&first, &second, &third] {
        for token in [&pair.access, &pair.refresh] {
            for part in token.split('.').skip(1) {
                assert!(!text.contains(part), "{text}");
            }
        }
    }
    for password in [PASSWORD, "a wrong password"] {
        assert!(!text.contains(password), "{text}");
    }
}

#[tokio::test]
async fn what_matters_is_logged_once_with_its_request() {
    let app = TestApp::new().await;
    let (log, _guard) = Log::collect();
    let signed_in = app.try_sign_in("ada", PASSWORD).await;
    let first = signed_in.pair();
    app.hand.step(240);
    let second = app.refresh(&first.refresh).await.pair();
    app.hand.step(240);
    app.refresh(&second.refresh).await.pair();
    app.hand.step(240);
    let replayed = app.refresh(&first.refresh).await;
    let refused = app.try_sign_in("ada", "wrong").await;

    let events = log.events();
    for (answer, message, level) in [
        (&signed_in, "signed in", "INFO"),
        (&replayed, "refresh token replayed, grant ended", "WARN"),
        (&refused, "sign-in refused", "INFO"),
    ] {
        let id = answer.header("x-request-id").expect("an identifier");
        let said: Vec<_> = events.iter().filter(|event| event["message"] == message).collect();
        assert_eq!(said.len(), 1, "{message}: {events:?}");
        assert_eq!((said[0]["request"].as_str(), said[0]["level"].as_str()), (Some(id), Some(level)));
    }
}

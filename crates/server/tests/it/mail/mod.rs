//! Mail, from what causes it to the mail server.

mod delivery;
mod notices;
mod probing;
mod reset;
pub(crate) mod sink;

use jeton_authority::UserId;
use jeton_authority::audit::Actor;
use jeton_authority::mail::MailAddress;
use jeton_authority::password::PasswordHash;
use jeton_server::mail::{Encryption, MailServer};

use crate::app::TestApp;
use sink::{Sink, Speaks};

pub(crate) fn address(text: &str) -> MailAddress {
    MailAddress::parse(text).expect("an address")
}

/// The sink as a setting.
pub(crate) fn server(sink: &Sink, encryption: Encryption) -> MailServer {
    let server = MailServer::new("localhost", sink.address.port(), encryption, address("login@auth.example"));
    server.trust_also(sink.root.pem().as_bytes()).expect("a certificate")
}

/// An app that sends mail to a sink, whose user `ada` has an address.
pub(crate) async fn mailing(speaks: Speaks, encryption: Encryption) -> (TestApp, Sink, UserId) {
    mailing_to(Sink::start(speaks).await, encryption).await
}

pub(crate) async fn mailing_to(sink: Sink, encryption: Encryption) -> (TestApp, Sink, UserId) {
    let app = TestApp::with(
        |mut settings| {
            settings.mail.is_sent = true;
            settings
        },
        |service| service.mail(server(&sink, encryption)),
    )
    .await
    .alone();
    let ada = app.user("ada").await;
    app.has_address(ada, "ada@example.org").await;
    (app, sink, ada)
}

impl TestApp {
    pub(crate) async fn user(&self, name: &str) -> UserId {
        let name = jeton_authority::user::Username::parse(name).expect("a name");
        self.store.find_user(&name).await.expect("looking").expect("a user").id
    }

    pub(crate) async fn has_address(&self, user: UserId, email: &str) {
        let now = self.service.clock().now();
        self.store.change_email(user, Some(email.into()), Actor::Operator, now).await.expect("changing");
    }

    /// The operator changes the password, which queues a mail.
    pub(crate) async fn password_is_changed(&self, user: UserId) {
        let now = self.service.clock().now();
        let hash = PasswordHash::unusable();
        self.store.change_password(user, hash, None, Actor::Operator, now).await.expect("changing");
    }
}

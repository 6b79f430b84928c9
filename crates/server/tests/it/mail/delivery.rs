//! Mails reach the mail server, once, and however it behaves.

use std::sync::Arc;
use std::time::Duration;

use jeton_authority::mail::{MOST_TO_ONE, MailState};
use jeton_authority::{Authority, Ports};
use jeton_server::mail::Encryption;
use jeton_server::{Background, Service};

use super::sink::{Sink, Speaks};
use super::{mailing, mailing_to, server};
use crate::app::{master, open_store};

fn header<'a>(mail: &'a str, name: &str) -> Vec<&'a str> {
    let head = mail.split_once("\r\n\r\n").expect("a head").0;
    head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
}

#[tokio::test]
async fn a_mail_is_sent_in_each_of_the_three_modes() {
    for (speaks, encryption) in [
        (Speaks::Tls, Encryption::Tls),
        (Speaks::StartTls, Encryption::StartTls),
        (Speaks::Plain, Encryption::None),
    ] {
        let (app, sink, ada) = mailing(speaks, encryption).await;
        let _background = Background::start(&app.service);
        app.password_is_changed(ada).await;
        let mail = sink.mails(1).await.remove(0);
        assert_eq!(
            (mail.from.as_str(), mail.to),
            ("<login@auth.example>", vec!["<ada@example.org>".to_owned()])
        );
        assert_eq!(mail.encrypted, encryption != Encryption::None);
        assert_eq!(header(&mail.data, "Subject"), ["Your password was changed"]);
        assert_eq!(header(&mail.data, "Auto-Submitted"), ["auto-generated"]);
        assert_eq!(header(&mail.data, "To"), ["ada@example.org"]);
        let id = header(&mail.data, "Message-ID")[0];
        assert!(id.starts_with('<') && id.ends_with("@auth.example>"), "{id}");
        assert!(mail.data.contains("an administrator changed the password"), "{}", mail.data);
        assert!(mail.data.contains("text/plain") && mail.data.contains("text/html"));
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(sink.received().len(), 1, "once");
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_in_plain_text() {
    let (app, sink, ada) = mailing(Speaks::Plain, Encryption::StartTls).await;
    let background = Background::start(&app.service);
    app.password_is_changed(ada).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    background.stop().await;
    assert!(!sink.commands().iter().any(|command| command.starts_with("MAIL")), "{:?}", sink.commands());
    let listed = app.store.list_mails(10).await.expect("listing").remove(0);
    let problem = listed.problem.expect("a problem");
    assert!(listed.state == MailState::Waiting && problem.contains("STARTTLS"), "{problem}");
}

#[tokio::test]
async fn what_is_not_taken_now_is_sent_later_and_what_is_refused_never() {
    let (app, sink, ada) = mailing(Speaks::Plain, Encryption::None).await;
    sink.at_recipients(&["450 greylisted", "550 no such user"]);
    let _background = Background::start(&app.service);
    app.password_is_changed(ada).await;
    let waiting = async |attempts| {
        loop {
            let listed = app.store.list_mails(10).await.expect("listing").remove(0);
            if listed.attempts == attempts {
                return listed;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let listed = waiting(1).await;
    assert!(listed.state == MailState::Waiting && listed.problem.expect("one").contains("450 greylisted"));
    app.hand.step(11);
    let listed = waiting(2).await;
    assert!(listed.state == MailState::Failed && listed.problem.expect("one").contains("550 no such user"));
    app.hand.step(3600);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let asked = sink.commands().iter().filter(|command| command.starts_with("RCPT")).count();
    assert_eq!((asked, sink.received().len()), (2, 0), "not a third time");
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_comes_again_with_the_same_message_id() {
    let (app, sink, ada) = mailing(Speaks::Plain, Encryption::None).await;
    sink.at_mails(&[""]);
    let _background = Background::start(&app.service);
    app.password_is_changed(ada).await;
    sink.mails(1).await;
    // The node may also have been killed here: its claim runs out.
    app.hand.step(70);
    let mails = sink.mails(2).await;
    let ids: Vec<_> = mails.iter().map(|mail| header(&mail.data, "Message-ID")).collect();
    assert_eq!(ids[0], ids[1]);
    app.hand.step(70);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(sink.received().len(), 2);
}

#[tokio::test]
async fn a_mail_that_a_stopped_server_left_is_sent_by_the_next_one() {
    let (app, sink, ada) = mailing(Speaks::Tls, Encryption::Tls).await;
    app.password_is_changed(ada).await;
    let store = open_store(&app.folder).await;
    let settings = app.service.authority().settings().clone();
    let (clock, hashing) = (app.service.clock().clone(), Arc::clone(&app.hashing));
    let builder = Service::builder().clock(clock.clone()).mail(server(&sink, Encryption::Tls));
    let ports = Ports { hashing, ..builder.ports() };
    let authority = Authority::open(store, master(), settings, ports, clock.now()).await;
    let next = builder.build(Arc::new(authority.expect("an authority")));
    let _background = Background::start(&next);
    assert_eq!(sink.mails(1).await.len(), 1);
}

#[tokio::test]
async fn several_mails_go_over_few_connections() {
    let (app, sink, ada) = mailing(Speaks::Plain, Encryption::None).await;
    for number in 0..MOST_TO_ONE + 3 {
        app.has_address(ada, &format!("ada{}@example.org", number % 2)).await;
        app.password_is_changed(ada).await;
    }
    let _background = Background::start(&app.service);
    let mails = sink.mails(8).await;
    assert_eq!(mails.len(), 8);
    let greetings = sink.commands().iter().filter(|command| command.starts_with("EHLO")).count();
    assert!(greetings <= 4, "{greetings}");
}

#[tokio::test]
async fn letters_beyond_ascii_are_written_as_the_server_takes_them() {
    let sent_to = async |offers: &'static [&'static str], email: &str| {
        let (app, sink, ada) =
            mailing_to(Sink::offering(Speaks::Plain, offers).await, Encryption::None).await;
        app.has_address(ada, email).await;
        app.password_is_changed(ada).await;
        let background = Background::start(&app.service);
        for _ in 0..200 {
            let failed = app.store.list_mails(1).await.expect("listing").pop();
            let failed = failed.filter(|mail| mail.state == MailState::Failed);
            if !sink.received().is_empty() || failed.is_some() {
                background.stop().await;
                let taken = sink.received().pop().map(|mail| (mail.from.clone(), mail.to.concat()));
                return taken.ok_or_else(|| failed.and_then(|mail| mail.problem).expect("a problem"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("neither sent nor failed")
    };
    let (from, to) = sent_to(&["8BITMIME"], "info@münchen.de").await.expect("sent");
    assert_eq!((from.as_str(), to.as_str()), ("<login@auth.example>", "<info@xn--mnchen-3ya.de>"));
    let (from, to) = sent_to(&["8BITMIME", "SMTPUTF8"], "jürgen@münchen.de").await.expect("sent");
    assert!(from.contains("SMTPUTF8"), "{from}");
    assert_eq!(to, "<jürgen@xn--mnchen-3ya.de>");
    let problem = sent_to(&["8BITMIME"], "jürgen@münchen.de").await.expect_err("it cannot be sent");
    assert!(problem.contains("SMTPUTF8"), "{problem}");
}

#[tokio::test]
async fn an_address_or_a_name_cannot_add_a_recipient_or_a_header() {
    let (app, sink, ada) = mailing(Speaks::Plain, Encryption::None).await;
    app.has_address(ada, "ada@example.org\r\nBcc: eve@example.org").await;
    app.password_is_changed(ada).await;
    let bob = app.add_user("bob\u{202e}<b>x</b>&Bcc: eve@example.org").await;
    app.has_address(bob, "bob@example.org").await;
    app.password_is_changed(bob).await;
    let _background = Background::start(&app.service);
    let mail = sink.mails(1).await.remove(0);
    assert_eq!(mail.to, ["<bob@example.org>"]);
    assert!(header(&mail.data, "Bcc").is_empty());
    assert!(mail.data.contains("&#60;b&#62;x&#60;/b&#62;"), "{}", mail.data);
    let listed = app.store.list_mails(10).await.expect("listing");
    let failed: Vec<_> = listed.iter().filter(|mail| mail.user == ada).collect();
    assert_eq!((failed.len(), failed[0].state), (1, MailState::Failed));
}

#[tokio::test]
async fn a_mail_server_that_is_away_costs_a_mail_no_more_than_time() {
    let (app, sink, ada) = mailing(Speaks::Plain, Encryption::None).await;
    let port = sink.address.port();
    drop(sink);
    tokio::time::sleep(Duration::from_millis(50)).await;
    app.password_is_changed(ada).await;
    let _background = Background::start(&app.service);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let listed = app.store.list_mails(10).await.expect("listing").remove(0);
    assert!(listed.state == MailState::Waiting && listed.problem.is_some(), "{port}: {listed:?}");
    // Its life is over before the server is back.
    app.hand.step(25 * 3600);
    for _ in 0..600 {
        let listed = app.store.list_mails(10).await.expect("listing").remove(0);
        if listed.state == MailState::Failed {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it waits for ever");
}

//! What the mails say.

use std::time::{Duration, SystemTime};

use askama::Template;
use jeton_authority::mail::{MailAddress, MailKind, QueuedMail};
use jeton_authority::user::User;
use jeton_authority::{ResetSecret, visible};
use jeton_jose::Timestamp;
use jeton_oauth::Parameters;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::extension::ClientId;
use zeroize::Zeroizing;

use super::connection::{hello, on_the_wire};
use super::{MailError, MailServer};
use crate::urls::{Urls, path};

/// What mails say of the authority: its name and its URLs, which are those of the issuer, whatever a request said.
#[derive(Debug, Clone)]
pub struct Postmark {
    urls: Urls,
    /// The host without a port.
    host: Box<str>,
}

/// A mail in words.
struct Words {
    subject: &'static str,
    /// What happened, in a sentence.
    lead: &'static str,
    /// What to do if it was not the user.
    advice: Advice,
}

enum Advice {
    /// Change the password and end the sessions.
    SecureAccount,
    /// Nothing can be done with what the operator decided but to ask.
    AskOperator,
}

#[derive(Template)]
#[template(path = "mail/mail.txt")]
struct Text<'a>(&'a Content);

#[derive(Template)]
#[template(path = "mail/mail.html")]
struct Html<'a>(&'a Content);

/// What both parts of a mail show.
struct Content {
    subject: &'static str,
    username: String,
    host: String,
    lead: String,
    facts: Vec<(&'static str, String)>,
    closing: Vec<String>,
    link: Option<String>,
}

impl Postmark {
    /// The mails of the authority with this issuer.
    pub fn of(issuer: &str) -> Self {
        let urls = Urls::of(issuer);
        let host = match urls.host().rsplit_once(':') {
            // What follows the last colon is a port, unless it stands within the brackets of an IPv6 address.
            Some((host, port)) if !port.contains(']') => host.into(),
            _ => urls.host().into(),
        };
        Self { urls, host }
    }

    pub(super) fn hello(&self) -> ClientId {
        hello(&self.host)
    }

    /// A mail that is due.
    pub(super) fn message(
        &self,
        server: &MailServer,
        mail: &QueuedMail,
        to: &MailAddress,
        user: &User,
        secret: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Message, MailError> {
        if mail.kind == MailKind::PasswordReset {
            let unreadable = "what is secret in the mail cannot be decrypted with the master key";
            let secret = secret.and_then(|secret| ResetSecret::parse(&secret));
            let secret = secret.ok_or_else(|| MailError::Unwritable { reason: unreadable.to_owned() })?;
            return self.password_reset(server, mail, to, user, &secret);
        }
        let words = words(mail);
        let mut facts = vec![("When", moment(mail.facts.at()))];
        facts.extend(mail.facts.network.as_deref().map(|network| ("From the network", network.to_owned())));
        facts.extend(mail.facts.device.as_deref().map(|device| ("With", device.to_owned())));
        let (closing, link) = match words.advice {
            Advice::SecureAccount => (
                vec![
                    "If this was you, there is nothing to do.".to_owned(),
                    "If it was not you, somebody else can use your account: sign in, change your password, and check how you sign in. \
                     If you cannot sign in any more, ask whoever runs this service."
                        .to_owned(),
                ],
                Some(self.urls.absolute(path::ACCOUNT)),
            ),
            Advice::AskOperator => {
                (vec!["If you do not know why, ask whoever runs this service.".to_owned()], None)
            }
        };
        let content = Content {
            subject: words.subject,
            username: visible(user.username.as_str()).into_owned(),
            host: self.host.to_string(),
            lead: words.lead.to_owned(),
            facts,
            closing,
            link,
        };
        self.write(server, &content, to, &mail.id.to_string(), mail.queued_at)
    }

    fn password_reset(
        &self,
        server: &MailServer,
        mail: &QueuedMail,
        to: &MailAddress,
        user: &User,
        secret: &ResetSecret,
    ) -> Result<Message, MailError> {
        let query = [("request", secret.request.as_str()), ("token", secret.token.as_str())];
        let query = query.into_iter().collect::<Parameters>().to_query();
        let mut facts = vec![("Code", secret.code.clone()), ("Asked for", moment(mail.facts.at()))];
        facts.extend(mail.facts.network.as_deref().map(|network| ("From the network", network.to_owned())));
        facts.extend(mail.facts.device.as_deref().map(|device| ("With", device.to_owned())));
        let content = Content {
            subject: "Set a new password",
            username: visible(user.username.as_str()).into_owned(),
            host: self.host.to_string(),
            lead: "somebody asked to set a new password for your account. If it was you, open the link below in the browser in which \
                   you asked, or type the code there. Both count for 15 minutes, and once."
                .to_owned(),
            facts,
            closing: vec![
                "If it was not you, there is nothing to do: your password stays as it is, and nobody can use the link or the code in another \
                 browser. Do not pass the code on."
                    .to_owned(),
            ],
            link: Some(self.urls.absolute(&format!("{}?{query}", path::RESET_LINK))),
        };
        self.write(server, &content, to, &mail.id.to_string(), mail.queued_at)
    }

    /// The mail of `jeton mail test`.
    pub(super) fn test_message(
        &self,
        server: &MailServer,
        to: &MailAddress,
        now: Timestamp,
    ) -> Result<Message, MailError> {
        let content = Content {
            subject: "Test mail",
            username: String::new(),
            host: self.host.to_string(),
            lead: "This is a test mail. Mail from this service reaches you.".to_owned(),
            facts: vec![("Sent", moment(now))],
            closing: Vec::new(),
            link: None,
        };
        let mut id = [0; 16];
        jeton_jose::random::fill(&mut id);
        self.write(server, &content, to, &jeton_jose::base64url::encode(id), now)
    }

    fn write(
        &self,
        server: &MailServer,
        content: &Content,
        to: &MailAddress,
        id: &str,
        at: Timestamp,
    ) -> Result<Message, MailError> {
        let unwritable = |reason: String| MailError::Unwritable { reason };
        let rendered =
            |part: Result<String, askama::Error>| part.map_err(|error| unwritable(error.to_string()));
        let (text, html) = (rendered(Text(content).render())?, rendered(Html(content).render())?);
        let name = Some(server.from_name.to_string()).filter(|name| !name.is_empty());
        let from = Mailbox::new(name.or_else(|| Some(self.host.to_string())), on_the_wire(&server.from)?);
        let raw = |name: &'static str, value: &str| {
            HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
        };
        Message::builder()
            .from(from)
            .to(Mailbox::new(None, on_the_wire(to)?))
            .subject(content.subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(at.unix().unsigned_abs()))
            .message_id(Some(format!("<{id}@{}>", self.host)))
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .raw_header(raw("X-Auto-Response-Suppress", "All"))
            .multipart(MultiPart::alternative_plain_html(text, html))
            .map_err(|error| unwritable(error.to_string()))
    }
}

fn words(mail: &QueuedMail) -> Words {
    let (subject, lead) = match (mail.kind, &*mail.facts.event) {
        (MailKind::PasswordChanged, _) if mail.facts.by_operator => {
            ("Your password was changed", "an administrator changed the password of your account.")
        }
        (MailKind::PasswordChanged, _) => {
            ("Your password was changed", "the password of your account was changed.")
        }
        (MailKind::NewDevice, _) => (
            "New sign-in to your account",
            "somebody signed in to your account from a network and in a browser that were not used for it before.",
        ),
        (_, "passkey_added") => (
            "A passkey was added to your account",
            "a passkey was added to your account. It can be used to sign in.",
        ),
        (_, "passkey_removed") => {
            ("A passkey was removed from your account", "a passkey was removed from your account.")
        }
        (_, "second_factor_added") => {
            ("Two-step sign-in is on", "a second step was set up for signing in to your account.")
        }
        (_, "second_factor_removed") => {
            ("Two-step sign-in is off", "the second step for signing in to your account was removed.")
        }
        (_, "recovery_code_used") => (
            "A recovery code was used",
            "somebody signed in to your account with one of your recovery codes.",
        ),
        _ => ("Your account was changed", "how you sign in to your account was changed."),
    };
    let advice = if mail.facts.by_operator { Advice::AskOperator } else { Advice::SecureAccount };
    Words { subject, lead, advice }
}

/// A time in words, such as `22 November 2026, 20:00 UTC`.
fn moment(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let since = Duration::from_secs(at.unix().unsigned_abs());
    let date = humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since).to_string();
    let part = |from: usize, to: usize| date.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    let (day, month) = (part(8, 10).trim_start_matches('0'), month.unwrap_or(&""));
    format!("{day} {month} {}, {} UTC", part(0, 4), part(11, 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_words() {
        assert_eq!(moment(Timestamp::from_unix(1_795_377_600)), "22 November 2026, 20:00 UTC");
        assert_eq!(moment(Timestamp::from_unix(0)), "1 January 1970, 00:00 UTC");
    }

    #[test]
    fn the_host_is_that_of_the_issuer_without_its_port() {
        for (issuer, host) in [
            ("https://auth.example", "auth.example"),
            ("https://auth.example:8443/auth", "auth.example"),
            ("http://[::1]:8000", "[::1]"),
            ("http://127.0.0.1:8000", "127.0.0.1"),
        ] {
            assert_eq!(&*Postmark::of(issuer).host, host);
        }
        assert_eq!(Postmark::of("http://[::1]:8000").hello().to_string(), "[IPv6:::1]");
        assert_eq!(Postmark::of("http://127.0.0.1").hello().to_string(), "[127.0.0.1]");
    }
}

//! `jeton mail`: whether mail reaches anybody, and what waits.

use clap::{Args, Subcommand};
use jeton_authority::MailId;
use jeton_authority::mail::{ListedMail, MailAddress, MailState};
use jeton_authority::store::Store;
use jeton_server::mail::{Postmark, ProbeError, probe};
use serde::Serialize;
use serde_json::json;

use super::user::failed;
use crate::config::Config;
use crate::data::{self, Data};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::{self, Style};
use crate::{clock, served, serving, words};

/// How many mails are listed.
const LISTED: u32 = 1_000;

/// Test the mail server, and look after mail that was not sent
#[derive(Debug, Args)]
#[command(after_help = "\
Mail that the mail server does not take now is tried again, with growing pauses, until its
time is over. What it refuses for good is kept as failed for two weeks.

Examples:
  jeton mail test --to you@example.org         send a test mail, or say what is wrong
  jeton mail list                              what waits, and what failed
  jeton mail retry 5f3c…                       try a mail again at once
  jeton mail drop 5f3c…                        forget a mail that was not sent")]
pub(crate) struct MailCommand {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Send a test mail with the settings `mail.*`, and say what is wrong where that fails
    Test {
        /// The address to send it to
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
    /// List mail that waits or failed
    List,
    /// Try a mail again at once, for as long as a new one
    Retry {
        /// The id of the mail
        id: MailId,
    },
    /// Forget a mail that was not sent
    Drop {
        /// The id of the mail
        id: MailId,
    },
}

impl MailCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let mut config = self.store.load()?.config;
        data::run(async {
            if let Action::Test { to } = &self.action {
                return test(&config, to, style).await;
            }
            let data = Data::open(&config).await?;
            served::follow(&mut config, &data);
            match self.action {
                Action::Test { .. } => Ok(()),
                Action::List => list(&*data.store, style).await,
                Action::Retry { id } => {
                    let found = data.store.retry_mail(id, clock::now()).await.map_err(failed)?;
                    done(found, id, "retried", style)
                }
                Action::Drop { id } => {
                    let found = data.store.drop_mail(id).await.map_err(failed)?;
                    done(found, id, "dropped", style)
                }
            }
        })
    }
}

fn done(found: bool, id: MailId, what: &'static str, style: Style) -> Result<(), Failure> {
    if !found {
        return Err(Failure::coded("mail_unknown", format!("no mail {id} waits or failed")));
    }
    style.print(&json!({"mail": id, "done": what}), || match what {
        "retried" => format!("mail {id} is tried at once by a running server"),
        _ => format!("forgot mail {id}"),
    })
}

async fn test(config: &Config, to: &str, style: Style) -> Result<(), Failure> {
    let to_address = MailAddress::parse(to).map_err(|error| Failure::usage(format!("--to: {error}")))?;
    let Some(server) = serving::mail_server(config)? else {
        return Err(Failure::coded("mail_off", "no mail is sent: set mail.host and mail.from"));
    };
    let postmark = Postmark::of(&config.issuer_at(config.listen.0));
    match probe(&server, &postmark, &to_address, clock::now()).await {
        Ok(()) => {
            let host = config.mail_host.as_deref().unwrap_or_default();
            style.print(&json!({"sent": true, "to": to}), || {
                format!("{host} took a test mail for {}: see whether it arrives", output::printable(to))
            })
        }
        Err(ProbeError { error, wanted }) => {
            let hint = wanted.map(|mode| {
                let mode = mode.as_str();
                format!("; the server speaks `{mode}` on this port: set mail.encryption to {mode}")
            });
            let text = format!("{error}{}", hint.unwrap_or_default());
            Err(Failure::coded(error.code(), output::printable(&text)))
        }
    }
}

/// A mail as it is shown.
#[derive(Serialize)]
struct Shown {
    id: MailId,
    state: &'static str,
    kind: String,
    to: String,
    queued_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    failed_attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Shown {
    fn of(mail: ListedMail) -> Self {
        Self {
            id: mail.id,
            state: mail.state.as_str(),
            kind: mail.kind.to_string(),
            to: mail.recipient.to_string(),
            queued_at: words::date(mail.queued_at),
            next_attempt_at: (mail.state == MailState::Waiting).then(|| words::date(mail.due_at)),
            failed_attempts: mail.attempts,
            problem: mail.problem.map(Into::into),
        }
    }

    fn row(&self) -> [String; 7] {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
        [
            self.id.to_string(),
            self.state.to_owned(),
            output::printable(&self.kind),
            output::printable(&self.to),
            self.queued_at.clone(),
            or_dash(&self.next_attempt_at),
            output::printable(&or_dash(&self.problem)),
        ]
    }
}

async fn list(store: &dyn Store, style: Style) -> Result<(), Failure> {
    let mails = store.list_mails(LISTED).await.map_err(failed)?;
    let shown: Vec<_> = mails.into_iter().map(Shown::of).collect();
    style.print(&shown, || {
        let rows: Vec<_> = shown.iter().map(Shown::row).collect();
        output::table(["ID", "STATE", "ABOUT", "TO", "QUEUED", "NEXT ATTEMPT", "PROBLEM"], &rows)
    })
}

//! `jeton audit`: what happened, for whoever has to explain it later.

mod verify;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use clap::{Args, Subcommand};
use jeton_authority::UserId;
use jeton_authority::audit::{Actor, AuditEnd, AuditFilter, AuditNumber, AuditRecord, AuditSubject};
use jeton_authority::store::Store;
use jeton_jose::Timestamp;
use serde::Serialize;

use super::user::{failed, find};
use crate::data::{self, Data};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::{self, Style, printable};
use crate::{clock, words};

/// How many records are read at once.
const PAGE: u32 = 1_000;
/// How many records are shown where nobody says since when.
const LAST: u32 = 1_000;
/// How often it is looked for new records.
const LOOK: Duration = Duration::from_millis(500);

/// Show the audit trail: sign-ins, changes of users, clients and keys, ended sessions
#[derive(Debug, Args)]
#[command(after_help = "\
The trail tells what happened, when, who did it, to which user, from which network,
and in which session or grant, or with which client or key. The oldest record comes first.
Records are kept for as long as the setting audit.retention says.

Examples:
  jeton audit list --user ada
  jeton audit list --since 2h                  also 2026-11-30 or 2026-11-30T01:00:00Z
  jeton audit list --follow --json             one JSON document a line, until it is interrupted
  jeton audit export > audit.jsonl             all records, one JSON document a line
  jeton audit verify --json > heads.json       nothing was removed or changed?
  jeton audit verify --heads heads.json        nor replaced, since then?")]
pub(crate) struct AuditCommand {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List what happened: the last 1,000 records, or all since a time
    List {
        /// Only events about this user: a name, or the identifier of a removed user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Only events since this date, time, or duration ago
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<Timestamp>,
        /// Keep running and print new events
        #[arg(long)]
        follow: bool,
    },
    /// Print all records, or those since a time, as JSON documents, one a line
    Export {
        /// Only events since this date, time, or duration ago
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<Timestamp>,
    },
    /// Check that no record was removed or changed
    ///
    /// Each record contains a hash of itself and of the record before it. Whoever can write to the database can also
    /// compute new hashes. To find that out as well, keep the output of `jeton audit verify --json` somewhere else, and
    /// compare with it later.
    Verify {
        /// Also check that the trail still contains what it contained when this output of `verify --json` was written
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
    },
}

impl AuditCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let config = self.store.load()?.config;
        data::run(async {
            let store = Data::open(&config).await?.store;
            let trail = |store, style| Trail { store, names: HashMap::new(), style };
            match self.action {
                Action::List { user, since, follow } => {
                    let user = match user {
                        Some(name) => Some(concerned(&*store, &name).await?),
                        None => None,
                    };
                    trail(store.for_lists().unwrap_or(&*store), style).show(user, since, follow).await
                }
                Action::Export { since } => trail(&*store, Style::Json).export(since).await,
                Action::Verify { heads } => verify::run(&*store, heads.as_deref(), style).await,
            }
        })
    }
}

/// The user of a name, or of an identifier.
async fn concerned(store: &dyn Store, name: &str) -> Result<UserId, Failure> {
    match (find(store, name).await, name.parse::<UserId>()) {
        (Ok(user), _) => Ok(user.id),
        (Err(_), Ok(id)) => Ok(id),
        (Err(failure), Err(_)) => Err(failure),
    }
}

/// `2h`, `2026-11-30`, `2026-11-30T01:00:00Z` or seconds since 1970.
fn time(text: &str) -> Result<Timestamp, String> {
    const WANTED: &str = "expected a date such as 2026-11-30, a time such as 2026-11-30T01:00:00Z, or how long ago, such as 2h";
    let midnight = format!("{text}T00:00:00Z");
    let at = humantime::parse_rfc3339_weak(text).or_else(|_| humantime::parse_rfc3339(&midnight)).ok();
    if let Some(at) = at {
        let seconds =
            at.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok());
        return seconds.map(Timestamp::from_unix).ok_or_else(|| WANTED.to_owned());
    }
    if let Ok(ago) = humantime::parse_duration(text) {
        return Ok(clock::now().saturating_sub(ago));
    }
    text.parse().map(Timestamp::from_unix).map_err(|_| WANTED.to_owned())
}

/// A record as it is shown. Users are shown by their names; those who were removed, by their identifiers.
#[derive(Serialize)]
struct Shown {
    at: String,
    event: &'static str,
    /// Not known of records from before it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<ShownActor>,
    subject: ShownSubject,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<String>,
    /// What was changed: before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<serde_json::Value>,
    #[serde(flatten)]
    before: ShownBefore,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ShownActor {
    Authority,
    Operator,
    User { user: String },
    Client { client: Box<str> },
}

#[derive(Serialize, Clone)]
struct ShownSubject {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Box<str>>,
}

/// The members that said what a record concerns before there was `subject`. Scripts read them.
#[derive(Serialize)]
struct ShownBefore {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// The grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// The client or the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<Box<str>>,
}

impl From<ShownSubject> for ShownBefore {
    fn from(ShownSubject { user, grant, client, key, .. }: ShownSubject) -> Self {
        Self { user, session: grant, about: client.or(key) }
    }
}

impl Shown {
    fn row(&self) -> [String; 7] {
        let or_none = |text: Option<&str>| text.map_or("–".to_owned(), printable);
        let ShownSubject { user, grant, session, client, key } = &self.subject;
        [
            self.at.clone(),
            self.event.to_owned(),
            self.actor.as_ref().map_or("–".to_owned(), ShownActor::cell),
            or_none(user.as_deref()),
            or_none(self.network.as_deref()),
            or_none(grant.as_deref().or(session.as_deref())),
            or_none(client.as_deref().or(key.as_deref())),
        ]
    }
}

impl ShownActor {
    fn cell(&self) -> String {
        match self {
            Self::Authority => "authority".to_owned(),
            Self::Operator => "operator".to_owned(),
            Self::User { user } => format!("user {}", printable(user)),
            Self::Client { client } => format!("client {}", printable(client)),
        }
    }
}

struct Trail<'s> {
    store: &'s dyn Store,
    /// The names that were looked up.
    names: HashMap<UserId, String>,
    style: Style,
}

impl Trail<'_> {
    async fn show(
        mut self,
        user: Option<UserId>,
        since: Option<Timestamp>,
        follow: bool,
    ) -> Result<(), Failure> {
        let mut filter = AuditFilter { user, since, ..AuditFilter::default() };
        let mut shown = Vec::new();
        if since.is_none() {
            let newest = AuditFilter { end: AuditEnd::Newest, ..filter };
            self.page(newest, LAST, &mut filter.after, &mut shown).await?;
        } else {
            while self.page(filter, PAGE, &mut filter.after, &mut shown).await? == PAGE as usize {}
        }
        if !follow {
            return self.style.print(&shown, || {
                let rows: Vec<_> = shown.iter().map(Shown::row).collect();
                output::table(["AT", "EVENT", "ACTOR", "USER", "NETWORK", "SESSION OR GRANT", "ABOUT"], &rows)
            });
        }
        loop {
            self.lines(&shown)?;
            shown.clear();
            if self.page(filter, PAGE, &mut filter.after, &mut shown).await? < PAGE as usize {
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Prints all records since a time, a page at a time.
    async fn export(mut self, since: Option<Timestamp>) -> Result<(), Failure> {
        let mut filter = AuditFilter { since, ..AuditFilter::default() };
        let mut shown = Vec::new();
        loop {
            let count = self.page(filter, PAGE, &mut filter.after, &mut shown).await?;
            self.lines(&shown)?;
            shown.clear();
            if count < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// Reads a page, and notes its last record in `last`.
    async fn page(
        &mut self,
        filter: AuditFilter,
        limit: u32,
        last: &mut Option<AuditNumber>,
        shown: &mut Vec<Shown>,
    ) -> Result<usize, Failure> {
        let page = self.store.read_audit(filter, limit).await.map_err(failed)?;
        if let Some((number, _)) = page.last() {
            *last = Some(*number);
        }
        let count = page.len();
        for (_, record) in page {
            let record = self.shown(record).await?;
            shown.push(record);
        }
        Ok(count)
    }

    async fn shown(&mut self, record: AuditRecord) -> Result<Shown, Failure> {
        let AuditRecord { at, event, actor, subject, network, changes } = record;
        let AuditSubject { user, grant, session, client, key } = subject;
        let actor = match actor {
            Some(actor) => self.actor(actor).await?,
            None => None,
        };
        let user = match user {
            Some(user) => Some(self.name(user).await?),
            None => None,
        };
        let (grant, session) = (grant.map(|id| id.to_string()), session.map(|id| id.to_string()));
        let subject = ShownSubject { user, grant, session, client, key };
        Ok(Shown {
            at: words::date(at),
            event: event.as_str(),
            actor,
            before: subject.clone().into(),
            subject,
            network: network.map(|network| network.to_string()),
            changes: changes.map(|changes| changes.to_value()),
        })
    }

    async fn actor(&mut self, actor: Actor) -> Result<Option<ShownActor>, Failure> {
        Ok(match actor {
            Actor::Authority => Some(ShownActor::Authority),
            Actor::Operator => Some(ShownActor::Operator),
            Actor::User(user) => Some(ShownActor::User { user: self.name(user).await? }),
            Actor::Client(client) => Some(ShownActor::Client { client }),
            _ => None,
        })
    }

    async fn name(&mut self, user: UserId) -> Result<String, Failure> {
        if let Some(name) = self.names.get(&user) {
            return Ok(name.clone());
        }
        let found = self.store.find_user_by_id(user).await.map_err(failed)?;
        let name = found.map_or_else(|| user.to_string(), |user| user.username.to_string());
        self.names.insert(user, name.clone());
        Ok(name)
    }

    /// Prints records one by one.
    fn lines(&self, shown: &[Shown]) -> Result<(), Failure> {
        for record in shown {
            match self.style {
                Style::Json => output::line(&serde_json::to_string(record).unwrap_or_default())?,
                Style::Text => output::line(&record.row().join("  "))?,
            }
        }
        Ok(())
    }
}

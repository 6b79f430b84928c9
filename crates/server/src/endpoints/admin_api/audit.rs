//! The audit trail.

use jeton_authority::UserId;
use jeton_authority::audit::{self, AuditEnd, AuditFilter, AuditNumber};
use jeton_jose::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::call::{Answer, Call, time};
use super::problem::{Problem, Refusal};

/// A record.
#[derive(Serialize, ToSchema)]
pub(super) struct Record {
    /// The cursor of what comes after it.
    number: String,
    at: String,
    event: String,
    /// Who did it; `null` of records from before that was noted.
    actor: Option<Actor>,
    subject: Subject,
    network: Option<String>,
    /// What was changed: a member for each thing, with `before` and `after`.
    changes: Option<Value>,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
struct Actor {
    kind: Kind,
    /// The user or client.
    id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Authority,
    Operator,
    User,
    Client,
    /// What only a newer version knows.
    Unknown,
}

/// Whom and what it concerns.
#[derive(Serialize, ToSchema)]
struct Subject {
    user: Option<String>,
    grant: Option<String>,
    session: Option<String>,
    client: Option<String>,
    key: Option<String>,
}

/// Records, the oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Trail {
    records: Vec<Record>,
    /// The cursor of what comes after the last record, also of what has not happened yet: ask with it again to follow the trail.
    next: Option<String>,
}

fn record_of((number, record): (AuditNumber, audit::AuditRecord)) -> Record {
    let audit::AuditRecord { at, event, actor, subject, network, changes } = record;
    Record {
        number: number.0.to_string(),
        at: time(at),
        event: event.as_str().to_owned(),
        actor: actor.map(|actor| match actor {
            audit::Actor::Authority => Actor { kind: Kind::Authority, id: None },
            audit::Actor::Operator => Actor { kind: Kind::Operator, id: None },
            audit::Actor::User(user) => Actor { kind: Kind::User, id: Some(user.to_string()) },
            audit::Actor::Client(client) => Actor { kind: Kind::Client, id: Some(client.into()) },
            _ => Actor { kind: Kind::Unknown, id: None },
        }),
        subject: Subject {
            user: subject.user.map(|user| user.to_string()),
            grant: subject.grant.map(|grant| grant.to_string()),
            session: subject.session.map(|session| session.to_string()),
            client: subject.client.map(Into::into),
            key: subject.key.map(Into::into),
        },
        network: network.map(|network| network.to_string()),
        changes: changes.map(|changes| changes.to_value()),
    }
}

pub(super) async fn read(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let limit = call.limit()?;
    let since = match call.asked("since") {
        None => None,
        Some(text) => Some(since(text).ok_or_else(|| Refusal::Query("since".into()))?),
    };
    let filter = AuditFilter {
        user: call.asked_for::<UserId>("user")?,
        since,
        after: call.asked_for::<i64>("cursor")?.map(AuditNumber),
        end: match call.asked_for::<bool>("newest")? {
            Some(true) => AuditEnd::Newest,
            Some(false) | None => AuditEnd::Oldest,
        },
    };
    let store = call.app.authority.store();
    let store = store.for_lists().unwrap_or(store);
    let records: Vec<_> = store.read_audit(filter, limit).await?.into_iter().map(record_of).collect();
    let next = records.last().map(|record| record.number.clone());
    let next = next.or_else(|| call.asked("cursor").map(str::to_owned));
    Ok(Answer::of(&Trail { records, next }))
}

/// A time of RFC 3339, or seconds since 1970.
fn since(text: &str) -> Option<Timestamp> {
    if let Ok(at) = humantime::parse_rfc3339(text) {
        let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
        return i64::try_from(since.as_secs()).ok().map(Timestamp::from_unix);
    }
    text.parse().ok().map(Timestamp::from_unix)
}

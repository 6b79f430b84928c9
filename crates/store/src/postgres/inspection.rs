//! Reading every row of a PostgreSQL database through the code that servers read them with.

use jeton_authority::keys::SealedThings;
use jeton_authority::revocation::Revoked;
use jeton_authority::store::StoreError;
use jeton_authority::{GrantId, SessionId, UserId};
use jeton_oauth::client::ClientId;
use tokio_postgres::Row;

use super::columns::{counted, id, network, optional_str, optional_timestamp, parsed, str, text, timestamp};
use super::error::Failed;
use super::grants::grant_columns;
use super::sessions::{session_columns, standing_columns};
use super::source::{counts, database, refuse_unreadable, snapshot};
use super::users::user_columns;
use super::{
    audit, audit_segments, authenticators, clients, devices, grants, keys, logouts, mails, master_key,
    one_time, resets, schema, sessions, users,
};
use crate::inspection::{Inspector, Record, TableFindings};
use crate::move_error::MoveError;
use crate::postgres_url::PostgresUrl;
use crate::rows::{Table, tables};

/// How the rows of a table are read. The last column of each statement identifies the row.
struct Reading {
    table: &'static str,
    sql: &'static str,
    read: fn(&Row) -> Result<Record, Failed>,
}

/// Whether a database that is being filled may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// It may: who asks is filling it.
    Read,
    /// It is refused.
    Refuse,
}

/// Reads all rows of a database.
pub(crate) async fn inspect(
    url: &PostgresUrl,
    unfinished: Unfinished,
    mut inspector: Inspector,
) -> Result<(Vec<TableFindings>, SealedThings), MoveError> {
    let database = database(url)?;
    let found = schema::look(&database).await?;
    if unfinished == Unfinished::Refuse || found != schema::Found::Unfinished {
        refuse_unreadable(found, url)?;
    }
    let db = snapshot(&database).await?;
    let tables = tables();
    let counts = counts(&db, &tables).await.map_err(StoreError::from)?;
    inspector.expect(counts.iter().sum());
    let rows = |name: &str| {
        let place = tables.iter().position(|table: &Table| table.name == name);
        place.and_then(|place| counts.get(place)).copied().unwrap_or(0)
    };
    let mut all = Vec::new();
    for reading in READINGS {
        let mut findings = TableFindings::of(reading.table, rows(reading.table));
        let mut scan = db.scan(reading.sql).await.map_err(StoreError::from)?;
        let mut read = 0;
        while let Some(row) = scan.next().await.map_err(StoreError::from)? {
            read += 1;
            let name = || text(&row, row.len() - 1).unwrap_or_default();
            let record = (reading.read)(&row).map_err(|failed| StoreError::from(failed).to_string());
            inspector.judge(&mut findings, name, record);
        }
        findings.finish(read);
        all.push(findings);
    }
    let things = master_key::things(&db).await.map_err(StoreError::from)?;
    Ok((all, things))
}

const READINGS: &[Reading] = &[
    Reading {
        table: "master_key_check",
        sql: "SELECT value, ''::text FROM master_key_check",
        read: |row| str(row, 0).map(|_| Record::Plain),
    },
    Reading {
        table: "keys",
        sql: "SELECT id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at, id FROM keys",
        read: |row| keys::key(row).map(Box::new).map(Record::Key),
    },
    Reading {
        table: "users",
        sql: concat!("SELECT ", user_columns!(), ", u.last_import, u.removed_at, u.username FROM users u"),
        read: user,
    },
    Reading {
        table: "clients",
        sql: "SELECT id, document, secret, backchannel_logout, created_at, id FROM clients",
        read: |row| clients::stored(row).map(Box::new).map(Record::Client),
    },
    Reading {
        table: "removed_clients",
        sql: "SELECT id, removed_at, id FROM removed_clients",
        read: |row| {
            parsed::<ClientId>(row, 0)?;
            timestamp(row, 1).map(|_| Record::Plain)
        },
    },
    Reading {
        table: "token_api_clients",
        sql: "SELECT id, id FROM token_api_clients",
        read: |row| str(row, 0).map(|_| Record::Plain),
    },
    Reading {
        table: "consents",
        sql: "SELECT c.scope, c.details, c.resources, c.appearance, u.id::text || ' ' || c.client
              FROM consents c JOIN users u ON u.id = c.user_id",
        read: |row| clients::consented(row).map(|_| Record::Plain),
    },
    Reading {
        table: "leaving_users",
        sql: "SELECT u.id, l.removal_at, u.id::text FROM leaving_users l JOIN users u ON u.id = l.user_id",
        read: |row| {
            id::<UserId>(row, 0)?;
            timestamp(row, 1).map(|_| Record::Plain)
        },
    },
    Reading {
        table: "authenticators",
        sql: "SELECT u.id, f.document, u.id::text FROM authenticators f JOIN users u ON u.id = f.user_id",
        read: |row| {
            let factors = authenticators::document(row, 1).map(Box::new)?;
            id::<UserId>(row, 0).map(|user| Record::Authenticators(user, factors))
        },
    },
    Reading {
        table: "known_networks",
        sql: "SELECT u.id, k.network, k.seen_at, u.id::text FROM known_networks k JOIN users u ON u.id = k.user_id",
        read: |row| {
            id::<UserId>(row, 0)?;
            network(row, 1)?;
            timestamp(row, 2).map(|_| Record::Plain)
        },
    },
    Reading {
        table: "sessions",
        sql: concat!(
            "SELECT ",
            standing_columns!(),
            ", ",
            session_columns!(),
            ", s.id::text FROM sessions s JOIN users u ON u.id = s.user_id"
        ),
        read: |row| {
            sessions::standing_at(row)?;
            sessions::session_at(row, sessions::STANDING_COLUMN_COUNT).map(|_| Record::Plain)
        },
    },
    Reading {
        table: "session_clients",
        sql: "SELECT session, client, sid, sid::text FROM session_clients",
        read: |row| {
            id::<SessionId>(row, 0)?;
            str(row, 1)?;
            id::<GrantId>(row, 2).map(|_| Record::Plain)
        },
    },
    Reading {
        table: "grants",
        sql: concat!(
            "SELECT ",
            grant_columns!(),
            ", g.id::text FROM grants g JOIN users u ON u.id = g.user_id"
        ),
        read: |row| grants::grant_at(row).map(|_| Record::Plain),
    },
    Reading {
        table: "one_time",
        sql: "SELECT content, expires_at, redeemed_at, grant_id, kind || ' ' || encode(hash, 'hex') FROM one_time",
        read: |row| one_time::one_time_at(row).map(|_| Record::Plain),
    },
    Reading {
        table: "devices",
        sql: "SELECT client, expires_at, last_polled_at, interval, decided, approved, redeemed_at,
                     encode(device_code, 'hex') FROM devices",
        read: |row| devices::state_at(row).map(Box::new).map(Record::Device),
    },
    Reading {
        table: "logouts",
        sql: "SELECT l.number, l.client, l.sid, l.user_id, coalesce(u.imported_key, u.removed_key), l.attempts,
                     l.number::text FROM logouts l JOIN users u ON u.id = l.user_id",
        read: |row| logouts::delivery(row).map(|_| Record::Plain),
    },
    Reading {
        table: "mails",
        sql: "SELECT id, user_id, kind, recipient, facts, sealed, queued_at, expires_at, attempts, id::text FROM mails",
        // A kind that a newer version wrote is passed over.
        read: |row| Ok(mails::queued(row)?.map_or(Record::Plain, |mail| Record::Mail(Box::new(mail)))),
    },
    Reading {
        table: "password_resets",
        sql: "SELECT id, user_id, mail, content, asked_at, sent_at, encode(id, 'hex') FROM password_resets",
        read: |row| resets::stored(row).map(|_| Record::Plain),
    },
    Reading {
        table: "status_indexes",
        sql: "SELECT number, issued_at, free_at, number::text FROM status_indexes",
        read: |row| {
            counted(row, 0)?;
            timestamp(row, 1)?;
            timestamp(row, 2).map(|_| Record::Plain)
        },
    },
    Reading {
        table: "revocations",
        sql: "SELECT at, kind, subject, encode(subject, 'hex') FROM revocations",
        read: |row| {
            timestamp(row, 0)?;
            // A kind that a newer version wrote is passed over.
            Revoked::from_stored(str(row, 1)?, row.try_get(2)?);
            Ok(Record::Plain)
        },
    },
    Reading {
        table: "audit",
        sql: "SELECT at, event, user_id, grant_id, network, key_id, actor, actor_id, client, session_id, number::text
              FROM audit",
        read: |row| audit::record(row).map(|_| Record::Plain),
    },
    Reading {
        table: "audit_of_users",
        sql: "SELECT user_id, number::text FROM audit_of_users",
        read: |row| id::<UserId>(row, 0).map(|_| Record::Plain),
    },
    Reading {
        table: "audit_segments",
        sql: "SELECT id, opened_at, follows, first, before_first, next, head, id::text FROM audit_segments",
        read: |row| audit_segments::segment(row).map(|_| Record::Plain),
    },
];

fn user(row: &Row) -> Result<Record, Failed> {
    let user = Box::new(users::user_at(row, 0)?);
    optional_str(row, users::USER_COLUMN_COUNT)?;
    let removed_at = optional_timestamp(row, users::USER_COLUMN_COUNT + 1)?;
    Ok(if removed_at.is_some() { Record::Plain } else { Record::User(user) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_that_is_carried_is_read() {
        let read: Vec<_> = READINGS.iter().map(|reading| reading.table.to_owned()).collect();
        assert_eq!(read, tables().into_iter().map(|table| table.name).collect::<Vec<_>>());
    }
}

//! Reading every row of a SQLite database through the code that servers read them with.

use std::path::Path;

use jeton_authority::keys::SealedThings;
use jeton_authority::revocation::Revoked;
use jeton_authority::{GrantId, SessionId};
use jeton_oauth::client::ClientId;
use rusqlite::{Connection, Row};

use super::columns::{counted, network, optional_text, optional_timestamp, parsed, text, timestamp, user_id};
use super::error::store_error;
use super::{
    audit, audit_segments, authenticators, clients, devices, grants, keys, logouts, mails, master_key,
    one_time, resets, schema, sessions, users,
};
use crate::inspection::{Inspector, Record, TableFindings};
use crate::mode::{Access, OpenMode};
use crate::move_error::MoveError;

/// How the rows of a table are read. The last column of each statement identifies the row.
struct Reading {
    table: &'static str,
    sql: String,
    read: fn(&Row<'_>) -> rusqlite::Result<Record>,
}

/// Reads all rows of the database at `path`. Where it is sound, what belongs to a master key is answered too.
pub(crate) async fn inspect(
    path: &Path,
    mut inspector: Inspector,
) -> Result<(Vec<TableFindings>, SealedThings), MoveError> {
    let path = path.to_path_buf();
    let inspected = tokio::task::spawn_blocking(move || {
        let (db, _) = schema::open(&path, OpenMode::AsIs, Access::Command, None, &|_| {})?;
        let failed = |error: rusqlite::Error| MoveError::Store(store_error(&error, &path));
        read_all(&db, &mut inspector).map_err(failed)
    });
    match inspected.await {
        Ok(inspected) => inspected,
        Err(stopped) => {
            Err(MoveError::Store(jeton_authority::store::StoreError::Failed(stopped.to_string())))
        }
    }
}

fn read_all(
    db: &Connection,
    inspector: &mut Inspector,
) -> rusqlite::Result<(Vec<TableFindings>, SealedThings)> {
    db.execute_batch("BEGIN")?;
    let readings = readings();
    let mut all = vec![of_the_file(db)?];
    for reading in &readings {
        let sql = format!("SELECT count(*) FROM {}", reading.table);
        let rows = db.query_row(&sql, [], |row| row.get::<_, i64>(0))?;
        all.push(TableFindings::of(reading.table, rows.unsigned_abs()));
    }
    inspector.expect(all.iter().map(|findings| findings.rows).sum());
    for (reading, findings) in readings.iter().zip(&mut all[1..]) {
        let mut select = db.prepare(&reading.sql)?;
        let key = select.column_count() - 1;
        let mut rows = select.query([])?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            read += 1;
            let name = || text(row, key).unwrap_or_default();
            inspector.judge(findings, name, (reading.read)(row).map_err(|error| error.to_string()));
        }
        findings.finish(read);
    }
    let things = master_key::things(db)?;
    Ok((all, things))
}

/// What SQLite itself finds.
fn of_the_file(db: &Connection) -> rusqlite::Result<TableFindings> {
    let mut findings = TableFindings::of("database", 0);
    let mut check = db.prepare("PRAGMA integrity_check(10)")?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        let said = text(row, 0)?;
        if &*said != "ok" {
            findings.note("", said);
        }
    }
    let mut check = db.prepare("PRAGMA foreign_key_check")?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        findings.note("", format!("a row of {} belongs to a user that is not there", text(row, 0)?));
    }
    Ok(findings)
}

fn readings() -> Vec<Reading> {
    let reading = |table, sql, read| Reading { table, sql, read };
    let plain = |table, columns: &str, key: &str, read| Reading {
        table,
        sql: format!("SELECT {columns}, {key} FROM {table}"),
        read,
    };
    vec![
        plain("master_key_check", "value", "''", |row| text(row, 0).map(|_| Record::Plain)),
        plain(
            "keys",
            "id, purpose, algorithm, sealed, created_at, signs_from, withdrawn_at",
            "id",
            |row| keys::key(row).map(Box::new).map(Record::Key),
        ),
        reading(
            "users",
            format!("SELECT {}, u.last_import, u.removed_at, u.username FROM users u", users::USER_COLUMNS),
            user,
        ),
        plain("clients", "id, document, secret, backchannel_logout, created_at", "id", |row| {
            clients::stored(row).map(Box::new).map(Record::Client)
        }),
        plain("removed_clients", "id, removed_at", "id", |row| {
            parsed::<ClientId>(row, 0)?;
            timestamp(row, 1).map(|_| Record::Plain)
        }),
        plain("token_api_clients", "id", "id", |row| text(row, 0).map(|_| Record::Plain)),
        reading(
            "consents",
            "SELECT c.scope, c.details, c.resources, c.appearance, hex(u.id) || ' ' || c.client
             FROM consents c JOIN users u ON u.number = c.user"
                .to_owned(),
            |row| clients::consented(row).map(|_| Record::Plain),
        ),
        reading(
            "leaving_users",
            "SELECT u.id, l.removal_at, hex(u.id) FROM leaving_users l JOIN users u ON u.number = l.user".to_owned(),
            |row| {
                user_id(row, 0)?;
                timestamp(row, 1).map(|_| Record::Plain)
            },
        ),
        reading(
            "authenticators",
            "SELECT u.id, f.document, hex(u.id) FROM authenticators f JOIN users u ON u.number = f.user".to_owned(),
            |row| {
                let factors = authenticators::document(row, 1).map(Box::new)?;
                user_id(row, 0).map(|user| Record::Authenticators(user, factors))
            },
        ),
        reading(
            "known_networks",
            "SELECT u.id, k.network, k.seen_at, hex(u.id) FROM known_networks k JOIN users u ON u.number = k.user"
                .to_owned(),
            |row| {
                user_id(row, 0)?;
                network(row, 1)?;
                timestamp(row, 2).map(|_| Record::Plain)
            },
        ),
        reading(
            "sessions",
            format!(
                "SELECT {}, {}, s.ended_at, hex(s.id) FROM sessions s JOIN users u ON u.number = s.user",
                sessions::STANDING_COLUMNS,
                sessions::SESSION_COLUMNS,
            ),
            |row| {
                sessions::standing_at(row)?;
                sessions::session_at(row, sessions::STANDING_COLUMN_COUNT).map(|_| Record::Plain)
            },
        ),
        plain("session_clients", "session, client, sid", "hex(sid)", |row| {
            row.get(0).map(SessionId::from_bytes)?;
            text(row, 1)?;
            row.get(2).map(GrantId::from_bytes).map(|_| Record::Plain)
        }),
        reading(
            "grants",
            concat!(
                "SELECT ",
                grants::grant_columns!(),
                ", hex(g.id_high) FROM grants g JOIN users u ON u.number = g.user"
            )
            .to_owned(),
            |row| grants::grant_at(row).map(|_| Record::Plain),
        ),
        plain("one_time", "content, expires_at, redeemed_at, grant_id", "kind || ' ' || hex(hash)", |row| {
            one_time::one_time_at(row).map(|_| Record::Plain)
        }),
        plain(
            "devices",
            "client, expires_at, last_polled_at, interval, decided, approved, redeemed_at",
            "hex(device_code)",
            |row| devices::state_at(row).map(Box::new).map(Record::Device),
        ),
        reading(
            "logouts",
            "SELECT l.number, l.client, l.sid, u.id, coalesce(u.imported_key, u.removed_key), l.attempts,
                    CAST(l.number AS TEXT) FROM logouts l JOIN users u ON u.number = l.user"
                .to_owned(),
            |row| logouts::delivery(row).map(|_| Record::Plain),
        ),
        plain("mails", mails::COLUMNS, "hex(id)", |row| {
            // A kind that a newer version wrote is passed over.
            Ok(mails::queued(row)?.map_or(Record::Plain, |mail| Record::Mail(Box::new(mail))))
        }),
        plain("password_resets", resets::COLUMNS, "hex(id)", |row| {
            resets::stored(row).map(|_| Record::Plain)
        }),
        plain("status_indexes", "number, issued_at, free_at", "CAST(number AS TEXT)", |row| {
            counted(row, 0)?;
            timestamp(row, 1)?;
            timestamp(row, 2).map(|_| Record::Plain)
        }),
        plain("revocations", "at, kind, subject", "hex(subject)", |row| {
            timestamp(row, 0)?;
            // A kind that a newer version wrote is passed over.
            Revoked::from_stored(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_blob()?);
            Ok(Record::Plain)
        }),
        plain("audit", audit::COLUMNS, "CAST(number AS TEXT)", |row| {
            audit::record(row).map(|_| Record::Plain)
        }),
        plain("audit_of_users", "user_id", "CAST(number AS TEXT)", |row| {
            user_id(row, 0).map(|_| Record::Plain)
        }),
        plain(
            "audit_segments",
            "id, opened_at, follows, first, before_first, next, head",
            "hex(id)",
            |row| audit_segments::segment(row).map(|_| Record::Plain),
        ),
    ]
}

fn user(row: &Row<'_>) -> rusqlite::Result<Record> {
    let user = Box::new(users::user_at(row, 0)?);
    optional_text(row, users::USER_COLUMN_COUNT)?;
    let removed_at = optional_timestamp(row, users::USER_COLUMN_COUNT + 1)?;
    Ok(if removed_at.is_some() { Record::Plain } else { Record::User(user) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::tables;

    #[test]
    fn every_table_that_is_carried_is_read() {
        let read: Vec<_> = readings().iter().map(|reading| reading.table.to_owned()).collect();
        assert_eq!(read, tables().into_iter().map(|table| table.name).collect::<Vec<_>>());
    }
}

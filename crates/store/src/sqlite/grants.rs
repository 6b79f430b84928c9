//! Grants in SQLite: opening, looking at, ending and removing them. Refreshing has a file of its own.

use std::time::Duration;

use async_trait::async_trait;
use jeton_authority::audit::Actor;
use jeton_authority::grant::{
    self, EndingCause, Grant, GrantDetail, GrantStanding, GrantSummary, LiveGrant, NewGrant, OpenedGrant,
    RefreshState, Surroundings, sign_in_record,
};
use jeton_authority::refresh_token::Presented;
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::{
    GrantFilter, GrantOpening, GrantStore, GrantsEnded, Refresh, Revocation, StoreError,
};
use jeton_authority::user::{Subject, UserStatus};
use jeton_authority::{GrantId, SessionId, UserId};
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::SqliteStore;
use super::columns::{
    count, counted, grant_id, halves, network, optional_text, optional_timestamp, parsed, text, timestamp,
    unreadable, user_id,
};
use super::ending::end_grant;
use super::users::{attributes, status, username};
use super::{audit, refresh, session_clients, sessions, users};

#[async_trait]
impl GrantStore for SqliteStore {
    async fn open_grant(&self, grant: NewGrant) -> Result<GrantOpening, StoreError> {
        self.writer.submit(move |db| open_at_sign_in(db, &grant)).await
    }

    async fn refresh_grant(
        &self,
        grant: GrantId,
        presented: Presented,
        policy: RefreshPolicy,
        now: Timestamp,
    ) -> Result<Refresh, StoreError> {
        self.writer.submit(move |db| refresh::refresh(db, grant, &presented, &policy, now)).await
    }

    async fn find_grant(&self, grant: GrantId) -> Result<Option<(LiveGrant, UserStatus)>, StoreError> {
        let found = self.readers.read(|db| find(db, grant))?;
        Ok(found.map(|(live, status)| (*live, status)))
    }

    // A look-up by key in the reader's page cache costs less than handing it to another thread.
    async fn grant_standing(&self, grant: GrantId) -> Result<Option<GrantStanding>, StoreError> {
        self.readers.read(|db| standing(db, grant))
    }

    async fn revoke_grant(
        &self,
        grant: GrantId,
        by: Actor,
        now: Timestamp,
    ) -> Result<Revocation, StoreError> {
        let cause = EndingCause::GivenBack { by };
        self.writer.submit(move |db| end_grant(db, grant, &cause, now)).await
    }

    async fn end_grant(&self, grant: GrantId, by: Actor, now: Timestamp) -> Result<Revocation, StoreError> {
        let cause = EndingCause::Ended { by };
        self.writer.submit(move |db| end_grant(db, grant, &cause, now)).await
    }

    async fn revoke_user_grants(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        by: Actor,
        now: Timestamp,
    ) -> Result<Option<GrantsEnded>, StoreError> {
        self.writer.submit(move |db| users::sign_out_everywhere(db, user, keep, &by, now)).await
    }

    async fn list_grants(
        &self,
        filter: GrantFilter,
        after: Option<GrantId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<GrantSummary>, StoreError> {
        self.list(move |db| list(db, filter, after, limit, idle_lifetime, now)).await
    }
}

/// Opens a grant, as [`jeton_authority::grant::open`] says.
pub(super) fn open(db: &Connection, grant: &NewGrant) -> rusqlite::Result<Option<OpenedGrant>> {
    let heir_of = |session: Option<SessionId>| session.map_or(Ok(None), |id| sessions::heir_of(db, id));
    let session = heir_of(grant.session)?;
    let told_of = if grant.told_of == grant.session { session } else { heir_of(grant.told_of)? };
    let sid = match &told_of {
        Some(session) => session_clients::find(db, session.id, &grant.client)?,
        None => None,
    };
    let surroundings = Surroundings { user: users::standing(db, grant.user)?, session, told_of, sid };
    let Some(opened) = grant::open(grant, &surroundings) else { return Ok(None) };
    let state = RefreshState::opened(grant.opened_at, grant.network);
    let (id_high, id_low) = halves(grant.id);
    db.prepare_cached(
        "INSERT INTO grants (id_high, id_low, user, client, scope, generation, minted_at, grace_from, network, excuses,
                             clean, expires_at, session, detail, opened_at, sid)
         SELECT ?1, ?2, number, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16 FROM users WHERE id = ?3",
    )?
    .execute(params![
        id_high,
        id_low,
        grant.user.as_bytes(),
        grant.client,
        grant.scope.as_str(),
        count(state.generation)?,
        state.minted_at.unix(),
        state.grace_from.map(Timestamp::unix),
        state.network.as_bytes(),
        state.excuses,
        state.clean,
        grant.expires_at.unix(),
        opened.session.as_ref().map(SessionId::as_bytes),
        grant.detail.as_ref().map(|detail| detail.to_json()),
        grant.opened_at.unix(),
        opened.sid.as_ref().map(GrantId::as_bytes),
    ])?;
    if let Some(session) = opened.introduced_to {
        session_clients::note(db, session, &grant.client, grant.id)?;
    }
    Ok(Some(opened))
}

/// Opens a grant for somebody who signed in just now.
fn open_at_sign_in(db: &Connection, grant: &NewGrant) -> rusqlite::Result<GrantOpening> {
    if open(db, grant)?.is_none() {
        return Ok(GrantOpening::CredentialsChanged);
    }
    audit::append(db, &sign_in_record(grant))?;
    Ok(GrantOpening::Opened)
}

pub(super) fn standing(db: &Connection, grant: GrantId) -> rusqlite::Result<Option<GrantStanding>> {
    let mut select = db.prepare_cached(
        "SELECT g.generation, g.revoked_at, u.disabled FROM grants g JOIN users u ON u.number = g.user
         WHERE g.id_high = ?1 AND g.id_low = ?2",
    )?;
    let standing = select.query_row(halves(grant), |row| {
        Ok(GrantStanding {
            generation: counted(row, 0)?,
            revoked_at: optional_timestamp(row, 1)?,
            user: status(row, 2)?,
        })
    });
    standing.optional()
}

/// The columns that [`grant_at`] reads. Those of the user follow.
macro_rules! grant_columns {
    () => {
        "g.id_high, g.id_low, u.id, g.client, g.scope, g.generation, g.minted_at, g.grace_from, g.network, g.excuses, \
         g.clean, g.expires_at, g.revoked_at, g.detail, g.excused, g.sid, u.username"
    };
}
pub(super) use grant_columns;

/// How many columns [`grant_columns`] names before the user's.
const USERNAME_COLUMN: usize = 16;

pub(super) fn grant_at(row: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant {
        id: grant_id(row.get(0)?, row.get(1)?),
        sid: row.get::<_, Option<_>>(15)?.map(GrantId::from_bytes),
        user: user_id(row, 2)?,
        client: text(row, 3)?,
        scope: parsed(row, 4)?,
        state: RefreshState {
            generation: counted(row, 5)?,
            minted_at: timestamp(row, 6)?,
            grace_from: optional_timestamp(row, 7)?,
            network: network(row, 8)?,
            excuses: row.get(9)?,
            clean: row.get(10)?,
            excused: row.get(14)?,
        },
        expires_at: timestamp(row, 11)?,
        revoked_at: optional_timestamp(row, 12)?,
        detail: match row.get_ref(13)?.as_str_or_null()? {
            None => None,
            Some(json) => {
                Some(Box::new(GrantDetail::from_json(json).ok_or_else(|| unreadable(13, Type::Text))?))
            }
        },
    })
}

/// A grant with what its tokens say of its user.
pub(super) fn find(db: &Connection, id: GrantId) -> rusqlite::Result<Option<(Box<LiveGrant>, UserStatus)>> {
    let mut select = db.prepare_cached(concat!(
        "SELECT ",
        grant_columns!(),
        ", u.imported_key, u.disabled, u.email, u.attributes FROM grants g JOIN users u ON u.number = g.user
         WHERE g.id_high = ?1 AND g.id_low = ?2",
    ))?;
    let found = select.query_row(halves(id), |row| {
        let grant = grant_at(row)?;
        let subject = Subject::of(grant.user, row.get_ref(USERNAME_COLUMN + 1)?.as_str_or_null()?);
        let (email, attributes) =
            (optional_text(row, USERNAME_COLUMN + 3)?, attributes(row, USERNAME_COLUMN + 4)?);
        let username = username(row, USERNAME_COLUMN)?;
        let live = LiveGrant { grant, subject, username, email, attributes };
        Ok((Box::new(live), status(row, USERNAME_COLUMN + 2)?))
    });
    found.optional()
}

/// The longest-lived grant of a client that has neither ended nor expired, of the session that it calls by this `sid`. Those that end with
/// the session are found by way of it: it is the one that the client knows by this `sid`, or that of the `sid`'s first grant.
pub(super) fn of_sid(
    db: &Connection,
    sid: GrantId,
    client: &ClientId,
    now: Timestamp,
) -> rusqlite::Result<Option<GrantId>> {
    let (high, low) = halves(sid);
    db.prepare_cached(
        "SELECT id_high, id_low FROM (
             SELECT * FROM grants WHERE id_high = ?1 AND id_low = ?2 AND revoked_at IS NULL
             UNION ALL
             SELECT * FROM grants WHERE sid = ?3 AND session IS NULL AND revoked_at IS NULL
             UNION ALL
             SELECT g.* FROM session_clients k JOIN grants g ON g.session = k.session
             WHERE k.sid = ?3 AND g.sid = ?3 AND g.revoked_at IS NULL
             UNION ALL
             SELECT g.* FROM grants first JOIN grants g ON g.session = first.session
             WHERE first.id_high = ?1 AND first.id_low = ?2 AND g.sid = ?3 AND g.revoked_at IS NULL)
         WHERE client = ?4 AND expires_at > ?5 ORDER BY expires_at DESC LIMIT 1",
    )?
    .query_row((high, low, sid.as_bytes(), client.as_str(), now.unix()), |row| {
        Ok(grant_id(row.get(0)?, row.get(1)?))
    })
    .optional()
}

pub(super) fn list(
    db: &Connection,
    filter: GrantFilter,
    after: Option<GrantId>,
    limit: u32,
    idle_lifetime: Duration,
    now: Timestamp,
) -> rusqlite::Result<Vec<GrantSummary>> {
    let after = after.map(|grant| halves(grant).0);
    let idle_since = idle_since(now, idle_lifetime);
    let summary = |row: &Row<'_>| {
        let session = row.get::<_, Option<_>>(USERNAME_COLUMN + 1)?.map(SessionId::from_bytes);
        Ok(GrantSummary {
            grant: grant_at(row)?,
            username: username(row, USERNAME_COLUMN)?,
            session,
            opened_at: optional_timestamp(row, USERNAME_COLUMN + 2)?,
        })
    };
    match filter {
        GrantFilter::All => db
            .prepare_cached(concat!(
                "SELECT ",
                grant_columns!(),
                ", g.session, g.opened_at FROM grants g JOIN users u ON u.number = g.user
                 WHERE (?1 IS NULL OR g.id_high > ?1)
                 AND g.revoked_at IS NULL AND g.expires_at > ?2 AND g.minted_at > ?3
                 ORDER BY g.id_high LIMIT ?4",
            ))?
            .query_map((after, now.unix(), idle_since, limit), summary)?
            .collect(),
        GrantFilter::OfUser(user) => db
            .prepare_cached(concat!(
                "SELECT ",
                grant_columns!(),
                ", g.session, g.opened_at FROM users u JOIN grants g ON g.user = u.number
                 WHERE u.id = ?5 AND (?1 IS NULL OR g.id_high > ?1)
                 AND g.revoked_at IS NULL AND g.expires_at > ?2 AND g.minted_at > ?3
                 ORDER BY g.id_high LIMIT ?4",
            ))?
            .query_map((after, now.unix(), idle_since, limit, user.as_bytes()), summary)?
            .collect(),
    }
}

/// A token minted then, or before, is too old.
pub(super) fn idle_since(now: Timestamp, idle_lifetime: Duration) -> i64 {
    now.unix().saturating_sub_unsigned(idle_lifetime.as_secs())
}

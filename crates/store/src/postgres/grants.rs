//! Grants in PostgreSQL: opening, looking at, ending and removing them. Refreshing has a file of its own.

use std::collections::HashMap;
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
use tokio_postgres::Row;

use super::PostgresStore;
use super::batch::{Loaded, Question};
use super::columns::{
    count, counted, id, network, optional_id, optional_str, optional_text, optional_timestamp, params,
    parsed, small, text, timestamp, uuid, uuids, value,
};
use super::connection::Connection;
use super::ending::end_grant;
use super::error::Failed;
use super::users::{attributes, status, username};
use super::{audit, session_clients, sessions, users};

#[async_trait]
impl GrantStore for PostgresStore {
    async fn open_grant(&self, grant: NewGrant) -> Result<GrantOpening, StoreError> {
        self.write(grant, |db, grant| Box::pin(open_at_sign_in(db, grant))).await
    }

    async fn refresh_grant(
        &self,
        grant: GrantId,
        presented: Presented,
        policy: RefreshPolicy,
        now: Timestamp,
    ) -> Result<Refresh, StoreError> {
        self.refreshes.ask(Question { grant, presented, policy, now }).await
    }

    async fn find_grant(&self, grant: GrantId) -> Result<Option<(LiveGrant, UserStatus)>, StoreError> {
        let found = self.read(grant, |db, grant| Box::pin(find(db, *grant))).await?;
        Ok(found.map(|(live, status)| (*live, status)))
    }

    async fn find_replicated_grant(&self, grant: GrantId) -> Option<(LiveGrant, UserStatus)> {
        let replica = self.for_lists.as_deref()?.replica.as_ref()?;
        let found = replica.find(&grant, |db, grant| Box::pin(find(db, *grant))).await?;
        Some((*found.0, found.1))
    }

    async fn grant_standing(&self, grant: GrantId) -> Result<Option<GrantStanding>, StoreError> {
        self.read(grant, |db, grant| Box::pin(standing(db, *grant))).await
    }

    async fn revoke_grant(
        &self,
        grant: GrantId,
        by: Actor,
        now: Timestamp,
    ) -> Result<Revocation, StoreError> {
        self.write((grant, EndingCause::GivenBack { by }, now), |db, (grant, cause, now)| {
            Box::pin(end_grant(db, *grant, cause, *now))
        })
        .await
    }

    async fn end_grant(&self, grant: GrantId, by: Actor, now: Timestamp) -> Result<Revocation, StoreError> {
        self.write((grant, EndingCause::Ended { by }, now), |db, (grant, cause, now)| {
            Box::pin(end_grant(db, *grant, cause, *now))
        })
        .await
    }

    async fn revoke_user_grants(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        by: Actor,
        now: Timestamp,
    ) -> Result<Option<GrantsEnded>, StoreError> {
        self.write((user, keep, by, now), |db, (user, keep, by, now)| {
            Box::pin(users::sign_out_everywhere(db, *user, *keep, by, *now))
        })
        .await
    }

    async fn list_grants(
        &self,
        filter: GrantFilter,
        after: Option<GrantId>,
        limit: u32,
        idle_lifetime: Duration,
        now: Timestamp,
    ) -> Result<Vec<GrantSummary>, StoreError> {
        self.list((filter, after, limit, idle_lifetime, now), |db, (filter, after, limit, idle, now)| {
            Box::pin(list(db, *filter, *after, *limit, *idle, *now))
        })
        .await
    }
}

/// Opens a grant, as [`jeton_authority::grant::open`] says. Its user is locked from here on.
pub(super) async fn open(db: &Connection, grant: &NewGrant) -> Result<Option<OpenedGrant>, Failed> {
    users::lock(db, grant.user).await?;
    let session = heir_of(db, grant.session).await?;
    let told_of = if grant.told_of == grant.session { session } else { heir_of(db, grant.told_of).await? };
    let sid = match &told_of {
        Some(session) => session_clients::find(db, session.id, &grant.client).await?,
        None => None,
    };
    let user = users::standing(db, grant.user).await?;
    let Some(opened) = grant::open(grant, &Surroundings { user, session, told_of, sid }) else {
        return Ok(None);
    };
    let state = RefreshState::opened(grant.opened_at, grant.network);
    db.execute(
        "INSERT INTO grants (id, user_id, client, scope, generation, minted_at, grace_from, network, excuses, clean,
                             expires_at, session, detail, opened_at, sid)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        params![
            uuid(grant.id),
            uuid(grant.user),
            &*grant.client,
            grant.scope.as_str(),
            count(state.generation)?,
            state.minted_at.unix(),
            state.grace_from.map(Timestamp::unix),
            state.network.as_bytes(),
            i16::from(state.excuses),
            i16::from(state.clean),
            grant.expires_at.unix(),
            opened.session.map(uuid),
            grant.detail.as_ref().map(|detail| detail.to_json()),
            grant.opened_at.unix(),
            opened.sid.map(uuid),
        ],
    )
    .await?;
    if let Some(session) = opened.introduced_to {
        session_clients::note(db, session, &grant.client, grant.id).await?;
    }
    Ok(Some(opened))
}

async fn heir_of(
    db: &Connection,
    session: Option<SessionId>,
) -> Result<Option<jeton_authority::session::SessionStanding>, Failed> {
    match session {
        Some(session) => sessions::heir_of(db, session).await,
        None => Ok(None),
    }
}

/// Opens a grant for somebody who signed in just now.
async fn open_at_sign_in(db: &Connection, grant: &NewGrant) -> Result<GrantOpening, Failed> {
    if open(db, grant).await?.is_none() {
        return Ok(GrantOpening::CredentialsChanged);
    }
    audit::append(db, &sign_in_record(grant)).await?;
    Ok(GrantOpening::Opened)
}

pub(super) async fn standing(db: &Connection, grant: GrantId) -> Result<Option<GrantStanding>, Failed> {
    let sql = "SELECT g.generation, g.revoked_at, u.disabled FROM grants g JOIN users u ON u.id = g.user_id
               WHERE g.id = $1";
    let standing = |row: Row| {
        let (generation, revoked_at) = (counted(&row, 0)?, optional_timestamp(&row, 1)?);
        Ok(GrantStanding { generation, revoked_at, user: status(&row, 2)? })
    };
    db.row(sql, params![uuid(grant)]).await?.map(standing).transpose()
}

/// The columns that [`grant_at`] reads. Those of the user follow.
macro_rules! grant_columns {
    () => {
        "g.id, g.user_id, g.client, g.scope, g.generation, g.minted_at, g.grace_from, g.network, g.excuses, g.clean, \
         g.expires_at, g.revoked_at, g.detail, g.excused, g.sid, u.username"
    };
}
pub(super) use grant_columns;

/// How many columns [`grant_columns`] names before the user's.
const USERNAME_COLUMN: usize = 15;

pub(super) fn grant_at(row: &Row) -> Result<Grant, Failed> {
    Ok(Grant {
        id: id(row, 0)?,
        sid: optional_id(row, 14)?,
        user: id(row, 1)?,
        client: text(row, 2)?,
        scope: parsed(row, 3)?,
        state: RefreshState {
            generation: counted(row, 4)?,
            minted_at: timestamp(row, 5)?,
            grace_from: optional_timestamp(row, 6)?,
            network: network(row, 7)?,
            excuses: small(row, 8)?,
            clean: small(row, 9)?,
            excused: value(row, 13)?,
        },
        expires_at: timestamp(row, 10)?,
        revoked_at: optional_timestamp(row, 11)?,
        detail: match optional_str(row, 12)? {
            None => None,
            Some(json) => Some(Box::new(GrantDetail::from_json(json).ok_or(Failed::Unreadable)?)),
        },
    })
}

/// The columns of a grant with what its tokens say of its user.
macro_rules! live_grants {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            grant_columns!(),
            ", u.imported_key, u.disabled, u.email, u.attributes FROM grants g JOIN users u ON u.id = g.user_id ",
            $rest
        )
    };
}

/// A grant with what its tokens say of its user.
pub(super) async fn find(
    db: &Connection,
    grant: GrantId,
) -> Result<Option<(Box<LiveGrant>, UserStatus)>, Failed> {
    let row = db.row(live_grants!("WHERE g.id = $1"), params![uuid(grant)]).await?;
    row.map(|row| live_at(&row)).transpose()
}

/// Several such grants.
pub(super) async fn find_all(
    db: &Connection,
    grants: &[GrantId],
) -> Result<HashMap<GrantId, Loaded>, Failed> {
    let rows = db.rows(live_grants!("WHERE g.id = ANY($1)"), params![uuids(grants.iter().copied())]).await?;
    rows.iter().map(|row| Ok((id(row, 0)?, live_at(row)))).collect()
}

/// The same of one, and nobody else changes the grant before the transaction ends.
pub(super) async fn find_locked(
    db: &Connection,
    grant: GrantId,
) -> Result<Option<(Box<LiveGrant>, UserStatus)>, Failed> {
    let row = db.row(live_grants!("WHERE g.id = $1 FOR UPDATE OF g"), params![uuid(grant)]).await?;
    row.map(|row| live_at(&row)).transpose()
}

fn live_at(row: &Row) -> Result<(Box<LiveGrant>, UserStatus), Failed> {
    let grant = grant_at(row)?;
    let subject = Subject::of(grant.user, optional_str(row, USERNAME_COLUMN + 1)?);
    let (email, attributes) =
        (optional_text(row, USERNAME_COLUMN + 3)?, attributes(row, USERNAME_COLUMN + 4)?);
    let username = username(row, USERNAME_COLUMN)?;
    let live = LiveGrant { grant, subject, username, email, attributes };
    Ok((Box::new(live), status(row, USERNAME_COLUMN + 2)?))
}

/// The longest-lived grant of a client that has neither ended nor expired, of the session that it calls by this `sid`. Those that end with
/// the session are found by way of it: it is the one that the client knows by this `sid`, or that of the `sid`'s first grant.
pub(super) async fn of_sid(
    db: &Connection,
    sid: GrantId,
    client: &ClientId,
    now: Timestamp,
) -> Result<Option<GrantId>, Failed> {
    let sql = "SELECT id FROM (
             SELECT id, client, expires_at FROM grants WHERE id = $1 AND revoked_at IS NULL
             UNION ALL
             SELECT id, client, expires_at FROM grants WHERE sid = $1 AND session IS NULL AND revoked_at IS NULL
             UNION ALL
             SELECT g.id, g.client, g.expires_at FROM session_clients k JOIN grants g ON g.session = k.session
             WHERE k.sid = $1 AND g.sid = $1 AND g.revoked_at IS NULL
             UNION ALL
             SELECT g.id, g.client, g.expires_at FROM grants first JOIN grants g ON g.session = first.session
             WHERE first.id = $1 AND g.sid = $1 AND g.revoked_at IS NULL) g
         WHERE client = $2 AND expires_at > $3 ORDER BY expires_at DESC LIMIT 1";
    let row = db.row(sql, params![uuid(sid), client.as_str(), now.unix()]).await?;
    row.map(|row| id(&row, 0)).transpose()
}

async fn list(
    db: &Connection,
    filter: GrantFilter,
    after: Option<GrantId>,
    limit: u32,
    idle_lifetime: Duration,
    now: Timestamp,
) -> Result<Vec<GrantSummary>, Failed> {
    // Nobody draws sixteen zeros at random, so every grant comes after them.
    let after = uuid(after.unwrap_or(GrantId::from_bytes([0; 16])));
    let (idle_since, limit) = (idle_since(now, idle_lifetime), i64::from(limit));
    let rows = match filter {
        GrantFilter::All => {
            let sql = concat!(
                "SELECT ",
                grant_columns!(),
                ", g.session, g.opened_at FROM grants g JOIN users u ON u.id = g.user_id
                 WHERE g.id > $1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND g.minted_at > $3
                 ORDER BY g.id LIMIT $4",
            );
            db.rows(sql, params![after, now.unix(), idle_since, limit]).await?
        }
        GrantFilter::OfUser(user) => {
            let sql = concat!(
                "SELECT ",
                grant_columns!(),
                ", g.session, g.opened_at FROM grants g JOIN users u ON u.id = g.user_id
                 WHERE g.user_id = $5 AND g.id > $1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND g.minted_at > $3
                 ORDER BY g.id LIMIT $4",
            );
            db.rows(sql, params![after, now.unix(), idle_since, limit, uuid(user)]).await?
        }
    };
    let summary = |row: &Row| {
        Ok(GrantSummary {
            grant: grant_at(row)?,
            username: username(row, USERNAME_COLUMN)?,
            session: optional_id(row, USERNAME_COLUMN + 1)?,
            opened_at: optional_timestamp(row, USERNAME_COLUMN + 2)?,
        })
    };
    rows.iter().map(summary).collect()
}

/// A token minted then, or before, is too old.
pub(super) fn idle_since(now: Timestamp, idle_lifetime: Duration) -> i64 {
    now.unix().saturating_sub_unsigned(idle_lifetime.as_secs())
}

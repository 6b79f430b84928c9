//! Where grants end: the one place of this backend that writes the end of a grant, and whom to tell of it.

use std::collections::BTreeSet;

use jeton_authority::grant::{
    Audience, Ended, EndedGrant, Ending, EndingCause, OpenGrant, SessionClient, end, revocation,
};
use jeton_authority::store::Revocation;
use jeton_authority::{GrantId, UserId};
use jeton_jose::Timestamp;
use tokio_postgres::Row;

use super::columns::{id, optional_id, params, str, text, timestamp, uuid, uuids};
use super::connection::Connection;
use super::error::Failed;
use super::{audit, grants, logouts, revocations, session_clients, users};

/// Ends grants, as [`jeton_authority::grant::end`] says. Where clients are told, and where several grants end, the caller has locked the
/// user, so no grant is opened meanwhile.
pub(super) async fn end_grants(
    db: &Connection,
    ending: Ending<'_>,
    audience: Audience,
    now: Timestamp,
) -> Result<Ended, Failed> {
    let (mut open, mut knowing) = match ending {
        Ending::One(grant) => (open(db, OPEN, uuid(grant)).await?, vec![]),
        Ending::OfSession(session) => {
            let open = open(db, OPEN_OF_SESSION, uuid(session)).await?;
            (open, session_clients::of_session(db, session).await?)
        }
        Ending::OfClient { user, client } => {
            let rows = db.rows(OPEN_OF_CLIENT, params![uuid(user), client.as_str()]).await?;
            (rows.iter().map(open_grant).collect::<Result<_, _>>()?, vec![])
        }
        Ending::OfUser { user, .. } => {
            let open = open(db, OPEN_OF_USER, uuid(user)).await?;
            (open, session_clients::of_user(db, user).await?)
        }
    };
    if audience == Audience::Clients {
        let known_to = open.iter_mut().map(|grant| &mut grant.known_to);
        note_who_listens(db, known_to.chain(knowing.iter_mut().map(|(_, client)| client)).collect()).await?;
    }
    let ended = end(ending, open, knowing, audience, now);
    if !ended.grants.is_empty() {
        let grants = uuids(ended.grants.iter().map(|grant| grant.id));
        let sql = "UPDATE grants SET revoked_at = $2 WHERE id = ANY($1)";
        db.execute(sql, params![grants, now.unix()]).await?;
        revocations::note(db, ended.grants.iter().map(EndedGrant::revocation).collect()).await?;
    }
    if !ended.known_to.is_empty() {
        session_clients::forget(db, ended.known_to.iter().map(|client| client.sid)).await?;
    }
    for client in ended.told() {
        logouts::note(db, client, now).await?;
    }
    Ok(ended)
}

/// Ends one grant, and records why.
pub(super) async fn end_grant(
    db: &Connection,
    grant: GrantId,
    cause: &EndingCause,
    now: Timestamp,
) -> Result<Revocation, Failed> {
    if cause.audience() == Audience::Clients {
        // What the client knows the session by must not be handed out again meanwhile.
        match owner(db, grant).await? {
            Some(user) => users::lock(db, user).await?,
            None => return Ok(Revocation::Unknown),
        }
    }
    let ended = end_grants(db, Ending::One(grant), cause.audience(), now).await?;
    let is_known = !ended.grants.is_empty() || grants::standing(db, grant).await?.is_some();
    audit::write(db, revocation(&ended, is_known, cause)).await
}

async fn owner(db: &Connection, grant: GrantId) -> Result<Option<UserId>, Failed> {
    let row = db.row("SELECT user_id FROM grants WHERE id = $1", params![uuid(grant)]).await?;
    row.map(|row| id(&row, 0)).transpose()
}

// The grants that have not ended, locked in the order in which everybody locks them.
macro_rules! open_grants {
    ($condition:literal) => {
        concat!(
            "SELECT id, sid, expires_at, user_id, client, session FROM grants WHERE ",
            $condition,
            " AND revoked_at IS NULL ORDER BY id FOR UPDATE"
        )
    };
}
const OPEN: &str = open_grants!("id = $1");
const OPEN_OF_SESSION: &str = open_grants!("session = $1");
const OPEN_OF_CLIENT: &str = open_grants!("user_id = $1 AND client = $2");
const OPEN_OF_USER: &str = open_grants!("user_id = $1");

async fn open(
    db: &Connection,
    sql: &'static str,
    of: super::columns::Uuid,
) -> Result<Vec<OpenGrant>, Failed> {
    db.rows(sql, params![of]).await?.iter().map(open_grant).collect()
}

fn open_grant(row: &Row) -> Result<OpenGrant, Failed> {
    let grant = id(row, 0)?;
    let sid = optional_id(row, 1)?.unwrap_or(grant);
    let known_to = SessionClient { client: text(row, 4)?, sid, user: id(row, 3)?, listens: false };
    let session = optional_id(row, 5)?;
    Ok(OpenGrant { id: grant, session, expires_at: timestamp(row, 2)?, known_to })
}

/// Notes which of these want to hear of sign-outs. They are locked, so that one that changes its mind finds what is noted for it.
async fn note_who_listens(db: &Connection, clients: Vec<&mut SessionClient>) -> Result<(), Failed> {
    let names: BTreeSet<&str> = clients.iter().map(|client| &*client.client).collect();
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = names.into_iter().collect();
    let rows = db
        .rows(
            "SELECT id FROM clients WHERE id = ANY($1) AND backchannel_logout ORDER BY id FOR SHARE",
            params![names],
        )
        .await?;
    let rows = rows;
    let listening = rows.iter().map(|row| str(row, 0)).collect::<Result<BTreeSet<_>, _>>()?;
    for client in clients {
        client.listens = listening.contains(&*client.client);
    }
    Ok(())
}

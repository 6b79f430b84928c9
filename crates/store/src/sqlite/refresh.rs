//! The refresh, the one operation that has to be cheap: a look-up by key, the rules, and a write only where they
//! changed something.

use jeton_authority::GrantId;
use jeton_authority::audit::{AuditEvent, AuditRecord};
use jeton_authority::grant::Grant;
use jeton_authority::refresh_token::{Presented, RefreshPolicy, RefreshState, Verdict, decide};
use jeton_authority::store::Refresh;
use jeton_authority::user::UserStatus;
use jeton_jose::Timestamp;
use rusqlite::Connection;

use super::audit;
use super::columns::{count, halves};
use super::grants::{find, set_revoked};

pub(super) fn refresh(
    db: &Connection,
    id: GrantId,
    presented: &Presented,
    policy: &RefreshPolicy,
    now: Timestamp,
) -> rusqlite::Result<Refresh> {
    let Some((mut live, user)) = find(db, id)? else { return Ok(Refresh::Unknown) };
    if user == UserStatus::Disabled {
        return Ok(Refresh::UserDisabled);
    }
    if live.grant.revoked_at.is_some() {
        return Ok(Refresh::Revoked);
    }
    if now >= live.grant.expires_at {
        return Ok(Refresh::Expired);
    }
    let decision = decide(&live.grant.state, presented, now, policy);
    let record = |event, grant: &Grant| AuditRecord {
        at: now,
        event,
        user: Some(grant.user),
        grant: Some(grant.id),
        network: Some(presented.network),
        key: None,
    };
    if decision.caught_up {
        audit::append(db, &record(AuditEvent::RefreshCaughtUp, &live.grant))?;
    }
    match decision.verdict {
        Verdict::Revoke => {
            set_revoked(db, id, now)?;
            live.grant.revoked_at = Some(now);
            audit::append(db, &record(AuditEvent::RefreshReplayed, &live.grant))?;
            return Ok(Refresh::Replayed(Box::new(live.grant)));
        }
        Verdict::Excuse => audit::append(db, &record(AuditEvent::RefreshExcused, &live.grant))?,
        Verdict::Advance | Verdict::StandStill => {}
    }
    if decision.state != live.grant.state {
        write(db, id, &decision.state)?;
        live.grant.state = decision.state;
    }
    Ok(Refresh::Granted(live))
}

fn write(db: &Connection, id: GrantId, state: &RefreshState) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE grants SET generation = ?2, minted_at = ?3, grace_from = ?4, network = ?5, excuses = ?6, clean = ?7
         WHERE id_high = ?1",
    )?;
    update
        .execute((
            halves(id).0,
            count(state.generation)?,
            state.minted_at.unix(),
            state.grace_from.map(Timestamp::unix),
            state.network.as_bytes(),
            state.excuses,
            state.clean,
        ))
        .map(drop)
}

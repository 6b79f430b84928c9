//! Refreshing, the operation that must be cheap: a look-up by key, the rule, and a write only if it changed something.

use jeton_authority::GrantId;
use jeton_authority::grant::{Audience, Ending, RefreshState};
use jeton_authority::refresh_token::{Presented, Verdict, decide};
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::Refresh;
use jeton_jose::Timestamp;
use rusqlite::Connection;

use super::audit;
use super::columns::{count, halves};
use super::ending::end_grants;
use super::grants::find;

pub(super) fn refresh(
    db: &Connection,
    id: GrantId,
    presented: &Presented,
    policy: &RefreshPolicy,
    now: Timestamp,
) -> rusqlite::Result<Refresh> {
    let Some((mut live, user)) = find(db, id)? else { return Ok(Refresh::Unknown) };
    let decision = decide(&live.grant, user, presented, now, policy);
    if let Some(record) = &decision.audit {
        audit::append(db, record)?;
    }
    if let Some(ended) = decision.ended {
        end_grants(db, Ending::One(ended), Audience::Nobody, now)?;
        live.grant.revoked_at = Some(now);
    }
    if decision.state != live.grant.state {
        write(db, id, &decision.state)?;
        live.grant.state = decision.state;
    }
    Ok(match (decision.verdict, decision.kind()) {
        (Verdict::Refuse(refusal), _) => Refresh::Refused(refusal),
        (_, Some(kind)) => Refresh::Granted(live, kind),
        (_, None) => Refresh::Replayed(Box::new(live.grant)),
    })
}

fn write(db: &Connection, id: GrantId, state: &RefreshState) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE grants SET generation = ?2, minted_at = ?3, grace_from = ?4, network = ?5, excuses = ?6, clean = ?7,
             excused = ?8
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
            state.excused,
        ))
        .map(drop)
}

//! The refresh: a look-up by key, the rules, and a write only where they changed something. `batch` gathers those that change a grant and
//! nothing else.

use std::collections::HashSet;

use jeton_authority::GrantId;
use jeton_authority::grant::{Audience, Ending, RefreshState};
use jeton_authority::refresh_token::{Presented, Verdict, decide};
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::Refresh;
use jeton_jose::Timestamp;

use super::audit;
use super::columns::{count, id, params, uuid, uuids};
use super::connection::Connection;
use super::ending::end_grants;
use super::error::Failed;
use super::grants::find_locked;

pub(super) async fn refresh(
    db: &Connection,
    grant: GrantId,
    presented: &Presented,
    policy: &RefreshPolicy,
    now: Timestamp,
) -> Result<Refresh, Failed> {
    let Some((mut live, user)) = find_locked(db, grant).await? else { return Ok(Refresh::Unknown) };
    let decision = decide(&live.grant, user, presented, now, policy);
    if let Some(record) = &decision.audit {
        audit::append(db, record).await?;
    }
    if let Some(ended) = decision.ended {
        end_grants(db, Ending::One(ended), Audience::Nobody, now).await?;
        live.grant.revoked_at = Some(now);
    }
    if decision.state != live.grant.state {
        write(db, grant, &decision.state).await?;
        live.grant.state = decision.state;
    }
    Ok(match (decision.verdict, decision.kind()) {
        (Verdict::Refuse(refusal), _) => Refresh::Refused(refusal),
        (_, Some(kind)) => Refresh::Granted(live, kind),
        (_, None) => Refresh::Replayed(Box::new(live.grant)),
    })
}

async fn write(db: &Connection, grant: GrantId, state: &RefreshState) -> Result<(), Failed> {
    let sql = "UPDATE grants SET generation = $2, minted_at = $3, grace_from = $4, network = $5, excuses = $6, clean = $7,
                   excused = $8
               WHERE id = $1";
    db.execute(
        sql,
        params![
            uuid(grant),
            count(state.generation)?,
            state.minted_at.unix(),
            state.grace_from.map(Timestamp::unix),
            state.network.as_bytes(),
            i16::from(state.excuses),
            i16::from(state.clean),
            state.excused,
        ],
    )
    .await
    .map(drop)
}

/// From one state of a grant to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) grant: GrantId,
    /// As it was read.
    pub(super) from: RefreshState,
    /// As the rule decided.
    pub(super) to: RefreshState,
}

/// Takes the steps whose grants have not ended and are as they were read, and which nobody else has locked; answers which those are. Rows
/// are locked in the order in which everybody locks them.
const WRITE_ALL: &str = "WITH free AS (SELECT id FROM grants WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED)
    UPDATE grants g SET generation = n.generation, minted_at = n.minted_at, grace_from = n.grace_from, network = n.network,
        excuses = n.excuses, clean = n.clean, excused = n.excused
    FROM free, unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        AS n (id, old_generation, old_minted_at, old_grace_from, old_network, old_excuses, old_clean, old_excused,
              generation, minted_at, grace_from, network, excuses, clean, excused)
    WHERE g.id = free.id AND g.id = n.id AND g.revoked_at IS NULL
        AND g.generation = n.old_generation AND g.minted_at = n.old_minted_at
        AND g.grace_from IS NOT DISTINCT FROM n.old_grace_from AND g.network = n.old_network
        AND g.excuses = n.old_excuses AND g.clean = n.old_clean AND g.excused = n.old_excused
    RETURNING g.id";

/// Takes steps, each on the condition that its grant is still as it was read; answers of which grants.
pub(super) async fn write_all(db: &Connection, steps: &[Step]) -> Result<HashSet<GrantId>, Failed> {
    let (from, to) =
        (Columns::of(steps.iter().map(|step| &step.from))?, Columns::of(steps.iter().map(|step| &step.to))?);
    let rows = db
        .commit_rows(
            WRITE_ALL,
            params![
                uuids(steps.iter().map(|step| step.grant)),
                from.generation,
                from.minted_at,
                from.grace_from,
                from.network,
                from.excuses,
                from.clean,
                from.excused,
                to.generation,
                to.minted_at,
                to.grace_from,
                to.network,
                to.excuses,
                to.clean,
                to.excused,
            ],
        )
        .await?;
    rows.iter().map(|row| id(row, 0)).collect()
}

/// States by column.
#[derive(Default)]
struct Columns<'a> {
    generation: Vec<i64>,
    minted_at: Vec<i64>,
    grace_from: Vec<Option<i64>>,
    network: Vec<&'a [u8]>,
    excuses: Vec<i16>,
    clean: Vec<i16>,
    excused: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn of(states: impl Iterator<Item = &'a RefreshState>) -> Result<Self, Failed> {
        let mut columns = Self::default();
        for state in states {
            columns.generation.push(count(state.generation)?);
            columns.minted_at.push(state.minted_at.unix());
            columns.grace_from.push(state.grace_from.map(Timestamp::unix));
            columns.network.push(state.network.as_bytes());
            columns.excuses.push(i16::from(state.excuses));
            columns.clean.push(i16::from(state.clean));
            columns.excused.push(state.excused);
        }
        Ok(columns)
    }
}

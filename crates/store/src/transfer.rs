//! Moving everything from one database to another, of the same kind or another one.

use std::sync::Arc;

use jeton_authority::keys::{KeyFit, MasterKey, MasterKeyCheck, MasterKeyId};

use crate::database::{self, SCHEMA};
use crate::database_url::DatabaseUrl;
use crate::filling::fill;
use crate::inspection::{Inspector, TableFindings};
use crate::mode::Access;
use crate::move_error::MoveError;
use crate::progress::OnProgress;
use crate::rows::tables;

/// A migration that was completed.
#[derive(Debug, Clone)]
pub struct Migrated {
    /// The tables, and how many rows each has.
    pub tables: Vec<(Box<str>, u64)>,
    /// The master key that secrets are encrypted with.
    pub master_key: Option<MasterKeyId>,
    /// How many rows an earlier run had copied already.
    pub resumed: u64,
    /// What is wrong with rows, as it was in the database that they come from.
    pub findings: Vec<TableFindings>,
}

/// Copies everything from one database to an empty one, which no server uses before all of it was read again. A run that was interrupted
/// goes on where it stopped.
///
/// # Errors
/// [`MoveError::NotEmpty`] where there is data in the new database already; where a server uses one of them, it is refused, too.
pub async fn migrate(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    key: Option<Arc<MasterKey>>,
    progress: &OnProgress,
) -> Result<Migrated, MoveError> {
    let inspector = |key| Inspector::new(key, Arc::clone(progress));
    let (before, sealed) = database::inspect(from, inspector(key.clone())).await?;
    let master_key = sealed.bound.as_ref().map(MasterKeyCheck::id);
    if !sealed.is_empty() {
        let Some(key) = &key else { return Err(MoveError::NoMasterKey { wanted: master_key }) };
        if sealed.fit(key) == KeyFit::Other {
            return Err(MoveError::OtherMasterKey { wanted: master_key, given: key.check().id() });
        }
    }
    let mut source = database::source(from, tables(), Access::Server).await?;
    let tables = source.tables().to_vec();
    let mut target = database::target(to, SCHEMA, &tables, source.origin()).await?;
    let resumed = target.done().iter().sum();
    let (sums, findings) = fill(&mut *source, &mut *target, key, progress).await?;
    refuse_worse(&before, &findings)?;
    target.publish().await?;
    let tables = tables.iter().zip(&sums).map(|(table, sum)| (table.name.as_str().into(), sum.rows));
    Ok(Migrated { tables: tables.collect(), master_key, resumed, findings })
}

/// Refuses rows that could be read before they were copied, and cannot be read now.
fn refuse_worse(before: &[TableFindings], after: &[TableFindings]) -> Result<(), MoveError> {
    for after in after {
        let wrong_before =
            before.iter().find(|before| before.table == after.table).map_or(0, |before| before.wrong);
        if after.wrong > wrong_before {
            let problem = after.problems.first().map_or("", |problem| &problem.reason);
            return Err(MoveError::Unreadable {
                table: after.table.to_string(),
                problem: problem.to_owned(),
            });
        }
    }
    Ok(())
}

//! Filling a new database: copying rows, reading them again, and letting servers use it.

use std::sync::Arc;

use jeton_authority::keys::MasterKey;

use crate::inspection::{Inspector, TableFindings};
use crate::move_error::MoveError;
use crate::progress::OnProgress;
use crate::rows::{Source, Table, TableSum, Target, copy, sum_up};

/// Copies all rows, and reads them again: first as they were written, and then, with the database brought up to date, through the code
/// that servers read them with. The database is not published yet.
pub(crate) async fn fill(
    source: &mut dyn Source,
    target: &mut dyn Target,
    key: Option<Arc<MasterKey>>,
    progress: &OnProgress,
) -> Result<(Vec<TableSum>, Vec<TableFindings>), MoveError> {
    let sums = copy(source, as_sink(target), progress).await?;
    target.complete().await?;
    let copied = {
        let mut copied = target.reread(source.tables().to_vec()).await?;
        sum_up(&mut *copied, "verifying", progress).await?
    };
    compare(source.tables(), &sums, &copied)?;
    target.modernise(key.as_deref()).await?;
    let findings = target.inspect(Inspector::new(key, Arc::clone(progress))).await?;
    Ok((sums, findings))
}

fn as_sink(target: &mut dyn Target) -> &mut dyn crate::rows::Sink {
    target
}

/// Refuses rows that are not those that were read.
fn compare(tables: &[Table], read: &[TableSum], copied: &[TableSum]) -> Result<(), MoveError> {
    for ((table, read), copied) in tables.iter().zip(read).zip(copied) {
        if read != copied {
            let (expected, copied) = (read.rows, copied.rows);
            return Err(MoveError::Differs { table: table.name.clone(), expected, copied });
        }
    }
    Ok(())
}

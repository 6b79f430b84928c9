//! Backups: all rows of a database as of one moment, in one file.

mod format;
mod reader;
mod writer;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use jeton_authority::keys::{MasterKeyCheck, MasterKeyId};
use jeton_jose::Timestamp;

use crate::database::{self, SCHEMA};
use crate::database_url::DatabaseUrl;
use crate::mode::Access;
use crate::move_error::MoveError;
use crate::progress::OnProgress;
use crate::rows::{Block, Sink, Source, Table, TableSum, Value, copy, sum_up, tables};
use format::{End, Header};
pub(crate) use reader::Reader;
use writer::Writer;

/// What to do where the file of a backup exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is refused.
    Keep,
    /// The new backup takes its place, once it is complete.
    Replace,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// How many bytes it has.
    pub bytes: u64,
    /// The schema of its rows.
    pub schema: u32,
    /// The tables, and how many rows each has.
    pub tables: Vec<(Box<str>, u64)>,
    /// The master key without which it is worth nothing; none where nothing in it is encrypted.
    pub master_key: Option<MasterKeyId>,
}

/// Makes a backup of a database while servers go on using it.
///
/// It is written under another name in the same folder, read again and compared with what was read from the database, and gets its name
/// then.
///
/// # Errors
/// [`MoveError::Exists`] where there is a file and it is not to be replaced.
pub async fn backup(
    database: &DatabaseUrl,
    file: &Path,
    existing: Existing,
    program: &str,
    now: Timestamp,
    progress: &OnProgress,
) -> Result<Backup, MoveError> {
    if existing == Existing::Keep && file.symlink_metadata().is_ok() {
        return Err(MoveError::Exists { path: file.to_path_buf() });
    }
    let mut source = database::source(database, tables(), Access::Command).await?;
    let header = Header::new(program.to_owned(), SCHEMA, database.kind(), now.unix(), source.tables());
    let mut noting = Noting { writer: Writer::begin(beside(file), &header)?, master_key: None };
    let unfinished = Unfinished(beside(file));
    let sums = copy(&mut *source, &mut noting, progress).await?;
    compare_counts(&*source, &sums)?;
    let master_key = noting.master_key;
    noting.writer.finish(&End::new(source.tables(), &sums, master_key.as_ref()))?;

    let mut written = Reader::open(&unfinished.0)?;
    let read = sum_up(&mut written, "verifying", progress).await?;
    written.compare(&read)?;
    if read != sums {
        return Err(written.damaged("it is not what was written"));
    }
    unfinished.publish(file, existing)?;
    let tables = source.tables().iter().zip(&sums).map(|(table, sum)| (table.name.as_str().into(), sum.rows));
    let bytes =
        fs::metadata(file).map_err(|source| MoveError::Io { path: file.to_path_buf(), source })?.len();
    Ok(Backup { bytes, schema: SCHEMA, tables: tables.collect(), master_key })
}

/// Refuses rows that are not as many as were counted in the same state of the database.
fn compare_counts(source: &dyn Source, sums: &[TableSum]) -> Result<(), MoveError> {
    for ((table, counted), sum) in source.tables().iter().zip(source.counts()).zip(sums) {
        if *counted != sum.rows {
            return Err(MoveError::Differs {
                table: table.name.clone(),
                expected: *counted,
                copied: sum.rows,
            });
        }
    }
    Ok(())
}

/// A file that goes where it was not published.
struct Unfinished(PathBuf);

impl Unfinished {
    fn publish(&self, file: &Path, existing: Existing) -> Result<(), MoveError> {
        let unusable = |source| MoveError::Io { path: file.to_path_buf(), source };
        match existing {
            Existing::Replace => fs::rename(&self.0, file).map_err(unusable)?,
            // Nobody else's file is replaced, even one that came meanwhile.
            Existing::Keep => match fs::hard_link(&self.0, file) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    return Err(MoveError::Exists { path: file.to_path_buf() });
                }
                // A file system without links.
                Err(_) => fs::rename(&self.0, file).map_err(unusable)?,
                Ok(()) => fs::remove_file(&self.0).map_err(unusable)?,
            },
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(unusable)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// Writes rows, and notes which master key they say.
struct Noting {
    writer: Writer,
    master_key: Option<MasterKeyId>,
}

#[async_trait::async_trait]
impl Sink for Noting {
    fn done(&self) -> &[u64] {
        self.writer.done()
    }

    async fn write(&mut self, block: &Block, table: &Table) -> Result<(), MoveError> {
        if table.name == MASTER_KEY_CHECK {
            let mut row = Vec::new();
            block.reader(table).next(&mut row)?;
            if let [Value::Text(check)] = row.as_slice() {
                self.master_key = Some(MasterKeyCheck::from_stored(*check).id());
            }
        }
        self.writer.write(block, table).await
    }
}

/// The table that says which master key is meant.
const MASTER_KEY_CHECK: &str = "master_key_check";

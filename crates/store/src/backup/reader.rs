//! Reading a backup.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jeton_authority::keys::MasterKeyId;
use jeton_jose::Timestamp;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use sha2::{Digest, Sha256};

use super::format::{END, End, FORMAT, HEADER, Header, LARGEST_PART, MAGIC, PART, ROWS, TRAILER};
use crate::database::SCHEMA;
use crate::move_error::MoveError;
use crate::rows::{Block, Source, Table, TableSum};

/// The longest first line.
const FIRST_LINE: usize = 32;

/// A backup that is being read.
pub(crate) struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    header: Header,
    tables: Vec<Table>,
    /// What the backup says that it contains.
    declared: Vec<TableSum>,
    counts: Vec<u64>,
    master_key: Option<MasterKeyId>,
    origin: String,
    /// What was read, and where.
    hash: Sha256,
    at: u64,
    ends_at: u64,
    is_done: bool,
}

impl Reader {
    /// Opens a backup.
    pub(crate) fn open(path: &Path) -> Result<Self, MoveError> {
        let unusable = |source| MoveError::Io { path: path.to_path_buf(), source };
        let mut file = File::open(path).map_err(unusable)?;
        let length = file.metadata().map_err(unusable)?.len();
        let first_line = first_line(&mut file).map_err(unusable)?;
        let format =
            format_of(&first_line).ok_or_else(|| MoveError::NotABackup { path: path.to_path_buf() })?;
        if format != FORMAT {
            return Err(MoveError::NewerFormat { path: path.to_path_buf(), found: format, known: FORMAT });
        }
        let damaged =
            |reason: &str| MoveError::Damaged { path: path.to_path_buf(), reason: reason.to_owned() };
        let cut = || damaged("its end is missing");
        let (end, ends_at, digest) = end(&mut file, length).map_err(unusable)?.ok_or_else(cut)?;

        file.seek(SeekFrom::Start(first_line.len() as u64)).map_err(unusable)?;
        let mut file = BufReader::with_capacity(256 * 1024, file);
        let (kind, content) = part(&mut file, length).map_err(unusable)?.ok_or_else(cut)?;
        let mut hash = Sha256::new();
        hash.update(&first_line);
        update(&mut hash, kind, &content);
        let header: Option<Header> =
            (kind == HEADER).then(|| serde_json::from_slice(&content).ok()).flatten();
        let header = header.ok_or_else(|| damaged("its header cannot be read"))?;
        if header.schema > SCHEMA {
            let (found, known) = (header.schema, SCHEMA);
            return Err(MoveError::NewerBackup { path: path.to_path_buf(), found, known });
        }
        let tables = header.tables().ok_or_else(|| damaged("its header makes no sense"))?;
        let declared =
            end.sums(&tables).ok_or_else(|| damaged("its end does not belong to its beginning"))?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            at: (first_line.len() + PART + content.len()) as u64,
            header,
            counts: declared.iter().map(|sum| sum.rows).collect(),
            declared,
            tables,
            master_key: end.master_key(),
            origin: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            hash,
            ends_at,
            is_done: false,
        })
    }

    /// The schema of the rows.
    pub(crate) fn schema(&self) -> u32 {
        self.header.schema
    }

    /// When the backup was made.
    pub(crate) fn created_at(&self) -> Timestamp {
        Timestamp::from_unix(self.header.created_at)
    }

    /// The kind of the database that it was made from.
    pub(crate) fn made_from(&self) -> &str {
        &self.header.database
    }

    /// The master key that its secrets are encrypted with.
    pub(crate) fn master_key(&self) -> Option<&MasterKeyId> {
        self.master_key.as_ref()
    }

    /// Refuses rows that are not what the backup says that it contains.
    pub(crate) fn compare(&self, found: &[TableSum]) -> Result<(), MoveError> {
        for ((table, declared), found) in self.tables.iter().zip(&self.declared).zip(found) {
            if declared != found {
                let rows = (found.rows, declared.rows);
                let reason = format!(
                    "the table {} has {} rows instead of {}, or other ones",
                    table.name, rows.0, rows.1
                );
                return Err(self.damaged(reason));
            }
        }
        Ok(())
    }

    /// The error of a backup that is not as it was written.
    pub(crate) fn damaged(&self, reason: impl Into<String>) -> MoveError {
        MoveError::Damaged { path: self.path.clone(), reason: reason.into() }
    }

    fn read(&mut self) -> Result<Option<Block>, MoveError> {
        if self.is_done {
            return Ok(None);
        }
        let limit = self.ends_at.saturating_sub(self.at);
        let read = if limit == 0 { part(&mut self.file, u64::MAX) } else { part(&mut self.file, limit) };
        let read = read.map_err(|source| MoveError::Io { path: self.path.clone(), source })?;
        let (kind, content) = read.ok_or_else(|| self.damaged("a part of it is cut off"))?;
        update(&mut self.hash, kind, &content);
        match (kind, limit) {
            (END, 0) => self.end().map(|()| None),
            (ROWS, 1..) => {
                self.at += (PART + content.len()) as u64;
                self.block(&content).map(Some)
            }
            _ => Err(self.damaged("it has a part of an unknown kind")),
        }
    }

    /// Checks that all was as it was written.
    fn end(&mut self) -> Result<(), MoveError> {
        let mut trailer = [0; TRAILER];
        let read = self.file.read_exact(&mut trailer);
        read.map_err(|source| MoveError::Io { path: self.path.clone(), source })?;
        self.hash.update(&trailer[..8]);
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        if hash != trailer[8..] {
            return Err(self.damaged("its checksum is wrong"));
        }
        self.is_done = true;
        Ok(())
    }

    fn block(&self, content: &[u8]) -> Result<Block, MoveError> {
        let damaged = || self.damaged("rows of it cannot be read");
        let content = decompress_to_vec_with_limit(content, LARGEST_PART).map_err(|_| damaged())?;
        let (table, rest) = content.split_first_chunk::<2>().ok_or_else(damaged)?;
        let (rows, bytes) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let table = usize::from(u16::from_be_bytes(*table));
        if table >= self.tables.len() {
            return Err(damaged());
        }
        Ok(Block { table, rows: u32::from_be_bytes(*rows), bytes: bytes.to_vec() })
    }
}

#[async_trait]
impl Source for Reader {
    fn tables(&self) -> &[Table] {
        &self.tables
    }

    fn counts(&self) -> &[u64] {
        &self.counts
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    async fn next(&mut self) -> Result<Option<Block>, MoveError> {
        self.read()
    }
}

fn first_line(file: &mut File) -> io::Result<Vec<u8>> {
    let mut begin = Vec::new();
    file.take(FIRST_LINE as u64).read_to_end(&mut begin)?;
    if let Some(line_break) = begin.iter().position(|byte| *byte == b'\n') {
        begin.truncate(line_break + 1);
    }
    Ok(begin)
}

fn format_of(first_line: &[u8]) -> Option<u32> {
    let number = first_line.strip_prefix(MAGIC)?.strip_suffix(b"\n")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// The last part, where it begins, and the checksum; none where the file ends too early.
fn end(file: &mut File, length: u64) -> io::Result<Option<(End, u64, [u8; 32])>> {
    let Some(trailer_at) = length.checked_sub(TRAILER as u64) else { return Ok(None) };
    let mut trailer = [0; TRAILER];
    file.seek(SeekFrom::Start(trailer_at))?;
    file.read_exact(&mut trailer)?;
    let (ends_at, digest) = trailer.split_at(8);
    let ends_at = u64::from_be_bytes(ends_at.try_into().unwrap_or_default());
    if ends_at >= trailer_at {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(ends_at))?;
    let read = part(file, trailer_at - ends_at)?;
    let end =
        read.filter(|(kind, content)| *kind == END && (PART + content.len()) as u64 == trailer_at - ends_at);
    let end = end.and_then(|(_, content)| serde_json::from_slice(&content).ok());
    Ok(end.map(|end| (end, ends_at, digest.try_into().unwrap_or_default())))
}

/// The next part, of so many bytes at most; none where that is too few.
fn part(file: &mut impl Read, limit: u64) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0; PART];
    file.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let length = u32::from_be_bytes(length) as usize;
    if length > LARGEST_PART || (PART + length) as u64 > limit {
        return Ok(None);
    }
    let mut content = vec![0; length];
    file.read_exact(&mut content)?;
    Ok(Some((kind, content)))
}

fn update(hash: &mut Sha256, kind: u8, content: &[u8]) {
    hash.update([kind]);
    hash.update((content.len() as u32).to_be_bytes());
    hash.update(content);
}

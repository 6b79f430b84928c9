//! Writing a backup.

use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use miniz_oxide::deflate::compress_to_vec;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::format::{END, FORMAT, HEADER, LARGEST_PART, MAGIC, ROWS};
use crate::folder::private_file;
use crate::move_error::MoveError;
use crate::rows::{Block, Sink, Table};

/// How hard blocks are compressed: identifiers and hashes, most of what there is, get no smaller, so it is the speed that counts.
const LEVEL: u8 = 1;

/// A backup that is being written, under another name than it will have.
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    length: u64,
}

impl Writer {
    /// Begins a backup in a file of this name, which nobody else writes at the same time.
    pub(super) fn begin(path: PathBuf, header: &impl Serialize) -> Result<Self, MoveError> {
        let file = claim(&path)?;
        let mut writer = Self { path, file: BufWriter::new(file), hash: Sha256::new(), length: 0 };
        writer.bytes(MAGIC)?;
        writer.bytes(format!("{FORMAT}\n").as_bytes())?;
        writer.json(HEADER, header)?;
        Ok(writer)
    }

    /// Ends the backup. When this returns, it is on the disk.
    pub(super) fn finish(mut self, end: &impl Serialize) -> Result<PathBuf, MoveError> {
        let begins = self.length;
        self.json(END, end)?;
        self.bytes(&begins.to_be_bytes())?;
        let hash = self.hash.clone().finalize();
        self.bytes(&hash)?;
        let synced = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        synced.map_err(|error| self.unusable(error))?;
        Ok(self.path)
    }

    fn json(&mut self, kind: u8, content: &impl Serialize) -> Result<(), MoveError> {
        let json = serde_json::to_vec(content).map_err(|error| self.unusable(error.into()))?;
        self.part(kind, &json)
    }

    fn part(&mut self, kind: u8, content: &[u8]) -> Result<(), MoveError> {
        let length = u32::try_from(content.len()).ok().filter(|_| content.len() <= LARGEST_PART);
        let length = length.ok_or_else(|| self.unusable(io::ErrorKind::FileTooLarge.into()))?;
        self.bytes(&[kind])?;
        self.bytes(&length.to_be_bytes())?;
        self.bytes(content)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), MoveError> {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        let written = self.file.write_all(bytes);
        written.map_err(|error| self.unusable(error))
    }

    fn unusable(&self, source: io::Error) -> MoveError {
        MoveError::Io { path: self.path.clone(), source }
    }
}

#[async_trait]
impl Sink for Writer {
    fn done(&self) -> &[u64] {
        &[]
    }

    async fn write(&mut self, block: &Block, _: &Table) -> Result<(), MoveError> {
        let mut content = Vec::with_capacity(block.bytes.len() + 6);
        let table = u16::try_from(block.table).map_err(|_| MoveError::Malformed)?;
        content.extend_from_slice(&table.to_be_bytes());
        content.extend_from_slice(&block.rows.to_be_bytes());
        content.extend_from_slice(&block.bytes);
        self.part(ROWS, &compress_to_vec(&content, LEVEL))
    }
}

/// Opens an empty file that only its owner may read. What a run that was killed has left there goes.
fn claim(path: &Path) -> Result<File, MoveError> {
    let unusable = |source| MoveError::Io { path: path.to_path_buf(), source };
    loop {
        let file = private_file(path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(MoveError::Exists { path: path.to_path_buf() }),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        // Whoever had it locked may have given it its name meanwhile.
        let is_there = std::fs::metadata(path).and_then(|there| {
            Ok((there.dev(), there.ino()) == file.metadata().map(|file| (file.dev(), file.ino()))?)
        });
        if is_there.unwrap_or(false) {
            file.set_len(0).map_err(unusable)?;
            return Ok(file);
        }
    }
}

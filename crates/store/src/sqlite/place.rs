//! The place of a database that a server uses: whose it is, and whether it is still there.
//!
//! The lock is on the file itself, so it holds in whichever folder a server runs, and there is no other file whose deletion would free it.
//! It is a lock of the open file description (`F_OFD_SETLK`), far behind the bytes that SQLite locks. Unlike `flock` it does not
//! meet SQLite's own locks on file systems that make one of the other, and unlike SQLite's it is not lost when this process closes
//! another descriptor of the file. Closing this descriptor would cost SQLite its locks, so it is the last to be closed.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::database_url::DatabaseUrl;
use crate::open_error::OpenError;

/// Where a server claims its database.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: File,
}

/// The database is not where it was opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Displaced {
    /// There is no file under its name.
    #[error(
        "the database {} was moved or removed while the server runs: put it back, or restart the server",
        .0.display()
    )]
    Gone(PathBuf),
    /// Another file has its name.
    #[error(
        "another file took the place of the database {} while the server runs: put the first one back, or restart the server",
        .0.display()
    )]
    Replaced(PathBuf),
}

impl Place {
    /// Claims the database at `path`, which exists, for as long as this lives.
    pub(super) fn claim(path: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Io { path: path.to_path_buf(), source };
        let file = File::options().read(true).write(true).open(path).map_err(unusable)?;
        if lock(&file, path).map_err(unusable)? {
            Ok(Self { path: path.to_path_buf(), file })
        } else {
            Err(OpenError::Served { database: DatabaseUrl::sqlite(path) })
        }
    }

    /// Whether the file that was claimed still has its name.
    ///
    /// Both are asked anew each time: on some file systems the number of a file changes, but not between two questions.
    pub(super) fn check(&self) -> Result<(), Displaced> {
        let Ok(there) = fs::metadata(&self.path) else { return Err(Displaced::Gone(self.path.clone())) };
        let is_it = self.file.metadata().is_ok_and(|claimed| same(&claimed, &there));
        if is_it { Ok(()) } else { Err(Displaced::Replaced(self.path.clone())) }
    }
}

fn same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Locks a file for this process; `false` where another has it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn lock(file: &File, _: &Path) -> io::Result<bool> {
    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;

    /// SQLite locks bytes just behind the first GiB. This one no file reaches.
    const BYTE: libc::off_t = libc::off_t::MAX - 1;
    let lock = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: BYTE,
        l_len: 1,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&lock)) {
        Ok(_) => Ok(true),
        Err(Errno::EACCES | Errno::EAGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Where files have no such locks, a file beside the database is locked in its stead.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn lock(_: &File, path: &Path) -> io::Result<bool> {
    use std::fs::TryLockError;
    use std::sync::Mutex;

    /// Those that this process holds, until it ends.
    static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let beside = PathBuf::from(format!("{}.lock", path.display()));
    let file = crate::folder::private_file(&beside)?;
    match file.try_lock() {
        Ok(()) => {
            HELD.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(file);
            Ok(true)
        }
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

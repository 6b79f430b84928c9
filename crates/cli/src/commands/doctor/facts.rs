//! What is observed of a deployment. The rules are functions of this.

use std::path::PathBuf;

use ipnet::IpNet;
use jeton_authority::ClockReading;
use jeton_authority::store::Examination;
use jeton_jose::Timestamp;

/// All that was observed.
#[derive(Debug)]
pub(super) struct Facts {
    /// The time on this machine.
    pub(super) now: Timestamp,
    /// What the configuration itself warns of.
    pub(super) warnings: Vec<String>,
    /// This machine's clock and the database's, if it has one.
    pub(super) clock: Option<ClockReading>,
    /// The time of the newest key.
    pub(super) newest_stored: Option<Timestamp>,
    pub(super) disks: Vec<Disk>,
    pub(super) files: Vec<StoredFile>,
    pub(super) master_key: MasterKeyPlace,
    pub(super) backups: Backups,
    pub(super) issuer: Issuer,
    pub(super) certificates: Vec<Certificate>,
    pub(super) proxies: Proxies,
    /// What the database says, or why it cannot be opened.
    pub(super) database: Result<Examination, String>,
    /// How many nodes there are, if somebody said so.
    pub(super) nodes: Option<u32>,
    pub(super) keys: Vec<Key>,
    /// The names of secrets that are easy to guess, and why.
    pub(super) weak_secrets: Vec<(String, &'static str)>,
}

/// A file system, by a path in it.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    pub(super) path: PathBuf,
    /// In bytes.
    pub(super) free: u64,
    pub(super) total: u64,
    pub(super) free_files: u64,
    /// 0 where the file system has no such limit.
    pub(super) total_files: u64,
}

/// What others may do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// List it, if it is a folder.
    Folder,
    /// Nothing.
    Secret,
    /// Read it.
    Read,
}

#[derive(Debug, Clone)]
pub(super) struct StoredFile {
    pub(super) path: PathBuf,
    pub(super) role: Role,
    pub(super) mode: u32,
    /// Whether it belongs to whoever runs the command.
    pub(super) ours: bool,
}

/// Where the master key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MasterKeyPlace {
    Missing { path: PathBuf },
    BesideDatabase { path: PathBuf },
    Elsewhere,
}

/// What the operator says about backups, and what is there.
#[derive(Debug, Clone, Default)]
pub(super) struct Backups {
    pub(super) database: Option<String>,
    pub(super) master_key: Option<String>,
    /// What is in the place of the database's backups, if that is a path of this machine.
    pub(super) found: Option<BackupsFound>,
}

/// What is at the path of the database's backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BackupsFound {
    /// There is no such file or folder, or it cannot be read.
    Unreadable { reason: String },
    /// A folder without a file.
    Nothing,
    /// The newest file.
    Newest { path: PathBuf, written_at: Timestamp, bytes: u64 },
}

#[derive(Debug, Clone)]
pub(super) struct Issuer {
    pub(super) url: String,
    /// Whether somebody set it.
    pub(super) is_set: bool,
    /// That of the server that runs on the folder, if one does.
    pub(super) served: Option<String>,
    pub(super) found: IssuerFound,
}

/// What answers at the issuer's URL.
#[derive(Debug, Clone)]
pub(super) enum IssuerFound {
    /// Its metadata name it, and its key set has these keys.
    Metadata {
        kids: Vec<String>,
    },
    Failed {
        reason: String,
    },
}

/// A certificate that clients see.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    /// Where it is: a file, or a host.
    pub(super) place: String,
    pub(super) not_after: Timestamp,
}

#[derive(Debug, Clone)]
pub(super) struct Proxies {
    pub(super) issuer_is_https: bool,
    /// Whether the server has a certificate.
    pub(super) own_tls: bool,
    pub(super) trusted: Vec<IpNet>,
}

/// A key for signing tokens.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) kid: String,
    pub(super) purpose: &'static str,
    pub(super) signs_from: Timestamp,
    /// Whether it signs now.
    pub(super) signs: bool,
    /// Whether it should be in the published key set.
    pub(super) published: bool,
}

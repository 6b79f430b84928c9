//! What a store reports about its database, for checks of a deployment.

use std::time::Duration;

/// What a store says about its database. What a backend does not know, or may not ask, is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examination {
    /// The database and its version, such as `PostgreSQL 15.6`.
    pub version: Option<Box<str>>,
    /// The major version of a database server.
    pub major_version: Option<u32>,
    /// The connections that a database server has, and those that nodes make.
    pub connections: Option<ConnectionBudget>,
    /// How long the oldest open transaction has been open.
    pub oldest_transaction: Option<Duration>,
    /// How far the oldest transaction identifiers are from running out.
    pub transaction_ids: Option<TransactionIds>,
    /// How many standbys are connected. Any role is told that.
    pub standbys_connected: u32,
    /// The standbys that replicate the database, as far as the role may see them.
    pub standbys: Vec<Standby>,
    /// Which standbys a commit waits for (`synchronous_standby_names`), if it does.
    pub waits_for: Option<Box<str>>,
    /// Commits of the role that wait for a standby.
    pub waiting_commits: Option<WaitingCommits>,
    /// Replication slots that nobody reads from.
    pub inactive_slots: Vec<InactiveSlot>,
    /// Settings with which a crash loses what was acknowledged, as `name = value`.
    pub unsafe_settings: Vec<Box<str>>,
    /// The size of the log that is not part of the database file yet, in bytes.
    pub log_bytes: Option<u64>,
}

/// The connections of a database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionBudget {
    /// How many the server permits to ordinary users.
    pub permitted: u32,
    /// How many there are.
    pub used: u32,
    /// How many a node makes at most.
    pub per_node: u32,
    /// From how many addresses nodes are connected.
    pub nodes_seen: u32,
}

/// The age of the oldest transaction identifier in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionIds {
    /// How many transactions ago it was used.
    pub age: u64,
    /// The age at which the server begins to freeze rows by itself.
    pub frozen_at: u64,
}

/// Commits that wait until a standby confirms them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingCommits {
    /// How many there are.
    pub count: u32,
    /// For how long the first of them has waited.
    pub longest: Duration,
}

/// A standby.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standby {
    /// Its name.
    pub name: Box<str>,
    /// How far behind it applies what was written, if the server says so.
    pub lag: Option<Duration>,
}

/// A replication slot that nobody reads from. The server keeps its log for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InactiveSlot {
    /// Its name.
    pub name: Box<str>,
    /// How much of the log is kept for it, in bytes.
    pub kept_bytes: u64,
}

//! What the authority remembers: the [`Store`], a trait a subject.
//!
//! Each method is one step of the protocol, one transaction, and an answer that names every outcome. An answer is given
//! only after what it promises is on disk. Every backend passes the conformance suite of `jeton-store`.

mod accounts;
mod audit;
mod authenticators;
mod clients;
mod devices;
mod examination;
mod grants;
mod keys;
mod logouts;
mod mails;
mod one_time;
mod resets;
mod revocations;
mod sessions;
mod sign_ins;
mod status;
mod sweep;
mod users;

use std::time::Duration;

use async_trait::async_trait;
use jeton_jose::Timestamp;

use crate::NodeId;
use crate::revocation::HistoryName;

pub use accounts::{AccountChange, AccountStore, AccountsUpdated};
pub use audit::AuditStore;
pub use authenticators::AuthenticatorStore;
pub use clients::ClientStore;
pub use devices::DeviceStore;
pub use examination::{ConnectionBudget, Examination, InactiveSlot, Standby, TransactionIds, WaitingCommits};
pub use grants::{GrantFilter, GrantOpening, GrantStore, Refresh};
pub use keys::KeyStore;
pub use logouts::{LogoutDelivery, LogoutStore};
pub use mails::MailStore;
pub use one_time::OneTimeStore;
pub use resets::ResetStore;
pub use revocations::RevocationStore;
pub use sessions::{SessionEnding, SessionStore};
pub use sign_ins::SignInStore;
pub use status::StatusStore;
pub use sweep::{ExpiredSession, Needless, SweepStep, SweepStore};
pub use users::{UserChange, UserStore};

use crate::tally::DurationsRead;

// What its methods answer is decided by the rooms' rules.
pub use crate::authenticators::{AuthenticatorsChanged, CodeVerdict};
pub use crate::client::{ClientChange, ClientRemoval};
pub use crate::device::{DeviceDecided, DevicePoll};
pub use crate::grant::{GrantsEnded, Revocation};
pub use crate::keys::{KeyAddition, KeyWithdrawal};
pub use crate::one_time::{CodeRedemption, Placement, Redemption};
pub use crate::session::SessionOpening;
pub use crate::user::{NewUser, UserAddition};

/// The store could not do what was asked. Never the fault of the request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot write for the moment: the disk is full, the folder is read-only, the queue is full, the database is away. Trying again
    /// later may succeed. Nothing was changed, unless the text says that this is not known.
    #[error("the store cannot write at the moment: {0}")]
    Unavailable(String),
    /// Something was sealed under another master key than the one that the store is bound to; nothing was changed.
    #[error("the master key does not match the database, which was encrypted with another key")]
    OtherMasterKey,
    /// Anything else: it is corrupt, or it answered what it never should.
    #[error("the store failed: {0}")]
    Failed(String),
}

impl StoreError {
    /// The stable name of this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) | Self::Failed(_) => "store_failed",
            Self::OtherMasterKey => "master_key_mismatch",
        }
    }
}

/// A number for each subject that nodes keep in memory. It changes in the transaction that changes the subject, whoever does that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// The history that the numbers belong to. In another one the same number may stand for something else.
    pub history: HistoryName,
    /// The keys.
    pub keys: u64,
    /// The clients.
    pub clients: u64,
    /// The kinds of password hashes that users have: it changes with each hash that is not of the default kind.
    pub hash_kinds: u64,
}

impl Marks {
    /// Whether the store went on from these earlier marks to those, rather than back to an older state, after which nothing that was
    /// read before counts.
    pub fn follow(&self, earlier: &Self) -> bool {
        self.history == earlier.history
            && self.keys >= earlier.keys
            && self.clients >= earlier.clients
            && self.hash_kinds >= earlier.hash_kinds
    }
}

/// What a store has done since it was opened, and how much waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreFigures {
    /// How many operations wait.
    pub waiting: u64,
    /// How many may.
    pub waiting_limit: u64,
    /// How many operations were answered.
    pub operations: u64,
    /// How long commits took that succeeded.
    pub commits: DurationsRead,
    /// How many operations failed.
    pub failures: u64,
    /// Of how many changes it is not known whether they were made.
    pub unknown_outcomes: u64,
    /// The connections to a database server, if there is one.
    pub connections: Option<ConnectionFigures>,
}

/// The connections of a node to its database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectionFigures {
    /// How many are used.
    pub used: u64,
    /// How many may be.
    pub limit: u64,
}

/// For how long a node counts that has not been heard of.
pub const NODE_SEEN: Duration = Duration::from_secs(30);

/// What the authority remembers.
#[async_trait]
pub trait Store:
    AccountStore
    + AuditStore
    + ClientStore
    + DeviceStore
    + GrantStore
    + KeyStore
    + LogoutStore
    + MailStore
    + OneTimeStore
    + ResetStore
    + RevocationStore
    + AuthenticatorStore
    + SessionStore
    + SignInStore
    + StatusStore
    + SweepStore
    + UserStore
    + Send
    + Sync
    + 'static
{
    /// What nodes keep in memory of the store, and whether it changed; cheap enough to ask ten times a second.
    async fn changes(&self) -> Result<Marks, StoreError>;

    /// Notes that a node lives, and answers how many have been seen in the last [`NODE_SEEN`], this one included.
    async fn count_nodes(&self, node: NodeId, now: Timestamp) -> Result<u32, StoreError>;

    /// Whether the store is where it was opened, if that can change: a database whose folder was moved away, or that another took the
    /// place of, is not written to.
    fn in_place(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether the store can read and write right now, for the readiness check.
    async fn probe(&self) -> Result<(), StoreError>;

    /// What the store reports about its database, for checks of a deployment.
    async fn examine(&self) -> Result<Examination, StoreError> {
        Ok(Examination::default())
    }

    /// What the store has done so far. Cheap: it reads what is counted anyway.
    fn figures(&self) -> StoreFigures {
        StoreFigures::default()
    }

    /// The same store for lists that are shown and may lag behind what was written, if there is another place to read them from. What rests on
    /// a list, and everything else, is asked of this one.
    fn for_lists(&self) -> Option<&dyn Store> {
        None
    }

    /// The time by the database's own clock, if it has one: every node of a database can then see whether its clock agrees with those of
    /// the others.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_another_history_and_marks_that_went_back_follow_nothing() {
        let marks = |history, keys| {
            let history = HistoryName::parse(history).expect("a name");
            Marks { history, keys, clients: 3, hash_kinds: 3 }
        };
        assert!(marks("a", 3).follow(&marks("a", 3)) && marks("a", 4).follow(&marks("a", 3)));
        assert!(!marks("a", 2).follow(&marks("a", 3)), "it went back");
        assert!(!marks("b", 3).follow(&marks("a", 3)), "the same number of another history");
    }
}

//! Mail to users, over SMTP. What is queued, and when it is tried again, is decided in [`jeton_authority::mail`]; this module writes
//! the mails and hands them to the mail server.

mod connection;
mod delivery;
mod error;
mod message;
mod probe;
mod server;

pub(crate) use delivery::deliver_mail;
pub use error::MailError;
pub use message::Postmark;
pub use probe::{ProbeError, probe};
pub use server::{Encryption, MailServer};

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jeton_authority::tally::Count;

/// What sends mail, if any is sent.
#[derive(Debug)]
pub(crate) struct Mailer {
    pub(crate) server: Arc<MailServer>,
    pub(crate) postmark: Postmark,
    pub(crate) tally: MailTally,
}

/// What became of mails on this node.
#[derive(Debug, Default)]
pub(crate) struct MailTally {
    /// Mails that the mail server took.
    pub(crate) sent: Count,
    /// Attempts that are repeated later.
    pub(crate) postponed: Count,
    /// Mails that were given up.
    pub(crate) failed: Count,
    /// When the mail server last failed to be reached, in seconds since 1970; 0 while it can be.
    pub(crate) unreachable_since: AtomicU64,
}

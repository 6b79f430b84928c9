//! Mail to users: what there is to say, to whom, for how long, and when it is tried again. Writing and sending it is for the
//! server.
//!
//! A mail is queued in the transaction of what causes it. For most of them that is a record of the audit trail
//! ([`MailKind::of_event`]), so nothing that a user has to hear of can be done without it.

mod address;
mod device;
mod kind;
mod queue;
mod schedule;
mod secret;

pub use address::{MailAddress, MailAddressError};
pub use device::device_in_words;
pub use kind::{MailFacts, MailKind, Notices};
pub use queue::{
    KEPT_FAILED, KEPT_SENT, ListedMail, MOST_TO_ONE, MOST_WAITING_MAILS, MailAdmission, MailCounts,
    MailState, NewMail, QueuedMail, TO_ONE_WITHIN, admit,
};
pub use schedule::{LONGEST_PROBLEM, MailOutcome, MailSettled, settle};
pub use secret::{open_secret, seal_secret};

pub use crate::id::MailId;

//! The queue: what is in it, and how much of what.

use std::fmt;
use std::time::Duration;

use jeton_jose::Timestamp;

use super::{MailFacts, MailKind};
use crate::keys::SealedKey;
use crate::{MailId, UserId};

/// How many mails may wait. Beyond that none is queued, so that a mail server that is away for long fills no disk.
pub const MOST_WAITING_MAILS: u64 = 10_000;
/// How many mails of one kind one address gets within [`TO_ONE_WITHIN`].
pub const MOST_TO_ONE: u64 = 5;
/// The time within which they are counted.
pub const TO_ONE_WITHIN: Duration = Duration::from_secs(3600);
/// How long it is remembered that a mail was sent.
pub const KEPT_SENT: Duration = Duration::from_secs(24 * 3600);
/// How long a mail that failed is kept for the operator.
pub const KEPT_FAILED: Duration = Duration::from_secs(14 * 24 * 3600);

/// A mail to be queued. It goes to the address that the user has at that moment.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Its identifier, which is also in its `Message-ID`.
    pub id: MailId,
    /// Whom it is for.
    pub user: UserId,
    /// What it is about.
    pub kind: MailKind,
    /// What it tells.
    pub facts: MailFacts,
    /// What is secret in it, encrypted with the master key.
    pub sealed: Option<SealedKey>,
    /// When it was caused.
    pub queued_at: Timestamp,
}

/// Hides the secret, although it is encrypted.
impl fmt::Debug for NewMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, user, kind, .. } = self;
        f.debug_struct("NewMail")
            .field("id", id)
            .field("user", user)
            .field("kind", kind)
            .finish_non_exhaustive()
    }
}

/// What the queue holds, when another mail is to be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MailCounts {
    /// How many mails wait.
    pub waiting: u64,
    /// How many of this kind to this address were queued within [`TO_ONE_WITHIN`], sent or not.
    pub to_recipient: u64,
}

/// Whether a mail was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailAdmission {
    /// It was.
    Queued,
    /// The user has no address, or there is no such user.
    NoAddress,
    /// The address got as many of this kind as it may.
    Enough,
    /// As many mails wait as may.
    Full,
}

/// Whether one more mail is queued.
pub const fn admit(counts: MailCounts) -> MailAdmission {
    if counts.to_recipient >= MOST_TO_ONE {
        MailAdmission::Enough
    } else if counts.waiting >= MOST_WAITING_MAILS {
        MailAdmission::Full
    } else {
        MailAdmission::Queued
    }
}

/// A mail that waits.
#[derive(Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// Its identifier.
    pub id: MailId,
    /// Whom it is for.
    pub user: UserId,
    /// What it is about.
    pub kind: MailKind,
    /// The address, as it was when the mail was queued.
    pub recipient: Box<str>,
    /// What it tells.
    pub facts: MailFacts,
    /// What is secret in it, encrypted with the master key.
    pub sealed: Option<SealedKey>,
    /// When it was caused.
    pub queued_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// How many attempts failed.
    pub attempts: u32,
}

/// Hides the secret, although it is encrypted.
impl fmt::Debug for QueuedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, user, kind, attempts, .. } = self;
        let mut shown = f.debug_struct("QueuedMail");
        shown.field("id", id).field("user", user).field("kind", kind).field("attempts", attempts);
        shown.finish_non_exhaustive()
    }
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// It waits for its next attempt.
    Waiting,
    /// The server took it.
    Sent,
    /// The server refused it, or its time is over.
    Failed,
}

impl MailState {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// The state of a mail that was settled or not, and has a problem or none.
    pub const fn of(is_settled: bool, has_problem: bool) -> Self {
        match (is_settled, has_problem) {
            (false, _) => Self::Waiting,
            (true, false) => Self::Sent,
            (true, true) => Self::Failed,
        }
    }
}

/// A mail as the operator sees it: without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedMail {
    /// Its identifier.
    pub id: MailId,
    /// Whom it is for.
    pub user: UserId,
    /// The name of its kind.
    pub kind: Box<str>,
    /// The address.
    pub recipient: Box<str>,
    /// What became of it.
    pub state: MailState,
    /// When it was caused.
    pub queued_at: Timestamp,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// How many attempts failed.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub problem: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_bounded_in_all_and_for_each_address() {
        let admitted = |waiting, to_recipient| admit(MailCounts { waiting, to_recipient });
        assert_eq!(admitted(0, 0), MailAdmission::Queued);
        assert_eq!(admitted(MOST_WAITING_MAILS - 1, MOST_TO_ONE - 1), MailAdmission::Queued);
        assert_eq!(admitted(MOST_WAITING_MAILS, 0), MailAdmission::Full);
        assert_eq!(admitted(0, MOST_TO_ONE), MailAdmission::Enough);
    }
}

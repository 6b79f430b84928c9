//! Mail that waits to be sent.

use async_trait::async_trait;
use jeton_jose::Timestamp;

use super::StoreError;
use crate::MailId;
use crate::mail::{ListedMail, MailAdmission, MailSettled, NewMail, Notices, QueuedMail};

/// The stored queue of mail. What is audited queues mail in the same transaction
/// ([`MailKind::of_event`](crate::mail::MailKind::of_event)), if it is wanted.
#[async_trait]
pub trait MailStore {
    /// Sets which mails about audited events are queued from now on, by every server and command.
    async fn want_notices(&self, notices: Notices) -> Result<(), StoreError>;

    /// Queues a mail to the address of its user, following [`crate::mail::admit`].
    async fn queue_mail(&self, mail: NewMail) -> Result<MailAdmission, StoreError>;

    /// Due mails that nobody has claimed, at most `limit`, the longest overdue first. Those of kinds that this version does not know
    /// are left to newer ones.
    async fn due_mails(&self, now: Timestamp, limit: u32) -> Result<Vec<QueuedMail>, StoreError>;

    /// Claims a mail that is due and unclaimed, until `until`: nobody else attempts it meanwhile. Answers whether it did.
    async fn claim_mail(&self, id: MailId, until: Timestamp, now: Timestamp) -> Result<bool, StoreError>;

    /// Stores what an attempt came to ([`crate::mail::settle`]), and releases the claim. A mail that is no longer there, or that
    /// was settled, stays as it is.
    async fn settle_mail(&self, id: MailId, settled: MailSettled, now: Timestamp) -> Result<(), StoreError>;

    /// Mails that wait or failed, the newest first, at most `limit`.
    async fn list_mails(&self, limit: u32) -> Result<Vec<ListedMail>, StoreError>;

    /// Has a mail that waits or failed tried at once, for as long as a new one. Answers whether there is one.
    async fn retry_mail(&self, id: MailId, now: Timestamp) -> Result<bool, StoreError>;

    /// Removes a mail that was not sent. Answers whether there was one.
    async fn drop_mail(&self, id: MailId) -> Result<bool, StoreError>;
}

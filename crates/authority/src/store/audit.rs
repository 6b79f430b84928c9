//! The audit trail.

use async_trait::async_trait;

use super::StoreError;
use crate::UserId;
use crate::audit::{AuditFilter, AuditNumber, AuditRecord, AuditSegment, LinkedRecord};

/// The stored audit trail.
#[async_trait]
pub trait AuditStore {
    /// Appends a record about something that no transaction of the store records.
    async fn record_audit(&self, record: AuditRecord) -> Result<(), StoreError>;

    /// Audit records, newest first, at most `limit`.
    async fn list_audit(&self, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// The audit records that match a filter, in the order in which they were written, at most `limit`.
    async fn read_audit(
        &self,
        filter: AuditFilter,
        limit: u32,
    ) -> Result<Vec<(AuditNumber, AuditRecord)>, StoreError>;

    /// The records about a user that the user is shown ([`AuditEvent::is_shown`](crate::audit::AuditEvent::is_shown)), newest first, at
    /// most `limit`. It is fast, however long the trail is.
    async fn list_audit_of(&self, user: UserId, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// All segments of the hash chain.
    async fn audit_segments(&self) -> Result<Vec<AuditSegment>, StoreError>;

    /// The records that were written after this one, with their places in the hash chain, in the order in which they were written, at
    /// most `limit`.
    async fn read_audit_chain(
        &self,
        after: Option<AuditNumber>,
        limit: u32,
    ) -> Result<Vec<LinkedRecord>, StoreError>;
}

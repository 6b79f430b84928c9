//! The audit trail.

use async_trait::async_trait;

use super::StoreError;
use crate::audit::{AuditFilter, AuditNumber, AuditRecord};

/// What the authority remembers for those who have to explain it later.
#[async_trait]
pub trait AuditStore {
    /// Appends a record to the audit trail: of what no transaction of the store tells of.
    async fn record_audit(&self, record: AuditRecord) -> Result<(), StoreError>;

    /// Audit records, newest first, at most `limit`.
    async fn list_audit(&self, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;

    /// The audit records that a filter lets through, in the order in which they were written, at most `limit`.
    async fn read_audit(
        &self,
        filter: AuditFilter,
        limit: u32,
    ) -> Result<Vec<(AuditNumber, AuditRecord)>, StoreError>;
}

//! Removing what has expired, in steps small enough not to be noticed.

use std::time::Duration;

use jeton_jose::Timestamp;

use crate::GrantId;
use crate::authority::Authority;
use crate::store::StoreError;

/// How many grants one step looks at.
pub const SWEEP_STEP: u32 = 500;

/// For how long the audit trail is kept.
pub const AUDIT_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// For how long what was used or has expired is kept, so that a replay is still told apart from garbage.
pub const SPENT_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Where the sweep goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepCursor(Option<GrantId>);

impl SweepCursor {
    /// Whether the next step begins from the start.
    pub const fn is_at_start(self) -> bool {
        self.0.is_none()
    }
}

impl Authority {
    /// Does one step of the sweep and answers where the next one goes on.
    ///
    /// # Errors
    /// When the store fails; the same step can be tried again.
    pub async fn sweep(&self, cursor: SweepCursor, now: Timestamp) -> Result<SweepCursor, StoreError> {
        if cursor.is_at_start() {
            self.store.sweep_audit(now.saturating_sub(AUDIT_KEPT), SWEEP_STEP).await?;
            self.store.sweep_expired(now.saturating_sub(SPENT_KEPT), SWEEP_STEP).await?;
        }
        let step = self.store.sweep_grants(cursor.0, SWEEP_STEP, self.settings.idle_lifetime, now).await?;
        Ok(SweepCursor(step.next))
    }

    /// Whether the authority can do its work: the store reads and writes.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.store.probe().await
    }
}

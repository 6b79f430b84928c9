//! Removing rows whose time is over: each kind for itself, in steps small enough not to be noticed, and as many steps as it
//! takes.
//!
//! A row goes when it expires, unless a rule still needs it. Those rules are the constants and [`OneTimeKind::needless`]
//! below.

use std::time::Duration;

use jeton_jose::Timestamp;

use crate::one_time::OneTimeKind;
use crate::revocation::matter_since;
use crate::store::{ExpiredSession, Needless, Store, StoreError, SweepStep};
use crate::{GrantId, KNOWN_NETWORK_KEPT};

/// How many rows one step removes at most. That is as many as the store adds in one transaction, so the sweep keeps up with
/// any rate.
pub const SWEEP_STEP: u32 = 1024;

/// For how long the audit trail is kept.
pub const AUDIT_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// For how long a spent authorization code or device code is known after its expiry: one that is presented again ends the
/// grant that it gave (RFC 6749 §4.1.2).
pub const SPENT_CODE_KEPT: Duration = Duration::from_secs(24 * 3600);

/// For how long an unspent device code is known after its expiry: a device that polls late is told that the code expired
/// (RFC 8628 §3.5).
pub const EXPIRED_DEVICE_KEPT: Duration = Duration::from_secs(10 * 60);

/// For how long a session is known after its expiry: a code that was given in it may still be redeemed, and its grant then
/// belongs to the session that took its place (RFC 6749 §4.1.2 lets a code live for ten minutes).
pub const EXPIRED_SESSION_KEPT: Duration = Duration::from_secs(10 * 60);

/// A kind of row that the sweep removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Swept {
    /// What may be used once, of one kind.
    OneTime(OneTimeKind),
    /// Device authorizations.
    Devices,
    /// Sessions of browsers. An expired session is needed while one of its grants is alive, because ending the session
    /// ends the grant, and while its browser has not come with the secret of the session that took its place, because the
    /// old secret then leads to that one.
    Sessions,
    /// Grants. A revoked grant is needed until it would have expired, because a replay is told apart from garbage.
    Grants,
    /// What is left of clients that were removed: their grants end.
    RemovedClients,
    /// Networks that users signed in from, which are kept for [`KNOWN_NETWORK_KEPT`].
    KnownNetworks,
    /// Events of the revocation feed, which are kept for as long as they matter ([`crate::revocation::matters_for`]).
    Revocations,
    /// The audit trail, which is kept for [`AUDIT_KEPT`].
    Audit,
}

impl Swept {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::Devices,
            Self::Sessions,
            Self::Grants,
            Self::RemovedClients,
            Self::KnownNetworks,
            Self::Revocations,
            Self::Audit,
        ];
        OneTimeKind::ALL.into_iter().map(Self::OneTime).chain(others)
    }

    /// Whether expired rows are found by walking through all rows, because there is no index on their time.
    pub const fn is_walked(self) -> bool {
        matches!(self, Self::Grants)
    }
}

impl OneTimeKind {
    /// Which rows of this kind are needless at `now`.
    pub fn needless(self, now: Timestamp) -> Needless {
        match self {
            Self::AuthorizationCode => Needless { unused: now, used: now.saturating_sub(SPENT_CODE_KEPT) },
            _ => Needless { unused: now, used: now },
        }
    }
}

/// Which device authorizations are needless at `now`.
pub fn needless_devices(now: Timestamp) -> Needless {
    Needless { unused: now.saturating_sub(EXPIRED_DEVICE_KEPT), used: now.saturating_sub(SPENT_CODE_KEPT) }
}

/// The lifetimes that say when rows are needless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepLifetimes {
    /// For how long a refresh token holds from its minting.
    pub idle: Duration,
    /// For how long an access token holds.
    pub access: Duration,
}

/// Where the next step of a kind begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SweepCursor(Cursor);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Cursor {
    #[default]
    Start,
    Grant(GrantId),
    Session(ExpiredSession),
}

/// When the next step of a kind should follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepPace {
    /// At once: this step removed as much as it may, so there is more.
    AtOnce,
    /// After a short pause: not all rows were looked at yet.
    Soon,
    /// After a long pause: nothing is left to remove.
    Later,
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepOutcome {
    /// How many rows it removed.
    pub removed: u64,
    /// Where the next step begins.
    pub next: SweepCursor,
    /// When the next step should follow.
    pub pace: SweepPace,
}

/// Does one step of the sweep of one kind.
///
/// # Errors
/// When the store fails; the same step can be tried again.
pub async fn sweep_step(
    store: &(impl Store + ?Sized),
    what: Swept,
    from: SweepCursor,
    lifetimes: SweepLifetimes,
    now: Timestamp,
) -> Result<SweepOutcome, StoreError> {
    let step = match what {
        Swept::OneTime(kind) => {
            found_by_index(store.sweep_one_time(kind, kind.needless(now), SWEEP_STEP).await?)
        }
        Swept::Devices => found_by_index(store.sweep_devices(needless_devices(now), SWEEP_STEP).await?),
        Swept::Audit => found_by_index(store.sweep_audit(now.saturating_sub(AUDIT_KEPT), SWEEP_STEP).await?),
        Swept::KnownNetworks => {
            let before = now.saturating_sub(KNOWN_NETWORK_KEPT);
            found_by_index(store.sweep_known_networks(before, SWEEP_STEP).await?)
        }
        Swept::Revocations => {
            let before = matter_since(lifetimes.access, now);
            found_by_index(store.sweep_revocations(before, SWEEP_STEP).await?)
        }
        Swept::RemovedClients => found_by_index(store.end_removed_clients().await?),
        Swept::Sessions => {
            let from = if let Cursor::Session(session) = from.0 { Some(session) } else { None };
            let SweepStep { removed, next } =
                store.sweep_sessions(from, now.saturating_sub(EXPIRED_SESSION_KEPT), SWEEP_STEP).await?;
            SweepStep { removed, next: next.map(Cursor::Session) }
        }
        Swept::Grants => {
            let from = if let Cursor::Grant(grant) = from.0 { Some(grant) } else { None };
            let SweepStep { removed, next } =
                store.sweep_grants(from, SWEEP_STEP, lifetimes.idle, now).await?;
            SweepStep { removed, next: next.map(Cursor::Grant) }
        }
    };
    Ok(outcome(step))
}

const fn found_by_index(removed: u64) -> SweepStep<Cursor> {
    SweepStep { removed, next: None }
}

fn outcome(step: SweepStep<Cursor>) -> SweepOutcome {
    let pace = match step.next {
        _ if step.removed >= u64::from(SWEEP_STEP) => SweepPace::AtOnce,
        Some(_) => SweepPace::Soon,
        None => SweepPace::Later,
    };
    SweepOutcome { removed: step.removed, next: SweepCursor(step.next.unwrap_or_default()), pace }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    #[test]
    fn a_step_that_removed_all_that_it_may_is_followed_at_once() {
        let full = SweepStep { removed: SWEEP_STEP.into(), next: None };
        assert_eq!(outcome(full).pace, SweepPace::AtOnce);
        let half_way = SweepStep { removed: 1, next: Some(Cursor::Grant(GrantId::from_bytes([1; 16]))) };
        assert_eq!(outcome(half_way).pace, SweepPace::Soon);
        let done = SweepStep { removed: 1, next: None };
        assert_eq!(
            outcome(done),
            SweepOutcome { removed: 1, next: SweepCursor::default(), pace: SweepPace::Later }
        );
    }

    #[test]
    fn everything_goes_when_it_expires_but_spent_codes_and_late_devices() {
        let a_day_ago = NOW.saturating_sub(Duration::from_secs(24 * 3600));
        for kind in OneTimeKind::ALL {
            let used = if kind == OneTimeKind::AuthorizationCode { a_day_ago } else { NOW };
            assert_eq!(kind.needless(NOW), Needless { unused: NOW, used }, "{kind:?}");
        }
        let ten_minutes_ago = NOW.saturating_sub(Duration::from_secs(600));
        assert_eq!(needless_devices(NOW), Needless { unused: ten_minutes_ago, used: a_day_ago });
    }
}

//! Removing expired rows: each kind separately, in steps small enough not to be noticed, and as many steps as
//! necessary.
//!
//! A row is removed when it expires, unless a rule still needs it. Those rules are the constants and
//! [`OneTimeKind::needless`] below.

use std::time::Duration;

use jeton_jose::Timestamp;

use crate::mail::{KEPT_FAILED, KEPT_SENT};
use crate::one_time::OneTimeKind;
use crate::revocation::matter_since;
use crate::store::{ExpiredSession, Needless, Store, StoreError, SweepStep};
use crate::{GrantId, KNOWN_NETWORK_KEPT};

/// The largest number of rows that one step removes. That is as many as the store adds in one transaction, so the
/// sweep keeps up with any rate.
pub const SWEEP_STEP: u32 = 1024;

/// How long a spent authorization code or device code is kept after its expiry: presenting it again ends the grant
/// that it led to (RFC 6749 §4.1.2).
pub const SPENT_CODE_KEPT: Duration = Duration::from_secs(24 * 3600);

/// How long an unspent device code is kept after its expiry: a device that polls late is told that the code has
/// expired (RFC 8628 §3.5).
pub const EXPIRED_DEVICE_KEPT: Duration = Duration::from_secs(10 * 60);

/// How long a session is kept after its expiry: a code that was issued in it may still be redeemed, and its grant then
/// belongs to the session that replaced it (RFC 6749 §4.1.2 allows a code to be valid for ten minutes).
pub const EXPIRED_SESSION_KEPT: Duration = Duration::from_secs(10 * 60);

/// A kind of row that the sweep removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Swept {
    /// Things of one kind that are used once.
    OneTime(OneTimeKind),
    /// Device authorizations.
    Devices,
    /// Browser sessions. An expired session is needed while one of its grants is alive, because ending the session
    /// ends the grant; and while its browser has not presented the secret of the session that replaced it, because the
    /// old secret then leads to that one.
    Sessions,
    /// Grants. A revoked grant is needed until it would have expired, to distinguish a replay from garbage.
    Grants,
    /// The remaining grants of removed clients, which end.
    RemovedClients,
    /// Networks that users signed in from, which are kept for [`KNOWN_NETWORK_KEPT`].
    KnownNetworks,
    /// Users who asked to be removed, when the time has come that they were told.
    LeavingUsers,
    /// Events of the revocation feed, which are kept for as long as they matter ([`crate::revocation::matters_for`]).
    Revocations,
    /// Places of the status list at its end. The other ones are taken again.
    StatusPlaces,
    /// Requests to set a new password by mail.
    PasswordResets,
    /// Mails that were sent, which are kept for [`KEPT_SENT`], and that failed, which are kept for [`KEPT_FAILED`].
    Mails,
    /// The audit trail, which is kept for [`SweepLifetimes::audit`].
    Audit,
}

impl Swept {
    /// All kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::Devices,
            Self::Sessions,
            Self::Grants,
            Self::RemovedClients,
            Self::KnownNetworks,
            Self::LeavingUsers,
            Self::Revocations,
            Self::StatusPlaces,
            Self::PasswordResets,
            Self::Mails,
            Self::Audit,
        ];
        OneTimeKind::ALL.into_iter().map(Self::OneTime).chain(others)
    }

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneTime(kind) => kind.as_str(),
            Self::Devices => "device",
            Self::Sessions => "session",
            Self::Grants => "grant",
            Self::RemovedClients => "removed_client",
            Self::KnownNetworks => "known_network",
            Self::LeavingUsers => "leaving_user",
            Self::Revocations => "revocation",
            Self::StatusPlaces => "status_place",
            Self::PasswordResets => "password_reset",
            Self::Mails => "mail",
            Self::Audit => "audit",
        }
    }

    /// Whether expired rows are found by walking through all rows, because there is no index on their time.
    pub const fn is_walked(self) -> bool {
        matches!(self, Self::Grants)
    }
}

impl OneTimeKind {
    /// Which rows of this kind are no longer needed at `now`.
    pub fn needless(self, now: Timestamp) -> Needless {
        match self {
            Self::AuthorizationCode => Needless { unused: now, used: now.saturating_sub(SPENT_CODE_KEPT) },
            _ => Needless { unused: now, used: now },
        }
    }
}

/// Which device authorizations are no longer needed at `now`.
pub fn needless_devices(now: Timestamp) -> Needless {
    Needless { unused: now.saturating_sub(EXPIRED_DEVICE_KEPT), used: now.saturating_sub(SPENT_CODE_KEPT) }
}

/// The lifetimes that determine when rows are no longer needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepLifetimes {
    /// How long a refresh token is valid after it was minted.
    pub idle: Duration,
    /// The lifetime of an access token.
    pub access: Duration,
    /// How long the audit trail is kept.
    pub audit: Duration,
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
    /// Immediately: this step removed as many rows as it may, so there are more.
    AtOnce,
    /// After a short pause: not all rows have been read yet.
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

/// Performs one step of the sweep of one kind.
///
/// # Errors
/// The store fails; the same step can be repeated.
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
        Swept::Audit => {
            found_by_index(store.sweep_audit(now.saturating_sub(lifetimes.audit), SWEEP_STEP).await?)
        }
        Swept::KnownNetworks => {
            let before = now.saturating_sub(KNOWN_NETWORK_KEPT);
            found_by_index(store.sweep_known_networks(before, SWEEP_STEP).await?)
        }
        Swept::LeavingUsers => found_by_index(store.remove_leaving_users(now, SWEEP_STEP).await?),
        Swept::Revocations => {
            let before = matter_since(lifetimes.access, now);
            found_by_index(store.sweep_revocations(before, SWEEP_STEP).await?)
        }
        Swept::StatusPlaces => found_by_index(store.sweep_status_places(now, SWEEP_STEP).await?),
        Swept::PasswordResets => found_by_index(store.sweep_resets(now, SWEEP_STEP).await?),
        Swept::Mails => {
            let (sent, failed) = (now.saturating_sub(KEPT_SENT), now.saturating_sub(KEPT_FAILED));
            found_by_index(store.sweep_mails(sent, failed, SWEEP_STEP).await?)
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

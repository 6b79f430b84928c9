//! Setting a second factor up, and removing it.

use std::time::Duration;

use jeton_jose::Timestamp;

use super::{Authenticators, RecoverySet, SettingUp, Totp};
use crate::Network;
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::keys::SealedKey;
use crate::user::UserStanding;

/// For how long setting up an app may take. After that, it begins anew with another secret.
pub const SETUP_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// A change to the second factors of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthenticatorChange {
    /// Begins to set up an app. One that was begun and not given up goes on, so that a page that is loaded again shows the same
    /// secret.
    Begin {
        /// The secret of a new one.
        secret: SealedKey,
    },
    /// Gives up setting up an app.
    GiveUp,
    /// Completes setting up an app, in the place of the one before. The user gets recovery codes if they have none.
    Confirm {
        /// The secret that the code was compared with.
        secret: SealedKey,
        /// The time step whose code it was.
        step: u64,
        /// The recovery codes.
        recovery: RecoverySet,
    },
    /// Replaces the recovery codes.
    RenewRecoveryCodes(RecoverySet),
    /// Removes all of them.
    Remove,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthenticatorsChanged {
    /// This is how they are now.
    Done(Authenticators),
    /// They are not as the change assumes: nothing is being set up, or there is no factor. Nothing was changed.
    NotNow(Authenticators),
    /// There is no such user.
    UnknownUser,
}

/// What a rule decided of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeDecision {
    /// The answer.
    pub outcome: AuthenticatorsChanged,
    /// Whether what it says is to be written.
    pub changes: bool,
    /// What goes into the audit trail.
    pub records: Vec<AuditRecord>,
}

/// Decides about a change, which `by` asked for, over the network or not.
pub fn change(
    user: Option<&UserStanding>,
    before: Authenticators,
    change: &AuthenticatorChange,
    by: &Actor,
    network: Option<Network>,
    now: Timestamp,
) -> ChangeDecision {
    let nothing = |outcome| ChangeDecision { outcome, changes: false, records: Vec::new() };
    let Some(user) = user else { return nothing(AuthenticatorsChanged::UnknownUser) };
    let mut after = before.clone();
    let mut events = Vec::new();
    match change {
        AuthenticatorChange::Begin { secret } => {
            let is_alive = |begun: &SettingUp| begun.since.saturating_add(SETUP_LIFETIME) > now;
            if !before.setting_up.as_ref().is_some_and(is_alive) {
                after.setting_up = Some(SettingUp { secret: secret.clone(), since: now });
            }
        }
        AuthenticatorChange::GiveUp => after.setting_up = None,
        AuthenticatorChange::Confirm { secret, step, recovery } => {
            // They pressed twice.
            if before.totp.as_ref().is_some_and(|totp| totp.secret == *secret) {
                return nothing(AuthenticatorsChanged::Done(before));
            }
            if before.setting_up.as_ref().is_none_or(|begun| begun.secret != *secret) {
                return nothing(AuthenticatorsChanged::NotNow(before));
            }
            after.setting_up = None;
            after.totp = Some(Totp { secret: secret.clone(), added_at: now, used_at: now, step: *step });
            events.push(AuditEvent::SecondFactorAdded);
            if before.totp.is_none() || before.recovery.is_none() {
                after.recovery = Some(recovery.clone());
            }
        }
        AuthenticatorChange::RenewRecoveryCodes(set) => {
            if before.totp.is_none() {
                return nothing(AuthenticatorsChanged::NotNow(before));
            }
            after.recovery = Some(set.clone());
            events.push(AuditEvent::RecoveryCodesRenewed);
        }
        AuthenticatorChange::Remove => {
            after = Authenticators::default();
            if !before.factors().is_empty() {
                events.push(AuditEvent::SecondFactorRemoved);
            }
        }
    }
    let record = |event| {
        let subject = AuditSubject::user(user.id);
        AuditRecord { network, ..AuditRecord::new(event, by.clone(), subject, now) }
    };
    ChangeDecision {
        changes: after != before,
        records: events.into_iter().map(record).collect(),
        outcome: AuthenticatorsChanged::Done(after),
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::{ADA, at, recovery_set, sealed, set_up};
    use super::*;
    use crate::factor::Factor;

    const BY: Actor = Actor::User(ADA.id);

    fn changed(before: &Authenticators, by_now: i64, what: AuthenticatorChange) -> ChangeDecision {
        change(Some(&ADA), before.clone(), &what, &BY, None, at(by_now))
    }

    #[track_caller]
    fn done(decision: ChangeDecision) -> Authenticators {
        match decision.outcome {
            AuthenticatorsChanged::Done(after) => after,
            other => panic!("{other:?}"),
        }
    }

    fn begin(secret: &str) -> AuthenticatorChange {
        AuthenticatorChange::Begin { secret: sealed(secret) }
    }

    fn confirm(secret: &str) -> AuthenticatorChange {
        AuthenticatorChange::Confirm { secret: sealed(secret), step: 7, recovery: recovery_set(2) }
    }

    fn events(decision: &ChangeDecision) -> Vec<AuditEvent> {
        decision.records.iter().map(|record| record.event).collect()
    }

    #[test]
    fn an_app_that_is_being_set_up_keeps_its_secret_until_it_is_confirmed_given_up_or_too_old() {
        let begun = done(changed(&Authenticators::default(), 0, begin("first")));
        assert_eq!(begun.factors(), [], "it is no factor yet");
        let again = changed(&begun, 3599, begin("second"));
        assert_eq!((again.changes, done(again)), (false, begun.clone()));
        let late = done(changed(&begun, 3600, begin("second")));
        assert_eq!(late.setting_up.expect("an app").secret, sealed("second"));
        assert_eq!(done(changed(&begun, 1, AuthenticatorChange::GiveUp)), Authenticators::default());
    }

    #[test]
    fn a_confirmed_app_is_a_factor_and_comes_with_recovery_codes() {
        let begun = done(changed(&Authenticators::default(), 0, begin("first")));
        let decision = changed(&begun, 5, confirm("first"));
        assert_eq!((decision.changes, events(&decision)), (true, vec![AuditEvent::SecondFactorAdded]));
        let after = done(decision);
        assert_eq!(after.factors(), [Factor::OneTimeCode]);
        assert_eq!(after.recovery, Some(recovery_set(2)));
        assert_eq!((after.totp.as_ref().map(|totp| totp.step), after.setting_up.is_none()), (Some(7), true));
        // A second press changes nothing.
        let again = changed(
            &after,
            6,
            AuthenticatorChange::Confirm { secret: sealed("first"), step: 8, recovery: recovery_set(3) },
        );
        assert_eq!((again.changes, done(again)), (false, after));
    }

    #[test]
    fn a_new_app_takes_the_place_of_the_old_one_and_the_recovery_codes_stay() {
        let begun = done(changed(&set_up(), 0, begin("new")));
        assert_eq!(begun.totp, set_up().totp, "the old one counts until then");
        let after = done(changed(&begun, 5, confirm("new")));
        assert_eq!(after.totp.expect("an app").secret, sealed("new"));
        assert_eq!(after.recovery, set_up().recovery);
    }

    #[test]
    fn what_was_not_begun_is_not_confirmed() {
        for before in [Authenticators::default(), set_up()] {
            let decision = changed(&before, 0, confirm("first"));
            assert_eq!((decision.outcome, decision.changes), (AuthenticatorsChanged::NotNow(before), false));
        }
    }

    #[test]
    fn recovery_codes_are_replaced_where_there_is_a_factor() {
        let decision = changed(&set_up(), 0, AuthenticatorChange::RenewRecoveryCodes(recovery_set(2)));
        assert_eq!(events(&decision), [AuditEvent::RecoveryCodesRenewed]);
        assert_eq!(done(decision).recovery, Some(recovery_set(2)));
        let none = Authenticators::default();
        let decision = changed(&none, 0, AuthenticatorChange::RenewRecoveryCodes(recovery_set(2)));
        assert_eq!(decision.outcome, AuthenticatorsChanged::NotNow(none));
    }

    #[test]
    fn removing_leaves_nothing_and_is_recorded_once() {
        let decision = changed(&set_up(), 0, AuthenticatorChange::Remove);
        assert_eq!(events(&decision), [AuditEvent::SecondFactorRemoved]);
        let after = done(decision);
        assert!(after.is_empty());
        let again = changed(&after, 0, AuthenticatorChange::Remove);
        assert_eq!((again.changes, events(&again)), (false, vec![]));
    }

    #[test]
    fn nobody_has_no_factors() {
        let decision = change(None, set_up(), &AuthenticatorChange::Remove, &BY, None, at(0));
        assert_eq!(decision.outcome, AuthenticatorsChanged::UnknownUser);
    }
}

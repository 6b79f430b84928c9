//! Setting up, changing and removing what a user proves their identity with.

use std::time::Duration;

use jeton_jose::Timestamp;

use super::{Authenticators, DeviceHash, MOST_PASSKEYS, RecoverySet, RememberedDevice, SettingUp, Totp};
use crate::Network;
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::keys::SealedKey;
use crate::passkey::{CredentialId, Passkey};
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
    /// Turns the second step off: the app and the recovery codes are removed, and passkeys stay.
    TurnOff,
    /// Adds a passkey.
    AddPasskey(Box<Passkey>),
    /// Gives a passkey another name.
    RenamePasskey {
        /// The passkey.
        id: CredentialId,
        /// The name.
        name: Box<str>,
    },
    /// Removes a passkey.
    RemovePasskey {
        /// The passkey.
        id: CredentialId,
        /// Whether the last one stays, because the user could not sign in any more.
        keep_one: bool,
    },
    /// Requires a passkey after the password. The user gets recovery codes if they have none.
    AskAfterPassword {
        /// The recovery codes.
        recovery: RecoverySet,
    },
    /// Asks for no second factor in this browser for a while.
    RememberDevice(RememberedDevice),
    /// Asks for it again there.
    ForgetDevice(DeviceHash),
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
            events.push((AuditEvent::SecondFactorAdded, None));
            after.recovery.get_or_insert_with(|| recovery.clone());
            // Browsers that were remembered with the old app must present a code of the new one.
            after.remembered.clear();
        }
        AuthenticatorChange::RenewRecoveryCodes(set) => {
            if !before.is_two_step() {
                return nothing(AuthenticatorsChanged::NotNow(before));
            }
            after.recovery = Some(set.clone());
            events.push((AuditEvent::RecoveryCodesRenewed, None));
        }
        AuthenticatorChange::TurnOff => {
            after = Authenticators { passkeys: before.passkeys.clone(), ..Authenticators::default() };
        }
        AuthenticatorChange::AddPasskey(passkey) => match before.passkey(&passkey.id) {
            // They pressed twice.
            Some(known) if known.key == passkey.key => return nothing(AuthenticatorsChanged::Done(before)),
            None if before.passkeys.len() < MOST_PASSKEYS => {
                after.passkeys.push((**passkey).clone());
                events.push((AuditEvent::PasskeyAdded, Some(passkey.name.clone())));
            }
            _ => return nothing(AuthenticatorsChanged::NotNow(before)),
        },
        AuthenticatorChange::RenamePasskey { id, name } => {
            let Some(passkey) = after.passkeys.iter_mut().find(|passkey| passkey.id == *id) else {
                return nothing(AuthenticatorsChanged::NotNow(before));
            };
            passkey.name = name.clone();
        }
        AuthenticatorChange::RemovePasskey { keep_one: true, .. } if before.passkeys.len() == 1 => {
            return nothing(AuthenticatorsChanged::NotNow(before));
        }
        AuthenticatorChange::RemovePasskey { id, .. } => {
            after.passkeys.retain(|passkey| passkey.id != *id);
            after.passkey_after_password &= !after.passkeys.is_empty();
            after.remembered.clear();
            if !after.is_two_step() {
                after.recovery = None;
            }
            let removed = before.passkey(id).map(|passkey| passkey.name.clone());
            events.extend(removed.map(|name| (AuditEvent::PasskeyRemoved, Some(name))));
        }
        AuthenticatorChange::AskAfterPassword { .. } if before.passkeys.is_empty() => {
            return nothing(AuthenticatorsChanged::NotNow(before));
        }
        AuthenticatorChange::AskAfterPassword { recovery } => {
            after.passkey_after_password = true;
            after.recovery.get_or_insert_with(|| recovery.clone());
            if !before.is_two_step() {
                events.push((AuditEvent::SecondFactorAdded, None));
            }
        }
        AuthenticatorChange::RememberDevice(device) => {
            if !before.is_two_step() || !user.honours(device.epoch) {
                return nothing(AuthenticatorsChanged::NotNow(before));
            }
            after.remember_device(device.clone());
            events.push((AuditEvent::DeviceRemembered, Some(device.device.clone())));
        }
        AuthenticatorChange::ForgetDevice(hash) => {
            after.remembered.retain(|device| device.hash != *hash);
            let forgotten = before.remembered.iter().find(|device| device.hash == *hash);
            events.extend(forgotten.map(|device| (AuditEvent::DeviceForgotten, Some(device.device.clone()))));
        }
        AuthenticatorChange::Remove => {
            after = Authenticators::default();
            let names = before.passkeys.iter().map(|passkey| passkey.name.clone());
            events.extend(names.map(|name| (AuditEvent::PasskeyRemoved, Some(name))));
        }
    }
    if before.is_two_step() && !after.is_two_step() {
        events.push((AuditEvent::SecondFactorRemoved, None));
    }
    let record = |(event, key)| {
        let subject = AuditSubject { key, ..AuditSubject::user(user.id) };
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
    use super::super::example::{ADA, at, passkey, recovery_set, sealed, set_up};
    use super::*;
    use crate::factor::{Enrolled, Factor};

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
        assert_eq!(begun.enrolled(), Enrolled::default(), "it is no factor yet");
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
        assert_eq!(after.enrolled().second(), [Factor::OneTimeCode]);
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

    fn add(number: u8) -> AuthenticatorChange {
        AuthenticatorChange::AddPasskey(Box::new(passkey(number, 0)))
    }

    fn remove(number: u8, keep_one: bool) -> AuthenticatorChange {
        AuthenticatorChange::RemovePasskey { id: passkey(number, 0).id, keep_one }
    }

    #[test]
    fn passkeys_are_added_once_up_to_twenty_and_are_no_second_step() {
        let mut now = Authenticators::default();
        for number in 0..20 {
            let decision = changed(&now, 0, add(number));
            assert_eq!(events(&decision), [AuditEvent::PasskeyAdded]);
            now = done(decision);
            let again = changed(&now, 1, add(number));
            assert_eq!((again.changes, events(&again)), (false, vec![]));
        }
        assert_eq!((now.passkeys.len(), now.is_two_step()), (MOST_PASSKEYS, false));
        assert_eq!(now.enrolled(), Enrolled::parse("pop"));
        assert_eq!(changed(&now, 0, add(20)).outcome, AuthenticatorsChanged::NotNow(now));
    }

    #[test]
    fn removing_one_passkey_leaves_the_others_and_the_last_way_in_stays() {
        let two = done(changed(&done(changed(&set_up(), 0, add(1))), 0, add(2)));
        let decision = changed(&two, 0, remove(1, true));
        assert_eq!(events(&decision), [AuditEvent::PasskeyRemoved]);
        let one = done(decision);
        assert_eq!(one.passkeys, [passkey(2, 0)]);
        assert_eq!(changed(&one, 0, remove(2, true)).outcome, AuthenticatorsChanged::NotNow(one.clone()));
        assert_eq!(done(changed(&one, 0, remove(2, false))), set_up());
        let unknown = changed(&two, 0, remove(9, false));
        assert_eq!((unknown.changes, events(&unknown)), (false, vec![]));
    }

    #[test]
    fn a_passkey_after_the_password_is_a_second_step_that_ends_with_the_last_passkey() {
        let ask = || AuthenticatorChange::AskAfterPassword { recovery: recovery_set(3) };
        let none = Authenticators::default();
        assert_eq!(changed(&none, 0, ask()).outcome, AuthenticatorsChanged::NotNow(none.clone()));
        let one = done(changed(&none, 0, add(1)));
        let decision = changed(&one, 0, ask());
        assert_eq!(events(&decision), [AuditEvent::SecondFactorAdded]);
        let asked = done(decision);
        assert_eq!((asked.enrolled(), &asked.recovery), (Enrolled::parse("pop 2"), &Some(recovery_set(3))));
        let decision = changed(&asked, 0, remove(1, false));
        assert_eq!(events(&decision), [AuditEvent::PasskeyRemoved, AuditEvent::SecondFactorRemoved]);
        assert_eq!(done(decision), none);
        // Turning the second step off leaves the passkeys.
        assert_eq!(done(changed(&asked, 0, AuthenticatorChange::TurnOff)), one);
    }

    #[test]
    fn a_passkey_is_renamed_and_nothing_else_is() {
        let two = done(changed(&done(changed(&set_up(), 0, add(1))), 0, add(2)));
        let rename =
            |number| AuthenticatorChange::RenamePasskey { id: passkey(number, 0).id, name: "mine".into() };
        let after = done(changed(&two, 0, rename(2)));
        let names: Vec<_> = after.passkeys.iter().map(|passkey| &*passkey.name).collect();
        assert_eq!(names, ["Passkey 1", "mine"]);
        assert_eq!(changed(&two, 0, rename(3)).outcome, AuthenticatorsChanged::NotNow(two));
    }

    #[test]
    fn nobody_has_no_factors() {
        let decision = change(None, set_up(), &AuthenticatorChange::Remove, &BY, None, at(0));
        assert_eq!(decision.outcome, AuthenticatorsChanged::UnknownUser);
    }
}

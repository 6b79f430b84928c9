//! Presenting a passkey, and what passkeys are called.

use jeton_jose::Timestamp;

use super::trying::{Accepted, AcceptedCode};
use super::{Attempt, Authenticators, CodeDecision, CodeVerdict, PASSKEY_CHALLENGE_LIFETIME};
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::passkey::{Assertion, CredentialId, PasskeyKey};
use crate::user::UserStanding;

/// How many passkeys a user may have.
pub const MOST_PASSKEYS: usize = 20;
/// The longest name of a passkey, in characters.
pub const LONGEST_PASSKEY_NAME: usize = 60;
/// How many sign-ins with passkeys a user has in an hour. Each is remembered, so that no answer of a passkey counts twice.
pub const MOST_PASSKEY_SIGN_INS: usize = 100;

/// A passkey whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyPresented {
    /// Its id.
    pub id: CredentialId,
    /// The key that the signature was verified with.
    pub key: PasskeyKey,
    /// What it proved.
    pub assertion: Assertion,
}

/// The name that somebody typed for a passkey, without what nobody sees; `None` if nothing is left, or too much.
pub fn passkey_name(typed: &str) -> Option<Box<str>> {
    let name: String = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_fine =
        (1..=LONGEST_PASSKEY_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    is_fine.then(|| name.into())
}

/// Decides about a passkey. The counter of one that was copied goes back, and so does that of an authenticator that was reset or
/// is faulty: it is recorded, and signs in.
pub(super) fn attempt(
    user: &UserStanding,
    before: Authenticators,
    attempt: &Attempt,
    presented: &PasskeyPresented,
    now: Timestamp,
) -> CodeDecision {
    let mut after = before;
    let is_it =
        |passkey: &&mut crate::passkey::Passkey| passkey.id == presented.id && passkey.key == presented.key;
    // It was removed since.
    let Some(passkey) = after.passkeys.iter_mut().find(is_it) else {
        return CodeDecision::nothing(CodeVerdict::Over);
    };
    let Assertion { counter, backup_eligible, backed_up, .. } = presented.assertion;
    let counts = counter > 0 || passkey.counter > 0;
    let went_back = counts && counter <= passkey.counter;
    let changed = backup_eligible != passkey.backup_eligible;
    let events = [
        went_back.then_some(AuditEvent::PasskeyCounterWentBack),
        changed.then_some(AuditEvent::PasskeyBackupChanged),
    ];
    (passkey.counter, passkey.used_at) = (counter, Some(now));
    (passkey.backup_eligible, passkey.backed_up) = (backup_eligible, backed_up);
    let record = |event| {
        let subject = AuditSubject { key: Some(passkey.name.clone()), ..AuditSubject::user(user.id) };
        AuditRecord::asked_from(attempt.network, event, Actor::User(user.id), subject, now)
    };
    let records = events.into_iter().flatten().map(record).collect();
    let lately = after.accepted.iter().filter(|accepted| {
        matches!(accepted.code, AcceptedCode::Passkey(_))
            && accepted.at.saturating_add(PASSKEY_CHALLENGE_LIFETIME) > now
    });
    if lately.clone().count() >= MOST_PASSKEY_SIGN_INS {
        let first = lately.map(|accepted| accepted.at).min().unwrap_or(now);
        let left = first.saturating_add(PASSKEY_CHALLENGE_LIFETIME).unix() - now.unix();
        let retry_after = std::time::Duration::from_secs(left.max(1).unsigned_abs());
        return CodeDecision::nothing(CodeVerdict::Throttled { retry_after });
    }
    let code = AcceptedCode::Passkey(presented.id.clone());
    after.remember(Accepted { challenge: attempt.challenge, code, at: now }, now);
    CodeDecision { verdict: CodeVerdict::Accepted, after: Some(after), records }
}

#[cfg(test)]
mod tests {
    use super::super::example::{ADA, at, passkey, set_up};
    use super::super::{ACCEPTED_AGAIN, CodesFrom, Presented, Repeated, attempt};
    use super::*;
    use crate::Network;

    /// A user with two passkeys, the first of which has counted to five.
    fn with_passkeys() -> Authenticators {
        Authenticators { passkeys: vec![passkey(1, 5), passkey(2, 0)], ..set_up() }
    }

    fn presenting(challenge: u8, number: u8, assertion: Assertion) -> Attempt {
        let passkey = passkey(number, 0);
        Attempt {
            challenge: [challenge; 16],
            epoch: ADA.epoch,
            presented: Presented::Passkey(PasskeyPresented { id: passkey.id, key: passkey.key, assertion }),
            from: CodesFrom::Strangers,
            repeated: Repeated::LeadsOn,
            network: Network::Unknown,
        }
    }

    const fn counted(counter: u32) -> Assertion {
        Assertion { user_verified: true, counter, backup_eligible: false, backed_up: false }
    }

    fn events(decision: &CodeDecision) -> Vec<(AuditEvent, &str)> {
        decision
            .records
            .iter()
            .map(|record| (record.event, record.subject.key.as_deref().expect("a name")))
            .collect()
    }

    #[test]
    fn a_counter_that_goes_back_signs_in_and_is_recorded_with_the_name_and_no_counter_never_is() {
        let back = vec![(AuditEvent::PasskeyCounterWentBack, "Passkey 1")];
        for (number, counter, recorded) in
            [(1, 6, vec![]), (1, 5, back.clone()), (1, 0, back), (2, 0, vec![]), (2, 1, vec![])]
        {
            let decision =
                attempt(Some(&ADA), with_passkeys(), &presenting(1, number, counted(counter)), at(7));
            assert_eq!((decision.verdict, events(&decision)), (CodeVerdict::Accepted, recorded), "{counter}");
            let after = decision.after.expect("a change");
            let passkey = after.passkey(&passkey(number, 0).id).expect("a passkey");
            assert_eq!((passkey.counter, passkey.used_at), (counter, Some(at(7))));
        }
    }

    #[test]
    fn a_passkey_that_is_copied_from_now_on_signs_in_and_is_recorded() {
        let synced = Assertion { backup_eligible: true, backed_up: true, ..counted(0) };
        let decision = attempt(Some(&ADA), with_passkeys(), &presenting(1, 2, synced), at(0));
        assert_eq!(events(&decision), [(AuditEvent::PasskeyBackupChanged, "Passkey 2")]);
        let after = decision.after.expect("a change");
        let again = attempt(Some(&ADA), after, &presenting(2, 2, synced), at(1));
        assert_eq!((again.verdict, events(&again)), (CodeVerdict::Accepted, vec![]));
    }

    #[test]
    fn an_answer_counts_once_and_a_second_press_leads_on_for_a_while() {
        let first = presenting(1, 1, counted(6));
        let after = attempt(Some(&ADA), with_passkeys(), &first, at(0)).after.expect("a change");
        let later =
            |attempted: &Attempt, seconds| attempt(Some(&ADA), after.clone(), attempted, at(seconds)).verdict;
        let again = ACCEPTED_AGAIN.as_secs().cast_signed();
        assert_eq!(
            [later(&first, again), later(&first, again + 1)],
            [CodeVerdict::Accepted, CodeVerdict::Over]
        );
        assert_eq!(later(&presenting(1, 2, counted(0)), 1), CodeVerdict::Over, "another passkey");
        assert_eq!(later(&Attempt { repeated: Repeated::Refused, ..first }, 1), CodeVerdict::Over);
    }

    #[test]
    fn a_passkey_that_was_removed_or_replaced_counts_no_more() {
        let presented = presenting(1, 1, counted(6));
        assert_eq!(attempt(Some(&ADA), set_up(), &presented, at(0)).verdict, CodeVerdict::Over);
        let mut replaced = with_passkeys();
        replaced.passkeys[0].key = passkey(9, 0).key;
        assert_eq!(attempt(Some(&ADA), replaced, &presented, at(0)).verdict, CodeVerdict::Over);
        let later = UserStanding { epoch: ADA.epoch + 1, ..ADA };
        assert_eq!(attempt(Some(&later), with_passkeys(), &presented, at(0)).verdict, CodeVerdict::Over);
    }

    #[test]
    fn what_is_remembered_of_passkeys_is_bounded() {
        let mut now = with_passkeys();
        let mut verdicts = Vec::new();
        for n in 0..MOST_PASSKEY_SIGN_INS + 1 {
            let presented = Attempt { challenge: (n as u128).to_be_bytes(), ..presenting(0, 2, counted(0)) };
            let decision = attempt(Some(&ADA), now.clone(), &presented, at(n.try_into().expect("few")));
            verdicts.push(decision.verdict);
            now = decision.after.unwrap_or(now);
        }
        let retry_after =
            PASSKEY_CHALLENGE_LIFETIME - std::time::Duration::from_secs(MOST_PASSKEY_SIGN_INS as u64);
        assert_eq!(verdicts.pop(), Some(CodeVerdict::Throttled { retry_after }));
        assert!(verdicts.iter().all(|verdict| *verdict == CodeVerdict::Accepted));
        let later = attempt(Some(&ADA), now, &presenting(255, 2, counted(0)), at(4000));
        assert_eq!(later.after.expect("a change").accepted.len(), 1);
    }

    #[test]
    fn a_name_is_what_is_left_without_what_nobody_sees() {
        assert_eq!(passkey_name("  my \n key ").as_deref(), Some("my key"));
        let longest = "ü".repeat(LONGEST_PASSKEY_NAME);
        assert_eq!(passkey_name(&longest).as_deref(), Some(&*longest));
        for typed in ["", "  ", "a\u{7}b", &format!("{longest}x")] {
            assert_eq!(passkey_name(typed), None, "{typed:?}");
        }
    }
}

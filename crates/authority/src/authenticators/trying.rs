//! Presenting a code or a passkey: whether it counts, and what is written then.

use std::time::Duration;

use jeton_jose::Timestamp;
use serde::{Deserialize, Serialize};

use super::passkeys::{self, PasskeyPresented};
use super::tries::Counter;
use super::{Authenticators, RecoveryCodeHash};
use crate::Network;
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::keys::SealedKey;
use crate::passkey::CredentialId;
use crate::user::UserStanding;

/// For how long a code may be presented after the password.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// For how long a passkey may answer the challenge of a page: as long as the form on it may be posted.
pub const PASSKEY_CHALLENGE_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// For how long the same code for the same sign-in is taken for a second press of the same button.
pub const ACCEPTED_AGAIN: Duration = Duration::from_secs(30);

/// What a sign-in whose password was verified goes by: sixteen random bytes.
pub type ChallengeId = [u8; 16];

/// A code or a passkey that somebody presents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The sign-in that it is for.
    pub challenge: ChallengeId,
    /// The user's epoch when the password was verified, or when the passkey was.
    pub epoch: u64,
    /// What is presented.
    pub presented: Presented,
    /// Which wrong codes it is counted with.
    pub from: CodesFrom,
    /// What the same code for the same sign-in means.
    pub repeated: Repeated,
    /// Where it comes from.
    pub network: Network,
}

/// What is presented, as far as it can be compared without the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// A code of an authenticator app.
    Code {
        /// The secret that it was compared with.
        secret: SealedKey,
        /// The time step whose code it is; `None` if it is wrong.
        step: Option<u64>,
    },
    /// A recovery code.
    Recovery(RecoveryCodeHash),
    /// A passkey, whose signature was verified.
    Passkey(PasskeyPresented),
}

/// Where codes of an app come from. Each has its own counter of wrong ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodesFrom {
    /// A browser that the user has signed in with before.
    KnownBrowser,
    /// Anywhere else.
    Strangers,
}

/// What it means that the same code is presented for the same sign-in once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// Within [`ACCEPTED_AGAIN`], somebody pressed twice: it leads where the first press led.
    LeadsOn,
    /// It is refused.
    Refused,
}

/// What becomes of a code or a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeVerdict {
    /// It counts.
    Accepted,
    /// It is wrong.
    Wrong,
    /// It was used before, or is older than one that was.
    Used,
    /// There were too many wrong ones; it was not looked at.
    Throttled {
        /// When the next one is welcome.
        retry_after: Duration,
    },
    /// The sign-in that it is for is over: it was completed, or the user is not as they were.
    Over,
}

/// What a rule decided of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeDecision {
    /// The answer.
    pub verdict: CodeVerdict,
    /// What to write, if anything changed.
    pub after: Option<Authenticators>,
    /// What goes into the audit trail.
    pub records: Vec<AuditRecord>,
}

/// What was accepted, and for which sign-in: no sign-in takes two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Accepted {
    pub(super) challenge: ChallengeId,
    pub(super) code: AcceptedCode,
    pub(super) at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AcceptedCode {
    Step(u64),
    Recovery(RecoveryCodeHash),
    Passkey(CredentialId),
}

/// Decides about a code or a passkey.
pub fn attempt(
    user: Option<&UserStanding>,
    before: Authenticators,
    attempt: &Attempt,
    now: Timestamp,
) -> CodeDecision {
    let nothing = CodeDecision::nothing;
    let Some(user) = user.filter(|user| user.honours(attempt.epoch)) else {
        return nothing(CodeVerdict::Over);
    };
    if let Some(accepted) = before.accepted.iter().find(|accepted| accepted.challenge == attempt.challenge) {
        return nothing(accepted.again(attempt, now));
    }
    let counter = match &attempt.presented {
        Presented::Passkey(presented) => return passkeys::attempt(user, before, attempt, presented, now),
        _ if !before.is_two_step() => return nothing(CodeVerdict::Over),
        Presented::Code { .. } => Counter::Codes(attempt.from),
        Presented::Recovery(_) => Counter::Recovery,
    };
    if let Some(retry_after) = before.tries.wait(counter, now) {
        return nothing(CodeVerdict::Throttled { retry_after });
    }
    let record = |event| {
        let (by, subject) = (Actor::User(user.id), AuditSubject::user(user.id));
        vec![AuditRecord::asked_from(attempt.network, event, by, subject, now)]
    };
    let mut after = before.clone();
    let (code, event) = match (&attempt.presented, &before.totp) {
        (Presented::Code { secret, step }, Some(totp)) if *secret == totp.secret => match step {
            Some(step) if *step <= totp.step => return nothing(CodeVerdict::Used),
            step => (step.map(AcceptedCode::Step), None),
        },
        // Another app was set up since it was compared, so it was compared with nothing.
        (Presented::Code { .. } | Presented::Passkey(_), _) => return nothing(CodeVerdict::Over),
        (Presented::Recovery(hash), _) => {
            let left = after.recovery.as_mut().map(|set| &mut set.left);
            let place = left.as_ref().and_then(|left| left.iter().position(|known| known == hash));
            if let (Some(left), Some(place)) = (left, place) {
                left.remove(place);
                // A user who lost the app may also have lost a device whose browser is remembered.
                after.remembered.clear();
            }
            (place.map(|_| AcceptedCode::Recovery(*hash)), Some(AuditEvent::RecoveryCodeUsed))
        }
    };
    let Some(code) = code else {
        after.tries.fail(counter, now);
        let records = record(AuditEvent::SecondFactorRefused);
        return CodeDecision { verdict: CodeVerdict::Wrong, after: Some(after), records };
    };
    if let (AcceptedCode::Step(step), Some(totp)) = (&code, &mut after.totp) {
        (totp.step, totp.used_at) = (*step, now);
    }
    after.tries.succeed(counter);
    after.remember(Accepted { challenge: attempt.challenge, code, at: now }, now);
    let records = event.map(record).unwrap_or_default();
    CodeDecision { verdict: CodeVerdict::Accepted, after: Some(after), records }
}

impl CodeDecision {
    /// Nothing is written.
    pub(super) const fn nothing(verdict: CodeVerdict) -> Self {
        Self { verdict, after: None, records: Vec::new() }
    }
}

impl Authenticators {
    /// Remembers what was accepted. Nobody presents anything for a sign-in whose time is over, so it need not be remembered any
    /// more. Each of the others took a code that is used, or a passkey, of which so many count, so there are few.
    pub(super) fn remember(&mut self, accepted: Accepted, now: Timestamp) {
        self.accepted.retain(|accepted| accepted.at.saturating_add(accepted.code.kept_for()) > now);
        self.accepted.push(accepted);
    }
}

impl AcceptedCode {
    /// For how long the sign-in could be presented again.
    const fn kept_for(&self) -> Duration {
        match self {
            Self::Step(_) | Self::Recovery(_) => CHALLENGE_LIFETIME,
            Self::Passkey(_) => PASSKEY_CHALLENGE_LIFETIME,
        }
    }
}

impl Accepted {
    /// What becomes of something else for the sign-in that this one completed.
    fn again(&self, attempt: &Attempt, now: Timestamp) -> CodeVerdict {
        let is_same = match (&self.code, &attempt.presented) {
            (AcceptedCode::Step(step), Presented::Code { step: again, .. }) => Some(*step) == *again,
            (AcceptedCode::Recovery(hash), Presented::Recovery(again)) => hash == again,
            (AcceptedCode::Passkey(id), Presented::Passkey(again)) => *id == again.id,
            _ => false,
        };
        let in_time = now.unix().abs_diff(self.at.unix()) <= ACCEPTED_AGAIN.as_secs();
        match attempt.repeated {
            Repeated::LeadsOn if is_same && in_time => CodeVerdict::Accepted,
            _ => CodeVerdict::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::example::{ADA, at, hash, sealed, set_up};
    use super::*;
    use crate::user::UserStatus;

    fn code(challenge: u8, step: Option<u64>) -> Attempt {
        Attempt {
            challenge: [challenge; 16],
            epoch: ADA.epoch,
            presented: Presented::Code { secret: sealed("a secret"), step },
            from: CodesFrom::Strangers,
            repeated: Repeated::LeadsOn,
            network: Network::Unknown,
        }
    }

    fn recovery(challenge: u8, number: u8) -> Attempt {
        Attempt { presented: Presented::Recovery(hash(number)), ..code(challenge, None) }
    }

    /// Presents codes one after the other.
    fn all(attempts: &[(Attempt, i64)]) -> (Vec<CodeVerdict>, Authenticators) {
        let mut factors = set_up();
        let mut verdicts = Vec::new();
        for (presented, second) in attempts {
            let decision = attempt(Some(&ADA), factors.clone(), presented, at(*second));
            verdicts.push(decision.verdict);
            factors = decision.after.unwrap_or(factors);
        }
        (verdicts, factors)
    }

    use CodeVerdict::{Accepted, Over, Used, Wrong};

    #[test]
    fn a_code_counts_once_and_those_before_it_no_more() {
        let (verdicts, after) = all(&[
            (code(1, Some(100)), 0),
            (code(1, Some(101)), 0),
            (code(2, Some(101)), 1),
            (code(2, Some(99)), 1),
            (code(2, Some(102)), 2),
        ]);
        assert_eq!(verdicts, [Used, Accepted, Used, Used, Accepted]);
        let totp = after.totp.expect("an app");
        assert_eq!((totp.step, totp.used_at), (102, at(2)));
    }

    #[test]
    fn a_second_press_leads_on_for_a_while_where_that_is_meant_and_nothing_else_does() {
        let strict = |attempt| Attempt { repeated: Repeated::Refused, ..attempt };
        let (verdicts, after) = all(&[
            (code(1, Some(101)), 0),
            (code(1, Some(101)), 30),
            (code(1, Some(101)), 31),
            (strict(code(1, Some(101))), 1),
            (code(1, Some(102)), 1),
            (code(1, None), 1),
            (recovery(1, 16), 1),
        ]);
        assert_eq!(verdicts, [Accepted, Accepted, Over, Over, Over, Over, Over]);
        assert_eq!((after.accepted.len(), after.recovery_codes_left()), (1, 10));
    }

    #[test]
    fn a_recovery_code_counts_once_and_is_recorded() {
        let (verdicts, after) =
            all(&[(recovery(1, 16), 0), (recovery(1, 16), 5), (recovery(2, 16), 6), (recovery(3, 99), 6)]);
        assert_eq!(verdicts, [Accepted, Accepted, Wrong, Wrong]);
        assert_eq!(after.recovery_codes_left(), 9);
        let decision = attempt(Some(&ADA), set_up(), &recovery(1, 16), at(0));
        assert_eq!(
            decision.records.iter().map(|record| record.event).collect::<Vec<_>>(),
            [AuditEvent::RecoveryCodeUsed]
        );
    }

    #[test]
    fn wrong_codes_are_recorded_and_slow_those_that_follow_but_no_known_browser_and_no_recovery_code() {
        let wrong: Vec<_> = (0..7).map(|challenge| (code(challenge, None), 0)).collect();
        let (verdicts, after) = all(&wrong);
        let throttled = CodeVerdict::Throttled { retry_after: Duration::from_secs(30) };
        assert_eq!(verdicts, [Wrong, Wrong, Wrong, Wrong, Wrong, throttled, throttled]);
        let next = |attempt_: Attempt, second| attempt(Some(&ADA), after.clone(), &attempt_, at(second));
        assert_eq!(
            next(code(9, Some(101)), 29).verdict,
            CodeVerdict::Throttled { retry_after: Duration::from_secs(1) }
        );
        assert_eq!(next(code(9, Some(101)), 30).verdict, Accepted);
        assert_eq!(
            next(Attempt { from: CodesFrom::KnownBrowser, ..code(9, Some(101)) }, 0).verdict,
            Accepted
        );
        assert_eq!(next(recovery(9, 16), 0).verdict, Accepted);
        let decision = attempt(Some(&ADA), set_up(), &code(1, None), at(0));
        assert_eq!(
            decision.records.iter().map(|record| record.event).collect::<Vec<_>>(),
            [AuditEvent::SecondFactorRefused]
        );
    }

    #[test]
    fn a_code_is_worth_nothing_once_the_user_is_not_as_they_were() {
        let presented = code(1, Some(101));
        for user in [
            None,
            Some(UserStanding { epoch: 4, ..ADA }),
            Some(UserStanding { status: UserStatus::Disabled, ..ADA }),
        ] {
            assert_eq!(attempt(user.as_ref(), set_up(), &presented, at(0)).verdict, Over, "{user:?}");
        }
        assert_eq!(attempt(Some(&ADA), Authenticators::default(), &presented, at(0)).verdict, Over);
        let other = Attempt {
            presented: Presented::Code { secret: sealed("another secret"), step: Some(101) },
            ..presented
        };
        assert_eq!(attempt(Some(&ADA), set_up(), &other, at(0)).verdict, Over);
    }

    #[test]
    fn what_was_accepted_is_remembered_only_while_it_matters() {
        let attempts: Vec<_> =
            (0..100).map(|n| (code(n, Some(101 + u64::from(n))), 30 * i64::from(n))).collect();
        let (verdicts, after) = all(&attempts);
        assert!(verdicts.iter().all(|verdict| *verdict == Accepted));
        assert_eq!(after.accepted.len(), 20, "ten minutes of codes");
    }
}

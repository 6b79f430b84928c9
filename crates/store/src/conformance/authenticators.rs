//! Users' second factors.

use std::time::Duration;

use jeton_authority::audit::{Actor, AuditEvent};
use jeton_authority::authenticators::{
    Attempt, AuthenticatorChange, Authenticators, AuthenticatorsChanged, CodeVerdict, CodesFrom, FREE_CODES,
    Presented, RecoveryCodeHash, RecoverySet, Repeated,
};
use jeton_authority::factor::{Enrolled, Factor};
use jeton_authority::factor_setup::TotpSecret;
use jeton_authority::keys::{MasterKey, SealedKey};
use jeton_authority::{SystemRandom, UserId};

use super::fixture::{Fresh, HOME, OPERATOR, at, hash, random, unknown_user};

fn recovery() -> RecoverySet {
    let left = (0..10).map(|number| RecoveryCodeHash::from_bytes([number; 32])).collect();
    RecoverySet { id: [7; 16], made_at: at(0), left }
}

/// A secret, sealed under the master key of the cases.
fn sealed(user: UserId) -> SealedKey {
    TotpSecret::draw(&SystemRandom).seal(&MasterKey::from_bytes([1; 32]), user)
}

/// A code for a sign-in of its own.
fn code(secret: &SealedKey, step: Option<u64>) -> Attempt {
    Attempt {
        challenge: random(),
        epoch: 0,
        presented: Presented::Code { secret: secret.clone(), step },
        from: CodesFrom::Strangers,
        repeated: Repeated::Refused,
        network: HOME,
    }
}

impl Fresh {
    async fn change_factors(
        &self,
        user: UserId,
        change: AuthenticatorChange,
        second: i64,
    ) -> AuthenticatorsChanged {
        let by = Actor::User(user);
        let changed = self.change_authenticators(user, change, by, Some(HOME), at(second));
        changed.await.expect("changing second factors")
    }

    async fn begin(&self, user: UserId, second: i64) -> SealedKey {
        match self.change_factors(user, AuthenticatorChange::Begin { secret: sealed(user) }, second).await {
            AuthenticatorsChanged::Done(factors) => {
                factors.setting_up.expect("an app is being set up").secret
            }
            other => panic!("{other:?}"),
        }
    }

    /// Sets up an app, whose first code is of step 100. Answers its secret.
    pub(super) async fn set_up_app(&self, user: UserId, second: i64) -> SealedKey {
        let secret = self.begin(user, second).await;
        let confirm =
            AuthenticatorChange::Confirm { secret: secret.clone(), step: 100, recovery: recovery() };
        let changed = self.change_factors(user, confirm, second).await;
        assert!(matches!(changed, AuthenticatorsChanged::Done(_)), "{changed:?}");
        secret
    }

    async fn presented(&self, user: UserId, attempt: Attempt, second: i64) -> CodeVerdict {
        self.present_authenticator(user, attempt, at(second)).await.expect("presenting a code")
    }

    async fn factors(&self, user: UserId) -> Authenticators {
        self.find_authenticators(user).await.expect("looking for second factors")
    }
}

pub(super) async fn an_app_is_a_factor_of_its_user_once_it_is_confirmed(fresh: &Fresh) {
    let (ada, bob) = (fresh.user("ada").await, fresh.user("bob").await);
    let secret = fresh.begin(ada, 0).await;
    assert_eq!(fresh.found("ada").await.enrolled, Enrolled::default());
    assert_eq!(fresh.set_up_app(ada, 5).await, secret);
    assert_eq!(fresh.found("ada").await.enrolled.second(), [Factor::OneTimeCode]);
    let factors = fresh.factors(ada).await;
    assert_eq!(factors.recovery, Some(recovery()));
    let totp = factors.totp.expect("an app");
    assert_eq!((totp.secret, totp.added_at, totp.step), (secret, at(5), 100));
    assert_eq!(
        (fresh.found("bob").await.enrolled, fresh.factors(bob).await),
        (Enrolled::default(), Authenticators::default())
    );
    assert_eq!(fresh.audited().await.last(), Some(&AuditEvent::SecondFactorAdded));
}

pub(super) async fn setting_up_goes_on_with_the_same_secret_until_it_is_given_up(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let first = fresh.begin(ada, 0).await;
    assert_eq!(fresh.begin(ada, 60).await, first);
    fresh.change_factors(ada, AuthenticatorChange::GiveUp, 61).await;
    assert_eq!(fresh.factors(ada).await, Authenticators::default());
    assert_ne!(fresh.begin(ada, 62).await, first);
}

pub(super) async fn a_code_counts_once_and_its_user_is_told_apart(fresh: &Fresh) {
    let (ada, bob) = (fresh.user("ada").await, fresh.user("bob").await);
    let secret = fresh.set_up_app(ada, 0).await;
    assert_eq!(
        fresh.presented(ada, code(&secret, Some(100)), 1).await,
        CodeVerdict::Used,
        "it confirmed the app"
    );
    assert_eq!(fresh.presented(bob, code(&secret, Some(101)), 1).await, CodeVerdict::Over);
    assert_eq!(fresh.presented(ada, code(&secret, Some(101)), 1).await, CodeVerdict::Accepted);
    assert_eq!(fresh.presented(ada, code(&secret, Some(101)), 2).await, CodeVerdict::Used);
    assert_eq!(fresh.presented(ada, code(&secret, Some(102)), 3).await, CodeVerdict::Accepted);
    let totp = fresh.factors(ada).await.totp.expect("an app");
    assert_eq!((totp.step, totp.used_at), (102, at(3)));
}

pub(super) async fn wrong_codes_are_remembered_and_slow_down_those_that_follow(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let secret = fresh.set_up_app(ada, 0).await;
    for _ in 0..FREE_CODES {
        assert_eq!(fresh.presented(ada, code(&secret, None), 1).await, CodeVerdict::Wrong);
    }
    let throttled = CodeVerdict::Throttled { retry_after: Duration::from_secs(30) };
    assert_eq!(fresh.presented(ada, code(&secret, Some(101)), 1).await, throttled);
    let known = Attempt { from: CodesFrom::KnownBrowser, ..code(&secret, Some(101)) };
    assert_eq!(fresh.presented(ada, known, 1).await, CodeVerdict::Accepted);
    assert_eq!(fresh.presented(ada, code(&secret, Some(102)), 31).await, CodeVerdict::Accepted);
    let refused = fresh.audited().await.into_iter().filter(|event| *event == AuditEvent::SecondFactorRefused);
    assert_eq!(refused.count(), 5);
}

pub(super) async fn a_recovery_code_counts_once(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let secret = fresh.set_up_app(ada, 0).await;
    let with = |number| Attempt {
        presented: Presented::Recovery(RecoveryCodeHash::from_bytes([number; 32])),
        ..code(&secret, None)
    };
    assert_eq!(fresh.presented(ada, with(3), 1).await, CodeVerdict::Accepted);
    assert_eq!(fresh.presented(ada, with(3), 2).await, CodeVerdict::Wrong);
    assert_eq!(fresh.presented(ada, with(99), 3).await, CodeVerdict::Wrong);
    assert_eq!(fresh.factors(ada).await.recovery_codes_left(), 9);
    assert!(fresh.audited().await.contains(&AuditEvent::RecoveryCodeUsed));
}

pub(super) async fn a_changed_password_ends_the_sign_in_that_a_code_is_for(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let secret = fresh.set_up_app(ada, 0).await;
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(1)).await.expect("changing a password");
    assert_eq!(fresh.presented(ada, code(&secret, Some(101)), 1).await, CodeVerdict::Over);
    let after = Attempt { epoch: 1, ..code(&secret, Some(101)) };
    assert_eq!(fresh.presented(ada, after.clone(), 1).await, CodeVerdict::Accepted);
    fresh.disable_user(ada, OPERATOR, at(2)).await.expect("disabling a user");
    let disabled = Attempt { epoch: 2, ..code(&secret, Some(102)) };
    assert_eq!(fresh.presented(ada, disabled, 2).await, CodeVerdict::Over);
}

pub(super) async fn removing_leaves_nothing_and_so_does_removing_the_user(fresh: &Fresh) {
    let (ada, bob) = (fresh.user("ada").await, fresh.user("bob").await);
    for user in [ada, bob] {
        fresh.set_up_app(user, 0).await;
    }
    let removed = fresh.change_authenticators(ada, AuthenticatorChange::Remove, OPERATOR, None, at(1)).await;
    assert_eq!(removed.expect("removing"), AuthenticatorsChanged::Done(Authenticators::default()));
    assert_eq!(fresh.found("ada").await.enrolled, Enrolled::default());
    assert_eq!(fresh.factors(ada).await, Authenticators::default());
    assert_eq!(fresh.audited().await.last(), Some(&AuditEvent::SecondFactorRemoved));
    fresh.remove_user(bob, OPERATOR, at(1)).await.expect("removing a user");
    assert_eq!(fresh.factors(bob).await, Authenticators::default());
    assert_eq!(
        fresh.change_factors(bob, AuthenticatorChange::GiveUp, 2).await,
        AuthenticatorsChanged::UnknownUser
    );
}

pub(super) async fn factors_of_nobody_are_none_and_stay_so(fresh: &Fresh) {
    let nobody = unknown_user();
    let begin = AuthenticatorChange::Begin { secret: sealed(nobody) };
    assert_eq!(fresh.change_factors(nobody, begin, 0).await, AuthenticatorsChanged::UnknownUser);
    assert_eq!(fresh.presented(nobody, code(&sealed(nobody), Some(1)), 0).await, CodeVerdict::Over);
    assert_eq!(fresh.factors(nobody).await, Authenticators::default());
}

pub(super) async fn of_a_hundred_callers_with_one_code_one_is_let_in(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let secret = fresh.set_up_app(ada, 0).await;
    let verdicts = fresh
        .at_once(move |store, _| {
            let attempt = code(&secret, Some(101));
            async move { store.present_authenticator(ada, attempt, at(1)).await.expect("presenting a code") }
        })
        .await;
    let accepted = verdicts.iter().filter(|verdict| **verdict == CodeVerdict::Accepted).count();
    let used = verdicts.iter().filter(|verdict| **verdict == CodeVerdict::Used).count();
    assert_eq!((accepted, used), (1, 99));
}

pub(super) async fn of_a_hundred_wrong_codes_at_once_five_are_looked_at(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let secret = fresh.set_up_app(ada, 0).await;
    let verdicts = fresh
        .at_once(move |store, _| {
            let attempt = code(&secret, None);
            async move { store.present_authenticator(ada, attempt, at(1)).await.expect("presenting a code") }
        })
        .await;
    let wrong = verdicts.iter().filter(|verdict| **verdict == CodeVerdict::Wrong).count();
    assert_eq!(wrong, FREE_CODES as usize);
}

pub(super) async fn of_a_hundred_confirmations_one_adds_the_factor(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let secret = fresh.begin(ada, 0).await;
    let changed = fresh
        .at_once(move |store, _| {
            let confirm =
                AuthenticatorChange::Confirm { secret: secret.clone(), step: 100, recovery: recovery() };
            let by = Actor::User(ada);
            async move {
                store.change_authenticators(ada, confirm, by, Some(HOME), at(1)).await.expect("confirming")
            }
        })
        .await;
    assert!(changed.iter().all(|changed| matches!(changed, AuthenticatorsChanged::Done(_))));
    let added = fresh.audited().await.into_iter().filter(|event| *event == AuditEvent::SecondFactorAdded);
    assert_eq!(added.count(), 1);
}

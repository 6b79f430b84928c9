//! Mail that waits to be sent.

use jeton_authority::keys::MasterKey;
use jeton_authority::mail::{
    KEPT_FAILED, KEPT_SENT, MOST_TO_ONE, MailAdmission, MailFacts, MailKind, MailSettled, MailState, NewMail,
    Notices, QueuedMail, seal_secret,
};
use jeton_authority::store::{NewUser, UserAddition};
use jeton_authority::{MailId, UserId};

use super::fixture::{CALLERS, Fresh, OPERATOR, at, hash, new_user, random};

const ALL: Notices = Notices { password: true, second_factor: true };

fn facts(second: i64) -> MailFacts {
    let at = at(second).unix();
    MailFacts { event: "".into(), at, network: Some("192.0.2.0/24".into()), device: None, by_operator: false }
}

pub(super) fn new_mail(user: UserId, second: i64) -> NewMail {
    let id = MailId::from_bytes(random());
    let (kind, sealed) = (MailKind::NewDevice, Some(seal_secret(&MasterKey::from_bytes([1; 32]), id, b"s")));
    NewMail { id, user, kind, facts: facts(second), sealed, queued_at: at(second) }
}

impl Fresh {
    /// Adds a user with an address.
    pub(super) async fn user_at(&self, name: &str, email: &str) -> UserId {
        let user = NewUser { email: Some(email.into()), ..new_user(name) };
        let id = user.id;
        assert_eq!(self.add_user(user, OPERATOR).await.expect("adding a user"), UserAddition::Added);
        id
    }

    async fn queued(&self, mail: NewMail) -> MailAdmission {
        self.queue_mail(mail).await.expect("queuing a mail")
    }

    /// Queues a mail; answers its identifier.
    async fn mail_to(&self, user: UserId, second: i64) -> MailId {
        let mail = new_mail(user, second);
        let id = mail.id;
        assert_eq!(self.queued(mail).await, MailAdmission::Queued);
        id
    }

    async fn due_at(&self, second: i64) -> Vec<QueuedMail> {
        self.due_mails(at(second), 100).await.expect("asking what is due")
    }

    async fn claimed(&self, id: MailId, until: i64, second: i64) -> bool {
        self.claim_mail(id, at(until), at(second)).await.expect("claiming")
    }

    async fn settled(&self, id: MailId, settled: MailSettled, second: i64) {
        self.settle_mail(id, settled, at(second)).await.expect("settling");
    }

    async fn swept_mails(&self, second: i64, limit: u32) -> u64 {
        let (sent, failed) = (at(second).saturating_sub(KEPT_SENT), at(second).saturating_sub(KEPT_FAILED));
        self.sweep_mails(sent, failed, limit).await.expect("sweeping")
    }

    /// A mail that waits, one that was sent, and one that failed.
    pub(super) async fn mails_of_all_states(&self) {
        let user = self.user_at("mailed", "mailed@example.org").await;
        self.mail_to(user, 1).await;
        let (sent, failed) = (self.mail_to(user, 1).await, self.mail_to(user, 1).await);
        self.settled(sent, MailSettled::Sent, 2).await;
        self.settled(failed, MailSettled::Failed { problem: "no".into() }, 2).await;
    }
}

pub(super) async fn a_mail_is_queued_to_the_address_that_the_user_has_at_that_moment(fresh: &Fresh) {
    let ada = fresh.user_at("ada", "ada@example.org").await;
    let mail = new_mail(ada, 5);
    assert_eq!(fresh.queued(mail.clone()).await, MailAdmission::Queued);
    fresh.change_email(ada, Some("new@example.org".into()), OPERATOR, at(6)).await.expect("changing");
    let expected = QueuedMail {
        id: mail.id,
        user: ada,
        kind: mail.kind,
        recipient: "ada@example.org".into(),
        facts: mail.facts,
        sealed: mail.sealed,
        queued_at: at(5),
        expires_at: at(5).saturating_add(mail.kind.life()),
        attempts: 0,
    };
    let due = fresh.due_at(5).await;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].sealed.as_ref().map(|it| it.as_str()), expected.sealed.as_ref().map(|it| it.as_str()));
    assert_eq!(due, [QueuedMail { sealed: due[0].sealed.clone(), ..expected }]);
    assert!(fresh.due_at(4).await.is_empty());
}

pub(super) async fn who_has_no_address_gets_no_mail(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    assert_eq!(fresh.queued(new_mail(ada, 0)).await, MailAdmission::NoAddress);
    let nobody = UserId::from_bytes([9; 16]);
    assert_eq!(fresh.queued(new_mail(nobody, 0)).await, MailAdmission::NoAddress);
    assert!(fresh.due_at(1).await.is_empty());
}

pub(super) async fn an_audited_change_queues_its_mail_once_that_is_wanted(fresh: &Fresh) {
    let ada = fresh.user_at("ada", "ada@example.org").await;
    let change = async |second| {
        fresh.change_password(ada, hash("new"), None, OPERATOR, at(second)).await.expect("changing");
    };
    change(1).await;
    assert!(fresh.due_at(9).await.is_empty(), "nobody sends mail");
    fresh.want_notices(ALL).await.expect("wanting notices");
    change(2).await;
    fresh.set_up_app(ada, 3).await;
    let due = fresh.due_at(9).await;
    let told: Vec<_> = due.iter().map(|mail| (mail.kind, &*mail.facts.event, mail.facts.at)).collect();
    assert_eq!(
        told,
        [
            (MailKind::PasswordChanged, "password_changed", at(2).unix()),
            (MailKind::SecondFactorChanged, "second_factor_added", at(3).unix()),
        ]
    );
    assert!(due[0].facts.by_operator && !due[1].facts.by_operator);
    fresh.want_notices(Notices::default()).await.expect("wanting none");
    change(4).await;
    assert_eq!(fresh.due_at(9).await.len(), 2);
}

pub(super) async fn a_mail_is_claimed_by_one_and_again_when_its_claim_is_over(fresh: &Fresh) {
    let ada = fresh.user_at("ada", "ada@example.org").await;
    let mail = fresh.mail_to(ada, 0).await;
    let claims =
        fresh.at_once(move |store, _| async move { store.claim_mail(mail, at(60), at(1)).await }).await;
    assert_eq!(claims.len(), CALLERS);
    assert_eq!(claims.into_iter().filter(|claim| *claim.as_ref().expect("claiming")).count(), 1);
    assert!(fresh.due_at(59).await.is_empty() && !fresh.claimed(mail, 99, 59).await);
    assert_eq!(fresh.due_at(60).await.len(), 1, "its node may have died");
    assert!(fresh.claimed(mail, 120, 60).await);
}

pub(super) async fn what_is_settled_is_not_due_and_not_changed(fresh: &Fresh) {
    let ada = fresh.user_at("ada", "ada@example.org").await;
    let mail = fresh.mail_to(ada, 0).await;
    fresh.settled(mail, MailSettled::Sent, 1).await;
    fresh.settled(mail, MailSettled::Failed { problem: "late".into() }, 2).await;
    assert!(fresh.due_at(100).await.is_empty() && !fresh.claimed(mail, 200, 100).await);
    assert!(fresh.list_mails(10).await.expect("listing").is_empty(), "it was sent");
    assert!(!fresh.retry_mail(mail, at(3)).await.expect("trying again"));
    assert!(!fresh.drop_mail(mail).await.expect("dropping"));
}

pub(super) async fn a_mail_that_is_tried_again_waits_for_its_time(fresh: &Fresh) {
    let ada = fresh.user_at("ada", "ada@example.org").await;
    let mail = fresh.mail_to(ada, 0).await;
    assert!(fresh.claimed(mail, 60, 1).await);
    fresh.settled(mail, MailSettled::Again { due_at: at(11), problem: "450 later".into() }, 1).await;
    assert!(fresh.due_at(10).await.is_empty());
    let due = fresh.due_at(11).await;
    assert_eq!((due[0].id, due[0].attempts), (mail, 1));
    let listed = fresh.list_mails(10).await.expect("listing");
    assert_eq!((listed[0].state, listed[0].problem.as_deref()), (MailState::Waiting, Some("450 later")));
    assert!(fresh.claimed(mail, 60, 11).await);
    fresh.settled(mail, MailSettled::Sent, 12).await;
    assert!(fresh.list_mails(10).await.expect("listing").is_empty(), "the problem is over");
}

pub(super) async fn a_failed_mail_is_listed_tried_again_and_dropped(fresh: &Fresh) {
    let ada = fresh.user_at("ada", "ada@example.org").await;
    let mail = fresh.mail_to(ada, 0).await;
    fresh.settled(mail, MailSettled::Failed { problem: "550 nobody".into() }, 1).await;
    let listed = fresh.list_mails(10).await.expect("listing");
    assert_eq!(
        (listed.len(), listed[0].state, &*listed[0].recipient),
        (1, MailState::Failed, "ada@example.org")
    );
    assert!(fresh.retry_mail(mail, at(50)).await.expect("trying again"));
    let due = fresh.due_at(50).await;
    assert_eq!(due[0].expires_at, at(50).saturating_add(due[0].kind.life()));
    assert!(due[0].sealed.is_some(), "it says the same");
    assert!(fresh.drop_mail(mail).await.expect("dropping"));
    assert!(!fresh.drop_mail(mail).await.expect("dropping"));
    assert!(fresh.due_at(60).await.is_empty());
}

pub(super) async fn one_address_gets_so_many_of_a_kind_and_no_more(fresh: &Fresh) {
    let (ada, bob) =
        (fresh.user_at("ada", "both@example.org").await, fresh.user_at("bob", "both@example.org").await);
    for _ in 0..MOST_TO_ONE {
        let mail = fresh.mail_to(ada, 0).await;
        fresh.settled(mail, MailSettled::Sent, 0).await;
    }
    assert_eq!(fresh.queued(new_mail(ada, 3599)).await, MailAdmission::Enough);
    assert_eq!(fresh.queued(new_mail(bob, 3599)).await, MailAdmission::Enough, "the same address");
    let other = NewMail { kind: MailKind::PasswordChanged, ..new_mail(ada, 3599) };
    assert_eq!(fresh.queued(other).await, MailAdmission::Queued, "of another kind");
    assert_eq!(fresh.queued(new_mail(ada, 3600)).await, MailAdmission::Queued);
}

pub(super) async fn the_mails_of_a_removed_user_are_gone(fresh: &Fresh) {
    let ada = fresh.user_at("ada", "ada@example.org").await;
    fresh.mail_to(ada, 0).await;
    fresh.remove_user(ada, OPERATOR, at(1)).await.expect("removing");
    assert!(fresh.due_at(9).await.is_empty());
}

pub(super) async fn mails_are_swept_after_their_time(fresh: &Fresh) {
    fresh.mails_of_all_states().await;
    let kept = |duration: std::time::Duration| i64::try_from(duration.as_secs()).expect("a small number");
    let (sent, failed) = (2 + kept(KEPT_SENT), 2 + kept(KEPT_FAILED));
    assert_eq!(fresh.swept_mails(sent - 1, 10).await, 0);
    assert_eq!(fresh.swept_mails(sent, 10).await, 1);
    assert_eq!(fresh.swept_mails(failed, 1).await, 1, "a step takes no more than it may");
    let expired = 1 + kept(MailKind::NewDevice.life()) + kept(KEPT_FAILED);
    assert_eq!(fresh.swept_mails(expired, 10).await, 1, "what nobody sent");
}

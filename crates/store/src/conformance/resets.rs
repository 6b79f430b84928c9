//! Requests to set a new password by mail.

use jeton_authority::UserId;
use jeton_authority::mail::{MOST_TO_ONE, MailKind, MailSettled, NewMail};
use jeton_authority::reset::{
    RESET_LIFETIME, ResetContent, ResetId, ResetProof, ResetVerdict, StoredReset, WRONG_RESET_CODES,
};

use super::fixture::{CALLERS, Fresh, OPERATOR, at, hash, random};
use super::mails::new_mail;

const BROWSER: &str = "browser";

fn link() -> ResetProof {
    ResetProof::Link("link".into())
}

fn code(code: &str) -> ResetProof {
    ResetProof::Code(code.into())
}

fn new_reset(user: Option<UserId>, email: &str, mail: &NewMail, second: i64) -> StoredReset {
    let [first, second_half]: [[u8; 16]; 2] = [random(), random()];
    let content = ResetContent {
        epoch: 0,
        email: email.into(),
        browser: BROWSER.into(),
        link: "link".into(),
        code: "code".into(),
        wrong_codes: 0,
        is_proved: false,
    };
    let id = [first, second_half].concat().try_into().expect("32 bytes");
    StoredReset { id, user, mail: mail.id, asked_at: at(second), sent_at: None, content }
}

impl Fresh {
    /// Stores a request for a user with an address.
    pub(super) async fn reset_of(&self, name: &str, second: i64) -> StoredReset {
        let user = self.found(name).await;
        let mail = NewMail { kind: MailKind::PasswordReset, ..new_mail(user.id, second) };
        let reset = new_reset(Some(user.id), user.email.as_deref().unwrap_or_default(), &mail, second);
        self.begin_reset(reset.clone(), mail).await.expect("asking");
        reset
    }

    async fn stored_reset(&self, id: ResetId) -> Option<StoredReset> {
        self.find_reset(id).await.expect("looking for a request")
    }

    async fn presented_reset(&self, id: ResetId, proof: ResetProof, second: i64) -> ResetVerdict {
        self.prove_reset(id, BROWSER, proof, at(second)).await.expect("presenting")
    }

    async fn completed(&self, id: ResetId, second: i64) -> Option<UserId> {
        let password = hash("second");
        self.complete_reset(id, BROWSER, password, at(second)).await.expect("setting a password")
    }
}

pub(super) async fn a_request_comes_back_as_it_was_stored_with_its_mail(fresh: &Fresh) {
    fresh.user_at("ada", "ada@example.org").await;
    let reset = fresh.reset_of("ada", 5).await;
    assert_eq!(fresh.stored_reset(reset.id).await, Some(reset.clone()));
    assert_eq!(fresh.stored_reset([9; 32]).await, None);
    let due = fresh.due_mails(at(5), 10).await.expect("asking what is due");
    assert_eq!((due.len(), due[0].id, due[0].kind), (1, reset.mail, MailKind::PasswordReset));
    assert_eq!(fresh.presented_reset(reset.id, link(), 6).await, ResetVerdict::Proved);
    assert_eq!(fresh.completed(reset.id, 7).await, reset.user);
    assert_eq!(fresh.stored_reset(reset.id).await, None);
    let ada = fresh.found("ada").await;
    assert_eq!((ada.password, ada.epoch), (hash("second"), 1));
}

pub(super) async fn without_a_mail_the_request_is_nobodys_and_earlier_ones_go_on(fresh: &Fresh) {
    fresh.user("bob").await;
    let bobs = fresh.reset_of("bob", 0).await;
    assert_eq!(fresh.stored_reset(bobs.id).await.expect("a request").user, None, "no address");
    assert_eq!(fresh.presented_reset(bobs.id, link(), 1).await, ResetVerdict::Wrong);
    let ada = fresh.user_at("ada", "ada@example.org").await;
    let mut last = None;
    for _ in 0..MOST_TO_ONE {
        last = Some(fresh.reset_of("ada", 0).await.id);
    }
    let unsent = fresh.reset_of("ada", 1).await;
    assert_eq!(fresh.stored_reset(unsent.id).await.expect("a request").user, None, "enough mails");
    let last = fresh.stored_reset(last.expect("some")).await.expect("it goes on");
    assert_eq!(last.user, Some(ada));
}

pub(super) async fn a_newer_request_ends_the_one_before(fresh: &Fresh) {
    fresh.user_at("ada", "ada@example.org").await;
    fresh.user_at("bob", "bob@example.org").await;
    let (older, bobs) = (fresh.reset_of("ada", 0).await, fresh.reset_of("bob", 0).await);
    let newer = fresh.reset_of("ada", 1).await;
    assert_eq!(fresh.presented_reset(older.id, link(), 2).await, ResetVerdict::Wrong);
    assert_eq!(fresh.presented_reset(newer.id, link(), 2).await, ResetVerdict::Proved);
    assert_eq!(fresh.presented_reset(bobs.id, link(), 2).await, ResetVerdict::Proved);
}

pub(super) async fn the_time_of_a_link_begins_when_its_mail_was_sent(fresh: &Fresh) {
    fresh.user_at("ada", "ada@example.org").await;
    let reset = fresh.reset_of("ada", 0).await;
    fresh.settle_mail(reset.mail, MailSettled::Sent, at(1_000)).await.expect("settling");
    fresh.settle_mail(reset.mail, MailSettled::Sent, at(1_500)).await.expect("settling");
    assert_eq!(fresh.stored_reset(reset.id).await.expect("a request").sent_at, Some(at(1_000)));
    let life = i64::try_from(RESET_LIFETIME.as_secs()).expect("a small number");
    assert_eq!(fresh.presented_reset(reset.id, link(), 1_000 + life).await, ResetVerdict::Wrong);
    assert_eq!(fresh.presented_reset(reset.id, link(), 999 + life).await, ResetVerdict::Proved);
}

pub(super) async fn of_many_that_set_a_password_with_one_request_one_does(fresh: &Fresh) {
    fresh.user_at("ada", "ada@example.org").await;
    let reset = fresh.reset_of("ada", 0).await;
    let id = reset.id;
    assert_eq!(fresh.completed(id, 1).await, None, "nothing was presented");
    assert_eq!(fresh.presented_reset(id, code("code"), 1).await, ResetVerdict::Proved);
    let elsewhere = fresh.complete_reset(id, "other", hash("eve"), at(1)).await;
    assert_eq!(elsewhere.expect("setting a password"), None);
    let done = fresh
        .at_once(move |store, number| async move {
            store.complete_reset(id, BROWSER, hash(&format!("of {number}")), at(2)).await
        })
        .await;
    assert_eq!(done.len(), CALLERS);
    assert_eq!(done.into_iter().filter(|done| done.as_ref().expect("setting").is_some()).count(), 1);
    assert_eq!(fresh.found("ada").await.epoch, 1);
}

pub(super) async fn a_change_of_the_password_ends_the_request(fresh: &Fresh) {
    let ada = fresh.user_at("ada", "ada@example.org").await;
    let reset = fresh.reset_of("ada", 0).await;
    assert_eq!(fresh.presented_reset(reset.id, link(), 1).await, ResetVerdict::Proved);
    fresh.change_password(ada, hash("another"), None, OPERATOR, at(2)).await.expect("changing");
    assert_eq!(fresh.completed(reset.id, 3).await, None);
    let reset = fresh.reset_of("ada", 3).await;
    assert_eq!(fresh.presented_reset(reset.id, link(), 4).await, ResetVerdict::Wrong, "of another epoch");
    fresh.remove_user(ada, OPERATOR, at(5)).await.expect("removing");
    assert_eq!(fresh.stored_reset(reset.id).await, None);
}

pub(super) async fn wrong_codes_are_counted_at_once(fresh: &Fresh) {
    fresh.user_at("ada", "ada@example.org").await;
    let id = fresh.reset_of("ada", 0).await.id;
    let verdicts = fresh
        .at_once(move |store, _| async move { store.prove_reset(id, BROWSER, code("no"), at(1)).await })
        .await;
    let wrong = verdicts.iter().filter(|it| matches!(it, Ok(ResetVerdict::Wrong))).count();
    assert_eq!(wrong, WRONG_RESET_CODES as usize);
    assert_eq!(fresh.presented_reset(id, code("code"), 2).await, ResetVerdict::TooMany);
}

pub(super) async fn users_are_found_by_their_address_whatever_its_case(fresh: &Fresh) {
    let ada = fresh.user_at("ada", "Ada@Example.org").await;
    fresh.user("bob").await;
    let found = async |email: &str| {
        let users = fresh.find_users_by_email(email).await.expect("looking");
        users.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(found("ada@example.org").await, [ada]);
    assert!(found("").await.is_empty() && found("eve@example.org").await.is_empty());
    for name in ["eve", "mallory"] {
        fresh.user_at(name, "ADA@example.org").await;
    }
    assert_eq!(found("ada@example.org").await.len(), 2, "no more are needed to see that it is not one");
}

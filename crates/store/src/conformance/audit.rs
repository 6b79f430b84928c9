//! The audit trail, and the store's word on itself.

use jeton_authority::UserId;
use jeton_authority::audit::{
    Actor, AuditEvent, AuditHead, AuditRecord, AuditReport, AuditSegment, AuditSubject, AuditVerification,
};
use jeton_authority::keys::{KeyId, KeyPurpose};
use jeton_authority::user::{Attributes, Role, UserEdit};

use super::fixture::{
    CALLERS, ELSEWHERE, Fresh, HOME, IDLE, OPERATOR, at, hash, key, new_user, unknown_grant,
};
use super::sessions::new_session;

pub(super) async fn each_change_leaves_its_record(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    fresh.revoke_grant(grant, OPERATOR, at(1)).await.expect("revoking");
    fresh.revoke_user_grants(ada, None, OPERATOR, at(2)).await.expect("signing out");
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(3)).await.expect("changing");
    fresh.disable_user(ada, OPERATOR, at(4)).await.expect("disabling");
    fresh.enable_user(ada, OPERATOR, at(5)).await.expect("enabling");
    fresh.add_keys(vec![key("first", KeyPurpose::Access, at(6))], None, OPERATOR).await.expect("adding keys");
    fresh.withdraw_key(&KeyId::new("first"), OPERATOR, at(7)).await.expect("withdrawing");
    let expected = [
        AuditEvent::UserAdded,
        AuditEvent::GrantRevoked,
        AuditEvent::UserGrantsRevoked,
        AuditEvent::PasswordChanged,
        AuditEvent::UserDisabled,
        AuditEvent::UserEnabled,
        AuditEvent::KeyAdded,
        AuditEvent::KeyWithdrawn,
    ];
    assert_eq!(fresh.audited().await, expected);
}

pub(super) async fn what_changes_nothing_leaves_no_record(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    fresh.add_user(new_user("ada"), OPERATOR).await.expect("adding");
    fresh.enable_user(ada, OPERATOR, at(1)).await.expect("enabling");
    fresh.rehash_password(ada, &hash("first"), hash("first, anew")).await.expect("rehashing");
    fresh.revoke_grant(unknown_grant(), OPERATOR, at(1)).await.expect("revoking");
    fresh.withdraw_key(&KeyId::new("absent"), OPERATOR, at(1)).await.expect("withdrawing");
    fresh
        .add_keys(vec![key("first", KeyPurpose::Access, at(1))], Some(KeyId::new("x")), OPERATOR)
        .await
        .expect("adding keys");
    fresh.sweep_grants(None, 10, IDLE, at(1)).await.expect("sweeping");
    assert!(fresh.stands(grant).await);
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded]);
}

pub(super) async fn a_refresh_is_recorded_only_where_it_was_not_plain(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant_at(ada, 2).await;
    fresh.present(grant, 2, HOME, at(3)).await;
    fresh.present(grant, 2, HOME, at(100)).await;
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded]);
    fresh.present(grant, 2, ELSEWHERE, at(101)).await;
    fresh.present(grant, 4, HOME, at(202)).await;
    fresh.present(grant, 1, HOME, at(303)).await;
    let expected = [
        AuditEvent::UserAdded,
        AuditEvent::RefreshExcused,
        AuditEvent::RefreshCaughtUp,
        AuditEvent::RefreshReplayed,
    ];
    assert_eq!(fresh.audited().await, expected);
}

pub(super) async fn a_record_names_whom_and_what_it_concerns_and_who_did_it(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant_at(ada, 2).await;
    fresh.present(grant, 0, ELSEWHERE, at(100)).await;
    let key = key("first", KeyPurpose::Refresh, at(200));
    fresh.add_keys(vec![key], None, Actor::Authority).await.expect("adding keys");
    let user = AuditSubject::user(ada);
    let of_grant = user.clone().with_grant(grant);
    let signed_in = of_grant.clone().with_client("web");
    let (replayed, authority) = (AuditEvent::RefreshReplayed, Actor::Authority);
    let expected = [
        AuditRecord::new(AuditEvent::KeyAdded, Actor::Authority, AuditSubject::key("first"), at(200)),
        AuditRecord::asked_from(ELSEWHERE, replayed, authority, of_grant, at(100)),
        AuditRecord::asked_from(HOME, AuditEvent::SignedIn, Actor::User(ada), signed_in, at(0)),
        AuditRecord::new(AuditEvent::UserAdded, OPERATOR, user, at(0)),
    ];
    assert_eq!(fresh.list_audit(10).await.expect("listing"), expected);
}

/// Who may act on a user: nobody is taken for the operator, or for the user.
pub(super) async fn every_change_is_by_who_asked_for_it(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let [grant, other] = [fresh.grant(ada).await, fresh.grant(ada).await];
    let session = fresh.session(ada).await;
    let edit = UserEdit { role: Some(Role::Owner), ..UserEdit::default() };
    fresh.edit_user(bob, edit, OPERATOR, at(0)).await.expect("giving");
    let before = fresh.list_audit(100).await.expect("listing").len();
    let by = || Actor::User(bob);
    fresh.revoke_grant(grant, by(), at(1)).await.expect("revoking");
    fresh.end_grant(other, by(), at(2)).await.expect("ending");
    fresh.end_session(session.id, by(), at(3)).await.expect("ending");
    fresh.revoke_user_grants(ada, None, by(), at(4)).await.expect("signing out");
    fresh.change_password(ada, hash("second"), None, by(), at(5)).await.expect("changing");
    fresh.change_email(ada, Some("ada@example.org".into()), by(), at(6)).await.expect("changing");
    fresh.change_attributes(ada, Attributes::default(), by(), at(7)).await.expect("changing");
    fresh.disable_user(ada, by(), at(8)).await.expect("disabling");
    fresh.enable_user(ada, by(), at(9)).await.expect("enabling");
    fresh.remove_user(ada, by(), at(10)).await.expect("removing");
    let records = fresh.list_audit(100).await.expect("listing");
    let records = &records[..records.len() - before];
    assert_eq!(records.len(), 10);
    for record in records {
        assert_eq!((record.subject.user, record.actor.clone()), (Some(ada), Some(by())), "{record:?}");
    }
}

pub(super) async fn a_record_comes_back_whoever_did_it_and_whatever_it_concerns(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let whole = AuditSubject::user(ada)
        .with_grant(unknown_grant())
        .with_session(new_session(ada).id)
        .with_client("web");
    let whole = AuditSubject { key: Some("first".into()), ..whole };
    let actors = [
        Actor::Authority,
        Actor::Operator,
        Actor::User(ada),
        Actor::User(bob),
        Actor::Client("web".into()),
        Actor::Client("another".into()),
    ];
    let mut written = Vec::new();
    for (seconds, actor) in (1..).zip(actors) {
        for subject in [&whole, &AuditSubject::default()] {
            let record =
                AuditRecord::new(AuditEvent::UserChanged, actor.clone(), subject.clone(), at(seconds));
            fresh.record_audit(record.clone()).await.expect("recording");
            written.push(record);
        }
    }
    let mut read = fresh.list_audit(written.len() as u32).await.expect("listing");
    read.reverse();
    assert_eq!(read, written);
}

pub(super) async fn the_newest_records_come_first(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for seconds in [5, 3, 9] {
        fresh.revoke_user_grants(ada, None, OPERATOR, at(seconds)).await.expect("signing out");
    }
    let times = |records: Vec<AuditRecord>| records.into_iter().map(|record| record.at).collect::<Vec<_>>();
    assert_eq!(times(fresh.list_audit(3).await.expect("listing")), [at(9), at(5), at(3)]);
    assert_eq!(times(fresh.list_audit(1).await.expect("listing")), [at(9)]);
    assert_eq!(fresh.list_audit(0).await.expect("listing"), []);
}

pub(super) async fn users_are_shown_what_concerns_them_but_not_what_applications_cause(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let before = fresh.list_audit_of(ada, 100).await.expect("listing").len();
    for (seconds, event) in (1..).zip(AuditEvent::ALL) {
        for user in [ada, bob] {
            let record = AuditRecord::new(event, OPERATOR, AuditSubject::user(user), at(seconds));
            fresh.record_audit(record).await.expect("recording");
        }
    }
    let shown: Vec<_> = AuditEvent::ALL.into_iter().filter(|event| event.is_shown()).rev().collect();
    let records = fresh.list_audit_of(ada, 100).await.expect("listing");
    assert!(records.iter().all(|record| record.subject.user == Some(ada)));
    let events: Vec<_> = records.iter().map(|record| record.event).collect();
    assert_eq!(events[..events.len() - before], shown);
    let newest = fresh.list_audit_of(ada, 2).await.expect("listing");
    assert_eq!(newest.iter().map(|record| record.event).collect::<Vec<_>>(), shown[..2]);
}

pub(super) async fn the_store_says_that_it_is_ready(fresh: &Fresh) {
    fresh.probe().await.expect("it reads and writes");
}

/// Verifies the trail as it is in the store.
async fn verified(fresh: &Fresh, noted: Vec<AuditHead>) -> AuditReport {
    let segments = async || fresh.audit_segments().await.expect("listing the segments");
    let mut verification = AuditVerification::new(segments().await, noted);
    let mut after = None;
    loop {
        let page = fresh.read_audit_chain(after, 7).await.expect("reading the trail");
        let Some(last) = page.last() else { return verification.finish(segments().await) };
        after = Some(last.number);
        page.iter().for_each(|record| verification.verify(record));
    }
}

pub(super) async fn each_record_is_linked_to_the_one_before(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for seconds in 1..=20 {
        let grant = fresh.grant(ada).await;
        fresh.revoke_grant(grant, OPERATOR, at(seconds)).await.expect("revoking");
    }
    let report = verified(fresh, vec![]).await;
    assert_eq!((report.verified, report.unlinked, report.findings), (41, 0, vec![]));
    let heads: Vec<_> = report.segments.iter().map(AuditSegment::head).collect();
    assert_eq!(heads.iter().map(|head| head.records).sum::<u64>(), 41);
    fresh.disable_user(ada, OPERATOR, at(30)).await.expect("disabling");
    assert_eq!(verified(fresh, heads).await.findings, []);
}

pub(super) async fn a_hundred_writers_leave_an_unbroken_trail(fresh: &Fresh) {
    let users = many_users(fresh).await;
    fresh
        .at_once(|store, caller| {
            let user = users[caller];
            async move { store.disable_user(user, OPERATOR, at(1)).await.expect("disabling") }
        })
        .await;
    let report = verified(fresh, vec![]).await;
    assert_eq!((report.verified, report.findings), (2 * CALLERS as u64, vec![]));
}

async fn many_users(fresh: &Fresh) -> Vec<UserId> {
    let mut users = Vec::new();
    for caller in 0..CALLERS {
        users.push(fresh.user(&format!("user{caller}")).await);
    }
    users
}

pub(super) async fn the_trail_is_unbroken_after_old_records_went(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for seconds in 1..=9 {
        fresh.revoke_user_grants(ada, None, OPERATOR, at(seconds)).await.expect("signing out");
    }
    let heads: Vec<_> = verified(fresh, vec![]).await.segments.iter().map(AuditSegment::head).collect();
    for (removed, left) in [(4, 6), (2, 4), (0, 4)] {
        assert_eq!(fresh.sweep_audit(at(6), 4).await.expect("sweeping"), removed);
        let report = verified(fresh, heads.clone()).await;
        assert_eq!((report.verified, report.findings), (left, vec![]));
    }
    assert_eq!(fresh.sweep_audit(at(100), 100).await.expect("sweeping"), 4);
    assert_eq!(verified(fresh, heads).await.findings, []);
    fresh.disable_user(ada, OPERATOR, at(101)).await.expect("disabling");
    let report = verified(fresh, vec![]).await;
    assert_eq!((report.verified, report.findings), (1, vec![]), "the segment goes on");
}

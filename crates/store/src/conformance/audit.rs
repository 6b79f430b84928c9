//! The audit trail, and the store's word on itself.

use jeton_authority::audit::{AuditEvent, AuditRecord};
use jeton_authority::keys::{KeyId, KeyPurpose};

use super::fixture::{ELSEWHERE, Fresh, HOME, at, hash, key, new_user, unknown_grant};

pub(super) async fn each_change_leaves_its_record(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    fresh.revoke_grant(grant, at(1)).await.expect("revoking");
    fresh.revoke_user_grants(ada, at(2)).await.expect("signing out");
    fresh.change_password(ada, hash("second"), None, at(3)).await.expect("changing");
    fresh.disable_user(ada, at(4)).await.expect("disabling");
    fresh.enable_user(ada, at(5)).await.expect("enabling");
    fresh.add_keys(vec![key("first", KeyPurpose::Access, at(6))], None).await.expect("adding keys");
    fresh.withdraw_key(&KeyId::new("first"), at(7)).await.expect("withdrawing");
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
    fresh.add_user(new_user("ada")).await.expect("adding");
    fresh.enable_user(ada, at(1)).await.expect("enabling");
    fresh.rehash_password(ada, &hash("first"), hash("first, anew")).await.expect("rehashing");
    fresh.revoke_grant(unknown_grant(), at(1)).await.expect("revoking");
    fresh.withdraw_key(&KeyId::new("absent"), at(1)).await.expect("withdrawing");
    fresh
        .add_keys(vec![key("first", KeyPurpose::Access, at(1))], Some(KeyId::new("x")))
        .await
        .expect("adding keys");
    fresh.sweep_grants(None, 10, super::fixture::IDLE, at(1)).await.expect("sweeping");
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

pub(super) async fn a_record_names_whom_and_what_it_concerns(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant_at(ada, 2).await;
    fresh.present(grant, 0, ELSEWHERE, at(100)).await;
    fresh.add_keys(vec![key("first", KeyPurpose::Refresh, at(200))], None).await.expect("adding keys");
    let nothing = AuditRecord {
        at: at(0),
        event: AuditEvent::UserAdded,
        user: None,
        grant: None,
        network: None,
        key: None,
    };
    let expected = [
        AuditRecord {
            at: at(200),
            event: AuditEvent::KeyAdded,
            key: Some("first".into()),
            ..nothing.clone()
        },
        AuditRecord {
            at: at(100),
            event: AuditEvent::RefreshReplayed,
            user: Some(ada),
            grant: Some(grant),
            network: Some(ELSEWHERE),
            key: None,
        },
        AuditRecord {
            event: AuditEvent::SignedIn,
            user: Some(ada),
            grant: Some(grant),
            network: Some(HOME),
            key: Some("web".into()),
            ..nothing.clone()
        },
        AuditRecord { user: Some(ada), ..nothing },
    ];
    assert_eq!(fresh.list_audit(10).await.expect("listing"), expected);
}

pub(super) async fn the_newest_records_come_first(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for seconds in [5, 3, 9] {
        fresh.revoke_user_grants(ada, at(seconds)).await.expect("signing out");
    }
    let times = |records: Vec<AuditRecord>| records.into_iter().map(|record| record.at).collect::<Vec<_>>();
    assert_eq!(times(fresh.list_audit(3).await.expect("listing")), [at(9), at(5), at(3)]);
    assert_eq!(times(fresh.list_audit(1).await.expect("listing")), [at(9)]);
    assert_eq!(fresh.list_audit(0).await.expect("listing"), []);
}

pub(super) async fn the_store_says_that_it_is_ready(fresh: &Fresh) {
    fresh.probe().await.expect("it reads and writes");
}

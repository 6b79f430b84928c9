//! What APIs are told of: grants that ended, claims and clients that changed, tokens and keys that were revoked by themselves.

use jeton_authority::client::StoredClient;
use jeton_authority::grant::{GrantDetail, NewGrant};
use jeton_authority::keys::KeyPurpose;
use jeton_authority::one_time::{OneTimeHash, OneTimeKind, Placement};
use jeton_authority::revocation::{RevocationEvent, Revoked};
use jeton_authority::store::GrantOpening;
use jeton_authority::user::{Attributes, UserStanding, UserStatus};
use jeton_authority::{GrantId, UserId};
use jeton_jose::Timestamp;

use super::accounts::{added, imported};
use super::clients::{new_client, scope};
use super::fixture::{CALLERS, Fresh, HOME, OPERATOR, at, hash, key, new_grant};

impl Fresh {
    /// What happened at `seconds` or later, as far as APIs are told.
    async fn revoked_since(&self, seconds: i64) -> Vec<RevocationEvent> {
        let mut events = self.all_since(seconds).await;
        events.retain(|event| event.what.concerns_apis());
        events
    }

    async fn all_since(&self, seconds: i64) -> Vec<RevocationEvent> {
        self.revocations_since(at(seconds)).await.expect("reading events").events
    }

    /// Opens a grant of a client with this scope.
    async fn client_grant(&self, user: UserId, client: &str, text: &str) -> GrantId {
        let detail = GrantDetail::from_json(r#"{"auth_time": 0}"#).expect("a detail");
        let grant = NewGrant {
            client: client.into(),
            scope: scope(text),
            detail: Some(Box::new(detail)),
            ..new_grant(user)
        };
        let id = grant.id;
        assert_eq!(self.open_grant(grant).await.expect("opening a grant"), GrantOpening::Opened);
        id
    }

    /// Adds a client whose tokens have claims from these attributes.
    async fn client_with_claims(&self, id: &str, attributes: &[&str]) {
        let claims: Vec<_> = attributes.iter().map(|name| format!(r#""claim_{name}": "{name}""#)).collect();
        let document = format!(r#"{{"metadata": {{}}, "policy": {{"claims": {{{}}}}}}}"#, claims.join(", "));
        self.add_client(StoredClient { document: document.into(), ..new_client(id) }, OPERATOR)
            .await
            .expect("adding");
    }

    async fn describe(&self, user: UserId, attributes: &str, seconds: i64) {
        let attributes = Attributes::from_json(attributes).expect("attributes");
        self.change_attributes(user, attributes, OPERATOR, at(seconds)).await.expect("changing attributes");
    }
}

fn ended(seconds: i64, grant: GrantId) -> RevocationEvent {
    RevocationEvent { at: at(seconds), what: Revoked::Grant(grant) }
}

fn stale(seconds: i64, grant: GrantId) -> RevocationEvent {
    RevocationEvent { at: at(seconds), what: Revoked::Claims(grant) }
}

fn sorted(mut events: Vec<RevocationEvent>) -> Vec<RevocationEvent> {
    events.sort();
    events
}

pub(super) async fn whatever_ends_a_grant_is_an_event(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let revoked = fresh.grant(ada).await;
    fresh.revoke_grant(revoked, OPERATOR, at(10)).await.expect("revoking");
    fresh.revoke_grant(revoked, OPERATOR, at(11)).await.expect("revoking again");
    let ended_by_operator = fresh.grant(ada).await;
    fresh.end_grant(ended_by_operator, OPERATOR, at(20)).await.expect("ending");
    let session = fresh.session(ada).await;
    let of_session = fresh.grant_from(&session).await;
    fresh.end_session(session.id, OPERATOR, at(30)).await.expect("ending the session");
    let replayed = fresh.grant_at(ada, 3).await;
    fresh.present(replayed, 1, HOME, at(40)).await;
    let here = fresh.session(ada).await;
    let (kept, other) = (fresh.grant_from(&here).await, fresh.grant(ada).await);
    fresh.change_password(ada, hash("second"), Some(here.id), OPERATOR, at(50)).await.expect("changing");
    fresh.disable_user(ada, OPERATOR, at(60)).await.expect("disabling");
    let events = [
        ended(10, revoked),
        ended(20, ended_by_operator),
        ended(30, of_session),
        ended(40, replayed),
        ended(50, other),
        ended(60, kept),
    ];
    assert_eq!(fresh.revoked_since(0).await, events);
    assert_eq!(fresh.revoked_since(30).await, events[2..]);
    assert_eq!(fresh.revoked_since(61).await, []);
}

pub(super) async fn what_ends_no_grant_is_no_event(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    fresh.present(grant, 0, HOME, at(10)).await;
    fresh.present(grant, 0, HOME, at(11)).await;
    fresh.enable_user(ada, OPERATOR, at(12)).await.expect("enabling");
    fresh.rehash_password(ada, &hash("first"), hash("anew")).await.expect("rehashing");
    assert_eq!(fresh.revoked_since(0).await, []);
}

pub(super) async fn changed_claims_make_the_tokens_stale_that_carry_them(fresh: &Fresh) {
    let (ada, bob) = (fresh.user("ada").await, fresh.user("bob").await);
    fresh.client_with_claims("web", &[]).await;
    fresh.client_with_claims("shop", &["tenant"]).await;
    let token_api = fresh.grant(ada).await;
    let with_roles = fresh.client_grant(ada, "web", "openid roles").await;
    let with_groups = fresh.client_grant(ada, "web", "openid groups").await;
    let mapped = fresh.client_grant(ada, "shop", "openid").await;
    let unknown = fresh.client_grant(ada, "gone", "openid").await;
    fresh.client_grant(bob, "web", "openid roles").await;
    let over = fresh.client_grant(ada, "web", "openid roles").await;
    fresh.revoke_grant(over, OPERATOR, at(1)).await.expect("revoking");

    fresh.describe(ada, r#"{"roles": ["editor"]}"#, 10).await;
    let expected = [token_api, with_roles, unknown].map(|grant| stale(10, grant));
    assert_eq!(sorted(fresh.revoked_since(10).await), sorted(expected.to_vec()));
    fresh.describe(ada, r#"{"roles": ["editor"], "tenant": 7}"#, 20).await;
    let expected = [token_api, mapped, unknown].map(|grant| stale(20, grant));
    assert_eq!(sorted(fresh.revoked_since(20).await), sorted(expected.to_vec()));
    fresh.describe(ada, r#"{"roles": ["editor"], "tenant": 7}"#, 30).await;
    assert_eq!(fresh.revoked_since(30).await, [], "nothing changed");
    fresh.describe(ada, r#"{"groups": ["staff"]}"#, 40).await;
    let expected = [token_api, with_roles, with_groups, mapped, unknown].map(|grant| stale(40, grant));
    assert_eq!(sorted(fresh.revoked_since(40).await), sorted(expected.to_vec()));
}

pub(super) async fn a_changed_address_makes_the_tokens_stale_that_say_it(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.client_with_claims("shop", &["email"]).await;
    let mapped = fresh.client_grant(ada, "shop", "openid").await;
    fresh.client_with_claims("web", &[]).await;
    fresh.client_grant(ada, "web", "openid profile email roles").await;
    fresh
        .change_email(ada, Some("new@example.org".into()), OPERATOR, at(10))
        .await
        .expect("changing the address");
    assert_eq!(fresh.revoked_since(0).await, [stale(10, mapped)]);
    fresh
        .change_email(ada, Some("new@example.org".into()), OPERATOR, at(20))
        .await
        .expect("changing nothing");
    assert_eq!(fresh.revoked_since(20).await, []);
}

pub(super) async fn changed_accounts_make_tokens_stale_too(fresh: &Fresh) {
    let ada = added(fresh, "ada", "1").await;
    fresh.client_with_claims("web", &[]).await;
    let named = fresh.client_grant(ada, "web", "openid profile").await;
    fresh.client_grant(ada, "web", "openid roles").await;
    let update = async |seconds| {
        let accounts = vec![(ada, imported("countess"))];
        fresh.update_imported_users(accounts, OPERATOR, at(seconds)).await.expect("updating");
    };
    update(10).await;
    assert_eq!(fresh.revoked_since(0).await, [stale(10, named)]);
    update(20).await;
    assert_eq!(fresh.revoked_since(20).await, [], "nothing changed");
}

pub(super) async fn a_changed_client_is_one_event_however_many_grants_it_has(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let described = |scope: &str| {
        let document =
            format!(r#"{{"metadata": {{"redirect_uris": ["https://a.example/"], "scope": "{scope}"}}}}"#);
        StoredClient { document: document.into(), ..new_client("web") }
    };
    fresh.add_client(described("openid roles"), OPERATOR).await.expect("adding");
    for _ in 0..3 {
        fresh.client_grant(ada, "web", "openid roles").await;
    }
    let change = async |scope, seconds| {
        fresh.change_client(described(scope), OPERATOR, at(seconds)).await.expect("changing");
    };
    change("openid roles groups", 10).await;
    assert_eq!(fresh.revoked_since(0).await, [], "more is allowed than before");
    change("openid groups", 20).await;
    change("openid groups", 30).await;
    let web = new_client("web").id;
    let event = |seconds| RevocationEvent { at: at(seconds), what: Revoked::Client(web.clone()) };
    assert_eq!(fresh.revoked_since(0).await, [event(20)]);
    let unknown = StoredClient { id: new_client("unknown").id, ..described("openid") };
    fresh.change_client(unknown, OPERATOR, at(40)).await.expect("changing nobody");
    fresh.remove_client(&web, OPERATOR, at(50)).await.expect("removing");
    fresh.remove_client(&web, OPERATOR, at(60)).await.expect("removing again");
    assert_eq!(fresh.revoked_since(0).await, [event(20), event(50)]);
}

pub(super) async fn a_token_that_is_revoked_by_its_name_is_an_event_once(fresh: &Fresh) {
    let revoke =
        async |jti, seconds| fresh.revoke_token(jti, at(seconds + 300), at(seconds)).await.expect("revoking");
    assert_eq!(revoke("x-1", 10).await, Placement::Placed);
    assert_eq!(revoke("x-1", 11).await, Placement::Taken);
    assert_eq!(revoke("x-2", 12).await, Placement::Placed);
    let found = fresh.peek(OneTimeKind::RevokedTokenId, OneTimeHash::of("x-1")).await.expect("reading");
    assert_eq!(found.map(|found| found.expires_at), Some(at(310)));
    let event = |seconds, jti: &str| RevocationEvent { at: at(seconds), what: Revoked::Token(jti.into()) };
    assert_eq!(fresh.revoked_since(0).await, [event(10, "x-1"), event(12, "x-2")]);
}

pub(super) async fn of_a_hundred_revocations_of_a_token_one_is_an_event(fresh: &Fresh) {
    let revoking = |store: std::sync::Arc<dyn jeton_authority::store::Store>, _| async move {
        store.revoke_token("x-1", at(300), at(9)).await
    };
    let mut placed = 0;
    for answer in fresh.at_once(revoking).await {
        placed += usize::from(answer.expect("revoking") == Placement::Placed);
    }
    assert_eq!((placed, fresh.revoked_since(0).await.len()), (1, 1));
}

pub(super) async fn the_withdrawal_of_a_published_key_is_an_event(fresh: &Fresh) {
    let purposes = [KeyPurpose::Access, KeyPurpose::IdToken, KeyPurpose::Refresh]
        .map(|purpose| (purpose.as_str(), purpose));
    for (kid, purpose) in purposes {
        fresh.add_keys(vec![key(kid, purpose, at(0))], None, OPERATOR).await.expect("adding a key");
    }
    for (seconds, (kid, purpose)) in (10..).zip(purposes) {
        let id = key(kid, purpose, at(0)).id;
        fresh.withdraw_key(&id, OPERATOR, at(seconds)).await.expect("withdrawing");
        fresh.withdraw_key(&id, OPERATOR, at(seconds + 100)).await.expect("withdrawing again");
    }
    let withdrawn = |seconds, kid| RevocationEvent {
        at: at(seconds),
        what: Revoked::Key(key(kid, KeyPurpose::Access, at(0)).id),
    };
    assert_eq!(fresh.revoked_since(0).await, [withdrawn(10, "access"), withdrawn(11, "id_token")]);
}

pub(super) async fn what_ends_sign_ins_is_an_event_of_which_apis_are_not_told(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let session = fresh.session(ada).await;
    fresh.end_session(session.id, OPERATOR, at(10)).await.expect("ending");
    fresh.end_session(session.id, OPERATOR, at(11)).await.expect("ending again");
    fresh.disable_user(ada, OPERATOR, at(20)).await.expect("disabling");
    fresh.disable_user(ada, OPERATOR, at(21)).await.expect("disabling again");
    fresh.enable_user(ada, OPERATOR, at(30)).await.expect("enabling");
    fresh.revoke_user_grants(ada, None, OPERATOR, at(40)).await.expect("signing out");
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(50)).await.expect("changing");
    let stood = |seconds, status, epoch| RevocationEvent {
        at: at(seconds),
        what: Revoked::User(UserStanding { id: ada, status, epoch }),
    };
    let events = [
        RevocationEvent { at: at(10), what: Revoked::Session(session.id) },
        stood(20, UserStatus::Disabled, 1),
        stood(30, UserStatus::Active, 1),
        stood(40, UserStatus::Active, 2),
        stood(50, UserStatus::Active, 3),
    ];
    assert_eq!(fresh.all_since(0).await, events);
    assert_eq!(fresh.revoked_since(0).await, []);
    let written = fresh.take_written_revocations();
    assert!(written.is_empty() || written == events, "{written:?}");
    assert_eq!(fresh.take_written_revocations(), []);
}

pub(super) async fn a_history_keeps_its_name(fresh: &Fresh) {
    let name = async || fresh.revocations_since(Timestamp::MIN).await.expect("reading").history;
    let first = name().await;
    let ada = fresh.user("ada").await;
    fresh.revoke_grant(fresh.grant(ada).await, OPERATOR, at(1)).await.expect("revoking");
    assert_eq!(name().await, first);
    assert_eq!(fresh.changes().await.expect("asking").history, first, "the marks are of the same one");
}

pub(super) async fn old_events_are_swept_in_small_steps(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for seconds in 0..5 {
        fresh.revoke_grant(fresh.grant(ada).await, OPERATOR, at(seconds)).await.expect("revoking");
    }
    let sweep = async |before, limit| fresh.sweep_revocations(at(before), limit).await.expect("sweeping");
    assert_eq!([sweep(3, 2).await, sweep(3, 2).await, sweep(3, 2).await], [2, 1, 0]);
    let left: Vec<_> = fresh.revoked_since(0).await.into_iter().map(|event| event.at).collect();
    assert_eq!(left, [at(3), at(4)]);
}

pub(super) async fn of_a_hundred_endings_each_is_an_event_once(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let mut grants = Vec::new();
    for _ in 0..CALLERS / 2 {
        grants.push(fresh.grant(ada).await);
    }
    let expected = sorted(grants.iter().map(|grant| ended(9, *grant)).collect());
    let ending = |store: std::sync::Arc<dyn jeton_authority::store::Store>, caller: usize| {
        let grant = grants[caller / 2];
        async move { store.revoke_grant(grant, OPERATOR, at(9)).await.map(drop) }
    };
    for answer in fresh.at_once(ending).await {
        answer.expect("revoking");
    }
    assert_eq!(sorted(fresh.revoked_since(0).await), expected);
}

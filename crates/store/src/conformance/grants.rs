//! Grants: opening, ending, listing and sweeping them.

use jeton_authority::GrantId;
use jeton_authority::grant::RefreshState;
use jeton_authority::grant::{Grant, GrantDetail, GrantStanding, GrantSummary, NewGrant};
use jeton_authority::refresh_token::KeyProof;
use jeton_authority::store::{GrantFilter, GrantOpening, Revocation};
use jeton_authority::user::{Attributes, UserStatus};

use super::fixture::{
    ELSEWHERE, Fresh, HOME, IDLE, OPERATOR, POLICY, at, granted, hash, new_grant, new_user, public_client,
    token, unknown_grant, unknown_user, username,
};

pub(super) async fn an_opened_grant_stands(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let grant = fresh.grant(ada).await;
    let standing = fresh.grant_standing(grant).await.expect("looking");
    let expected = GrantStanding { generation: 0, revoked_at: None, user: UserStatus::Active };
    assert_eq!(standing, Some(expected));
    assert_eq!(fresh.grant_standing(unknown_grant()).await.expect("looking"), None);
}

pub(super) async fn a_grant_comes_back_as_it_was_opened(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let mut new = new_grant(ada);
    new.client = "https://client.example/émile".into();
    new.scope = "openid profile".parse().expect("a scope");
    new.network = ELSEWHERE;
    assert_eq!(fresh.open_grant(new.clone()).await.expect("opening"), GrantOpening::Opened);
    let grant = Grant {
        id: new.id,
        sid: None,
        user: ada,
        client: new.client,
        scope: new.scope,
        detail: None,
        state: RefreshState::opened(new.opened_at, new.network),
        expires_at: new.expires_at,
        revoked_at: None,
    };
    let listed = fresh.list_grants(GrantFilter::All, None, 10, IDLE, at(0)).await.expect("listing");
    assert_eq!(
        listed,
        [GrantSummary { grant, username: username("ada"), session: None, opened_at: Some(new.opened_at) }]
    );
}

pub(super) async fn what_an_authorization_fixed_comes_back_as_it_was_written(fresh: &Fresh) {
    let mut ada = new_user("ada");
    ada.email = Some("ada@example.org".into());
    ada.attributes = Attributes::from_json(r#"{"name":"Ada"}"#).expect("attributes");
    let (id, attributes) = (ada.id, ada.attributes.clone());
    fresh.add_user(ada, OPERATOR).await.expect("adding");
    let everything = r#"{
        "auth_time": 1700000000,
        "amr": ["pwd"],
        "resources": ["https://api.example/", "https://other.example/"],
        "claims": {"userinfo": {"nickname": null, "acr": {"essential": true, "values": ["a", "b"]}}, "id_token": {"name": null}},
        "authorization_details": [{"type": "payment", "amount": "12.50", "to": "Ünal \"& Sons\""}],
        "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
        "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
    }"#;
    let everything = GrantDetail::from_json(everything).expect("a detail");
    assert!(!everything.authorization_details.is_empty() && everything.jkt.is_some());
    assert!(everything.x5t_s256.is_some() && !everything.claims.is_empty());
    assert_eq!((everything.amr.len(), everything.resources.len()), (1, 2));
    let little = GrantDetail::from_json(r#"{"auth_time": 0}"#).expect("a detail");
    for written in [everything, little] {
        let grant = NewGrant { detail: Some(Box::new(written.clone())), ..new_grant(id) };
        fresh.open_grant(grant.clone()).await.expect("opening");
        let (found, _) = fresh.find_grant(grant.id).await.expect("finding").expect("it exists");
        assert_eq!(found.grant.detail.as_deref(), Some(&written));
        assert_eq!(found.email.as_deref(), Some("ada@example.org"));
        assert_eq!(found.attributes, attributes);
        let presented = token(0, HOME).by(public_client("web"), KeyProof::Proved);
        let refreshed = fresh.refresh_grant(grant.id, presented, POLICY, at(100)).await.expect("refreshing");
        let refreshed = granted(refreshed);
        assert_eq!(refreshed.detail.as_deref(), Some(&written));
        let listed =
            fresh.list_grants(GrantFilter::OfUser(id), None, 10, IDLE, at(100)).await.expect("listing");
        assert!(listed.iter().any(|summary| summary.grant.detail.as_deref() == Some(&written)));
    }
    // The token API's tokens may say of their user what the operator maps.
    let plain = fresh.grant(id).await;
    let (found, _) = fresh.find_grant(plain).await.expect("finding").expect("it exists");
    assert_eq!((found.grant.detail, found.email.as_deref()), (None, Some("ada@example.org")));
    assert_eq!(found.attributes, attributes);
}

pub(super) async fn a_grant_opens_only_while_the_verified_password_holds(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let open = async |user, epoch| {
        let mut grant = new_grant(user);
        grant.epoch = epoch;
        fresh.open_grant(grant).await.expect("opening")
    };
    assert_eq!(open(ada, 0).await, GrantOpening::Opened);
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(1)).await.expect("changing");
    assert_eq!(open(ada, 0).await, GrantOpening::CredentialsChanged);
    assert_eq!(open(ada, 1).await, GrantOpening::Opened);
    fresh.disable_user(ada, OPERATOR, at(2)).await.expect("disabling");
    assert_eq!(open(ada, 1).await, GrantOpening::CredentialsChanged);
    assert_eq!(open(ada, 2).await, GrantOpening::CredentialsChanged);
    fresh.enable_user(ada, OPERATOR, at(3)).await.expect("enabling");
    assert_eq!(open(ada, 1).await, GrantOpening::CredentialsChanged);
    assert_eq!(open(ada, 2).await, GrantOpening::Opened);
    assert_eq!(open(unknown_user(), 0).await, GrantOpening::CredentialsChanged);
}

pub(super) async fn a_grant_ends_once(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [grant, other] = [fresh.grant(ada).await, fresh.grant(ada).await];
    assert_eq!(fresh.revoke_grant(grant, OPERATOR, at(5)).await.expect("revoking"), Revocation::Revoked);
    assert_eq!(
        fresh.revoke_grant(grant, OPERATOR, at(6)).await.expect("revoking"),
        Revocation::AlreadyRevoked
    );
    assert_eq!(
        fresh.revoke_grant(unknown_grant(), OPERATOR, at(6)).await.expect("revoking"),
        Revocation::Unknown
    );
    let standing = fresh.grant_standing(grant).await.expect("looking").expect("it exists");
    assert_eq!(standing.revoked_at, Some(at(5)));
    assert!(fresh.stands(other).await);
}

pub(super) async fn signing_out_a_user_ends_all_of_their_grants(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let grants = [fresh.grant(ada).await, fresh.grant(ada).await, fresh.grant(bob).await];
    assert_eq!(
        fresh
            .revoke_user_grants(ada, None, OPERATOR, at(1))
            .await
            .expect("signing out")
            .map(|ended| ended.count),
        Some(2)
    );
    assert_eq!(fresh.which_stand(grants).await, [false, false, true]);
    assert_eq!(
        fresh
            .revoke_user_grants(ada, None, OPERATOR, at(2))
            .await
            .expect("signing out")
            .map(|ended| ended.count),
        Some(0)
    );
}

pub(super) async fn what_was_allowed_before_a_user_signed_out_everywhere_opens_nothing(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let before = new_grant(ada);
    fresh.revoke_user_grants(ada, None, OPERATOR, at(1)).await.expect("signing out");
    let opened = fresh.open_grant(before.clone()).await.expect("opening");
    assert_eq!(opened, GrantOpening::CredentialsChanged);
    let epoch = fresh.find_user_by_id(ada).await.expect("looking").expect("she is there").epoch;
    let opened = fresh.open_grant(NewGrant { epoch, ..before }).await.expect("opening");
    assert_eq!(opened, GrantOpening::Opened, "who signs in again gets a grant");
}

pub(super) async fn lists_leave_out_what_has_ended(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [short, revoked, idle, busy] =
        [fresh.grant(ada).await, fresh.grant(ada).await, fresh.grant(ada).await, fresh.grant(ada).await];
    fresh.revoke_grant(revoked, OPERATOR, at(1)).await.expect("revoking");
    for grant in [short, busy] {
        fresh.present(grant, 0, HOME, at(500)).await;
    }
    let mut brief = new_grant(ada);
    brief.expires_at = at(50);
    fresh.open_grant(brief.clone()).await.expect("opening");
    let listed = async |seconds| {
        let mut live = fresh.live(at(seconds)).await;
        live.sort();
        live
    };
    let sorted = |mut grants: Vec<GrantId>| {
        grants.sort();
        grants
    };
    assert_eq!(listed(49).await, sorted(vec![short, idle, busy, brief.id]));
    assert_eq!(listed(50).await, sorted(vec![short, idle, busy]));
    assert_eq!(listed(999).await, sorted(vec![short, idle, busy]));
    assert_eq!(listed(1_000).await, sorted(vec![short, busy]));
    assert_eq!(listed(1_500).await, []);
}

pub(super) async fn grants_are_listed_in_pages(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let mut expected = Vec::new();
    for _ in 0..10 {
        expected.push(fresh.grant(ada).await);
    }
    expected.sort();
    for filter in [GrantFilter::All, GrantFilter::OfUser(ada)] {
        let mut found = Vec::new();
        loop {
            let after = found.last().copied();
            let page = fresh.list_grants(filter, after, 4, IDLE, at(0)).await.expect("listing");
            assert!(page.len() <= 4);
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|summary| summary.grant.id));
        }
        assert_eq!(found, expected, "{filter:?}");
    }
}

pub(super) async fn the_grants_of_one_user_are_listed_alone(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let [own, _other] = [fresh.grant(ada).await, fresh.grant(bob).await];
    let list = async |user| {
        fresh.list_grants(GrantFilter::OfUser(user), None, 10, IDLE, at(0)).await.expect("listing")
    };
    let listed = list(ada).await;
    assert_eq!(listed.iter().map(|summary| summary.grant.id).collect::<Vec<_>>(), [own]);
    assert_eq!(listed[0].username, username("ada"));
    assert_eq!(list(unknown_user()).await, []);
}

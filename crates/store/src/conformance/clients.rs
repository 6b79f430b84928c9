//! Clients, and what users allowed them.

use jeton_authority::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use jeton_authority::client::{Consent, GivenConsent, StoredClient};
use jeton_authority::grant::{GrantDetail, GrantsEnded, NewGrant};
use jeton_authority::keys::SealedKey;
use jeton_authority::store::{ClientChange, ClientRemoval, DevicePoll, GrantOpening};
use jeton_authority::{GrantId, UserId};
use jeton_oauth::Scope;
use jeton_oauth::client::ClientId;

use super::contention::{counts, tally};
use super::devices::new_device;
use super::fixture::{CALLERS, Fresh, HOME, OPERATOR, at, new_grant, unknown_user};

impl Fresh {
    /// Adds a client that does not ask to hear of sign-outs.
    pub(super) async fn client(&self, id: &str) -> ClientId {
        let client = new_client(id);
        let id = client.id.clone();
        assert_eq!(self.add_client(client, OPERATOR).await.expect("adding a client"), ClientChange::Done);
        id
    }

    /// Opens a grant of a client.
    async fn grant_for(&self, user: UserId, client: &ClientId) -> GrantId {
        let grant = NewGrant { client: client.as_str().into(), ..new_grant(user) };
        let id = grant.id;
        assert_eq!(self.open_grant(grant).await.expect("opening a grant"), GrantOpening::Opened);
        id
    }

    async fn found_client(&self, id: &ClientId) -> Option<StoredClient> {
        self.find_client(id).await.expect("finding a client")
    }

    async fn withdrawn(&self, user: UserId, client: &ClientId) -> GrantsEnded {
        self.withdraw_consent(user, client, HOME, at(9)).await.expect("withdrawing")
    }

    async fn consent(&self, user: UserId, client: &ClientId) -> Option<Consent> {
        self.find_consent(user, client).await.expect("finding a consent")
    }
}

/// A client without a secret, added at time 0.
pub(super) fn new_client(id: &str) -> StoredClient {
    StoredClient {
        id: client_id(id),
        document: format!(r#"{{"client_name":"{id}"}}"#).into(),
        secret: None,
        backchannel_logout: false,
        created_at: at(0),
    }
}

pub(super) fn client_id(id: &str) -> ClientId {
    ClientId::parse(id).expect("the case names a client properly")
}

pub(super) fn scope(text: &str) -> Scope {
    Scope::parse(text).expect("the case writes a scope properly")
}

pub(super) async fn a_client_comes_back_as_it_was_added(fresh: &Fresh) {
    let with_secret = StoredClient {
        secret: Some(SealedKey::new("sealed")),
        backchannel_logout: true,
        created_at: at(-5),
        document: r#"{"client_name":"Émile's \"shop\""}"#.into(),
        ..new_client("https://shop.example/client?a=1")
    };
    for client in [with_secret, new_client("web")] {
        assert_eq!(fresh.add_client(client.clone(), OPERATOR).await.expect("adding"), ClientChange::Done);
        assert_eq!(fresh.found_client(&client.id).await, Some(client));
    }
    for unknown in ["WEB", "we", "web%"] {
        assert_eq!(fresh.found_client(&client_id(unknown)).await, None, "{unknown}");
    }
}

pub(super) async fn an_identifier_is_taken_once(fresh: &Fresh) {
    let first = fresh.client("web").await;
    let second = StoredClient { document: "{}".into(), created_at: at(9), ..new_client("web") };
    assert_eq!(fresh.add_client(second, OPERATOR).await.expect("adding"), ClientChange::IdTaken);
    assert_eq!(fresh.found_client(&first).await, Some(new_client("web")));
    assert_eq!(fresh.audited().await, [AuditEvent::ClientAdded]);
}

pub(super) async fn a_changed_client_stays_the_same_client(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [web, other] = [fresh.client("web").await, fresh.client("other").await];
    let grant = fresh.grant_for(ada, &web).await;
    fresh.give_consent(ada, &web, &consent_to("openid"), at(1)).await.expect("consenting");
    let changed = StoredClient {
        document: r#"{"client_name":"changed"}"#.into(),
        secret: Some(SealedKey::new("sealed")),
        backchannel_logout: true,
        created_at: at(50),
        ..new_client("web")
    };
    assert_eq!(
        fresh.change_client(changed.clone(), OPERATOR, at(50)).await.expect("changing"),
        ClientChange::Done
    );
    let expected = StoredClient { created_at: at(0), ..changed.clone() };
    assert_eq!(fresh.found_client(&web).await, Some(expected.clone()));
    assert_eq!(fresh.list_clients(Some(&other), 10).await.expect("listing"), [expected]);
    assert_eq!(fresh.found_client(&other).await, Some(new_client("other")));
    assert!(fresh.stands(grant).await);
    assert_eq!(fresh.consent(ada, &web).await, Some(consent_to("openid")));

    let without_secret = StoredClient { secret: None, ..changed };
    assert_eq!(
        fresh.change_client(without_secret, OPERATOR, at(51)).await.expect("changing"),
        ClientChange::Done
    );
    assert_eq!(fresh.found_client(&web).await.expect("it exists").secret, None);
    let unknown = new_client("unknown");
    assert_eq!(
        fresh.change_client(unknown.clone(), OPERATOR, at(52)).await.expect("changing"),
        ClientChange::Unknown
    );
    assert_eq!(fresh.found_client(&unknown.id).await, None);
}

pub(super) async fn removing_a_client_ends_its_grants_and_forgets_what_it_was_allowed(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let [web, other] = [fresh.client("web").await, fresh.client("other").await];
    let [first, second, revoked, kept] = [
        fresh.grant_for(ada, &web).await,
        fresh.grant_for(bob, &web).await,
        fresh.grant_for(bob, &web).await,
        fresh.grant_for(ada, &other).await,
    ];
    fresh.revoke_grant(revoked, OPERATOR, at(1)).await.expect("revoking");
    let expired = NewGrant { expires_at: at(5), ..new_grant(ada) };
    fresh.open_grant(expired.clone()).await.expect("opening");
    for client in [&web, &other] {
        fresh.give_consent(ada, client, &consent_to("openid"), at(1)).await.expect("consenting");
    }
    let device = new_device("BDWPHQPK");
    fresh.add_device_authorization(device.clone(), at(1)).await.expect("adding");

    assert_eq!(fresh.remove_client(&web, OPERATOR, at(5)).await.expect("removing"), ClientRemoval::Removed);
    assert_eq!(fresh.found_client(&web).await, None);
    assert_eq!(fresh.end_removed_client(&web).await.expect("ending"), 2);
    assert_eq!(fresh.end_removed_client(&web).await.expect("ending again"), 0);
    assert_eq!(fresh.which_stand([first, second, kept]).await, [false, false, true]);
    // A clock that is set back must not revive it.
    assert!(!fresh.stands(expired.id).await);
    let standing = fresh.grant_standing(revoked).await.expect("looking").expect("it exists");
    assert_eq!(standing.revoked_at, Some(at(1)));
    assert_eq!(fresh.found_client(&web).await, None);
    assert_eq!(fresh.consent(ada, &web).await, None);
    assert_eq!(fresh.consent(ada, &other).await, Some(consent_to("openid")));
    let poll =
        fresh.poll_device_authorization(device.device_code, &device.client, at(6)).await.expect("polling");
    assert_eq!(poll, DevicePoll::Unknown);
    assert_eq!(fresh.remove_client(&web, OPERATOR, at(6)).await.expect("removing"), ClientRemoval::Unknown);

    // One that comes later under the same name begins with nothing.
    fresh.client("web").await;
    assert!(!fresh.stands(first).await);
    assert_eq!(fresh.consent(ada, &web).await, None);
}

pub(super) async fn removing_a_client_ends_no_session_of_the_token_api(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let web = fresh.client("web").await;
    for name in ["web", "web", "another"] {
        fresh.note_token_api_client(name).await.expect("noting");
    }
    let detail = GrantDetail::from_json(r#"{"auth_time":1700000000}"#).map(Box::new);
    let of_client = NewGrant { detail, ..new_grant(ada) };
    fresh.open_grant(of_client.clone()).await.expect("opening");
    // A sign-in with a password, where the token API's own client has the same name.
    let of_token_api = fresh.grant(ada).await;
    fresh.remove_client(&web, OPERATOR, at(1)).await.expect("removing");
    assert_eq!(fresh.end_removed_client(&web).await.expect("ending"), 1);
    assert_eq!(fresh.which_stand([of_client.id, of_token_api]).await, [false, true]);
}

pub(super) async fn the_sweep_ends_what_is_left_of_a_removed_client(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [web, app, kept] = [fresh.client("web").await, fresh.client("app").await, fresh.client("kept").await];
    let grants = [
        fresh.grant_for(ada, &web).await,
        fresh.grant_for(ada, &app).await,
        fresh.grant_for(ada, &kept).await,
    ];
    for client in [&web, &app] {
        fresh.give_consent(ada, client, &consent_to("openid"), at(1)).await.expect("consenting");
        fresh.remove_client(client, OPERATOR, at(2)).await.expect("removing");
    }
    assert_eq!(fresh.end_removed_clients().await.expect("sweeping"), 2);
    assert_eq!(fresh.end_removed_clients().await.expect("sweeping"), 0);
    assert_eq!(fresh.which_stand(grants).await, [false, false, true]);
    assert_eq!(fresh.consent(ada, &web).await, None);
}

pub(super) async fn a_client_that_is_added_again_begins_with_nothing(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let web = fresh.client("web").await;
    let grant = fresh.grant_for(ada, &web).await;
    fresh.give_consent(ada, &web, &consent_to("openid"), at(1)).await.expect("consenting");
    fresh.remove_client(&web, OPERATOR, at(2)).await.expect("removing");
    fresh.client("web").await;
    assert!(!fresh.stands(grant).await);
    assert_eq!(fresh.consent(ada, &web).await, None);
    let again = fresh.grant_for(ada, &web).await;
    assert_eq!(fresh.end_removed_clients().await.expect("sweeping"), 0);
    assert!(fresh.stands(again).await);
}

pub(super) async fn clients_are_listed_in_pages(fresh: &Fresh) {
    for id in ["web", "Web", "app", "https://shop.example", "cli", "zoo"] {
        fresh.client(id).await;
    }
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = fresh.list_clients(after.as_ref(), 4).await.expect("listing");
        after = page.last().map(|client| client.id.clone());
        if page.is_empty() {
            break;
        }
        pages.push(page.into_iter().map(|client| client.id.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(pages, [vec!["Web", "app", "cli", "https://shop.example"], vec!["web", "zoo"]]);
    assert_eq!(fresh.list_clients(None, 0).await.expect("listing"), []);
}

pub(super) async fn a_consent_is_what_was_given_last(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let [web, other] = [fresh.client("web").await, fresh.client("other").await];
    assert_eq!(fresh.consent(ada, &web).await, None);
    for given in ["openid profile", "email", ""] {
        fresh.give_consent(ada, &web, &consent_to(given), at(1)).await.expect("consenting");
        assert_eq!(fresh.consent(ada, &web).await, Some(consent_to(given)));
    }
    let details = r#"[{"type":"payment","amount":"12.50","to":["Ünal \"& Sons\"",0.5,null]},{"type":"a"}]"#;
    let resources = r#"["https://a.example/\u0022b\u0022?c=ü d","urn:example:orders"]"#;
    let detailed = Consent::from_stored("", scope("openid"), details, "[]").expect("details");
    let at_resources = Consent::from_stored("", scope("openid"), "[]", resources).expect("resources");
    let both =
        Consent::from_stored("as web", scope("openid"), details, resources).expect("details and resources");
    assert_eq!((both.authorization_details.len(), both.resources.len()), (2, 2));
    for given in [detailed, at_resources, both, consent_to("openid")] {
        fresh.give_consent(ada, &web, &given, at(1)).await.expect("consenting");
        assert_eq!(fresh.consent(ada, &web).await, Some(given));
    }
    for (user, client) in [(ada, &other), (bob, &web), (unknown_user(), &web)] {
        assert_eq!(fresh.consent(user, client).await, None);
    }
    fresh.give_consent(bob, &web, &consent_to("email"), at(2)).await.expect("consenting");
    fresh.withdrawn(ada, &web).await;
    fresh.withdrawn(ada, &other).await;
    assert_eq!(fresh.consent(ada, &web).await, None);
    assert_eq!(fresh.consent(bob, &web).await, Some(consent_to("email")));
    fresh.give_consent(unknown_user(), &web, &consent_to("email"), at(3)).await.expect("consenting");
}

pub(super) async fn consents_are_listed_by_client(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let [web, app] = [fresh.client("web").await, fresh.client("app").await];
    for (seconds, user, client) in [(1, ada, &web), (2, ada, &app), (3, bob, &web)] {
        fresh.give_consent(user, client, &consent_to("openid"), at(seconds)).await.expect("consenting");
    }
    let given = |client: &ClientId, seconds| GivenConsent {
        client: client.clone(),
        consent: consent_to("openid"),
        given_at: at(seconds),
    };
    let listed = async |user, limit| fresh.list_consents(user, limit).await.expect("listing");
    assert_eq!(listed(ada, 10).await, [given(&app, 2), given(&web, 1)]);
    assert_eq!(listed(ada, 1).await, [given(&app, 2)]);
    assert_eq!(listed(unknown_user(), 10).await, []);
}

pub(super) async fn a_client_whose_consent_is_withdrawn_loses_its_grants_for_the_user(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let [web, app] = [fresh.client("web").await, fresh.client("app").await];
    let grants = [
        fresh.grant_for(ada, &web).await,
        fresh.grant_for(ada, &web).await,
        fresh.grant_for(ada, &app).await,
        fresh.grant_for(bob, &web).await,
    ];
    assert_eq!(fresh.withdrawn(ada, &web).await, GrantsEnded { count: 2, told: 0 });
    assert_eq!(fresh.which_stand(grants).await, [false, false, true, true]);
    let recorded = async || {
        let records = fresh.list_audit(100).await.expect("listing");
        records.into_iter().filter(|record| record.event == AuditEvent::ConsentWithdrawn).collect::<Vec<_>>()
    };
    let subject = AuditSubject::user(ada).with_client("web");
    let record =
        AuditRecord::asked_from(HOME, AuditEvent::ConsentWithdrawn, Actor::User(ada), subject, at(9));
    assert_eq!(recorded().await, std::slice::from_ref(&record));
    assert_eq!(fresh.withdrawn(ada, &web).await, GrantsEnded::default());
    assert_eq!(recorded().await, [record], "nothing was left to take back");
}

/// A consent to the scope of this text, which may be empty, to nothing in detail and at no resource.
fn consent_to(text: &str) -> Consent {
    let scope = if text.is_empty() { Scope::default() } else { scope(text) };
    Consent { scope, ..Consent::default() }
}

pub(super) async fn the_audit_names_the_client_and_who_changed_it(fresh: &Fresh) {
    let web = fresh.client("web").await;
    let [itself, another] = ["web", "another"].map(|client| Actor::Client(client.into()));
    fresh.change_client(new_client("web"), itself.clone(), at(1)).await.expect("changing");
    fresh.remove_client(&web, another.clone(), at(2)).await.expect("removing");
    fresh.change_client(new_client("web"), OPERATOR, at(3)).await.expect("changing nothing");
    fresh.remove_client(&web, OPERATOR, at(3)).await.expect("removing nothing");
    let record = |seconds, event, by| AuditRecord::new(event, by, AuditSubject::client("web"), at(seconds));
    let expected = [
        record(2, AuditEvent::ClientRemoved, another),
        record(1, AuditEvent::ClientChanged, itself),
        record(0, AuditEvent::ClientAdded, OPERATOR),
    ];
    assert_eq!(fresh.list_audit(10).await.expect("listing"), expected);
}

pub(super) async fn of_a_hundred_additions_one_adds_the_client(fresh: &Fresh) {
    let answers = fresh
        .at_once(|store, _| async move {
            store.add_client(new_client("web"), OPERATOR).await.expect("adding a client")
        })
        .await;
    assert_eq!(tally(&answers), counts([("Done", 1), ("IdTaken", CALLERS - 1)]));
    assert_eq!(fresh.list_clients(None, 10).await.expect("listing").len(), 1);
    assert_eq!(fresh.audited().await, [AuditEvent::ClientAdded]);
}

pub(super) async fn of_a_hundred_changes_of_one_version_one_is_made(fresh: &Fresh) {
    let web = fresh.client("web").await;
    let before = fresh.find_client(&web).await.expect("finding").expect("a client");
    let expected = before.version();
    let answers = fresh
        .at_once(move |store, caller| async move {
            let document = format!(r#"{{"metadata":{{"client_name":"{caller}"}}}}"#).into();
            let changed = StoredClient { document, ..new_client("web") };
            store.change_client_version(changed, expected, OPERATOR, at(1)).await.expect("changing")
        })
        .await;
    assert_eq!(tally(&answers), counts([("Done", 1), ("Outdated", CALLERS - 1)]));
    let record = &fresh.list_audit(1).await.expect("listing")[0];
    assert_eq!(record.event, AuditEvent::ClientChanged);
    let changes = record.changes.as_ref().expect("changes").to_value();
    assert!(changes["client_name"]["after"].is_string(), "{changes}");
    assert_eq!(fresh.audited().await.len(), 2, "what was outdated is not recorded");
}

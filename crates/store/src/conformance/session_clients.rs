//! Clients that got an ID token in a browser's session: what each knows it by, and who hears of its end.

use jeton_authority::client::StoredClient;
use jeton_authority::grant::NewGrant;
use jeton_authority::session::NewSession;
use jeton_authority::store::{ClientChange, CodeRedemption, GrantOpening, GrantsEnded, SessionEnding};
use jeton_authority::{GrantId, SessionId, UserId};
use jeton_oauth::client::ClientId;

use super::clients::new_client;
use super::fixture::{CALLERS, Fresh, OPERATOR, at, by_owner, hash, new_grant};
use super::sessions::{grant_from, new_session};

impl Fresh {
    async fn hearing_client(&self, id: &str) {
        let client = StoredClient { backchannel_logout: true, ..new_client(id) };
        assert_eq!(self.add_client(client, OPERATOR).await.expect("adding a client"), ClientChange::Done);
    }

    /// Opens a grant and answers its identifier and its `sid`.
    async fn with_sid(&self, grant: NewGrant) -> (GrantId, GrantId) {
        let id = grant.id;
        assert_eq!(self.open_grant(grant).await.expect("opening a grant"), GrantOpening::Opened);
        let (live, _) = self.find_grant(id).await.expect("looking").expect("it is there");
        (id, live.grant.sid())
    }

    async fn session_of(&self, sid: GrantId) -> Option<(SessionId, UserId)> {
        self.find_session_of_sid(sid).await.expect("looking")
    }

    async fn grant_of(&self, sid: GrantId, client: &str, seconds: i64) -> Option<GrantId> {
        let client = ClientId::parse(client).expect("an identifier");
        self.find_grant_of_sid(sid, &client, at(seconds)).await.expect("looking")
    }

    /// The clients that are to be told, with what they know the session by.
    async fn heard(&self) -> Vec<(String, GrantId)> {
        let due = self.due_logouts(at(1_000), 100, 100).await.expect("asking what is due");
        let mut heard: Vec<_> =
            due.into_iter().map(|delivery| (delivery.client.to_string(), delivery.sid)).collect();
        heard.sort();
        heard
    }
}

/// A grant of a client that gets an ID token in this session and ends with it.
fn signed_in(client: &str, session: &NewSession) -> NewGrant {
    NewGrant { client: client.into(), told_of: Some(session.id), ..grant_from(session) }
}

/// The same where the grant outlives the session.
fn offline(client: &str, session: &NewSession) -> NewGrant {
    NewGrant { session: None, ..signed_in(client, session) }
}

pub(super) async fn a_client_hears_of_the_end_of_a_session_though_its_grant_goes_on(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.hearing_client("web").await;
    let session = fresh.session(ada).await;
    let (grant, sid) = fresh.with_sid(offline("web", &session)).await;
    assert_eq!(sid, grant);
    assert_eq!(fresh.session_of(sid).await, Some((session.id, ada)));
    let ending = fresh.end_session(session.id, OPERATOR, at(1)).await.expect("ending");
    assert_eq!(ending, SessionEnding::Ended(GrantsEnded { count: 0, told: 1 }));
    assert!(fresh.stands(grant).await);
    assert_eq!(fresh.heard().await, [("web".to_owned(), sid)]);
    assert_eq!(fresh.session_of(sid).await, None);
    assert_eq!(fresh.grant_of(sid, "web", 2).await, Some(grant));
}

pub(super) async fn a_client_that_gave_its_grant_back_hears_of_the_end_of_the_session(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.hearing_client("web").await;
    let session = fresh.session(ada).await;
    let (grant, sid) = fresh.with_sid(signed_in("web", &session)).await;
    fresh.revoke_grant(grant, OPERATOR, at(1)).await.expect("revoking");
    assert_eq!(fresh.heard().await, []);
    fresh.end_session(session.id, OPERATOR, at(2)).await.expect("ending");
    assert_eq!(fresh.heard().await, [("web".to_owned(), sid)], "people are still signed in there");
}

pub(super) async fn a_client_knows_a_session_by_one_name_however_often_it_signs_in_and_hears_once(
    fresh: &Fresh,
) {
    let ada = fresh.user("ada").await;
    for client in ["web", "other"] {
        fresh.hearing_client(client).await;
    }
    let session = fresh.session(ada).await;
    let (first, sid) = fresh.with_sid(signed_in("web", &session)).await;
    for _ in 0..3 {
        assert_eq!(fresh.with_sid(signed_in("web", &session)).await.1, sid);
    }
    assert_eq!(fresh.with_sid(offline("web", &session)).await.1, sid);
    let (_, of_other) = fresh.with_sid(signed_in("other", &session)).await;
    assert_ne!(of_other, sid, "no client learns what another knows the session by");
    // It does not ask for an ID token, so there is nothing to name.
    let (plain, own) = fresh.with_sid(NewGrant { told_of: None, ..signed_in("web", &session) }).await;
    assert_eq!(plain, own);
    let elsewhere = fresh.session(ada).await;
    assert_ne!(fresh.with_sid(signed_in("web", &elsewhere)).await.1, sid);

    // The user signs in again at this browser.
    let next = new_session(ada);
    fresh.open_session(next.clone(), Some(session.secret)).await.expect("opening");
    assert_eq!(fresh.with_sid(signed_in("web", &next)).await.1, sid);
    assert_eq!(fresh.with_sid(signed_in("web", &session)).await.1, sid, "its code was given before");
    assert_eq!(fresh.session_of(sid).await, Some((next.id, ada)));

    fresh.revoke_grant(first, OPERATOR, at(1)).await.expect("revoking");
    assert!(fresh.grant_of(sid, "web", 1).await.is_some_and(|grant| grant != first));
    assert_eq!(fresh.grant_of(sid, "other", 1).await, None, "it is another client's");
    let ending = fresh.end_session(next.id, OPERATOR, at(2)).await.expect("ending");
    let SessionEnding::Ended(ended) = ending else { panic!("{ending:?}") };
    assert_eq!(ended.told, 2);
    let mut expected = [("web".to_owned(), sid), ("web".to_owned(), own), ("other".to_owned(), of_other)];
    expected.sort();
    assert_eq!(fresh.heard().await, expected);
}

pub(super) async fn a_name_that_was_told_to_have_ended_is_not_used_again(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.hearing_client("web").await;
    let session = fresh.session(ada).await;
    let (grant, sid) = fresh.with_sid(signed_in("web", &session)).await;
    fresh.end_grant(grant, OPERATOR, at(1)).await.expect("ending one grant");
    assert_eq!(fresh.heard().await, [("web".to_owned(), sid)]);
    let (_, next) = fresh.with_sid(signed_in("web", &session)).await;
    assert_ne!(next, sid);
    fresh.end_session(session.id, OPERATOR, at(2)).await.expect("ending");
    let mut expected = [("web".to_owned(), sid), ("web".to_owned(), next)];
    expected.sort();
    assert_eq!(fresh.heard().await, expected);
}

pub(super) async fn whatever_ends_a_users_sessions_is_told_to_those_who_know_them(fresh: &Fresh) {
    fresh.hearing_client("web").await;
    for (name, how) in [("ada", 0), ("bob", 1), ("cy", 2), ("dot", 3)] {
        let user = fresh.user(name).await;
        let session = fresh.session(user).await;
        let (grant, sid) = fresh.with_sid(signed_in("web", &session)).await;
        fresh.with_sid(signed_in("web", &session)).await;
        fresh.revoke_grant(grant, OPERATOR, at(1)).await.expect("revoking");
        match how {
            0 => drop(fresh.disable_user(user, OPERATOR, at(1)).await.expect("disabling")),
            1 => drop(fresh.revoke_user_grants(user, None, OPERATOR, at(1)).await.expect("signing out")),
            2 => drop(
                fresh.change_password(user, hash("second"), None, OPERATOR, at(1)).await.expect("changing"),
            ),
            _ => {
                let other = fresh.user("other").await;
                fresh.open_session(new_session(other), Some(session.secret)).await.expect("opening");
            }
        }
        let heard: Vec<_> = fresh.heard().await.into_iter().filter(|(_, heard)| *heard == sid).collect();
        assert_eq!(heard.len(), 1, "{name}");
    }
}

pub(super) async fn a_code_is_worth_nothing_once_the_session_it_was_given_in_has_ended(fresh: &Fresh) {
    use jeton_authority::one_time::OneTimeKind::AuthorizationCode;
    let ada = fresh.user("ada").await;
    let session = fresh.session(ada).await;
    let code = fresh.placed(AuthorizationCode, "code").await;
    fresh.end_session(session.id, OPERATOR, at(1)).await.expect("ending");
    let redeemed = fresh.redeem_code(code, offline("web", &session), by_owner(2)).await.expect("redeeming");
    assert_eq!(redeemed, CodeRedemption::CredentialsChanged, "nobody would be told");
}

pub(super) async fn of_a_hundred_first_sign_ins_to_a_client_all_have_one_name(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.hearing_client("web").await;
    let session = fresh.session(ada).await;
    let grants: Vec<_> = (0..CALLERS).map(|_| signed_in("web", &session)).collect();
    let answers = fresh
        .at_once(|store, caller| {
            let grant = grants[caller].clone();
            async move {
                let id = grant.id;
                store.open_grant(grant).await.expect("opening");
                store.find_grant(id).await.expect("looking").expect("it is there").0.grant.sid()
            }
        })
        .await;
    assert!(answers.iter().all(|sid| *sid == answers[0]), "{answers:?}");
    fresh.end_session(session.id, OPERATOR, at(1)).await.expect("ending");
    assert_eq!(fresh.heard().await, [("web".to_owned(), answers[0])]);
}

pub(super) async fn a_client_that_is_removed_knows_no_session_any_more(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.hearing_client("web").await;
    let session = fresh.session(ada).await;
    let (_, sid) = fresh.with_sid(signed_in("web", &session)).await;
    let id = new_client("web").id;
    fresh.remove_client(&id, OPERATOR, at(1)).await.expect("removing");
    fresh.end_removed_client(&id).await.expect("ending");
    assert_eq!(fresh.session_of(sid).await, None);
    fresh.hearing_client("web").await;
    fresh.end_session(session.id, OPERATOR, at(2)).await.expect("ending");
    assert_eq!(fresh.heard().await, [], "another client has its name");
}

pub(super) async fn a_later_grant_is_found_by_the_name_of_the_first(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for opens in [signed_in, offline] {
        let session = fresh.session(ada).await;
        let (first, sid) = fresh.with_sid(opens("web", &session)).await;
        let (later, same) = fresh.with_sid(opens("web", &session)).await;
        assert_eq!(same, sid);
        fresh.revoke_grant(first, OPERATOR, at(1)).await.expect("revoking");
        assert_eq!(fresh.grant_of(sid, "web", 2).await, Some(later), "the client still knows the session");
        assert_eq!(fresh.grant_of(sid, "app", 2).await, None, "that is another client's");
        fresh.revoke_grant(later, OPERATOR, at(3)).await.expect("revoking");
        assert_eq!(fresh.grant_of(sid, "web", 4).await, None);

        let (first, sid) = fresh.with_sid(opens("web", &session)).await;
        let (later, _) = fresh.with_sid(opens("web", &session)).await;
        fresh.end_grant(first, OPERATOR, at(5)).await.expect("ending");
        assert_eq!(
            fresh.grant_of(sid, "web", 6).await,
            Some(later),
            "the client was told of the end of the first"
        );
    }
}

pub(super) async fn a_grant_from_before_has_a_name_of_its_own(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.hearing_client("web").await;
    let session = fresh.session(ada).await;
    let (before, own) = fresh.with_sid(NewGrant { client: "web".into(), ..grant_from(&session) }).await;
    assert_eq!(before, own);
    assert_eq!(fresh.session_of(own).await, Some((session.id, ada)));
    assert_eq!(fresh.grant_of(own, "web", 1).await, Some(before));
    let (alone, _) = fresh.with_sid(NewGrant { client: "web".into(), ..new_grant(ada) }).await;
    assert_eq!(fresh.session_of(alone).await, None);
}

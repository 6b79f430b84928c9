//! Clients that are still to be told of a sign-out.

use jeton_authority::GrantId;
use jeton_authority::client::StoredClient;
use jeton_authority::grant::NewGrant;
use jeton_authority::session::NewSession;
use jeton_authority::store::{
    ClientChange, GrantOpening, GrantsEnded, LogoutDelivery, Revocation, SessionEnding,
};
use jeton_authority::user::Subject;

use super::clients::new_client;
use super::contention::{counts, tally};
use super::fixture::{CALLERS, Fresh, OPERATOR, at, hash, new_grant, new_user};
use super::sessions::{grant_from, new_session};

impl Fresh {
    /// Adds a client that wants to hear of sign-outs.
    async fn listening_client(&self, id: &str) {
        let client = StoredClient { backchannel_logout: true, ..new_client(id) };
        assert_eq!(self.add_client(client, OPERATOR).await.expect("adding a client"), ClientChange::Done);
    }

    async fn opened(&self, grant: NewGrant) -> GrantId {
        let id = grant.id;
        assert_eq!(self.open_grant(grant).await.expect("opening a grant"), GrantOpening::Opened);
        id
    }

    /// Ends a session and tells how many grants ended with it.
    pub(super) async fn ended_grants(&self, session: &NewSession) -> u64 {
        match self.end_session(session.id, OPERATOR, at(1)).await.expect("ending a session") {
            SessionEnding::Ended(ended) => ended.count,
            other => panic!("the session had not ended: {other:?}"),
        }
    }

    async fn due(&self, seconds: i64) -> Vec<LogoutDelivery> {
        self.due_logouts(at(seconds), 100, 100).await.expect("asking what is due")
    }

    /// Of which grants' ends clients are to be told, in the order of their identifiers.
    async fn noted(&self) -> Vec<GrantId> {
        let mut grants: Vec<_> = self.due(1_000).await.into_iter().map(|delivery| delivery.sid).collect();
        grants.sort();
        grants
    }
}

/// Four grants from one session, of a client that wants to hear of sign-outs, one that does not, one that nobody knows, and
/// the first one again but without the session.
struct Grants {
    session: NewSession,
    listening: GrantId,
    outliving: GrantId,
}

async fn grants(fresh: &Fresh) -> Grants {
    let ada = fresh.user("ada").await;
    fresh.listening_client("listening").await;
    fresh.client("deaf").await;
    let session = fresh.session(ada).await;
    let of = |client: &str| NewGrant { client: client.into(), ..grant_from(&session) };
    let listening = fresh.opened(of("listening")).await;
    fresh.opened(of("deaf")).await;
    fresh.opened(of("unknown")).await;
    let outliving = fresh.opened(NewGrant { session: None, ..of("listening") }).await;
    Grants { session, listening, outliving }
}

fn sorted<const N: usize>(mut grants: [GrantId; N]) -> [GrantId; N] {
    grants.sort();
    grants
}

pub(super) async fn the_end_of_a_session_is_noted_for_clients_that_want_to_hear_of_it(fresh: &Fresh) {
    let grants = grants(fresh).await;
    assert_eq!(fresh.ended_grants(&grants.session).await, 3);
    let due = fresh.due(1).await;
    let expected = LogoutDelivery {
        number: due.first().expect("one is due").number,
        client: new_client("listening").id,
        sid: grants.listening,
        subject: Subject::of(grants.session.user, None),
        attempts: 0,
    };
    assert_eq!(due, [expected]);
    fresh.end_session(grants.session.id, OPERATOR, at(2)).await.expect("ending it again");
    assert_eq!(fresh.noted().await, [grants.listening], "once");
}

pub(super) async fn a_sign_out_says_how_many_clients_will_be_told(fresh: &Fresh) {
    let grants = grants(fresh).await;
    let again = NewGrant { client: "listening".into(), ..grant_from(&grants.session) };
    fresh.opened(again).await;
    let ended = fresh.end_session(grants.session.id, OPERATOR, at(1)).await.expect("ending a session");
    assert_eq!(ended, SessionEnding::Ended(GrantsEnded { count: 4, told: 1 }), "one client, with two grants");
    let ended =
        fresh.revoke_user_grants(grants.session.user, None, OPERATOR, at(1)).await.expect("signing out");
    assert_eq!(ended, Some(GrantsEnded { count: 1, told: 1 }));
}

pub(super) async fn disabling_is_noted(fresh: &Fresh) {
    let grants = grants(fresh).await;
    fresh.disable_user(grants.session.user, OPERATOR, at(1)).await.expect("disabling");
    assert_eq!(fresh.noted().await, sorted([grants.listening, grants.outliving]));
}

pub(super) async fn signing_out_everywhere_is_noted(fresh: &Fresh) {
    let grants = grants(fresh).await;
    fresh.revoke_user_grants(grants.session.user, None, OPERATOR, at(1)).await.expect("signing out");
    assert_eq!(fresh.noted().await, sorted([grants.listening, grants.outliving]));
}

pub(super) async fn a_changed_password_is_noted_but_for_the_session_that_was_kept(fresh: &Fresh) {
    let grants = grants(fresh).await;
    let user = grants.session.user;
    fresh
        .change_password(user, hash("second"), Some(grants.session.id), OPERATOR, at(1))
        .await
        .expect("changing");
    assert_eq!(fresh.noted().await, [grants.outliving]);
    fresh.change_password(user, hash("third"), None, OPERATOR, at(2)).await.expect("changing");
    assert_eq!(fresh.noted().await, sorted([grants.listening, grants.outliving]));
}

pub(super) async fn another_user_in_the_browser_is_noted(fresh: &Fresh) {
    let grants = grants(fresh).await;
    let bob = fresh.user("bob").await;
    let next = new_session(bob);
    fresh.open_session(next, Some(grants.session.secret)).await.expect("opening");
    assert_eq!(fresh.noted().await, [grants.listening]);
}

pub(super) async fn what_ends_a_grant_alone_is_not_noted(fresh: &Fresh) {
    let grants = grants(fresh).await;
    fresh.revoke_grant(grants.listening, OPERATOR, at(1)).await.expect("revoking");
    let next = new_session(grants.session.user);
    fresh.open_session(next, Some(grants.session.secret)).await.expect("opening");
    assert_eq!(fresh.noted().await, []);
    // Nor is it later: it had ended before.
    fresh.revoke_user_grants(grants.session.user, None, OPERATOR, at(2)).await.expect("signing out");
    assert_eq!(fresh.noted().await, [grants.outliving]);
}

pub(super) async fn a_grant_that_somebody_else_ends_is_noted_once(fresh: &Fresh) {
    let grants = grants(fresh).await;
    for ended in [grants.listening, grants.outliving] {
        let answers = fresh
            .at_once(|store, _| async move {
                store.end_grant(ended, OPERATOR, at(1)).await.expect("ending a grant")
            })
            .await;
        assert_eq!(tally(&answers), counts([("Revoked", 1), ("AlreadyRevoked", CALLERS - 1)]));
        assert!(!fresh.stands(ended).await);
    }
    assert_eq!(fresh.noted().await, sorted([grants.listening, grants.outliving]));
    // Of a client that wants to hear nothing, nothing is noted; nor of what does not exist.
    let deaf = fresh.opened(NewGrant { client: "deaf".into(), ..new_grant(grants.session.user) }).await;
    assert_eq!(fresh.end_grant(deaf, OPERATOR, at(2)).await.expect("ending"), Revocation::Revoked);
    let unknown = new_grant(grants.session.user).id;
    assert_eq!(fresh.end_grant(unknown, OPERATOR, at(2)).await.expect("ending"), Revocation::Unknown);
    assert_eq!(fresh.noted().await.len(), 2);
    // The session goes on.
    assert!(fresh.holds(&grants.session, at(2)).await);
}

pub(super) async fn clients_hear_of_users_by_the_subject_of_their_tokens(fresh: &Fresh) {
    fresh.listening_client("web").await;
    let mut ada = new_user("ada");
    ada.imported_key = Some("17".into());
    let id = ada.id;
    fresh.add_user(ada, OPERATOR).await.expect("adding");
    fresh.opened(new_grant(id)).await;
    fresh.revoke_user_grants(id, None, OPERATOR, at(1)).await.expect("signing out");
    let subjects: Vec<_> = fresh.due(1).await.into_iter().map(|delivery| delivery.subject).collect();
    assert_eq!(subjects, [Subject::of(id, Some("17"))]);
}

pub(super) async fn the_longest_overdue_come_first(fresh: &Fresh) {
    fresh.listening_client("web").await;
    let mut expected = Vec::new();
    for (name, seconds) in [("ada", 30), ("bob", 10), ("cy", 20), ("dot", 10)] {
        let user = fresh.user(name).await;
        expected.push((seconds, fresh.opened(new_grant(user)).await));
        fresh.disable_user(user, OPERATOR, at(seconds)).await.expect("disabling");
    }
    // Those of one second come in the order in which they were noted.
    expected.sort_by_key(|(seconds, _)| *seconds);
    let due = async |seconds, limit| {
        let due = fresh.due_logouts(at(seconds), 10, limit).await.expect("asking what is due");
        due.into_iter().map(|delivery| delivery.sid).collect::<Vec<_>>()
    };
    let expected: Vec<_> = expected.into_iter().map(|(_, grant)| grant).collect();
    assert_eq!(due(9, 10).await, []);
    assert_eq!(due(10, 10).await, expected[..2]);
    assert_eq!(due(29, 10).await, expected[..3]);
    assert_eq!(due(30, 10).await, expected);
    assert_eq!(due(30, 3).await, expected[..3]);
    assert_eq!(due(30, 0).await, []);
}

pub(super) async fn one_client_does_not_stand_in_the_way_of_others(fresh: &Fresh) {
    for client in ["silent", "other"] {
        fresh.listening_client(client).await;
    }
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    for _ in 0..5 {
        fresh.opened(NewGrant { client: "silent".into(), ..new_grant(ada) }).await;
    }
    fresh.opened(NewGrant { client: "other".into(), ..new_grant(bob) }).await;
    fresh.revoke_user_grants(ada, None, OPERATOR, at(1)).await.expect("signing out");
    fresh.revoke_user_grants(bob, None, OPERATOR, at(2)).await.expect("signing out");
    let due = fresh.due_logouts(at(2), 2, 3).await.expect("asking what is due");
    let clients: Vec<_> = due.iter().map(|delivery| delivery.client.as_str()).collect();
    assert_eq!(clients, ["silent", "other", "silent"]);
}

pub(super) async fn a_failed_delivery_puts_off_all_that_is_due_at_its_client(fresh: &Fresh) {
    for client in ["silent", "other"] {
        fresh.listening_client(client).await;
    }
    let ada = fresh.user("ada").await;
    for client in ["silent", "silent", "silent", "other"] {
        fresh.opened(NewGrant { client: client.into(), ..new_grant(ada) }).await;
    }
    fresh.revoke_user_grants(ada, None, OPERATOR, at(1)).await.expect("signing out");
    let due = fresh.due(1).await;
    let silent: Vec<_> = due.iter().filter(|delivery| delivery.client.as_str() == "silent").collect();
    assert_eq!(silent.len(), 3);
    fresh.postpone_logout(silent[0].number, at(30), at(2)).await.expect("postponing");
    // Those that were tried at the same time fail as well; it counts as one attempt.
    fresh.postpone_logout(silent[1].number, at(40), at(3)).await.expect("postponing");
    let clients = async |seconds| {
        let due = fresh.due(seconds).await;
        due.into_iter().map(|it| (it.client.as_str().to_owned(), it.attempts)).collect::<Vec<_>>()
    };
    assert_eq!(clients(29).await, [("other".to_owned(), 0)]);
    // One that failed is asked with one at a time, and after the others.
    assert_eq!(clients(30).await, [("other".to_owned(), 0), ("silent".to_owned(), 1)]);
    // What is new finds out whether it is back.
    let bob = fresh.user("bob").await;
    fresh.opened(NewGrant { client: "silent".into(), ..new_grant(bob) }).await;
    fresh.revoke_user_grants(bob, None, OPERATOR, at(4)).await.expect("signing out");
    assert_eq!(clients(4).await, [("other".to_owned(), 0), ("silent".to_owned(), 0)]);
}

pub(super) async fn a_delivery_is_due_until_it_is_finished(fresh: &Fresh) {
    let grants = grants(fresh).await;
    fresh.disable_user(grants.session.user, OPERATOR, at(1)).await.expect("disabling");
    let due = fresh.due(1).await;
    assert_eq!(due.len(), 2);
    let [first, second] = [&due[0], &due[1]];
    fresh.finish_logout(second.number).await.expect("finishing");
    assert_eq!(fresh.due(1).await, due[..1]);
    fresh.postpone_logout(first.number, at(30), at(1)).await.expect("postponing");
    assert_eq!(fresh.due(29).await, []);
    assert_eq!(fresh.due(30).await, [LogoutDelivery { attempts: 1, ..first.clone() }]);
    fresh.postpone_logout(first.number, at(90), at(30)).await.expect("postponing");
    assert_eq!(fresh.due(89).await, []);
    assert_eq!(fresh.due(90).await, [LogoutDelivery { attempts: 2, ..first.clone() }]);
    fresh.finish_logout(first.number).await.expect("finishing");
    assert_eq!(fresh.due(1_000).await, []);
    fresh.finish_logout(first.number).await.expect("finishing nothing");
    fresh.postpone_logout(first.number, at(90), at(90)).await.expect("postponing nothing");
    assert_eq!(fresh.due(1_000).await, []);
}

pub(super) async fn a_claimed_delivery_is_nobody_elses_until_its_time_is_over(fresh: &Fresh) {
    let grants = grants(fresh).await;
    fresh.disable_user(grants.session.user, OPERATOR, at(1)).await.expect("disabling");
    let due = fresh.due(1).await;
    let [first, second] = [due[0].number, due[1].number];
    let claim = async |numbers: Vec<i64>, now| {
        fresh.claim_logouts(numbers, at(now + 30), at(now)).await.expect("claiming")
    };
    assert!(claim(vec![first, second], 0).await.is_empty(), "they are not due");
    assert_eq!(claim(vec![first], 1).await, [first]);
    assert_eq!(claim(vec![first, second], 1).await, [second], "the other one is claimed");
    assert_eq!(fresh.due(30).await, []);
    // Whoever claimed them has ended.
    assert_eq!(fresh.due(31).await, due);
    assert_eq!(claim(vec![first, second], 31).await, [first, second]);
    fresh.postpone_logout(first, at(40), at(32)).await.expect("postponing");
    fresh.finish_logout(second).await.expect("finishing");
    assert_eq!(claim(vec![first, second], 40).await, [first], "an attempt that failed gives up its claim");
}

pub(super) async fn claimed_deliveries_count_against_their_client(fresh: &Fresh) {
    fresh.listening_client("slow").await;
    let ada = fresh.user("ada").await;
    for _ in 0..3 {
        fresh.opened(NewGrant { client: "slow".into(), ..new_grant(ada) }).await;
    }
    fresh.revoke_user_grants(ada, None, OPERATOR, at(1)).await.expect("signing out");
    let due = async || fresh.due_logouts(at(1), 2, 100).await.expect("asking what is due");
    let first = due().await;
    assert_eq!(first.len(), 2);
    fresh.claim_logouts(vec![first[0].number], at(31), at(1)).await.expect("claiming");
    assert_eq!(due().await, first[1..]);
}

pub(super) async fn of_a_hundred_servers_one_claims_a_delivery(fresh: &Fresh) {
    let grants = grants(fresh).await;
    fresh.disable_user(grants.session.user, OPERATOR, at(1)).await.expect("disabling");
    let due: Vec<_> = fresh.due(1).await.into_iter().map(|delivery| delivery.number).collect();
    let claimed = fresh
        .at_once(move |store, _| {
            let numbers = due.clone();
            async move { store.claim_logouts(numbers, at(31), at(1)).await.expect("claiming").len() }
        })
        .await;
    assert_eq!(claimed.into_iter().sum::<usize>(), 2);
}

pub(super) async fn a_client_that_does_not_listen_any_more_is_not_told(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for client in ["removed", "changed", "listening"] {
        fresh.listening_client(client).await;
        fresh.opened(NewGrant { client: client.into(), ..new_grant(ada) }).await;
    }
    fresh.revoke_user_grants(ada, None, OPERATOR, at(1)).await.expect("signing out");
    assert_eq!(fresh.due(1).await.len(), 3);
    fresh.remove_client(&new_client("removed").id, OPERATOR, at(2)).await.expect("removing");
    fresh.end_removed_client(&new_client("removed").id).await.expect("ending");
    fresh.change_client(new_client("changed"), OPERATOR, at(2)).await.expect("changing");
    let still = StoredClient { backchannel_logout: true, ..new_client("listening") };
    fresh.change_client(still.clone(), OPERATOR, at(2)).await.expect("changing");
    let told: Vec<_> = fresh.due(2).await.into_iter().map(|delivery| delivery.client).collect();
    assert_eq!(told, [still.id]);
}

pub(super) async fn what_ended_at_once_is_noted_once(fresh: &Fresh) {
    let grants = grants(fresh).await;
    let (user, session) = (grants.session.user, grants.session.id);
    fresh
        .at_once(|store, caller| async move {
            match caller % 3 {
                0 => store.end_session(session, OPERATOR, at(1)).await.map(drop),
                1 => store.revoke_user_grants(user, None, OPERATOR, at(1)).await.map(drop),
                _ => store.change_password(user, hash("second"), None, OPERATOR, at(1)).await.map(drop),
            }
            .expect("ending");
        })
        .await;
    assert_eq!(fresh.noted().await, sorted([grants.listening, grants.outliving]));
}

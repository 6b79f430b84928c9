//! The sign-in sessions of browsers, and the grants that come from them.

use std::time::Duration;

use jeton_authority::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use jeton_authority::factor::Factor;
use jeton_authority::grant::NewGrant;
use jeton_authority::session::{NewSession, Session, SessionSecretHash};
use jeton_authority::store::{
    GrantFilter, GrantOpening, GrantsEnded, Revocation, SessionEnding, SessionOpening,
};
use jeton_authority::user::{Attributes, Subject};
use jeton_authority::{GrantId, SessionId, UserId};
use jeton_jose::Timestamp;

use super::contention::{counts, tally};
use super::fixture::{
    CALLERS, ELSEWHERE, Fresh, HOME, IDLE, LIFETIME, OPERATOR, at, hash, new_grant, new_user, random,
    unknown_user,
};

impl Fresh {
    /// Opens a session of a user whose epoch is 0, at time 0.
    pub(super) async fn session(&self, user: UserId) -> NewSession {
        self.session_replacing(user, None).await
    }

    async fn session_replacing(&self, user: UserId, replaces: Option<SessionSecretHash>) -> NewSession {
        let session = new_session(user);
        let opening = self.open_session(session.clone(), replaces).await.expect("opening a session");
        assert_eq!(opening, SessionOpening::Opened);
        session
    }

    /// Opens a grant that comes from a session and ends with it.
    pub(super) async fn grant_from(&self, session: &NewSession) -> GrantId {
        let grant = grant_from(session);
        let id = grant.id;
        assert_eq!(self.open_grant(grant).await.expect("opening a grant"), GrantOpening::Opened);
        id
    }

    /// Whether a browser's session holds.
    pub(super) async fn holds(&self, session: &NewSession, at: Timestamp) -> bool {
        self.find_session(&session.secret, IDLE, at).await.expect("finding a session").is_some()
    }

    async fn epoch_of(&self, user: UserId) -> u64 {
        self.find_user_by_id(user).await.expect("looking").expect("a user").epoch
    }

    /// Opens a grant outside all sessions.
    async fn new_grant_at(&self, user: UserId, epoch: u64) -> GrantId {
        let grant = NewGrant { epoch, ..new_grant(user) };
        let id = grant.id;
        assert_eq!(self.open_grant(grant).await.expect("opening a grant"), GrantOpening::Opened);
        id
    }

    async fn ended(&self, session: &NewSession, at: Timestamp) -> SessionEnding {
        self.end_session(session.id, OPERATOR, at).await.expect("ending a session")
    }
}

/// A session of a user whose epoch is 0, opened at time 0.
pub(super) fn new_session(user: UserId) -> NewSession {
    let [first, second] = [random(), random()];
    let secret = std::array::from_fn(|index| if index < 16 { first[index] } else { second[index - 16] });
    NewSession {
        id: SessionId::from_bytes(random()),
        secret: SessionSecretHash::from_bytes(secret),
        user,
        epoch: 0,
        methods: vec![Factor::Password],
        network: HOME,
        device: "".into(),
        authenticated_at: at(0),
        expires_at: at(LIFETIME),
    }
}

/// The same session, whose user stands so by now.
fn at_epoch(session: &NewSession, epoch: u64) -> NewSession {
    NewSession { epoch, ..session.clone() }
}

/// A grant that comes from a session and ends with it.
pub(super) fn grant_from(session: &NewSession) -> NewGrant {
    NewGrant { session: Some(session.id), epoch: session.epoch, ..new_grant(session.user) }
}

pub(super) async fn a_session_is_found_as_it_was_opened(fresh: &Fresh) {
    let mut ada = new_user("ada");
    ada.email = Some("ada@example.org".into());
    ada.attributes = Attributes::from_json(r#"{"name":"Ada"}"#).expect("attributes");
    let id = ada.id;
    fresh.add_user(ada, OPERATOR).await.expect("adding");
    let device = "Firefox on Linux".into();
    let session = NewSession { network: ELSEWHERE, device, authenticated_at: at(7), ..new_session(id) };
    fresh.open_session(session.clone(), None).await.expect("opening");
    fresh.session(fresh.user("bob").await).await;
    let expected = Session {
        id: session.id,
        user: id,
        methods: session.methods.clone(),
        network: ELSEWHERE,
        device: session.device.clone(),
        authenticated_at: at(7),
        last_used_at: at(7),
        expires_at: session.expires_at,
        seen: false,
    };
    let found = fresh.find_session(&session.secret, IDLE, at(8)).await.expect("finding");
    assert_eq!(found, Some((expected, fresh.found("ada").await)));
    assert!(!fresh.holds(&new_session(id), at(8)).await, "a secret that nobody was given");

    let without_method = NewSession { methods: vec![], ..new_session(id) };
    fresh.open_session(without_method.clone(), None).await.expect("opening");
    let (found, _) =
        fresh.find_session(&without_method.secret, IDLE, at(1)).await.expect("finding").expect("it holds");
    assert_eq!(found.methods, []);
}

pub(super) async fn a_session_opens_only_while_the_verified_password_holds(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let open = async |user, epoch| {
        let session = NewSession { epoch, ..new_session(user) };
        let opening = fresh.open_session(session.clone(), None).await.expect("opening");
        assert_eq!(fresh.holds(&session, at(1)).await, opening == SessionOpening::Opened);
        opening
    };
    assert_eq!(open(ada, 0).await, SessionOpening::Opened);
    assert_eq!(open(ada, 1).await, SessionOpening::CredentialsChanged);
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(1)).await.expect("changing");
    assert_eq!(open(ada, 0).await, SessionOpening::CredentialsChanged);
    assert_eq!(open(ada, 1).await, SessionOpening::Opened);
    fresh.disable_user(ada, OPERATOR, at(2)).await.expect("disabling");
    assert_eq!(open(ada, 2).await, SessionOpening::CredentialsChanged);
    fresh.enable_user(ada, OPERATOR, at(3)).await.expect("enabling");
    assert_eq!(open(ada, 2).await, SessionOpening::Opened);
    assert_eq!(open(unknown_user(), 0).await, SessionOpening::CredentialsChanged);
}

pub(super) async fn a_session_expires_at_its_second(fresh: &Fresh) {
    let session = NewSession { expires_at: at(50), ..new_session(fresh.user("ada").await) };
    fresh.open_session(session.clone(), None).await.expect("opening");
    assert!(fresh.holds(&session, at(49)).await);
    assert!(!fresh.holds(&session, at(50)).await);
    fresh.touch_session(session.id, at(50)).await.expect("touching");
    assert!(!fresh.holds(&session, at(50)).await, "however often it is used");
}

pub(super) async fn a_session_lasts_only_while_it_is_used(fresh: &Fresh) {
    let session = fresh.session(fresh.user("ada").await).await;
    assert!(fresh.holds(&session, at(999)).await);
    assert!(!fresh.holds(&session, at(1_000)).await);
    fresh.touch_session(session.id, at(500)).await.expect("touching");
    assert!(fresh.holds(&session, at(1_499)).await);
    assert!(!fresh.holds(&session, at(1_500)).await);
    // Whoever comes late with an older time takes nothing back.
    fresh.touch_session(session.id, at(400)).await.expect("touching");
    let (found, _) =
        fresh.find_session(&session.secret, IDLE, at(501)).await.expect("finding").expect("it holds");
    assert_eq!((found.authenticated_at, found.last_used_at), (at(0), at(500)));
    fresh.touch_session(SessionId::from_bytes(random()), at(1)).await.expect("touching nothing");
}

pub(super) async fn a_session_ends_once(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [session, other] = [fresh.session(ada).await, fresh.session(ada).await];
    assert_eq!(fresh.ended(&session, at(1)).await, SessionEnding::Ended(GrantsEnded { count: 0, told: 0 }));
    assert_eq!(fresh.ended(&session, at(2)).await, SessionEnding::AlreadyEnded);
    assert_eq!(fresh.ended(&new_session(ada), at(2)).await, SessionEnding::Unknown);
    assert!(!fresh.holds(&session, at(1)).await);
    assert!(fresh.holds(&other, at(1)).await);
    fresh.touch_session(session.id, at(3)).await.expect("touching");
    assert!(!fresh.holds(&session, at(3)).await);
    let subject = AuditSubject::user(ada).with_session(session.id);
    let record = AuditRecord::new(AuditEvent::SessionEnded, OPERATOR, subject, at(1));
    assert_eq!(fresh.list_audit(1).await.expect("listing"), [record]);
}

pub(super) async fn the_end_of_a_session_ends_the_grants_that_came_from_it(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [session, other] = [fresh.session(ada).await, fresh.session(ada).await];
    let [first, second, revoked] = [
        fresh.grant_from(&session).await,
        fresh.grant_from(&session).await,
        fresh.grant_from(&session).await,
    ];
    let [of_other, outliving] = [fresh.grant_from(&other).await, fresh.grant(ada).await];
    fresh.revoke_grant(revoked, OPERATOR, at(1)).await.expect("revoking");
    let expired = NewGrant { expires_at: at(2), ..grant_from(&session) };
    fresh.open_grant(expired.clone()).await.expect("opening");
    assert_eq!(fresh.ended(&session, at(2)).await, SessionEnding::Ended(GrantsEnded { count: 2, told: 0 }));
    let standing = fresh.which_stand([first, second, expired.id, of_other, outliving]).await;
    // Not even a clock that is set back revives the one that had expired.
    assert_eq!(standing, [false, false, false, true, true]);
    let standing = fresh.grant_standing(first).await.expect("looking").expect("it exists");
    assert_eq!(standing.revoked_at, Some(at(2)));
    let standing = fresh.grant_standing(revoked).await.expect("looking").expect("it exists");
    assert_eq!(standing.revoked_at, Some(at(1)));
}

pub(super) async fn a_session_dies_with_a_changed_password(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let sessions = [fresh.session(ada).await, fresh.session(bob).await];
    let grant = fresh.grant_from(&sessions[0]).await;
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(1)).await.expect("changing");
    assert!(!fresh.holds(&sessions[0], at(1)).await);
    assert!(fresh.holds(&sessions[1], at(1)).await);
    assert!(!fresh.stands(grant).await);
    assert_eq!(fresh.list_sessions(ada, 10, IDLE, at(1)).await.expect("listing"), []);
}

pub(super) async fn the_session_that_is_kept_outlives_what_ends_the_others(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [here, there] = [fresh.session(ada).await, fresh.session(ada).await];
    let grants = async || {
        let alone = fresh.new_grant_at(ada, fresh.epoch_of(ada).await).await;
        [fresh.grant_from(&at_epoch(&here, fresh.epoch_of(ada).await)).await, alone]
    };
    let (first, of_other) = (grants().await, fresh.grant_from(&there).await);
    fresh.change_password(ada, hash("second"), Some(here.id), OPERATOR, at(1)).await.expect("changing");
    assert_eq!([fresh.holds(&here, at(1)).await, fresh.holds(&there, at(1)).await], [true, false]);
    assert_eq!(fresh.which_stand([first[0], first[1], of_other]).await, [true, false, false]);
    let second = grants().await;
    let ended = fresh.revoke_user_grants(ada, Some(here.id), OPERATOR, at(2)).await.expect("signing out");
    assert_eq!(ended.map(|ended| ended.count), Some(1));
    assert!(fresh.holds(&here, at(2)).await);
    assert_eq!(fresh.which_stand([first[0], second[0], second[1]]).await, [true, true, false]);
    let listed = fresh.list_sessions(ada, 10, IDLE, at(2)).await.expect("listing");
    assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [here.id]);
    // It ends as ever.
    let ended = fresh.ended(&here, at(3)).await;
    assert_eq!(ended, SessionEnding::Ended(GrantsEnded { count: 2, told: 0 }));
}

pub(super) async fn only_a_session_of_the_user_that_holds_can_be_kept(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let [over, of_bob] = [fresh.session(ada).await, fresh.session(bob).await];
    fresh.ended(&over, at(1)).await;
    let grant = fresh.grant(ada).await;
    for (kept, epoch) in [(over.id, 1), (of_bob.id, 2)] {
        fresh.change_password(ada, hash("second"), Some(kept), OPERATOR, at(2)).await.expect("changing");
        assert!(!fresh.holds(&over, at(2)).await);
        assert!(fresh.holds(&of_bob, at(2)).await, "it is as it was");
        assert!(!fresh.stands(grant).await);
        assert_eq!(fresh.epoch_of(ada).await, epoch);
    }
}

pub(super) async fn a_session_dies_with_the_disabling_of_its_user(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let session = fresh.session(ada).await;
    let grant = fresh.grant_from(&session).await;
    fresh.disable_user(ada, OPERATOR, at(1)).await.expect("disabling");
    assert!(!fresh.holds(&session, at(1)).await);
    assert!(!fresh.stands(grant).await);
    assert_eq!(fresh.list_sessions(ada, 10, IDLE, at(1)).await.expect("listing"), []);
    fresh.enable_user(ada, OPERATOR, at(2)).await.expect("enabling");
    assert!(!fresh.holds(&session, at(2)).await, "enabling revives nothing");
}

pub(super) async fn a_session_dies_with_signing_out_everywhere(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let [first, second, other] =
        [fresh.session(ada).await, fresh.session(ada).await, fresh.session(bob).await];
    let grant = fresh.grant_from(&first).await;
    assert_eq!(
        fresh
            .revoke_user_grants(ada, None, OPERATOR, at(1))
            .await
            .expect("signing out")
            .map(|ended| ended.count),
        Some(1)
    );
    assert!(!fresh.holds(&first, at(1)).await);
    assert!(!fresh.holds(&second, at(1)).await);
    assert!(fresh.holds(&other, at(1)).await);
    assert!(!fresh.stands(grant).await);
    assert_eq!(fresh.ended(&first, at(2)).await, SessionEnding::AlreadyEnded);
    let late = fresh.open_session(new_session(ada), None).await.expect("opening a session");
    assert_eq!(late, SessionOpening::CredentialsChanged, "a sign-in that began before is out too");
    let epoch = fresh.find_user_by_id(ada).await.expect("looking").expect("she is there").epoch;
    let again = NewSession { epoch, ..new_session(ada) };
    let opened = fresh.open_session(again.clone(), None).await.expect("opening a session");
    assert_eq!(opened, SessionOpening::Opened);
    assert!(fresh.holds(&again, at(2)).await, "whoever signs in again is in");
}

pub(super) async fn a_new_session_of_the_same_user_takes_the_grants_over(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [old, unrelated] = [fresh.session(ada).await, fresh.session(ada).await];
    let [grant, kept] = [fresh.grant_from(&old).await, fresh.grant_from(&unrelated).await];
    let new = fresh.session_replacing(ada, Some(old.secret)).await;
    assert!(!fresh.holds(&old, at(1)).await);
    assert!(fresh.holds(&new, at(1)).await);
    assert!(fresh.holds(&unrelated, at(1)).await);
    assert!(fresh.stands(grant).await);
    assert_eq!(fresh.ended(&old, at(2)).await, SessionEnding::AlreadyEnded);
    assert!(fresh.stands(grant).await);
    assert_eq!(fresh.ended(&new, at(3)).await, SessionEnding::Ended(GrantsEnded { count: 1, told: 0 }));
    assert_eq!(fresh.which_stand([grant, kept]).await, [false, true]);
    // What was swept, or never was, is no hindrance.
    fresh.session_replacing(ada, Some(new_session(ada).secret)).await;
    fresh.session_replacing(ada, Some(new.secret)).await;
}

pub(super) async fn a_grant_opens_in_the_session_that_took_the_place_of_its_own(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let first = fresh.session(ada).await;
    let second = fresh.session_replacing(ada, Some(first.secret)).await;
    fresh.touch_session(second.id, at(1)).await.expect("touching");
    let third = fresh.session_replacing(ada, Some(second.secret)).await;
    // What was given in the first session is redeemed only now.
    let grant = fresh.grant_from(&first).await;
    assert_eq!(fresh.find_session_of_sid(grant).await.expect("looking"), Some((third.id, ada)));
    let bobs = fresh.session_replacing(bob, Some(third.secret)).await;
    assert!(!fresh.stands(grant).await);
    let again = fresh.session_replacing(ada, Some(bobs.secret)).await;
    for ended in [&first, &second, &third] {
        let opening = fresh.open_grant(grant_from(ended)).await.expect("opening");
        assert_eq!(opening, GrantOpening::CredentialsChanged, "it ended when another user came");
    }
    let kept = fresh.grant_from(&again).await;
    fresh.ended(&again, at(2)).await;
    assert_eq!(fresh.find_session_of_sid(kept).await.expect("looking"), None);
    let opening = fresh.open_grant(grant_from(&again)).await.expect("opening");
    assert_eq!(opening, GrantOpening::CredentialsChanged);
}

pub(super) async fn a_session_that_was_idle_for_too_long_hands_its_grants_on(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let [old, of_bob] = [fresh.session(ada).await, fresh.session(bob).await];
    let [grant, bobs] = [fresh.grant_from(&old).await, fresh.grant_from(&of_bob).await];
    assert!(!fresh.holds(&old, at(1_000)).await && !fresh.holds(&of_bob, at(1_000)).await);
    let late = |user| NewSession { authenticated_at: at(1_000), ..new_session(user) };
    let next = late(ada);
    fresh.open_session(next.clone(), Some(old.secret)).await.expect("opening");
    assert!(fresh.stands(grant).await);
    assert_eq!(fresh.find_session_of_sid(grant).await.expect("looking"), Some((next.id, ada)));
    fresh.open_session(late(ada), Some(of_bob.secret)).await.expect("opening");
    assert!(!fresh.stands(bobs).await, "another user's session ends, idle as it is");
}

pub(super) async fn a_session_that_its_browser_never_heard_of_is_replaced_with_the_one_before(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let old = fresh.session(ada).await;
    let grant = fresh.grant_from(&old).await;
    // The answers to two sign-ins are lost: the browser still has the secret of the first session.
    let lost = fresh.session_replacing(ada, Some(old.secret)).await;
    let lost_too = fresh.session_replacing(ada, Some(old.secret)).await;
    assert!(!fresh.holds(&lost, at(1)).await);
    let known = fresh.session_replacing(ada, Some(old.secret)).await;
    assert!(!fresh.holds(&lost_too, at(1)).await);
    assert_eq!(fresh.find_session_of_sid(grant).await.expect("looking"), Some((known.id, ada)));
    // Once somebody has come with its secret, the old secret is another browser's.
    fresh.touch_session(known.id, at(1)).await.expect("touching");
    let other = fresh.session_replacing(ada, Some(old.secret)).await;
    assert!(fresh.holds(&known, at(1)).await && fresh.holds(&other, at(1)).await);
    assert_eq!(fresh.find_session_of_sid(grant).await.expect("looking"), Some((known.id, ada)));
}

pub(super) async fn a_secret_leads_to_what_signing_out_with_it_ends(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let lapsed = async |session: &NewSession| {
        let found = fresh.find_lapsed_session(&session.secret).await.expect("looking");
        found.map(|found| (found.id, found.user, found.subject))
    };
    let expected = |session: &NewSession| Some((session.id, ada, Subject::of(ada, None)));
    let old = fresh.session(ada).await;
    assert_eq!(lapsed(&old).await, expected(&old));
    let lost = fresh.session_replacing(ada, Some(old.secret)).await;
    assert_eq!(lapsed(&old).await, expected(&lost));
    fresh.touch_session(lost.id, at(1)).await.expect("touching");
    assert_eq!(lapsed(&old).await, None);
    fresh.ended(&lost, at(2)).await;
    assert_eq!(lapsed(&lost).await, None);
    assert_eq!(lapsed(&new_session(ada)).await, None);
}

pub(super) async fn of_a_hundred_sign_ins_at_one_browser_one_session_is_left_with_the_grants(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let old = fresh.session(ada).await;
    let grant = fresh.grant_from(&old).await;
    let opened = fresh
        .at_once(|store, _| async move {
            let session = new_session(ada);
            let opening = store.open_session(session.clone(), Some(old.secret)).await.expect("opening");
            assert_eq!(opening, SessionOpening::Opened);
            session
        })
        .await;
    let mut left = vec![];
    for session in &opened {
        if fresh.holds(session, at(1)).await {
            left.push(session.id);
        }
    }
    assert_eq!(left.len(), 1);
    assert_eq!(fresh.find_session_of_sid(grant).await.expect("looking"), Some((left[0], ada)));
    // Whichever answer the browser kept, signing out with it ends the grant.
    for session in &opened {
        let lapsed = fresh.find_lapsed_session(&session.secret).await.expect("looking");
        assert_eq!(lapsed.map(|lapsed| lapsed.id), Some(left[0]));
    }
}

pub(super) async fn a_new_session_of_another_user_ends_the_old_one_with_its_grants(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let old = fresh.session(ada).await;
    let [grant, outliving] = [fresh.grant_from(&old).await, fresh.grant(ada).await];
    let new = fresh.session_replacing(bob, Some(old.secret)).await;
    assert!(!fresh.holds(&old, at(1)).await);
    assert!(fresh.holds(&new, at(1)).await);
    assert_eq!(fresh.which_stand([grant, outliving]).await, [false, true]);
    assert_eq!(fresh.ended(&new, at(2)).await, SessionEnding::Ended(GrantsEnded { count: 0, told: 0 }));
    let records = fresh.list_audit(10).await.expect("listing");
    let ended = records.iter().filter(|record| record.event == AuditEvent::SessionEnded);
    let ended: Vec<_> = ended.map(|record| (record.subject.clone(), record.actor.clone())).collect();
    let [of_bob, of_ada] =
        [(bob, new.id), (ada, old.id)].map(|(user, session)| AuditSubject::user(user).with_session(session));
    assert_eq!(ended, [(of_bob, Some(OPERATOR)), (of_ada, Some(Actor::User(bob)))]);
}

pub(super) async fn a_session_that_was_not_opened_replaces_nothing(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let old = fresh.session(ada).await;
    let grant = fresh.grant_from(&old).await;
    for user in [ada, bob] {
        let new = NewSession { epoch: 1, ..new_session(user) };
        let opening = fresh.open_session(new, Some(old.secret)).await.expect("opening");
        assert_eq!(opening, SessionOpening::CredentialsChanged);
    }
    assert!(fresh.holds(&old, at(1)).await);
    assert!(fresh.stands(grant).await);
}

pub(super) async fn a_grant_opens_only_while_its_session_holds(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let open = async |grant: NewGrant| {
        let opening = fresh.open_grant(grant.clone()).await.expect("opening");
        let found = fresh.grant_standing(grant.id).await.expect("looking");
        assert_eq!(found.is_some(), opening == GrantOpening::Opened);
        opening
    };
    let session = NewSession { expires_at: at(50), ..new_session(ada) };
    fresh.open_session(session.clone(), None).await.expect("opening");
    let opened_at = |seconds| NewGrant { opened_at: at(seconds), ..grant_from(&session) };
    assert_eq!(open(opened_at(49)).await, GrantOpening::Opened);
    assert_eq!(open(opened_at(50)).await, GrantOpening::CredentialsChanged);
    let of_another = NewGrant { user: bob, ..opened_at(1) };
    assert_eq!(open(of_another).await, GrantOpening::CredentialsChanged);
    assert_eq!(open(grant_from(&new_session(ada))).await, GrantOpening::CredentialsChanged);
    fresh.ended(&session, at(2)).await;
    assert_eq!(open(opened_at(2)).await, GrantOpening::CredentialsChanged);

    let session = fresh.session(ada).await;
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(3)).await.expect("changing");
    for epoch in [0, 1] {
        let grant = NewGrant { epoch, ..grant_from(&session) };
        assert_eq!(open(grant).await, GrantOpening::CredentialsChanged, "the session is of epoch 0");
    }
}

pub(super) async fn live_sessions_are_listed_the_newest_first(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let mut sessions = Vec::new();
    for (opened, expires) in [(1, LIFETIME), (9, LIFETIME), (5, LIFETIME), (7, 100), (3, LIFETIME)] {
        let times = NewSession { authenticated_at: at(opened), expires_at: at(expires), ..new_session(ada) };
        fresh.open_session(times.clone(), None).await.expect("opening");
        sessions.push(times.id);
    }
    fresh.session(bob).await;
    let list = async |limit, idle, seconds| {
        let listed = fresh.list_sessions(ada, limit, idle, at(seconds)).await.expect("listing");
        listed.into_iter().map(|session| session.authenticated_at).collect::<Vec<_>>()
    };
    assert_eq!(list(10, IDLE, 99).await, [9, 7, 5, 3, 1].map(at));
    assert_eq!(list(2, IDLE, 99).await, [9, 7].map(at));
    assert_eq!(list(0, IDLE, 99).await, []);
    assert_eq!(list(10, IDLE, 100).await, [9, 5, 3, 1].map(at));
    assert_eq!(list(10, Duration::from_secs(95), 99).await, [9, 7, 5].map(at));
    fresh.end_session(sessions[2], OPERATOR, at(99)).await.expect("ending");
    assert_eq!(list(10, IDLE, 100).await, [9, 3, 1].map(at));
    assert_eq!(fresh.list_sessions(unknown_user(), 10, IDLE, at(1)).await.expect("listing"), []);
}

pub(super) async fn the_live_sessions_of_everybody_are_listed_in_pages(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let mut expected = Vec::new();
    for (user, name) in [(ada, "ada"), (bob, "bob"), (ada, "ada"), (bob, "bob"), (bob, "bob")] {
        expected.push((fresh.session(user).await.id, name));
    }
    expected.sort();
    let list = async |after, limit, idle, seconds| {
        let listed = fresh.list_all_sessions(after, limit, idle, at(seconds)).await.expect("listing");
        listed.into_iter().map(|it| (it.session.id, it.username.to_string())).collect::<Vec<_>>()
    };
    let named = |some: &[(SessionId, &str)]| {
        some.iter().map(|(id, name)| (*id, (*name).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10, IDLE, 1).await, named(&expected));
    assert_eq!(list(None, 2, IDLE, 1).await, named(&expected[..2]));
    assert_eq!(list(Some(expected[1].0), 2, IDLE, 1).await, named(&expected[2..4]));
    assert_eq!(list(Some(expected[4].0), 2, IDLE, 1).await, []);
    assert_eq!(list(None, 10, Duration::from_secs(1), 1).await, [], "idle for too long");
    let ended = expected.remove(3);
    fresh.end_session(ended.0, OPERATOR, at(1)).await.expect("ending");
    assert_eq!(list(None, 10, IDLE, 1).await, named(&expected));
    fresh.disable_user(bob, OPERATOR, at(1)).await.expect("disabling");
    assert!(list(None, 10, IDLE, 1).await.iter().all(|(_, name)| name == "ada"));
}

pub(super) async fn a_list_of_grants_names_the_session_that_each_ends_with(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let session = fresh.session(ada).await;
    let grant = fresh.grant_from(&session).await;
    let alone = fresh.grant(ada).await;
    for filter in [GrantFilter::All, GrantFilter::OfUser(ada)] {
        let mut listed = fresh.list_grants(filter, None, 10, IDLE, at(1)).await.expect("listing");
        listed.sort_by_key(|summary| summary.grant.id != grant);
        let named: Vec<_> = listed.iter().map(|summary| (summary.grant.id, summary.session)).collect();
        assert_eq!(named, [(grant, Some(session.id)), (alone, None)]);
    }
}

pub(super) async fn of_a_hundred_ends_one_ends_the_session(fresh: &Fresh) {
    let session = fresh.session(fresh.user("ada").await).await;
    let grant = fresh.grant_from(&session).await;
    let id = session.id;
    let answers = fresh
        .at_once(|store, _| async move { store.end_session(id, OPERATOR, at(1)).await.expect("ending") })
        .await;
    assert_eq!(tally(&answers), counts([("Ended", 1), ("AlreadyEnded", CALLERS - 1)]));
    assert!(answers.contains(&SessionEnding::Ended(GrantsEnded { count: 1, told: 0 })));
    let revocation = fresh.revoke_grant(grant, OPERATOR, at(2)).await.expect("revoking");
    assert_eq!(revocation, Revocation::AlreadyRevoked);
}

//! What may be used once: placing, looking at and redeeming it, and the codes that are exchanged for grants.

use jeton_authority::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use jeton_authority::grant::NewGrant;
use jeton_authority::one_time::{NewAnswer, RequestAnswer};
use jeton_authority::one_time::{OneTime, OneTimeHash, OneTimeKind, Presenter};
use jeton_authority::store::{CodeRedemption, Placement, Redemption};
use jeton_jose::Timestamp;

use super::contention::{counts, tally};
use super::fixture::{CALLERS, Fresh, OPERATOR, at, by_owner, hash, new_grant, presented};
use super::sessions::grant_from;

use OneTimeKind::{AssertionId, AuthorizationCode, PushedRequest};

impl Fresh {
    /// Places something until second 60.
    pub(super) async fn placed(&self, kind: OneTimeKind, text: &str) -> OneTimeHash {
        let hash = OneTimeHash::of(text);
        assert_eq!(self.placed_at(kind, text, at(60), at(0)).await, Placement::Placed);
        hash
    }

    async fn placed_at(
        &self,
        kind: OneTimeKind,
        text: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Placement {
        let content = format!("content of {text}").into();
        self.place(kind, OneTimeHash::of(text), content, expires_at, now).await.expect("placing")
    }

    async fn seen(&self, kind: OneTimeKind, hash: OneTimeHash) -> Option<OneTime> {
        self.peek(kind, hash).await.expect("looking")
    }

    async fn redeemed(&self, kind: OneTimeKind, hash: OneTimeHash, seconds: i64) -> Redemption {
        self.redeem(kind, hash, at(seconds)).await.expect("redeeming")
    }

    async fn code_redeemed(&self, code: OneTimeHash, grant: &NewGrant, seconds: i64) -> CodeRedemption {
        self.redeem_code(code, grant.clone(), by_owner(seconds)).await.expect("redeeming")
    }

    async fn answered(&self, answer: &NewAnswer, seconds: i64) -> RequestAnswer {
        self.answer_request(answer.clone(), at(seconds)).await.expect("answering")
    }

    /// Whether there is such a grant, ended or not.
    pub(super) async fn exists(&self, grant: &NewGrant) -> bool {
        self.grant_standing(grant.id).await.expect("looking").is_some()
    }
}

pub(super) async fn what_was_placed_can_be_looked_at(fresh: &Fresh) {
    let hash = fresh.placed(PushedRequest, "request").await;
    let mut expected =
        OneTime { content: "content of request".into(), expires_at: at(60), redeemed_at: None, grant: None };
    assert_eq!(fresh.seen(PushedRequest, hash).await, Some(expected.clone()));
    fresh.redeemed(PushedRequest, hash, 5).await;
    expected.redeemed_at = Some(at(5));
    assert_eq!(fresh.seen(PushedRequest, hash).await, Some(expected), "used as it is");
    assert_eq!(fresh.seen(PushedRequest, OneTimeHash::of("another")).await, None);
}

pub(super) async fn something_is_placed_once_until_its_time_is_over(fresh: &Fresh) {
    let hash = fresh.placed(AssertionId, "jti").await;
    assert_eq!(fresh.placed_at(AssertionId, "jti", at(500), at(59)).await, Placement::Taken);
    assert_eq!(fresh.seen(AssertionId, hash).await.expect("it is there").expires_at, at(60));
    fresh.redeemed(AssertionId, hash, 59).await;
    assert_eq!(fresh.placed_at(AssertionId, "jti", at(500), at(59)).await, Placement::Taken);
    assert_eq!(fresh.placed_at(AssertionId, "jti", at(500), at(60)).await, Placement::Placed);
    let again = fresh.seen(AssertionId, hash).await.expect("it is there");
    assert_eq!((again.expires_at, again.redeemed_at), (at(500), None));
}

pub(super) async fn one_text_of_each_kind_is_a_thing_of_its_own(fresh: &Fresh) {
    for kind in OneTimeKind::ALL {
        fresh.placed(kind, "text").await;
    }
    let hash = OneTimeHash::of("text");
    fresh.redeemed(PushedRequest, hash, 1).await;
    for kind in OneTimeKind::ALL {
        let redeemed = fresh.seen(kind, hash).await.expect("it is there").redeemed_at.is_some();
        assert_eq!(redeemed, kind == PushedRequest, "{kind:?}");
    }
}

pub(super) async fn something_is_redeemed_once(fresh: &Fresh) {
    let [first, second] =
        [fresh.placed(PushedRequest, "first").await, fresh.placed(PushedRequest, "second").await];
    let redeemed = Redemption::Redeemed { content: "content of first".into() };
    assert_eq!(fresh.redeemed(PushedRequest, first, 59).await, redeemed);
    assert_eq!(fresh.redeemed(PushedRequest, first, 59).await, Redemption::Replayed);
    assert_eq!(fresh.redeemed(PushedRequest, first, 60).await, Redemption::Replayed, "late as it is");
    assert_eq!(fresh.redeemed(PushedRequest, second, 60).await, Redemption::Expired);
    assert_eq!(fresh.seen(PushedRequest, second).await.expect("it is there").redeemed_at, None);
    assert_eq!(fresh.redeemed(AssertionId, second, 1).await, Redemption::Unknown);
    assert_eq!(fresh.redeemed(PushedRequest, OneTimeHash::of("x"), 1).await, Redemption::Unknown);
}

pub(super) async fn a_code_opens_one_grant(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let session = fresh.session(ada).await;
    let code = fresh.placed(AuthorizationCode, "code").await;
    let grant = grant_from(&session);
    assert_eq!(fresh.code_redeemed(code, &grant, 59).await, CodeRedemption::Opened { sid: None });
    assert!(fresh.stands(grant.id).await);
    let seen = fresh.seen(AuthorizationCode, code).await.expect("it is there");
    assert_eq!((seen.redeemed_at, seen.grant), (Some(at(59)), Some(grant.id)));
    assert_eq!(fresh.ended_grants(&session).await, 1, "it came from the session");
}

pub(super) async fn a_replayed_code_ends_the_grant_that_it_gave(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let code = fresh.placed(AuthorizationCode, "code").await;
    let [grant, second] = [new_grant(ada), new_grant(ada)];
    fresh.code_redeemed(code, &grant, 1).await;
    let replayed = CodeRedemption::Replayed { grant: Some(grant.id) };
    // Long after its time, too: whoever holds it may have used it first.
    assert_eq!(fresh.code_redeemed(code, &second, 600).await, replayed);
    assert_eq!(fresh.code_redeemed(code, &second, 601).await, replayed);
    assert!(!fresh.exists(&second).await);
    let standing = fresh.grant_standing(grant.id).await.expect("looking").expect("it exists");
    assert_eq!(standing.revoked_at, Some(at(600)));
    let subject = AuditSubject::user(ada).with_grant(grant.id);
    let record = AuditRecord::new(AuditEvent::CodeReplayed, Actor::Authority, subject, at(600));
    assert_eq!(fresh.list_audit(1).await.expect("listing"), [record]);
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded, AuditEvent::CodeReplayed]);
}

pub(super) async fn a_code_that_its_owner_repeats_within_the_grace_ends_nothing(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let code = fresh.placed(AuthorizationCode, "code").await;
    let [grant, second] = [new_grant(ada), new_grant(ada)];
    fresh.code_redeemed(code, &grant, 1).await;
    let repeated = CodeRedemption::Repeated { grant: Some(grant.id) };
    for seconds in [1, 30] {
        assert_eq!(fresh.code_redeemed(code, &second, seconds).await, repeated);
    }
    assert!(fresh.stands(grant.id).await && !fresh.exists(&second).await);
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded]);
    let replayed = CodeRedemption::Replayed { grant: Some(grant.id) };
    assert_eq!(fresh.code_redeemed(code, &second, 31).await, replayed, "the grace is over");
    assert!(!fresh.stands(grant.id).await);
}

pub(super) async fn a_code_in_the_wrong_hands_ends_what_it_gave_but_is_not_spoilt_before(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let code = fresh.placed(AuthorizationCode, "code").await;
    let [grant, second] = [new_grant(ada), new_grant(ada)];
    let redeem = async |grant: &NewGrant, by, seconds| {
        fresh.redeem_code(code, grant.clone(), presented(by, seconds)).await.expect("redeeming")
    };
    for by in [Presenter::Stranger, Presenter::Anybody] {
        assert_eq!(redeem(&second, by, 1).await, CodeRedemption::Unknown);
    }
    assert_eq!(redeem(&grant, Presenter::Owner, 2).await, CodeRedemption::Opened { sid: None });
    assert_eq!(redeem(&second, Presenter::Anybody, 2).await, CodeRedemption::Unknown);
    assert!(fresh.stands(grant.id).await);
    let replayed = CodeRedemption::Replayed { grant: Some(grant.id) };
    assert_eq!(redeem(&second, Presenter::Stranger, 2).await, replayed);
    assert!(!fresh.stands(grant.id).await && !fresh.exists(&second).await);
}

pub(super) async fn a_code_expires_at_its_second(fresh: &Fresh) {
    let grant = new_grant(fresh.user("ada").await);
    let code = fresh.placed(AuthorizationCode, "code").await;
    assert_eq!(fresh.code_redeemed(code, &grant, 60).await, CodeRedemption::Expired);
    assert!(!fresh.exists(&grant).await);
    assert_eq!(fresh.code_redeemed(code, &grant, 59).await, CodeRedemption::Opened { sid: None });
}

pub(super) async fn only_a_code_is_exchanged_for_a_grant(fresh: &Fresh) {
    let grant = new_grant(fresh.user("ada").await);
    let request = fresh.placed(PushedRequest, "request").await;
    for unknown in [request, OneTimeHash::of("nothing")] {
        assert_eq!(fresh.code_redeemed(unknown, &grant, 1).await, CodeRedemption::Unknown);
    }
    assert!(!fresh.exists(&grant).await);
}

pub(super) async fn a_code_is_used_up_though_its_grant_cannot_be_opened(fresh: &Fresh) {
    let [ada, bob] = [fresh.user("ada").await, fresh.user("bob").await];
    let session = fresh.session(bob).await;
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(1)).await.expect("changing");
    fresh.end_session(session.id, OPERATOR, at(1)).await.expect("ending");
    for (text, grant) in [("of ada", new_grant(ada)), ("of bob", grant_from(&session))] {
        let code = fresh.placed(AuthorizationCode, text).await;
        assert_eq!(fresh.code_redeemed(code, &grant, 2).await, CodeRedemption::CredentialsChanged);
        let retried = fresh.code_redeemed(code, &grant, 3).await;
        assert_eq!(retried, CodeRedemption::Repeated { grant: None });
        let late = fresh.code_redeemed(code, &grant, 32).await;
        assert_eq!(late, CodeRedemption::Replayed { grant: None });
        assert!(!fresh.exists(&grant).await);
    }
}

pub(super) async fn of_a_hundred_redeemers_of_a_code_one_opens_a_grant_and_the_others_end_nothing(
    fresh: &Fresh,
) {
    let ada = fresh.user("ada").await;
    let code = fresh.placed(AuthorizationCode, "code").await;
    let answers = fresh
        .at_once(|store, _| async move {
            let grant = new_grant(ada);
            let id = grant.id;
            (id, store.redeem_code(code, grant, by_owner(1)).await.expect("redeeming"))
        })
        .await;
    let opened: Vec<_> =
        answers.iter().filter(|(_, answer)| *answer == CodeRedemption::Opened { sid: None }).collect();
    assert_eq!(opened.len(), 1);
    let (given, _) = *opened[0];
    assert!(fresh.stands(given).await);
    for (grant, answer) in answers.into_iter().filter(|(grant, _)| *grant != given) {
        assert_eq!(answer, CodeRedemption::Repeated { grant: Some(given) });
        assert_eq!(fresh.grant_standing(grant).await.expect("looking"), None);
    }
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded]);
}

pub(super) async fn of_a_hundred_with_one_identifier_one_places_it(fresh: &Fresh) {
    let hash = OneTimeHash::of_parts(&["client", "jti"]);
    let answers = fresh
        .at_once(|store, _| async move {
            store.place(AssertionId, hash, "".into(), at(60), at(0)).await.expect("placing")
        })
        .await;
    assert_eq!(tally(&answers), counts([("Placed", 1), ("Taken", CALLERS - 1)]));
}

pub(super) async fn of_a_hundred_with_one_request_one_redeems_it(fresh: &Fresh) {
    let hash = fresh.placed(PushedRequest, "request").await;
    let answers = fresh
        .at_once(|store, _| async move { store.redeem(PushedRequest, hash, at(1)).await.expect("redeeming") })
        .await;
    assert_eq!(tally(&answers), counts([("Redeemed", 1), ("Replayed", CALLERS - 1)]));
}

/// An answer to a kept request, with the code of one browser, that may be redeemed until second 50.
fn answer_of(request: OneTimeHash, browser: &str) -> NewAnswer {
    NewAnswer {
        request,
        code: OneTimeHash::of(browser),
        content: format!("code of {browser}").into(),
        code_expires_at: at(50),
        kept_until: at(100),
    }
}

pub(super) async fn a_kept_request_gives_one_code_and_is_remembered(fresh: &Fresh) {
    let request = fresh.placed(PushedRequest, "request").await;
    let (first, second) = (answer_of(request, "first"), answer_of(request, "second"));
    assert_eq!(fresh.answered(&answer_of(OneTimeHash::of("x"), "x"), 1).await, RequestAnswer::Unknown);
    assert_eq!(fresh.answered(&first, 60).await, RequestAnswer::Expired);
    assert_eq!(fresh.seen(AuthorizationCode, first.code).await, None);
    assert_eq!(fresh.answered(&first, 10).await, RequestAnswer::Answered);
    let code = fresh.seen(AuthorizationCode, first.code).await.expect("a code");
    assert_eq!((&*code.content, code.expires_at, code.redeemed_at), ("code of first", at(50), None));
    let before = RequestAnswer::AnsweredBefore { code: Some(code) };
    assert_eq!(fresh.answered(&first, 11).await, before);
    assert_eq!(fresh.answered(&second, 11).await, RequestAnswer::AnsweredBefore { code: None });
    assert_eq!(fresh.seen(AuthorizationCode, second.code).await, None);
    let kept = fresh.seen(PushedRequest, request).await.expect("it is there");
    assert_eq!((kept.redeemed_at, kept.expires_at), (Some(at(10)), at(100)));
}

pub(super) async fn a_kept_request_is_prolonged_until_it_is_answered(fresh: &Fresh) {
    let request = fresh.placed(PushedRequest, "request").await;
    let other = fresh.placed(PushedRequest, "other").await;
    let until = async |hash| fresh.seen(PushedRequest, hash).await.expect("it is there").expires_at;
    fresh.prolong_request(request, at(90)).await.expect("prolonging");
    fresh.prolong_request(request, at(70)).await.expect("prolonging by less");
    assert_eq!((until(request).await, until(other).await), (at(90), at(60)));
    assert_eq!(fresh.answered(&answer_of(request, "browser"), 80).await, RequestAnswer::Answered);
    fresh.prolong_request(request, at(500)).await.expect("prolonging what was answered");
    assert_eq!(until(request).await, at(100));
}

pub(super) async fn of_a_hundred_browsers_with_one_kept_request_one_gets_a_code(fresh: &Fresh) {
    let request = fresh.placed(PushedRequest, "request").await;
    let answers = fresh
        .at_once(|store, caller| async move {
            let answer = answer_of(request, &(caller % 10).to_string());
            (answer.code, store.answer_request(answer, at(1)).await.expect("answering"))
        })
        .await;
    let answered: Vec<_> = answers.iter().filter(|(_, answer)| *answer == RequestAnswer::Answered).collect();
    assert_eq!(answered.len(), 1);
    for (code, answer) in &answers {
        if *answer != RequestAnswer::Answered {
            let row = fresh.seen(AuthorizationCode, *code).await;
            assert_eq!(row.is_some(), *code == answered[0].0);
            assert_eq!(*answer, RequestAnswer::AnsweredBefore { code: row });
        }
    }
}

pub(super) async fn no_grant_outlives_the_session_whose_end_its_code_raced(fresh: &Fresh) {
    let session = fresh.session(fresh.user("ada").await).await;
    for caller in 0..CALLERS {
        fresh.placed(AuthorizationCode, &caller.to_string()).await;
    }
    let id = session.id;
    let answers = fresh
        .at_once(|store, caller| {
            let grant = grant_from(&session);
            async move {
                if caller == CALLERS / 2 {
                    store.end_session(id, OPERATOR, at(1)).await.expect("ending");
                    return None;
                }
                let code = OneTimeHash::of(&caller.to_string());
                Some((grant.clone(), store.redeem_code(code, grant, by_owner(1)).await.expect("redeeming")))
            }
        })
        .await;
    for (grant, answer) in answers.into_iter().flatten() {
        match answer {
            CodeRedemption::Opened { .. } => assert!(!fresh.stands(grant.id).await),
            CodeRedemption::CredentialsChanged => assert!(!fresh.exists(&grant).await),
            other => panic!("each code was redeemed once, and was answered {other:?}"),
        }
    }
    assert_eq!(fresh.live(at(2)).await, []);
}

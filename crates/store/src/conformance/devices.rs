//! Devices that wait for somebody to sign them in.

use jeton_authority::UserId;
use jeton_authority::audit::AuditEvent;
use jeton_authority::device::{DecidedDevice, DeviceAuthorization, DeviceDecision, NewDeviceAuthorization};
use jeton_authority::grant::NewGrant;
use jeton_authority::one_time::{OneTimeHash, Presenter};
use jeton_authority::store::{CodeRedemption, DeviceDecided, DevicePoll, Placement};
use jeton_oauth::Scope;

use super::clients::{client_id, scope};
use super::contention::{counts, tally};
use super::fixture::{CALLERS, Fresh, OPERATOR, at, by_owner, hash, new_grant, presented};
use super::sessions::grant_from;

impl Fresh {
    /// Remembers a device under this user code until second 60.
    async fn device(&self, user_code: &str) -> OneTimeHash {
        let device = new_device(user_code);
        let code = device.device_code;
        let placement = self.add_device_authorization(device, at(0)).await.expect("adding a device");
        assert_eq!(placement, Placement::Placed);
        code
    }

    async fn waiting(&self, user_code: &str, seconds: i64) -> Option<DeviceAuthorization> {
        self.find_device_authorization(user_code, at(seconds)).await.expect("finding a device")
    }

    async fn decided(&self, user_code: &str, decision: DeviceDecision, seconds: i64) -> DeviceDecided {
        self.decide_device_authorization(user_code, ADA, decision, at(seconds)).await.expect("deciding")
    }

    async fn polled(&self, code: OneTimeHash, seconds: i64) -> DevicePoll {
        self.poll_device_authorization(code, &client_id("web"), at(seconds)).await.expect("polling")
    }

    async fn device_redeemed(&self, code: OneTimeHash, grant: &NewGrant, seconds: i64) -> CodeRedemption {
        self.redeem_device_code(code, grant.clone(), by_owner(seconds)).await.expect("redeeming")
    }
}

/// A device of the client `web` that waits until second 60 and asks every five seconds.
pub(super) fn new_device(user_code: &str) -> NewDeviceAuthorization {
    NewDeviceAuthorization {
        device_code: OneTimeHash::of(&format!("device {user_code}")),
        user_code: user_code.into(),
        client: client_id("web"),
        scope: scope("openid profile"),
        content: format!("asked by {user_code}").into(),
        interval: 5,
        expires_at: at(60),
    }
}

/// Who decides.
const ADA: UserId = UserId::from_bytes([7; 16]);

fn yes() -> DeviceDecision {
    DeviceDecision::Approved { content: "given".into() }
}

fn approved() -> DevicePoll {
    DevicePoll::Approved { content: "given".into() }
}

pub(super) async fn a_waiting_device_is_found_by_its_user_code(fresh: &Fresh) {
    fresh.device("BDWPHQPK").await;
    let without_scope = NewDeviceAuthorization { scope: Scope::default(), ..new_device("WDJBMJHT") };
    fresh.add_device_authorization(without_scope, at(0)).await.expect("adding");
    let expected = DeviceAuthorization {
        client: client_id("web"),
        scope: scope("openid profile"),
        content: "asked by BDWPHQPK".into(),
        expires_at: at(60),
        decided: None,
    };
    assert_eq!(fresh.waiting("BDWPHQPK", 59).await, Some(expected));
    assert_eq!(fresh.waiting("WDJBMJHT", 59).await.expect("it waits").scope, Scope::default());
    assert_eq!(fresh.waiting("BDWPHQPK", 60).await, None);
    assert_eq!(fresh.waiting("bdwphqpk", 1).await, None);
}

pub(super) async fn a_user_code_is_taken_until_its_time_is_over(fresh: &Fresh) {
    let first = fresh.device("BDWPHQPK").await;
    let second = NewDeviceAuthorization {
        device_code: OneTimeHash::of("second"),
        expires_at: at(120),
        ..new_device("BDWPHQPK")
    };
    let add = async |device: &NewDeviceAuthorization, seconds| {
        fresh.add_device_authorization(device.clone(), at(seconds)).await.expect("adding")
    };
    assert_eq!(add(&second, 59).await, Placement::Taken);
    assert_eq!(fresh.polled(second.device_code, 59).await, DevicePoll::Unknown);
    assert_eq!(add(&second, 60).await, Placement::Placed);
    assert_eq!(fresh.polled(first, 60).await, DevicePoll::Unknown);
    assert_eq!(fresh.polled(second.device_code, 60).await, DevicePoll::Pending);
    let same_device = NewDeviceAuthorization { user_code: "WDJBMJHT".into(), ..second };
    assert_eq!(add(&same_device, 61).await, Placement::Taken);
    assert_eq!(fresh.waiting("WDJBMJHT", 61).await, None);
}

pub(super) async fn a_device_is_told_what_was_decided(fresh: &Fresh) {
    let [wanted, unwanted] = [fresh.device("BDWPHQPK").await, fresh.device("WDJBMJHT").await];
    assert_eq!(fresh.polled(wanted, 0).await, DevicePoll::Pending);
    assert_eq!(fresh.decided("BDWPHQPK", yes(), 1).await, DeviceDecided::Done);
    assert_eq!(fresh.decided("WDJBMJHT", DeviceDecision::Denied, 1).await, DeviceDecided::Done);
    // However soon it asks: there is nothing left to wait for.
    for _ in 0..2 {
        assert_eq!(fresh.polled(wanted, 1).await, approved());
        assert_eq!(fresh.polled(unwanted, 1).await, DevicePoll::Denied);
    }
    assert_eq!(fresh.polled(OneTimeHash::of("nothing"), 1).await, DevicePoll::Unknown);
}

pub(super) async fn a_device_that_asks_too_often_has_to_slow_down(fresh: &Fresh) {
    let code = fresh.device("BDWPHQPK").await;
    let told = [
        (0, DevicePoll::Pending),
        (5, DevicePoll::Pending),
        (9, DevicePoll::SlowDown),
        // Ten seconds from now on.
        (18, DevicePoll::SlowDown),
        // Fifteen.
        (33, DevicePoll::Pending),
        (47, DevicePoll::SlowDown),
    ];
    for (seconds, expected) in told {
        assert_eq!(fresh.polled(code, seconds).await, expected, "at second {seconds}");
    }
}

pub(super) async fn a_decision_counts_once(fresh: &Fresh) {
    let code = fresh.device("BDWPHQPK").await;
    assert_eq!(fresh.decided("BDWPHQPK", DeviceDecision::Denied, 1).await, DeviceDecided::Done);
    let denied = DecidedDevice { allowed: false, by: ADA };
    assert_eq!(fresh.decided("BDWPHQPK", yes(), 2).await, DeviceDecided::AlreadyDecided(Some(denied)));
    assert_eq!(fresh.polled(code, 3).await, DevicePoll::Denied);
    assert_eq!(fresh.decided("WDJBMJHT", yes(), 1).await, DeviceDecided::Unknown);
}

pub(super) async fn what_was_decided_about_a_device_is_known_as_long_as_its_code(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [wanted, _] = [fresh.device("BDWPHQPK").await, fresh.device("WDJBMJHT").await];
    fresh.decide_device_authorization("BDWPHQPK", ada, yes(), at(1)).await.expect("deciding");
    fresh.decided("WDJBMJHT", DeviceDecision::Denied, 1).await;
    let known = async |user_code: &str, seconds| {
        fresh.waiting(user_code, seconds).await.map(|device| device.decided.expect("it is decided"))
    };
    for seconds in [1, 59] {
        let allowed = DecidedDevice { allowed: true, by: ada };
        assert_eq!(known("BDWPHQPK", seconds).await, Some(allowed));
        assert_eq!(known("WDJBMJHT", seconds).await, Some(DecidedDevice { allowed: false, by: ADA }));
    }
    assert_eq!(fresh.device_redeemed(wanted, &new_grant(ada), 2).await, CodeRedemption::Opened { sid: None });
    assert_eq!(known("BDWPHQPK", 59).await, Some(DecidedDevice { allowed: true, by: ada }), "it is in use");
    assert_eq!(known("BDWPHQPK", 60).await, None);
    assert_eq!(known("WDJBMJHT", 60).await, None);
}

pub(super) async fn a_device_code_expires_at_its_second(fresh: &Fresh) {
    let grant = new_grant(fresh.user("ada").await);
    let [pending, given] = [fresh.device("BDWPHQPK").await, fresh.device("WDJBMJHT").await];
    assert_eq!(fresh.decided("WDJBMJHT", yes(), 59).await, DeviceDecided::Done);
    for user_code in ["BDWPHQPK", "WDJBMJHT"] {
        assert_eq!(fresh.decided(user_code, yes(), 60).await, DeviceDecided::Unknown);
    }
    for code in [pending, given] {
        assert_eq!(fresh.polled(code, 60).await, DevicePoll::Expired);
        assert_eq!(fresh.device_redeemed(code, &grant, 60).await, CodeRedemption::Expired);
    }
    assert!(!fresh.exists(&grant).await);
    assert_eq!(fresh.polled(given, 59).await, approved());
    assert_eq!(fresh.device_redeemed(given, &grant, 59).await, CodeRedemption::Opened { sid: None });
}

pub(super) async fn an_approved_device_code_opens_one_grant(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let session = fresh.session(ada).await;
    let code = fresh.device("BDWPHQPK").await;
    fresh.decided("BDWPHQPK", yes(), 1).await;
    let [first, second] = [grant_from(&session), grant_from(&session)];
    assert_eq!(fresh.device_redeemed(code, &first, 2).await, CodeRedemption::Opened { sid: None });
    assert!(fresh.stands(first.id).await);
    let used = DevicePoll::Redeemed { client: client_id("web") };
    assert_eq!(fresh.polled(code, 3).await, used);
    // The answer was lost: the same device gets the same grant, even past the code's time.
    let repeated = CodeRedemption::Repeated { grant: Some(first.id) };
    for seconds in [3, 31] {
        assert_eq!(fresh.device_redeemed(code, &second, seconds).await, repeated);
    }
    assert!(fresh.stands(first.id).await);
    let replayed = CodeRedemption::Replayed { grant: Some(first.id) };
    // Long after its time, too.
    assert_eq!(fresh.device_redeemed(code, &second, 600).await, replayed);
    assert!(!fresh.stands(first.id).await);
    assert!(!fresh.exists(&second).await);
    assert_eq!(fresh.audited().await, [AuditEvent::UserAdded, AuditEvent::CodeReplayed]);
}

pub(super) async fn the_code_of_a_device_is_for_its_client_alone(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let code = fresh.device("BDWPHQPK").await;
    let other = client_id("other");
    let poll = async |seconds| fresh.poll_device_authorization(code, &other, at(seconds)).await;
    assert_eq!(poll(1).await.expect("polling"), DevicePoll::Unknown);
    assert_eq!(fresh.polled(code, 2).await, DevicePoll::Pending, "nor is the device slowed down");
    fresh.decided("BDWPHQPK", yes(), 3).await;
    assert_eq!(poll(3).await.expect("polling"), DevicePoll::Unknown);
    let [first, second] = [new_grant(ada), new_grant(ada)];
    let stranger = presented(Presenter::Stranger, 4);
    let redeemed = fresh.redeem_device_code(code, second.clone(), stranger).await.expect("redeeming");
    assert_eq!(redeemed, CodeRedemption::Unknown);
    assert_eq!(fresh.device_redeemed(code, &first, 4).await, CodeRedemption::Opened { sid: None });
    assert_eq!(poll(5).await.expect("polling"), DevicePoll::Redeemed { client: client_id("web") });
    let redeemed = fresh.redeem_device_code(code, second, stranger).await.expect("redeeming");
    assert_eq!(redeemed, CodeRedemption::Replayed { grant: Some(first.id) });
    assert!(!fresh.stands(first.id).await);
}

pub(super) async fn only_an_approved_device_code_opens_a_grant(fresh: &Fresh) {
    let grant = new_grant(fresh.user("ada").await);
    let [pending, denied] = [fresh.device("BDWPHQPK").await, fresh.device("WDJBMJHT").await];
    fresh.decided("WDJBMJHT", DeviceDecision::Denied, 1).await;
    for code in [pending, denied, OneTimeHash::of("nothing")] {
        assert_eq!(fresh.device_redeemed(code, &grant, 2).await, CodeRedemption::Unknown);
    }
    assert!(!fresh.exists(&grant).await);
    assert_eq!(fresh.polled(pending, 2).await, DevicePoll::Pending);
}

pub(super) async fn a_device_code_that_is_spent_opens_no_grant(fresh: &Fresh) {
    let grant = new_grant(fresh.user("ada").await);
    let codes = [fresh.device("BDWPHQPK").await, fresh.device("WDJBMJHT").await];
    fresh.decided("BDWPHQPK", yes(), 1).await;
    let spend = async |code, seconds| fresh.spend_device_code(code, at(seconds)).await.expect("spending");
    for code in codes {
        assert!(spend(code, 2).await && !spend(code, 3).await, "once");
        assert_eq!(fresh.polled(code, 3).await, DevicePoll::Redeemed { client: client_id("web") });
    }
    assert!(!spend(OneTimeHash::of("nothing"), 2).await);
    let late = fresh.device("QWERTYUP").await;
    assert!(!spend(late, 60).await, "its time is over");
    assert_eq!(fresh.device_redeemed(codes[0], &grant, 4).await, CodeRedemption::Repeated { grant: None });
    assert_eq!(fresh.device_redeemed(codes[0], &grant, 50).await, CodeRedemption::Replayed { grant: None });
    assert!(!fresh.exists(&grant).await);
}

pub(super) async fn an_approval_falls_with_the_credentials_it_was_given_on(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let code = fresh.device("BDWPHQPK").await;
    fresh.decided("BDWPHQPK", yes(), 1).await;
    fresh.change_password(ada, hash("second"), None, OPERATOR, at(2)).await.expect("changing");
    let grant = new_grant(ada);
    assert_eq!(fresh.device_redeemed(code, &grant, 3).await, CodeRedemption::CredentialsChanged);
    assert!(!fresh.exists(&grant).await);
    assert_eq!(fresh.polled(code, 3).await, DevicePoll::Denied);
    let anew = NewGrant { epoch: 1, ..new_grant(ada) };
    assert_eq!(fresh.device_redeemed(code, &anew, 4).await, CodeRedemption::Unknown);
    let allowed = DecidedDevice { allowed: true, by: ADA };
    assert_eq!(fresh.decided("BDWPHQPK", yes(), 4).await, DeviceDecided::AlreadyDecided(Some(allowed)));
}

pub(super) async fn of_a_hundred_decisions_about_a_device_one_counts(fresh: &Fresh) {
    let code = fresh.device("BDWPHQPK").await;
    let answers = fresh
        .at_once(|store, caller| async move {
            let decision = match caller % 2 {
                0 => DeviceDecision::Denied,
                _ => DeviceDecision::Approved { content: caller.to_string().into() },
            };
            let decided = store.decide_device_authorization("BDWPHQPK", ADA, decision, at(1)).await;
            (caller, decided.expect("deciding"))
        })
        .await;
    let [mut done, mut late] = [vec![], vec![]];
    for (caller, decided) in answers {
        match decided {
            DeviceDecided::Done => done.push(caller),
            DeviceDecided::AlreadyDecided(_) => late.push(caller),
            DeviceDecided::Unknown => panic!("the device waits"),
        }
    }
    assert_eq!((done.len(), late.len()), (1, CALLERS - 1));
    let expected = match done[0] % 2 {
        0 => DevicePoll::Denied,
        _ => DevicePoll::Approved { content: done[0].to_string().into() },
    };
    assert_eq!(fresh.polled(code, 2).await, expected);
}

pub(super) async fn of_a_hundred_redeemers_of_a_device_code_one_opens_a_grant(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let code = fresh.device("BDWPHQPK").await;
    fresh.decided("BDWPHQPK", yes(), 1).await;
    let answers = fresh
        .at_once(|store, _| async move {
            store.redeem_device_code(code, new_grant(ada), by_owner(2)).await.expect("redeeming")
        })
        .await;
    assert_eq!(tally(&answers), counts([("Opened", 1), ("Repeated", CALLERS - 1)]));
    assert_eq!(fresh.live(at(3)).await.len(), 1, "all of them are one device");
}

//! Removing rows that nothing needs any longer.

use std::time::Duration;

use jeton_authority::NodeId;
use jeton_authority::client::{Consent, StoredClient};
use jeton_authority::device::{DeviceDecision, NewDeviceAuthorization};
use jeton_authority::grant::NewGrant;
use jeton_authority::keyring;
use jeton_authority::keys::MasterKey;
use jeton_authority::one_time::{OneTimeHash, OneTimeKind};
use jeton_authority::refresh_token::RefreshRefusal;
use jeton_authority::revocation::NewPlace;
use jeton_authority::session::NewSession;
use jeton_authority::store::{DevicePoll, ExpiredSession, GrantsEnded, Needless, Refresh, SessionEnding};
use jeton_authority::sweep::{SWEEP_STEP, SweepCursor, SweepPace, Swept, sweep_step};
use jeton_authority::user::Leaving;
use jeton_jose::Timestamp;

use super::clients::{client_id, new_client};
use super::devices::new_device;
use super::fixture::{CALLERS, Fresh, HOME, IDLE, LIFETIME, LIFETIMES, OPERATOR, at, by_owner, new_grant};
use super::sessions::{grant_from, new_session};

use OneTimeKind::{AssertionId, AuthorizationCode, DpopProofId};

/// What nobody but the operator or a user removes, who leaves in ten years, the nodes that live, and the last segment of the audit trail: its row alone says that
/// it was there.
const LASTING: [&str; 17] = [
    "audit_segments",
    "clients",
    "consents",
    "history",
    "jeton",
    "keys",
    "leaving_users",
    "mail_notices",
    "marks",
    "master_key_check",
    "migrations",
    "name_locks",
    "nodes",
    "probe",
    "authenticators",
    "token_api_clients",
    "users",
];

impl Fresh {
    /// Sweeps one kind for as long as there is something to remove; answers how many steps removed how much.
    async fn swept(&self, what: Swept, now: Timestamp) -> Vec<u64> {
        let (mut cursor, mut removed) = (SweepCursor::default(), Vec::new());
        loop {
            let step = sweep_step(&**self, what, cursor, LIFETIMES, now).await.expect("sweeping");
            removed.push(step.removed);
            if step.pace == SweepPace::Later {
                return removed;
            }
            cursor = step.next;
        }
    }

    /// One row of each kind that goes by itself, used and unused, and of each that does not.
    pub(super) async fn filled(&self) {
        self.count_nodes(NodeId::from_bytes([1; 16]), at(0)).await.expect("counting");
        let ada = self.user("ada").await;
        let client = StoredClient { backchannel_logout: true, ..new_client("web") };
        self.add_client(client.clone(), OPERATOR).await.expect("adding a client");
        self.set_up_app(ada, 0).await;
        let wish = Leaving::After(Duration::from_secs(10 * 365 * 24 * 3600));
        self.change_removal(ada, wish, None, at(0)).await.expect("noting a wish");
        self.give_consent(ada, &client.id, &Consent::default(), at(0)).await.expect("consenting");
        let master = MasterKey::from_bytes([1; 32]);
        keyring::rotate(&**self, &master, None, Duration::ZERO, OPERATOR, at(0)).await.expect("adding a key");
        for kind in OneTimeKind::ALL {
            self.placed(kind, "used").await;
            self.placed(kind, "unused").await;
            self.redeem(kind, OneTimeHash::of("used"), at(1)).await.expect("redeeming");
        }
        let code = self.placed(AuthorizationCode, "code").await;
        self.redeem_code(code, new_grant(ada), by_owner(1)).await.expect("redeeming");
        for (user_code, decision) in [
            ("BDWPHQPK", None),
            ("BDWPHQPL", Some(DeviceDecision::Denied)),
            ("BDWPHQPM", Some(DeviceDecision::Approved { content: "given".into() })),
        ] {
            let device = new_device(user_code);
            let code = device.device_code;
            self.add_device_authorization(device, at(0)).await.expect("adding a device");
            if let Some(decision) = decision {
                self.decide_device_authorization(user_code, ada, decision, at(1)).await.expect("deciding");
            }
            self.redeem_device_code(code, new_grant(ada), by_owner(2)).await.expect("redeeming");
        }
        let [alone, left, ended] =
            [self.session(ada).await, self.session(ada).await, self.session(ada).await];
        self.grant_from(&left).await;
        let known = NewGrant { told_of: Some(left.id), ..grant_from(&left) };
        self.open_grant(known).await.expect("opening a grant");
        self.grant_from(&ended).await;
        assert!(self.holds(&alone, at(1)).await);
        self.end_session(ended.id, OPERATOR, at(1)).await.expect("ending a session");
        self.note_known_network(ada, HOME, 9, at(1)).await.expect("noting a network");
        let place =
            NewPlace { grant: None, client: "web".into(), jti: "1".into(), issued_at: at(1), free_at: at(2) };
        self.take_status_place(place).await.expect("taking a place");
        self.note_token_api_client("first-party").await.expect("noting a client");
        self.mails_of_all_states().await;
        self.reset_of("mailed", 1).await;
        let gone = self.client("gone").await;
        self.remove_client(&gone, OPERATOR, at(1)).await.expect("removing a client");
    }
}

pub(super) async fn every_table_comes_back_to_its_base_size(fresh: &Fresh) {
    let Some(empty) = fresh.rows() else { return };
    fresh.filled().await;
    let filled = fresh.rows().expect("rows are counted");
    let mut base = filled.clone();
    for (table, rows) in &mut base {
        assert!(*rows > 0 && *rows >= empty[table], "the case puts nothing into {table}");
        if !LASTING.contains(&table.as_str()) {
            *rows = 0;
        }
    }
    // Whom to tell is remembered until it was delivered or given up.
    for delivery in fresh.due_logouts(at(1), 100, 100).await.expect("asking what is due") {
        fresh.finish_logout(delivery.number).await.expect("delivering");
    }
    let years_later = at(3 * 365 * 24 * 3600);
    for what in Swept::all().filter(|what| *what != Swept::Sessions).chain([Swept::Sessions]) {
        fresh.swept(what, years_later).await;
    }
    assert_eq!(fresh.rows().expect("rows are counted"), base);
}

pub(super) async fn what_may_be_used_once_goes_when_it_expires_but_for_spent_codes(fresh: &Fresh) {
    fresh.filled().await;
    let count = async |seconds| {
        let mut removed = 0;
        for kind in OneTimeKind::ALL {
            removed += fresh.swept(Swept::OneTime(kind), at(seconds)).await.iter().sum::<u64>();
        }
        removed
    };
    let kinds = OneTimeKind::ALL.len() as u64;
    assert_eq!(count(59).await, 0, "they expire at second 60");
    assert_eq!(count(60).await, 2 * kinds - 1, "two codes were spent");
    let a_day = 24 * 3600;
    assert_eq!(count(59 + a_day).await, 0, "a replay is still told from garbage");
    assert_eq!(count(60 + a_day).await, 2);
}

pub(super) async fn a_device_code_is_known_a_while_after_its_time(fresh: &Fresh) {
    fresh.filled().await;
    let waiting = new_device("BDWPHQPK").device_code;
    let polled = async |seconds| {
        fresh.poll_device_authorization(waiting, &client_id("web"), at(seconds)).await.expect("polling")
    };
    let count = async |seconds| fresh.swept(Swept::Devices, at(seconds)).await.iter().sum::<u64>();
    assert_eq!(count(659).await, 0);
    assert_eq!(polled(659).await, DevicePoll::Expired);
    assert_eq!(count(660).await, 2, "the waiting one and the refused one");
    assert_eq!(polled(660).await, DevicePoll::Unknown);
    assert_eq!(count(59 + 24 * 3600).await, 0, "a replay still ends the grant");
    assert_eq!(count(60 + 24 * 3600).await, 1);
}

pub(super) async fn an_expired_session_is_kept_while_a_grant_ends_with_it(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let open = async || {
        let session = NewSession { expires_at: at(60), ..new_session(ada) };
        fresh.open_session(session.clone(), None).await.expect("opening");
        session
    };
    let [needed, ended, alone] = [open().await, open().await, open().await];
    let grant = fresh.grant_from(&needed).await;
    let revoked = fresh.grant_from(&ended).await;
    fresh.revoke_grant(revoked, OPERATOR, at(1)).await.expect("revoking");
    let count = async |seconds| fresh.swept(Swept::Sessions, at(seconds)).await.iter().sum::<u64>();
    assert_eq!(count(659).await, 0, "codes that were given in them may be redeemed");
    assert_eq!(count(660).await, 2);
    assert_eq!(fresh.end_session(alone.id, OPERATOR, at(661)).await.expect("ending"), SessionEnding::Unknown);
    let ending = fresh.end_session(needed.id, OPERATOR, at(661)).await.expect("ending");
    assert_eq!(ending, SessionEnding::Ended(GrantsEnded { count: 1, told: 0 }));
    assert!(!fresh.stands(grant).await);
    assert_eq!(count(662).await, 1);
}

pub(super) async fn a_session_that_its_browser_still_holds_is_kept_until_it_has_come_with_the_next(
    fresh: &Fresh,
) {
    let ada = fresh.user("ada").await;
    let old = NewSession { expires_at: at(60), ..new_session(ada) };
    fresh.open_session(old.clone(), None).await.expect("opening");
    let next = new_session(ada);
    fresh.open_session(next.clone(), Some(old.secret)).await.expect("opening");
    let count = async |seconds| fresh.swept(Swept::Sessions, at(seconds)).await.iter().sum::<u64>();
    assert_eq!(count(700).await, 0, "the answer that told of the next one may be lost");
    fresh.touch_session(next.id, at(701)).await.expect("touching");
    assert_eq!(count(702).await, 1);
    assert!(fresh.holds(&next, at(703)).await);
}

pub(super) async fn sessions_that_are_needed_do_not_hide_others_from_the_sweep(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let mut expiring = Vec::new();
    for seconds in 1..=40_i64 {
        let session = NewSession { expires_at: at(seconds), ..new_session(ada) };
        fresh.open_session(session.clone(), None).await.expect("opening");
        if seconds < 40 {
            fresh.open_grant(NewGrant { opened_at: at(0), ..grant_from(&session) }).await.expect("opening");
        }
        expiring.push(session.id);
    }
    let mut from: Option<ExpiredSession> = None;
    let mut removed = Vec::new();
    loop {
        let step = fresh.sweep_sessions(from, at(50), 2).await.expect("sweeping");
        removed.push(step.removed);
        from = step.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(removed, [0, 0, 1], "sixteen are looked at in a step of two");
}

pub(super) async fn the_sweep_of_one_kind_does_not_wait_for_another(fresh: &Fresh) {
    for number in 0..40 {
        fresh.placed(DpopProofId, &format!("proof {number}")).await;
    }
    fresh.placed(AssertionId, "assertion").await;
    let needless = Needless { unused: at(60), used: at(60) };
    let sweep = async |kind| fresh.sweep_one_time(kind, needless, 16).await.expect("sweeping");
    assert_eq!(sweep(DpopProofId).await, 16);
    assert_eq!(sweep(AssertionId).await, 1);
    assert_eq!([sweep(DpopProofId).await, sweep(DpopProofId).await, sweep(DpopProofId).await], [16, 8, 0]);
}

pub(super) async fn the_sweep_goes_on_at_once_while_there_is_more(fresh: &Fresh) {
    let step = u64::from(SWEEP_STEP);
    let each = (step + 7).div_ceil(CALLERS as u64);
    fresh
        .at_once(move |store, caller| async move {
            let first = caller as u64 * each;
            for number in first..(first + each).min(step + 7) {
                let hash = OneTimeHash::of(&number.to_string());
                store.place(DpopProofId, hash, "".into(), at(60), at(0)).await.expect("placing");
            }
        })
        .await;
    let what = Swept::OneTime(DpopProofId);
    let first =
        sweep_step(&**fresh, what, SweepCursor::default(), LIFETIMES, at(60)).await.expect("sweeping");
    assert_eq!((first.removed, first.pace), (step, SweepPace::AtOnce));
    let second = sweep_step(&**fresh, what, first.next, LIFETIMES, at(60)).await.expect("sweeping");
    assert_eq!((second.removed, second.pace), (7, SweepPace::Later));
}

pub(super) async fn a_device_that_was_never_decided_frees_its_user_code(fresh: &Fresh) {
    fresh.add_device_authorization(new_device("BDWPHQPK"), at(0)).await.expect("adding");
    assert_eq!(fresh.swept(Swept::Devices, at(660)).await, [1]);
    let again = NewDeviceAuthorization { expires_at: at(900), ..new_device("BDWPHQPK") };
    fresh.add_device_authorization(again, at(661)).await.expect("adding");
    assert_eq!(fresh.swept(Swept::Devices, at(662)).await, [0]);
}

pub(super) async fn old_records_are_swept_in_small_steps(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for seconds in 1..=9 {
        fresh.revoke_user_grants(ada, None, OPERATOR, at(seconds)).await.expect("signing out");
    }
    let sweep = async || fresh.sweep_audit(at(6), 4).await.expect("sweeping");
    assert_eq!([sweep().await, sweep().await, sweep().await], [4, 2, 0]);
    let left = fresh.list_audit(100).await.expect("listing");
    assert_eq!(left.iter().map(|record| record.at).collect::<Vec<_>>(), [9, 8, 7, 6].map(at));
}

pub(super) async fn sweeping_removes_only_what_can_never_be_asked_for_again(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let [idle, busy, revoked] = [fresh.grant(ada).await, fresh.grant(ada).await, fresh.grant(ada).await];
    fresh.present(busy, 0, HOME, at(500)).await;
    fresh.present(revoked, 0, HOME, at(500)).await;
    fresh.revoke_grant(revoked, OPERATOR, at(501)).await.expect("revoking");
    let sweep = async |seconds| {
        let step = fresh.sweep_grants(None, 100, IDLE, at(seconds)).await.expect("sweeping");
        assert_eq!(step.next, None);
        step.removed
    };
    assert_eq!(sweep(999).await, 0);
    assert_eq!(sweep(1_000).await, 1);
    assert_eq!(fresh.grant_standing(idle).await.expect("looking"), None);
    // A replay is still told apart from garbage.
    assert_eq!(fresh.present(revoked, 0, HOME, at(1_000)).await, Refresh::Refused(RefreshRefusal::Revoked));
    assert_eq!(sweep(1_499).await, 0);
    assert_eq!(sweep(1_500).await, 2);
    assert_eq!(fresh.grant_standing(busy).await.expect("looking"), None);

    let lasting = fresh.grant(ada).await;
    let patient = Duration::from_secs(LIFETIME.cast_unsigned() * 2);
    let step = fresh.sweep_grants(None, 100, patient, at(LIFETIME - 1)).await.expect("sweeping");
    assert_eq!(step.removed, 0);
    assert!(fresh.stands(lasting).await);
    let step = fresh.sweep_grants(None, 100, patient, at(LIFETIME)).await.expect("sweeping");
    assert_eq!(step.removed, 1);
}

pub(super) async fn sweeping_goes_in_small_steps(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for _ in 0..10 {
        fresh.grant(ada).await;
    }
    let mut steps = Vec::new();
    let mut from = None;
    loop {
        let step = fresh.sweep_grants(from, 4, IDLE, at(2_000)).await.expect("sweeping");
        steps.push(step.removed);
        from = step.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(steps, [4, 4, 2]);
    assert_eq!(fresh.sweep_grants(None, 4, IDLE, at(2_000)).await.expect("sweeping").removed, 0);
}

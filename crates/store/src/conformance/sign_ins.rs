//! Where users signed in from, and the kinds of their password hashes.

use jeton_authority::password::PasswordHash;
use jeton_authority::store::{NewUser, UserAddition};
use jeton_authority::{Network, UserId};

use super::fixture::{ELSEWHERE, Fresh, HOME, OPERATOR, at, new_user};

const KEPT: u32 = 3;

fn network(number: u8) -> Network {
    Network::V4([198, 51, number])
}

impl Fresh {
    async fn note_sign_in(&self, user: UserId, network: Network, second: i64) {
        self.note_known_network(user, network, KEPT, at(second)).await.expect("noting a network");
    }

    async fn known_since(&self, user: UserId, network: Network) -> Option<i64> {
        let noted = self.find_known_network(user, network).await.expect("looking for a network");
        noted.map(|noted| noted.unix() - at(0).unix())
    }
}

pub(super) async fn a_network_is_known_once_it_was_noted_and_for_this_user_alone(fresh: &Fresh) {
    let (ada, bob) = (fresh.user("ada").await, fresh.user("bob").await);
    assert_eq!(fresh.known_since(ada, HOME).await, None);
    fresh.note_sign_in(ada, HOME, 5).await;
    fresh.note_sign_in(ada, ELSEWHERE, 6).await;
    assert_eq!(
        (fresh.known_since(ada, HOME).await, fresh.known_since(ada, ELSEWHERE).await),
        (Some(5), Some(6))
    );
    assert_eq!(fresh.known_since(bob, HOME).await, None);
    fresh.note_sign_in(ada, HOME, 9).await;
    fresh.note_sign_in(ada, HOME, 7).await;
    assert_eq!(fresh.known_since(ada, HOME).await, Some(9), "the latest counts");
}

pub(super) async fn of_a_users_networks_those_that_were_noted_last_are_kept(fresh: &Fresh) {
    let (ada, bob) = (fresh.user("ada").await, fresh.user("bob").await);
    fresh.note_sign_in(bob, network(0), 0).await;
    for number in 0..10 {
        fresh.note_sign_in(ada, network(number), number.into()).await;
    }
    for number in 0..10 {
        let expected = (number >= 7).then_some(i64::from(number));
        assert_eq!(fresh.known_since(ada, network(number)).await, expected, "{number}");
    }
    assert_eq!(fresh.known_since(bob, network(0)).await, Some(0), "another user's stay");
}

pub(super) async fn known_networks_are_swept_in_small_steps(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    for number in 0..3 {
        fresh.note_sign_in(ada, network(number), number.into()).await;
    }
    for expected in [1, 1, 0] {
        assert_eq!(fresh.sweep_known_networks(at(2), 1).await.expect("sweeping"), expected);
    }
    assert_eq!(
        (fresh.known_since(ada, network(1)).await, fresh.known_since(ada, network(2)).await),
        (None, Some(2))
    );
}

pub(super) async fn an_unknown_network_is_one_of_its_own(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.note_sign_in(ada, Network::Unknown, 0).await;
    assert_eq!(
        (fresh.known_since(ada, Network::Unknown).await, fresh.known_since(ada, HOME).await),
        (Some(0), None)
    );
}

pub(super) async fn noting_for_a_user_that_does_not_exist_changes_nothing(fresh: &Fresh) {
    let nobody = UserId::from_bytes([9; 16]);
    fresh.note_sign_in(nobody, HOME, 0).await;
    assert_eq!(fresh.known_since(nobody, HOME).await, None);
}

pub(super) async fn of_a_hundred_sign_ins_at_once_one_network_is_noted(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let noted = fresh
        .at_once(move |store, caller| async move {
            let second = i64::try_from(caller).expect("small");
            store.note_known_network(ada, HOME, KEPT, at(second)).await.is_ok()
        })
        .await;
    assert!(noted.into_iter().all(|noted| noted));
    assert_eq!(fresh.known_since(ada, HOME).await, Some(99));
    assert_eq!(fresh.sweep_known_networks(at(1000), 10).await.expect("sweeping"), 1);
}

pub(super) async fn one_hash_of_each_kind_is_found_among_many(fresh: &Fresh) {
    let kinds = [
        "!random",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$",
        "bcrypt_sha256$$2b$12$",
        "md5$salt$",
        "pbkdf2_sha256$600000$salt$",
        "pbkdf2_sha256$870000$salt$",
        "scrypt$16384$salt$8$1$",
    ];
    for (kind, text) in kinds.iter().enumerate() {
        for number in 0..5 {
            let password = PasswordHash::from_stored(format!("{text}{number}"));
            let user = NewUser { password, ..new_user(&format!("user-{kind}-{number}")) };
            assert_eq!(fresh.add_user(user, OPERATOR).await.expect("adding a user"), UserAddition::Added);
        }
    }
    for number in 0..5 {
        let hash = format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ${number}");
        let user =
            NewUser { password: PasswordHash::from_stored(hash), ..new_user(&format!("default-{number}")) };
        assert_eq!(fresh.add_user(user, OPERATOR).await.expect("adding a user"), UserAddition::Added);
    }
    let samples = fresh.sample_password_hashes(100).await.expect("looking for hashes");
    let found: Vec<_> = samples.iter().map(PasswordHash::expose).collect();
    assert_eq!(found, kinds.map(|text| format!("{text}0")));
    assert_eq!(fresh.sample_password_hashes(2).await.expect("looking for hashes").len(), 2);
}

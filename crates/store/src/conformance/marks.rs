//! What nodes keep in memory, and how they notice that it changed.

use jeton_authority::NodeId;
use jeton_authority::keys::KeyPurpose;
use jeton_authority::password::PasswordHash;
use jeton_authority::store::{Marks, NewUser};

use super::clients::new_client;
use super::fixture::{CALLERS, Fresh, HOME, OPERATOR, at, key, new_user, random};

impl Fresh {
    async fn marks(&self) -> Marks {
        self.changes().await.expect("asking")
    }
}

/// Which of the marks differ: keys, clients, kinds of hashes.
fn differing(one: &Marks, other: &Marks) -> [bool; 3] {
    [one.keys != other.keys, one.clients != other.clients, one.hash_kinds != other.hash_kinds]
}

pub(super) async fn a_change_of_keys_shows_and_so_does_one_of_clients_each_for_itself(fresh: &Fresh) {
    let mut seen = fresh.marks().await;
    let mut shown = async || {
        let marks = fresh.marks().await;
        let before = std::mem::replace(&mut seen, marks.clone());
        assert!(marks.follow(&before));
        differing(&before, &marks)
    };
    let first = key("first", KeyPurpose::Access, at(0));
    fresh.add_keys(vec![first.clone()], None, OPERATOR).await.expect("adding");
    assert_eq!(shown().await, [true, false, false]);
    fresh.withdraw_key(&first.id, OPERATOR, at(1)).await.expect("withdrawing");
    assert_eq!(shown().await, [true, false, false]);
    fresh.withdraw_key(&first.id, OPERATOR, at(2)).await.expect("withdrawing");
    assert_eq!(shown().await, [false; 3], "it was withdrawn before");
    let client = new_client("web");
    fresh.add_client(client.clone(), OPERATOR).await.expect("adding");
    assert_eq!(shown().await, [false, true, false]);
    fresh.change_client(client.clone(), OPERATOR, at(1)).await.expect("changing");
    assert_eq!(shown().await, [false, true, false]);
    fresh.remove_client(&client.id, OPERATOR, at(2)).await.expect("removing");
    assert_eq!(shown().await, [false, true, false]);
}

pub(super) async fn a_hash_that_is_not_of_the_default_kind_shows(fresh: &Fresh) {
    let before = fresh.marks().await;
    let password = PasswordHash::from_stored("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
    fresh.add_user(NewUser { password, ..new_user("ada") }, OPERATOR).await.expect("adding");
    assert_eq!(fresh.marks().await, before);
    let password = PasswordHash::from_stored("pbkdf2_sha256$1$salt$hash");
    fresh.add_user(NewUser { password, ..new_user("bob") }, OPERATOR).await.expect("adding");
    assert_eq!(differing(&fresh.marks().await, &before), [false, false, true]);
}

pub(super) async fn what_nobody_keeps_in_memory_changes_no_mark(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    let before = fresh.marks().await;
    let grant = fresh.grant(ada).await;
    fresh.present(grant, 0, HOME, at(1)).await;
    fresh.disable_user(ada, OPERATOR, at(2)).await.expect("disabling");
    assert_eq!(fresh.marks().await, before);
}

pub(super) async fn nodes_that_were_seen_lately_are_counted(fresh: &Fresh) {
    let [one, other] = [NodeId::from_bytes(random()), NodeId::from_bytes(random())];
    let seen = async |node, seconds| fresh.count_nodes(node, at(seconds)).await.expect("counting");
    assert_eq!([seen(one, 0).await, seen(other, 5).await, seen(one, 10).await], [1, 2, 2]);
    assert_eq!(
        [seen(one, 34).await, seen(one, 35).await],
        [2, 1],
        "the other was last seen half a minute ago"
    );
    let crowd = fresh.at_once(|store, _| {
        let node = NodeId::from_bytes(random());
        async move { store.count_nodes(node, at(36)).await.expect("counting") }
    });
    crowd.await;
    assert_eq!(seen(one, 36).await as usize, CALLERS + 1);
    assert_eq!(
        [seen(other, 3_600).await, seen(one, 40).await],
        [1, 1],
        "a clock that is set back ends the other"
    );
}

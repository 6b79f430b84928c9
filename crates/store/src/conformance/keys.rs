//! Signing keys.

use jeton_authority::keys::{KeyId, KeyPurpose, StoredKey};
use jeton_authority::store::{KeyAddition, KeyWithdrawal};
use jeton_jose::Algorithm;

use super::fixture::{Fresh, OPERATOR, at, key};

async fn add(fresh: &Fresh, keys: &[StoredKey], newest: Option<&str>) -> KeyAddition {
    fresh.add_keys(keys.to_vec(), newest.map(KeyId::new), OPERATOR).await.expect("adding keys")
}

async fn kids(fresh: &Fresh) -> Vec<String> {
    fresh.list_keys().await.expect("listing keys").into_iter().map(|key| key.id.to_string()).collect()
}

pub(super) async fn a_key_comes_back_as_it_was_added(fresh: &Fresh) {
    let mut first = key("first", KeyPurpose::Access, at(0));
    first.signs_from = at(300);
    let mut second = key("second", KeyPurpose::Refresh, at(0));
    second.algorithm = Algorithm::HS256;
    second.withdrawn_at = Some(at(7));
    let keys = [first, second];
    assert_eq!(add(fresh, &keys, None).await, KeyAddition::Added);
    assert_eq!(fresh.list_keys().await.expect("listing"), keys);
}

pub(super) async fn keys_are_listed_in_the_order_they_were_made(fresh: &Fresh) {
    assert_eq!(kids(fresh).await, [""; 0]);
    let made = |kid, seconds| key(kid, KeyPurpose::Access, at(seconds));
    assert_eq!(add(fresh, &[made("z", 0), made("m", 0)], None).await, KeyAddition::Added);
    assert_eq!(add(fresh, &[made("a", 0)], Some("m")).await, KeyAddition::Added);
    assert_eq!(add(fresh, &[made("k", 9)], Some("a")).await, KeyAddition::Added);
    assert_eq!(kids(fresh).await, ["z", "m", "a", "k"]);
}

pub(super) async fn an_addition_that_came_second_changes_nothing(fresh: &Fresh) {
    let made = |kid| key(kid, KeyPurpose::Access, at(0));
    assert_eq!(add(fresh, &[made("first")], Some("absent")).await, KeyAddition::Superseded);
    assert_eq!(add(fresh, &[made("first")], None).await, KeyAddition::Added);
    assert_eq!(add(fresh, &[made("second")], None).await, KeyAddition::Superseded);
    assert_eq!(add(fresh, &[made("second")], Some("first")).await, KeyAddition::Added);
    assert_eq!(add(fresh, &[made("third")], Some("first")).await, KeyAddition::Superseded);
    assert_eq!(kids(fresh).await, ["first", "second"]);
}

pub(super) async fn the_purposes_have_their_own_newest_key(fresh: &Fresh) {
    let access = |kid| key(kid, KeyPurpose::Access, at(0));
    let refresh = |kid| key(kid, KeyPurpose::Refresh, at(0));
    assert_eq!(add(fresh, &[access("a1")], None).await, KeyAddition::Added);
    assert_eq!(add(fresh, &[refresh("r1")], None).await, KeyAddition::Added);
    assert_eq!(add(fresh, &[access("a2")], Some("a1")).await, KeyAddition::Added);
    // Of both purposes together, the newest is that of either.
    assert_eq!(add(fresh, &[access("a3"), refresh("r2")], Some("r1")).await, KeyAddition::Superseded);
    assert_eq!(add(fresh, &[access("a3"), refresh("r2")], Some("a2")).await, KeyAddition::Added);
    assert_eq!(kids(fresh).await, ["a1", "r1", "a2", "a3", "r2"]);
}

pub(super) async fn keys_for_id_tokens_follow_one_another_as_others_do(fresh: &Fresh) {
    let id_token = |kid| key(kid, KeyPurpose::IdToken, at(0));
    assert_eq!(add(fresh, &[id_token("i1")], None).await, KeyAddition::Added);
    assert_eq!(add(fresh, &[id_token("i2")], None).await, KeyAddition::Superseded);
    assert_eq!(add(fresh, &[id_token("i2")], Some("i1")).await, KeyAddition::Added);
    assert_eq!(kids(fresh).await, ["i1", "i2"]);
}

pub(super) async fn a_known_key_is_not_added_again(fresh: &Fresh) {
    let made = |kid| key(kid, KeyPurpose::Access, at(0));
    assert_eq!(add(fresh, &[made("first")], None).await, KeyAddition::Added);
    assert_eq!(add(fresh, &[made("second"), made("first")], Some("first")).await, KeyAddition::Superseded);
    assert_eq!(kids(fresh).await, ["first"]);
}

pub(super) async fn a_withdrawn_key_stays_listed(fresh: &Fresh) {
    let made = key("first", KeyPurpose::Access, at(0));
    assert_eq!(add(fresh, std::slice::from_ref(&made), None).await, KeyAddition::Added);
    let outcome = fresh.withdraw_key(&made.id, OPERATOR, at(5)).await.expect("withdrawing");
    assert_eq!(outcome, KeyWithdrawal::Withdrawn);
    let expected = StoredKey { withdrawn_at: Some(at(5)), ..made };
    assert_eq!(fresh.list_keys().await.expect("listing"), [expected]);
}

pub(super) async fn a_key_is_withdrawn_once(fresh: &Fresh) {
    let made = key("first", KeyPurpose::Access, at(0));
    assert_eq!(add(fresh, std::slice::from_ref(&made), None).await, KeyAddition::Added);
    let withdraw = async |kid: &str, seconds| {
        fresh.withdraw_key(&KeyId::new(kid), OPERATOR, at(seconds)).await.expect("withdrawing")
    };
    assert_eq!(withdraw("absent", 4).await, KeyWithdrawal::Unknown);
    assert_eq!(withdraw("first", 5).await, KeyWithdrawal::Withdrawn);
    assert_eq!(withdraw("first", 6).await, KeyWithdrawal::AlreadyWithdrawn);
    assert_eq!(fresh.list_keys().await.expect("listing")[0].withdrawn_at, Some(at(5)));
}

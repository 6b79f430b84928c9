//! The life of an access-token key: published, signing, superseded, retired.

use std::time::Duration;

use jeton_authority::keys::lifecycle::{Lifecycle, RETIREMENT_MARGIN, lifecycle};
use jeton_authority::keys::{KeyId, KeyPurpose, KeyState, SealedKey, StoredKey};
use jeton_jose::{Algorithm, Timestamp};

const ACCESS_LIFETIME: Duration = Duration::from_secs(300);

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + second)
}

fn key(kid: &str, created: i64, signs: i64) -> StoredKey {
    StoredKey {
        id: KeyId::new(kid),
        purpose: KeyPurpose::Access,
        algorithm: Algorithm::ES256,
        sealed: SealedKey::new("sealed"),
        created_at: at(created),
        signs_from: at(signs),
        withdrawn_at: None,
    }
}

fn withdrawn(mut key: StoredKey, second: i64) -> StoredKey {
    key.withdrawn_at = Some(at(second));
    key
}

fn states(keys: &[StoredKey], second: i64) -> Lifecycle {
    lifecycle(&keys.iter().collect::<Vec<_>>(), ACCESS_LIFETIME, at(second))
}

#[test]
fn the_only_key_signs() {
    assert_eq!(states(&[key("a", 0, 0)], 0).states, [KeyState::Signing]);
}

#[test]
fn a_rotated_key_is_published_first_then_signs_and_the_old_one_retires_after_its_last_token() {
    let keys = [key("old", 0, 0), key("new", 1000, 1600)];
    let until = at(1600 + 300).saturating_add(RETIREMENT_MARGIN);

    let published = states(&keys, 1000);
    assert_eq!(published.states, [KeyState::Signing, KeyState::Next { signs_from: at(1600) }]);
    assert_eq!(published.changes_at, Some(at(1600)));

    let switched = states(&keys, 1600);
    assert_eq!(switched.states, [KeyState::Superseded { until }, KeyState::Signing]);
    assert_eq!(switched.changes_at, Some(until));

    let retired = lifecycle(&keys.iter().collect::<Vec<_>>(), ACCESS_LIFETIME, until);
    assert_eq!(retired.states, [KeyState::Retired, KeyState::Signing]);
    assert_eq!(retired.changes_at, None);
}

#[test]
fn a_withdrawn_key_neither_signs_nor_is_published() {
    let keys = [withdrawn(key("old", 0, 0), 50), key("new", 10, 20)];
    let states = states(&keys, 60).states;
    assert_eq!(states, [KeyState::Withdrawn, KeyState::Signing]);
    assert!(!states[0].is_published());
}

#[test]
fn the_next_key_signs_at_once_where_the_signing_one_was_withdrawn() {
    let keys = [withdrawn(key("old", 0, 0), 50), key("new", 40, 1000)];
    assert_eq!(states(&keys, 60).states, [KeyState::Withdrawn, KeyState::Signing]);
}

#[test]
fn a_key_rotated_twice_is_reckoned_from_its_own_successor() {
    let keys = [key("a", 0, 0), key("b", 100, 200), key("c", 5000, 6000)];
    let states = states(&keys, 6100).states;
    assert_eq!(states[0], KeyState::Retired);
    assert!(matches!(states[1], KeyState::Superseded { until } if until > at(6300)), "{states:?}");
    assert_eq!(states[2], KeyState::Signing);
}

#[test]
fn two_rotations_in_one_second_leave_exactly_one_signing_key() {
    let keys = [key("a", 0, 0), key("b", 100, 200), key("c", 100, 200)];
    let signing = states(&keys, 300).states.iter().filter(|state| **state == KeyState::Signing).count();
    assert_eq!(signing, 1);
}

#[test]
fn before_the_clock_reaches_any_key_one_still_signs() {
    let keys = [key("a", 0, 0)];
    assert_eq!(states(&keys, -5000).states, [KeyState::Signing]);
}

/// The clock was ahead when the first key was made.
#[test]
fn a_key_that_is_next_waits_although_the_one_that_signs_was_made_in_the_future() {
    let keys = [key("first", 86_400, 86_400), key("rotated", 0, 600)];
    for second in [0, 599] {
        let states = states(&keys, second).states;
        assert_eq!(states, [KeyState::Signing, KeyState::Next { signs_from: at(600) }], "{second}");
    }
    let until = at(600 + 300).saturating_add(RETIREMENT_MARGIN);
    assert_eq!(states(&keys, 600).states, [KeyState::Superseded { until }, KeyState::Signing]);
}

#[test]
fn a_key_that_was_made_in_the_future_does_not_come_back_when_its_time_comes() {
    let keys = [key("old", -9000, -9000), key("ahead", 86_400, 87_000), key("new", 100, 700)];
    for second in [700, 86_400, 87_000, 1_000_000] {
        let states = states(&keys, second).states;
        assert_eq!(states[2], KeyState::Signing, "{second}: {states:?}");
        assert!(!matches!(states[1], KeyState::Next { .. }), "{second}: {states:?}");
    }
}

#[test]
fn a_key_signs_before_its_time_only_where_no_key_has_had_its_own() {
    let times = [-7200, -600, 0, 600, 3600, 86_400];
    for first in times {
        for second in times {
            for third in times {
                let keys = [
                    key("a", first - 600, first),
                    key("b", second - 600, second),
                    key("c", third - 600, third),
                ];
                for now in times {
                    let states = states(&keys, now).states;
                    let signing: Vec<_> =
                        (0..3).filter(|index| states[*index] == KeyState::Signing).collect();
                    let [signing] = signing[..] else { panic!("{signing:?} sign at {now}: {keys:?}") };
                    let ready = |index: &usize| keys[*index].signs_from <= at(now);
                    let expected = (0..3).rev().find(ready).unwrap_or(0);
                    assert_eq!(signing, expected, "at {now}: {keys:?}");
                }
            }
        }
    }
}

//! Places in the status list: each is one token's, and what events say of it is found.

use std::collections::BTreeSet;
use std::sync::Arc;

use jeton_authority::GrantId;
use jeton_authority::client::StoredClient;
use jeton_authority::revocation::NewPlace;
use jeton_authority::store::{Store, StoreError};
use jeton_authority::user::Attributes;

use super::clients::new_client;
use super::fixture::{CALLERS, Fresh, OPERATOR, at};

fn place(grant: Option<GrantId>, client: &str, jti: &str, issued_at: i64) -> NewPlace {
    NewPlace {
        grant,
        client: client.into(),
        jti: jti.into(),
        issued_at: at(issued_at),
        free_at: at(issued_at + 100),
    }
}

impl Fresh {
    async fn took(&self, place: NewPlace) -> u64 {
        self.take_status_place(place).await.expect("taking a place")
    }

    /// The numbers of tokens that are no longer good, by the events of `since` and later.
    async fn invalid(&self, since: i64, now: i64) -> BTreeSet<u64> {
        let places = self.status_places(at(since), at(now)).await.expect("reading places");
        let invalid: BTreeSet<_> = places.invalid().collect();
        assert!(invalid.iter().all(|number| *number < places.count), "{places:?}");
        invalid
    }
}

pub(super) async fn a_place_is_one_tokens_until_it_is_free(fresh: &Fresh) {
    let first = fresh.took(place(None, "web", "a", 0)).await;
    let second = fresh.took(place(None, "web", "b", 50)).await;
    let third = fresh.took(place(None, "web", "c", 99)).await;
    assert_eq!(BTreeSet::from([first, second, third]).len(), 3);
    let mut taken = BTreeSet::from([second, third]);
    for number in 0..200 {
        // Free ones may have been added at once; none of them is somebody else's.
        assert!(taken.insert(fresh.took(place(None, "web", &format!("d{number}"), 100)).await), "{number}");
    }
    assert!(taken.contains(&first), "it is free at second 100");
}

pub(super) async fn what_events_say_of_a_token_is_found(fresh: &Fresh) {
    let ada = fresh.user("ada").await;
    fresh.add_client(new_client("web"), OPERATOR).await.expect("adding");
    let (ended, other) = (fresh.grant(ada).await, fresh.grant(ada).await);
    let of_ended = fresh.took(place(Some(ended), "shop", "a", 1)).await;
    let of_other = fresh.took(place(Some(other), "shop", "b", 1)).await;
    let revoked = fresh.took(place(None, "shop", "c", 1)).await;
    let of_client = fresh.took(place(None, "web", "d", 1)).await;
    let untouched = fresh.took(place(None, "shop", "e", 1)).await;
    assert_eq!(fresh.invalid(0, 2).await, BTreeSet::new());
    fresh.revoke_grant(ended, OPERATOR, at(10)).await.expect("revoking");
    assert_eq!(fresh.invalid(0, 10).await, [of_ended].into());
    fresh.revoke_token("c", at(100), at(11)).await.expect("revoking");
    let changed = StoredClient { document: r#"{"changed": true}"#.into(), ..new_client("web") };
    fresh.change_client(changed, OPERATOR, at(12)).await.expect("changing");
    assert_eq!(fresh.invalid(0, 12).await, [of_ended, revoked, of_client].into());
    let later = fresh.took(place(None, "web", "f", 13)).await;
    let attributes = Attributes::from_json(r#"{"roles": ["editor"]}"#).expect("attributes");
    fresh.change_attributes(ada, attributes, OPERATOR, at(14)).await.expect("changing attributes");
    let all = [of_ended, of_other, revoked, of_client].into();
    assert_eq!(fresh.invalid(0, 14).await, all, "not {untouched} and {later}");
    assert_eq!(fresh.invalid(11, 14).await.len(), 3, "an event from before no longer matters");
    assert_eq!(fresh.invalid(0, 101).await, BTreeSet::new(), "their places are free");
}

pub(super) async fn free_places_at_the_end_are_swept_in_small_steps(fresh: &Fresh) {
    let mut numbers = Vec::new();
    for number in 0..5 {
        numbers.push(fresh.took(place(None, "web", &format!("{number}"), i64::from(number == 1) * 50)).await);
    }
    let needed = numbers[1];
    let sweep = async |now, limit| fresh.sweep_status_places(at(now), limit).await.expect("sweeping");
    while sweep(99, 1_000).await > 0 {}
    let count = async |now| fresh.status_places(at(0), at(now)).await.expect("reading places").count;
    assert!(count(99).await >= 5);
    assert_eq!(sweep(100, 1).await, 1);
    while sweep(100, 1_000).await > 0 {}
    assert_eq!(count(100).await, needed + 1, "one is needed until second 150");
    while sweep(150, 1_000).await > 0 {}
    assert_eq!(count(150).await, 0);
    assert_eq!(fresh.took(place(None, "web", "again", 151)).await, 0);
}

pub(super) async fn of_a_hundred_tokens_at_once_each_has_a_place_of_its_own(fresh: &Fresh) {
    let taking = |store: Arc<dyn Store>, caller: usize| async move {
        store.take_status_place(place(None, "web", &format!("{caller}"), 0)).await
    };
    let taken: Result<BTreeSet<u64>, StoreError> = fresh.at_once(taking).await.into_iter().collect();
    assert_eq!(taken.expect("taking").len(), CALLERS);
}

//! Several nodes on one database, and a server that goes away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jeton_authority::audit::Actor;
use jeton_authority::grant::NewGrant;
use jeton_authority::refresh_token::Presented;
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::{GrantOpening, Refresh, Store};

use super::proxy::Fault;
use super::scratch::database;
use crate::scratch::{HOME, add, at, knows, new_grant, refresh, unavailable};

async fn opened(store: &dyn Store, name: &str) -> jeton_authority::GrantId {
    let grant: NewGrant = new_grant(name);
    let id = grant.id;
    assert_eq!(store.open_grant(grant).await.expect("opening"), GrantOpening::Opened);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_wrote_the_other_reads_and_goes_on_with() {
    let Some(database) = database().await else { return };
    let (one, other) = (database.open("").await, database.open("").await);
    add(&*one, "ada").await.expect("adding");
    let grant = opened(&*one, "grant").await;
    assert_eq!(refresh(&*other, grant, 0).await.expect("refreshing"), 1);
    let (first, second) = (one.grant_standing(grant).await, other.grant_standing(grant).await);
    assert_eq!(first.expect("looking"), second.expect("looking"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_refresh_and_sign_out_at_once_and_none_fails() {
    let Some(database) = database().await else { return };
    let nodes = [database.open("").await, database.open("").await];
    add(&*nodes[0], "ada").await.expect("adding");
    let mut grants = vec![];
    for number in 0..20 {
        grants.push(opened(&*nodes[0], &format!("grant {number}")).await);
    }
    let racing = (0..200).map(|number: usize| {
        let (store, grants) = (Arc::clone(&nodes[number % 2]), grants.clone());
        tokio::spawn(async move {
            // Each goes through them in another order.
            for step in 0..5 {
                let grant = grants[(number * 7 + step * 3) % grants.len()];
                let policy = RefreshPolicy { grace: Duration::from_secs(30), excuses: 3 };
                let answer = store.refresh_grant(grant, Presented::new(0, at(0), HOME), policy, at(1)).await;
                assert!(matches!(answer.expect("refreshing"), Refresh::Granted(..)));
            }
            if number == 150 {
                let user = new_grant("").user;
                store.revoke_user_grants(user, None, Actor::Operator, at(2)).await.expect("signing out");
            }
        })
    });
    let mut refused = 0;
    for caller in racing.collect::<Vec<_>>() {
        refused += usize::from(caller.await.is_err());
    }
    assert!(refused < 200, "until the sign-out all were granted");
    for grant in grants {
        let standing = nodes[0].grant_standing(grant).await.expect("looking").expect("it exists");
        assert!(standing.revoked_at.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_ended_are_replaced_without_an_error() {
    let Some(database) = database().await else { return };
    let store = database.open("").await;
    add(&*store, "ada").await.expect("adding");
    let grant = opened(&*store, "grant").await;
    let db = database.raw().await;
    for _ in 0..5 {
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE usename = current_user AND pid <> pg_backend_pid()";
        db.query(end, &[]).await.expect("ending them");
        assert_eq!(refresh(&*store, grant, 0).await.expect("refreshing"), 1);
        assert!(store.grant_standing(grant).await.expect("looking").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_has_locked_for_long_costs_one_caller_their_time_and_no_transaction() {
    let Some(database) = database().await else { return };
    let store = database.open("pool_size=2").await;
    add(&*store, "ada").await.expect("adding");
    let [locked, free] = [opened(&*store, "locked").await, opened(&*store, "free").await];
    let mut db = database.raw().await;
    let transaction = db.transaction().await.expect("beginning");
    let sql = "SELECT 1 FROM grants WHERE id = $1::text::uuid FOR UPDATE";
    transaction.query(sql, &[&locked.to_string()]).await.expect("locking");
    let waiting = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { refresh(&*store, locked, 0).await })
    };
    assert_eq!(refresh(&*store, free, 0).await.expect("refreshing"), 1);
    unavailable(waiting.await.expect("it ends"));
    let open =
        "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()
                AND state LIKE 'idle in transaction%'";
    assert_eq!(transaction.query_one(open, &[]).await.expect("counting").get::<_, i64>(0), 0);
    transaction.rollback().await.expect("rolling back");
    assert_eq!(refresh(&*store, locked, 0).await.expect("refreshing"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_hang_up_leave_no_transaction_open() {
    let Some(database) = database().await else { return };
    let store = database.open("pool_size=2").await;
    add(&*store, "ada").await.expect("adding");
    let grant = opened(&*store, "grant").await;
    for number in 0..200_u64 {
        let asked =
            tokio::time::timeout(Duration::from_micros(number * 20), refresh(&*store, grant, 0)).await;
        let looked =
            tokio::time::timeout(Duration::from_micros(number * 10), store.grant_standing(grant)).await;
        assert!(!matches!(asked, Ok(Err(_))) && !matches!(looked, Ok(Err(_))), "{asked:?} {looked:?}");
    }
    assert_eq!(refresh(&*store, grant, 0).await.expect("refreshing"), 1);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user
                AND state LIKE 'idle in transaction%'";
    assert_eq!(database.raw().await.query_one(open, &[]).await.expect("counting").get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_may_lag_are_read_from_the_replica_and_nothing_else_is() {
    let Some(database) = database().await else { return };
    let replica = database.proxy().await;
    let store = database.open(&format!("replica={}", replica.address())).await;
    add(&*store, "ada").await.expect("adding");
    let grant = opened(&*store, "grant").await;
    let lists = store.for_lists().expect("there is a replica");
    for (number, store) in [&*store, lists].into_iter().enumerate() {
        assert_eq!(refresh(store, grant, 0).await.expect("refreshing"), 1);
        assert!(store.grant_standing(grant).await.expect("looking").is_some());
        assert!(knows(store, "ada").await && store.changes().await.is_ok());
        assert_eq!(replica.accepted(), 0);
        assert_eq!(store.list_users(None, 10).await.expect("listing").len(), 1);
        assert!(!store.list_audit(10).await.expect("listing").is_empty());
        assert_eq!(replica.accepted(), number);
    }
    let found = store.find_grant(grant).await.expect("looking");
    assert_eq!(replica.accepted(), 1);
    assert_eq!(store.find_replicated_grant(grant).await, found, "the one thing besides lists");
    assert_eq!(store.find_replicated_grant(jeton_authority::GrantId::from_bytes([9; 16])).await, None);
    // A page that is empty is looked for at the primary, too.
    assert!(lists.list_clients(None, 10).await.expect("listing").is_empty());

    replica.set(Fault::Away);
    assert_eq!(lists.list_users(None, 10).await.expect("listing").len(), 1);
    let began = Instant::now();
    assert_eq!(lists.list_users(None, 10).await.expect("listing").len(), 1);
    assert_eq!(store.find_replicated_grant(grant).await, None);
    assert!(began.elapsed() < Duration::from_millis(900), "a replica that is away is left alone for a while");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_a_replica_has_no_other_lists() {
    let Some(database) = database().await else { return };
    assert!(database.open("").await.for_lists().is_none());
}

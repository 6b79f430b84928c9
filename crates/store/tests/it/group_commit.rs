//! How operations share commits, and how they do not harm each other.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::client::StoredClient;
use jeton_authority::grant::{GrantDetail, NewGrant};
use jeton_authority::store::{ClientStore, GrantStore, StoreError};
use jeton_oauth::client::ClientId;
use jeton_store::SqliteStore;
use tokio::task::JoinSet;

use crate::scratch::{Scratch, ada_with_a_refreshed_grant, add, at, knows, new_grant, refresh, unavailable};

/// Starts callers while another connection keeps the database from being written for `busy`, so that they queue up.
/// Answers their outcomes in the order of the callers.
async fn queued<T, F>(
    scratch: &Scratch,
    store: &Arc<SqliteStore>,
    callers: usize,
    busy: Duration,
    call: impl Fn(Arc<SqliteStore>, usize) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let other = scratch.raw();
    other.execute_batch("BEGIN IMMEDIATE").expect("the other one writes");
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let call = call(Arc::clone(store), caller);
        tasks.spawn(async move { (caller, call.await) });
    }
    tokio::time::sleep(busy).await;
    other.execute_batch("ROLLBACK").expect("the other one stops");
    let mut outcomes = tasks.join_all().await;
    outcomes.sort_by_key(|(caller, _)| *caller);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

const SHORTLY: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_queues_up_is_committed_together() {
    let scratch = Scratch::new();
    let store = Arc::new(scratch.open());
    let added = queued(&scratch, &store, 200, SHORTLY, |store, caller| async move {
        add(&*store, &format!("user-{caller}")).await
    });
    assert!(added.await.iter().all(Result::is_ok));
    // The first commit took what was there when the writer woke up, the second took the rest.
    assert!(store.commits() <= 2, "{} commits", store.commits());
    assert_eq!(store.operations(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_fails_does_not_take_others_with_it() {
    let scratch = Scratch::new();
    let store = Arc::new(scratch.open());
    add(&*store, "ada").await.expect("adding");
    // Identifiers are drawn at random, so one that is taken is a failure rather than an outcome.
    store.open_grant(new_grant("grant-20")).await.expect("opening");
    let opened = queued(&scratch, &store, 40, SHORTLY, |store, caller| async move {
        store.open_grant(new_grant(&format!("grant-{caller}"))).await
    });
    for (caller, outcome) in opened.await.into_iter().enumerate() {
        let failed = matches!(outcome, Err(StoreError::Failed(_)));
        assert_eq!(failed, caller == 20, "{caller}: {outcome:?}");
        let standing = store.grant_standing(new_grant(&format!("grant-{caller}")).id).await.expect("looking");
        assert!(standing.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_answered_at_once() {
    let scratch = Scratch::new();
    let store = Arc::new(scratch.open());
    let added = queued(&scratch, &store, 12_000, Duration::from_secs(2), |store, caller| async move {
        add(&*store, &format!("user-{caller}")).await
    });
    let (done, refused): (Vec<_>, Vec<_>) = added.await.into_iter().partition(Result::is_ok);
    assert!(done.len() >= 8192, "{} were accepted", done.len());
    assert!(!refused.is_empty());
    refused.into_iter().for_each(unavailable);
    add(&*store, "another").await.expect("there is room again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_process_writes_for_long_only_writing_is_unavailable() {
    let scratch = Scratch::new();
    let store = Arc::new(scratch.open());
    let grant = ada_with_a_refreshed_grant(&*store).await;
    let outcomes = queued(&scratch, &store, 20, Duration::from_secs(8), |store, caller| async move {
        if caller % 2 == 0 {
            add(&*store, &format!("user-{caller}")).await
        } else {
            refresh(&*store, grant, 1).await.map(|generation| assert_eq!(generation, 1))
        }
    });
    let outcomes = outcomes.await;
    for (caller, outcome) in outcomes.into_iter().enumerate() {
        match (caller % 2, outcome) {
            (1, outcome) => outcome.expect("standing still writes nothing"),
            // The last of them may have been reached when the other process had stopped.
            (_, Ok(())) => assert!(knows(&*store, &format!("user-{caller}")).await),
            (_, refused) => {
                unavailable(refused);
                assert!(!knows(&*store, &format!("user-{caller}")).await);
            }
        }
    }
    add(&*store, "another").await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_write_while_the_grants_of_a_removed_client_are_ended() {
    const GRANTS: usize = 3_000;
    let scratch = Scratch::new();
    let store = Arc::new(scratch.open());
    add(&*store, "ada").await.expect("adding");
    let client = StoredClient {
        id: ClientId::parse("web").expect("an identifier"),
        document: "{}".into(),
        secret: None,
        backchannel_logout: false,
        created_at: at(0),
    };
    let id = client.id.clone();
    store.add_client(client, Actor::Operator).await.expect("adding a client");
    let mut opening = JoinSet::new();
    for number in 0..GRANTS {
        let store = Arc::clone(&store);
        let detail = GrantDetail::from_json(r#"{"auth_time":1700000000}"#).map(Box::new);
        let grant = NewGrant { detail, ..new_grant(&number.to_string()) };
        opening.spawn(async move { store.open_grant(grant).await });
    }
    assert!(opening.join_all().await.iter().all(Result::is_ok));
    let before = store.commits();
    store.remove_client(&id, Actor::Operator, at(1)).await.expect("removing");
    assert_eq!(store.commits() - before, 1, "the client is gone at once");
    assert_eq!(store.end_removed_client(&id).await.expect("ending"), GRANTS as u64);
    assert!(store.commits() - before >= 4, "so many grants end in several transactions");
}

//! A server that is away, silent, slow, or whose answers are lost. Nothing happens twice, nothing that is answered is lost, and it recovers
//! by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jeton_authority::GrantId;
use jeton_authority::audit::{Actor, AuditEvent};
use jeton_authority::client::StoredClient;
use jeton_authority::store::{ClientChange, GrantOpening, Revocation, Store, StoreError, UserAddition};
use jeton_oauth::client::ClientId;
use tokio::time::{sleep, timeout};

use super::proxy::{Fault, Proxy};
use super::scratch::{Database, database};
use crate::scratch::{add, at, new_grant, new_user, refresh, unavailable, username};

/// What the server says, and is asked, of a commit; and what it says of a batch of refreshes.
const COMMITTED: &str = "COMMIT\0";
const UPDATED: &str = "UPDATE ";

/// The longest that a caller waits while the server is silent: the limit of a statement, and the attempts to find another.
const PATIENCE: Duration = Duration::from_secs(20);

async fn world() -> Option<(Database, Proxy, Arc<dyn Store>)> {
    world_with("").await
}

async fn world_with(parameters: &str) -> Option<(Database, Proxy, Arc<dyn Store>)> {
    let database = database().await?;
    let proxy = database.proxy().await;
    let store = database.open_through(&proxy, parameters).await;
    add(&*store, "ada").await.expect("adding");
    Some((database, proxy, store))
}

async fn opened(store: &dyn Store, name: &str) -> GrantId {
    let grant = new_grant(name);
    let id = grant.id;
    assert_eq!(store.open_grant(grant).await.expect("opening"), GrantOpening::Opened);
    id
}

async fn recorded(store: &dyn Store, event: AuditEvent) -> usize {
    let records = store.list_audit(1000).await.expect("listing");
    records.into_iter().filter(|record| record.event == event).count()
}

/// Does something with each kind of fault at its commit, and says which of both it was.
async fn at_each_commit(parameters: &str, name: &str) -> Option<()> {
    let (_database, proxy, store) = world_with(parameters).await?;
    for (number, fault) in
        [Fault::LoseAnswer(COMMITTED), Fault::LoseQuestion(COMMITTED)].into_iter().enumerate()
    {
        let struck = async || {
            let before = proxy.struck();
            proxy.set(fault);
            before + 1
        };
        let name = format!("{name}{number}");
        let expected = struck().await;
        let added = store.add_user(new_user(&name), Actor::Operator).await.expect("adding");
        assert_eq!((added, proxy.struck()), (UserAddition::Added, expected), "{fault:?}");
        assert_eq!(recorded(&*store, AuditEvent::UserAdded).await, number + 2, "{fault:?}");
        assert!(store.find_user(&username(&name)).await.expect("looking").is_some());

        let expected = struck().await;
        let opening = store.open_grant(new_grant(&name)).await.expect("opening");
        assert_eq!((opening, proxy.struck()), (GrantOpening::Opened, expected), "{fault:?}");
        assert_eq!(recorded(&*store, AuditEvent::SignedIn).await, number + 1, "{fault:?}");

        let expected = struck().await;
        let ended = store.revoke_grant(new_grant(&name).id, Actor::Operator, at(1)).await.expect("ending");
        assert_eq!((ended, proxy.struck()), (Revocation::Revoked, expected), "{fault:?}");
        assert_eq!(recorded(&*store, AuditEvent::GrantRevoked).await, number + 1, "{fault:?}");
    }
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_counts_as_what_it_was() {
    at_each_commit("", "user").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_holds_with_one_connection_that_prepares_nothing() {
    at_each_commit("pool_size=1&prepared_statements=off", "user").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_whose_answer_is_lost_skips_no_generation() {
    let Some((_database, proxy, store)) = world().await else { return };
    for (number, fault) in
        [Fault::LoseAnswer(UPDATED), Fault::LoseQuestion("WITH free AS")].into_iter().enumerate()
    {
        // So that what is asked has to be prepared, which the proxy recognises.
        proxy.cut();
        let grant = opened(&*store, &format!("grant {number}")).await;
        proxy.set(fault);
        assert_eq!(refresh(&*store, grant, 0).await.expect("refreshing"), 1, "{fault:?}");
        assert_eq!(proxy.struck(), number + 1, "{fault:?}");
        assert_eq!(refresh(&*store, grant, 0).await.expect("refreshing"), 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_registers_hears_of_its_own_registration_and_of_no_other() {
    let Some((_database, proxy, store)) = world().await else { return };
    let client = StoredClient {
        id: ClientId::parse("web").expect("an identifier"),
        document: "{}".into(),
        secret: None,
        backchannel_logout: false,
        created_at: at(0),
    };
    proxy.set(Fault::LoseAnswer(COMMITTED));
    let change = store.add_client(client, Actor::Operator).await.expect("adding");
    assert_eq!((change, proxy.struck()), (ClientChange::Done, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_that_vanish_are_noticed_in_time_and_the_same_token_is_good_afterwards() {
    let Some((_database, proxy, store)) = world().await else { return };
    let grant = opened(&*store, "grant").await;
    let ada = username("ada");
    proxy.set(Fault::Silent);
    let began = Instant::now();
    let (refreshed, looked, written) =
        tokio::join!(refresh(&*store, grant, 0), store.find_user(&ada), store.probe());
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    unavailable(refreshed);
    unavailable(looked);
    unavailable(written);
    proxy.set(Fault::None);
    // The connections that were silent are dead for good, and were given up.
    assert_eq!(refresh(&*store, grant, 0).await.expect("refreshing"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_away_callers_are_told_and_few_connect() {
    const CALLERS: usize = 50;
    let Some((_database, proxy, store)) = world_with("pool_wait=1").await else { return };
    let grant = opened(&*store, "grant").await;
    proxy.set(Fault::Away);
    let (before, began) = (proxy.accepted(), Instant::now());
    let callers = (0..CALLERS).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut refused = 0;
            loop {
                match refresh(&*store, grant, 0).await {
                    Ok(generation) => return (generation, refused),
                    Err(StoreError::Unavailable(_)) => refused += 1,
                    Err(error) => panic!("{error}"),
                }
                sleep(Duration::from_millis(5)).await;
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    sleep(Duration::from_secs(4)).await;
    let attempts = proxy.accepted() - before;
    assert!(attempts < 40, "{attempts} connections in {:?}", began.elapsed());
    proxy.set(Fault::None);
    let healed = Instant::now();
    for caller in callers {
        let (generation, refused) = caller.await.expect("no caller fails");
        assert_eq!(generation, 1);
        assert!((1..1_000).contains(&refused), "{refused}");
    }
    assert!(healed.elapsed() < Duration::from_secs(3), "{:?}", healed.elapsed());
    assert!(proxy.accepted() - before - attempts <= 16, "no more than it needs");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_again_and_again_under_load_cost_nobody_anything() {
    let Some((_database, proxy, store)) = world().await else { return };
    let mut grants = vec![];
    for number in 0..10 {
        grants.push(opened(&*store, &format!("grant {number}")).await);
    }
    let callers: Vec<_> = grants
        .into_iter()
        .map(|grant| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for _ in 0..100 {
                    match refresh(&*store, grant, 0).await {
                        Ok(generation) => assert_eq!(generation, 1),
                        Err(StoreError::Unavailable(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                    sleep(Duration::from_millis(5)).await;
                }
                refresh(&*store, grant, 0).await
            })
        })
        .collect();
    for _ in 0..10 {
        sleep(Duration::from_millis(50)).await;
        proxy.cut();
    }
    for caller in callers {
        assert_eq!(caller.await.expect("no caller fails").expect("refreshing"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_turns_callers_away_before_too_many_wait() {
    let Some((_database, proxy, store)) = world().await else { return };
    let grant = opened(&*store, "grant").await;
    proxy.set(Fault::Slow(Duration::from_millis(200)));
    let began = Instant::now();
    let callers: Vec<_> = (0..6_000)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { (refresh(&*store, grant, 0).await, began.elapsed()) })
        })
        .collect();
    let (mut answered, mut turned_away) = (0, 0);
    for caller in callers {
        match caller.await.expect("no caller fails") {
            (Ok(generation), _) => {
                assert_eq!(generation, 1);
                answered += 1;
            }
            (Err(StoreError::Unavailable(_)), _) => turned_away += 1,
            (Err(error), _) => panic!("{error}"),
        }
    }
    assert!(turned_away >= 1_000, "{turned_away} were turned away, {answered} answered");
    assert!(answered >= 4_000, "{turned_away} were turned away, {answered} answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_hang_up_over_a_slow_line_leave_no_transaction_open() {
    let Some((database, proxy, store)) = world_with("pool_size=2").await else { return };
    let grant = opened(&*store, "grant").await;
    proxy.set(Fault::Slow(Duration::from_millis(2)));
    for number in 0..100_u64 {
        let asked = timeout(Duration::from_micros(number * 300), refresh(&*store, grant, 0)).await;
        let ended = timeout(
            Duration::from_micros(number * 200),
            store.revoke_grant(new_grant("another").id, Actor::Operator, at(1)),
        )
        .await;
        assert!(!matches!(asked, Ok(Err(_))) && !matches!(ended, Ok(Err(_))), "{asked:?} {ended:?}");
    }
    proxy.set(Fault::None);
    sleep(Duration::from_millis(500)).await;
    let open = "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user
                AND state LIKE 'idle in transaction%'";
    let open = database.raw().await.query_one(open, &[]).await.expect("counting");
    assert_eq!(open.get::<_, i64>(0), 0);
    assert_eq!(refresh(&*store, grant, 0).await.expect("refreshing"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_racers_on_one_token_are_answered_alike_where_serializable_is_the_default() {
    let Some(database) = database().await else { return };
    drop(database.open("").await);
    database.alter_role("default_transaction_isolation = 'serializable'").await;
    let nodes = [database.open("").await, database.open("").await];
    add(&*nodes[0], "ada").await.expect("adding");
    for round in 0..5 {
        let grant = opened(&*nodes[0], &format!("grant {round}")).await;
        let racers: Vec<_> = (0..50)
            .map(|number: usize| {
                let store = Arc::clone(&nodes[number % 2]);
                tokio::spawn(async move { refresh(&*store, grant, 0).await })
            })
            .collect();
        for racer in racers {
            assert_eq!(racer.await.expect("no racer fails").expect("refreshing"), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_fails_for_its_caller_alone() {
    let Some(database) = database().await else { return };
    let store = database.open("").await;
    add(&*store, "ada").await.expect("adding");
    let mut grants = vec![];
    for number in 0..20 {
        grants.push(opened(&*store, &format!("grant {number}")).await);
    }
    let spoil = "UPDATE grants SET network = 'x'::bytea WHERE id = $1::text::uuid";
    let spoilt = database.raw().await.execute(spoil, &[&grants[7].to_string()]).await.expect("spoiling");
    assert_eq!(spoilt, 1);
    let callers: Vec<_> = grants
        .iter()
        .map(|grant| {
            let (store, grant) = (Arc::clone(&store), *grant);
            tokio::spawn(async move { refresh(&*store, grant, 0).await })
        })
        .collect();
    for (number, caller) in callers.into_iter().enumerate() {
        match (number, caller.await.expect("it ends")) {
            (7, Err(StoreError::Failed(_))) => {}
            (_, Ok(generation)) => assert_eq!((number == 7, generation), (false, 1)),
            (number, answer) => panic!("{number}: {answer:?}"),
        }
    }
}

//! Many attempts at once: those that only wait for others under way are let through in turn, guesses are not.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jeton_authority::throttle::{
    Attempt, FREE_FAILURES, MOST_WAITING, NETWORK_FAILURES, NETWORK_SHARE, Standing, Throttle, Throttled,
    TurnedAway, enter,
};
use jeton_authority::{Caller, Network};
use jeton_jose::Timestamp;
use tokio::task::{JoinSet, yield_now};

const HERE: Network = Network::V4([192, 0, 2]);

/// A throttle that many tasks share, and how many attempts it has let through at once.
#[derive(Default)]
struct Door {
    throttle: Mutex<Throttle>,
    inside: AtomicU32,
    most_inside: AtomicU32,
}

/// How an attempt ends.
#[derive(Clone, Copy)]
enum End {
    Success,
    Failure,
    Withdrawal,
}

impl Door {
    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().expect("no test panics while it holds the throttle")
    }

    fn begin(&self) -> Result<Attempt, TurnedAway> {
        self.throttle().begin("ada", &HERE.into(), Standing::Stranger, now())
    }

    fn over(places: usize) -> Arc<Self> {
        Arc::new(Self { throttle: Mutex::new(Throttle::over(Some(places))), ..Self::default() })
    }

    async fn attempt(&self, account: &str, end: End) -> Result<(), TurnedAway> {
        let caller = Caller::from(HERE);
        let attempt = enter(&self.throttle, account, &caller, Standing::Stranger, now()).await?;
        if let Some(throttled) = attempt.veil() {
            return Err(TurnedAway::Throttled(throttled));
        }
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_inside.fetch_max(inside, Ordering::SeqCst);
        yield_now().await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        match end {
            End::Success => self.throttle().succeed(attempt, now()),
            End::Failure => drop(attempt),
            End::Withdrawal => self.throttle().withdraw(attempt),
        }
        Ok(())
    }

    /// Makes attempts at once; answers how many were let through.
    async fn crowd(
        self: &Arc<Self>,
        size: u32,
        account: impl Fn(u32) -> String,
        end: impl Fn(u32) -> End,
    ) -> u32 {
        let mut tasks = JoinSet::new();
        for number in 0..size {
            let (door, account, end) = (Arc::clone(self), account(number), end(number));
            tasks.spawn(async move { door.attempt(&account, end).await });
        }
        let outcomes = tokio::time::timeout(Duration::from_secs(120), tasks.join_all());
        let outcomes = outcomes.await.expect("nobody waits for ever");
        outcomes.iter().filter(|outcome| outcome.is_ok()).count().try_into().expect("small")
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix(1_800_000_000)
}

fn ada(_: u32) -> String {
    "ada".to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn right_passwords_at_once_are_all_let_through_a_few_at_a_time() {
    let door = Arc::new(Door::default());
    assert_eq!(door.crowd(1_000, ada, |_| End::Success).await, 1_000);
    assert!(door.most_inside.load(Ordering::SeqCst) <= FREE_FAILURES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_are_refused_after_the_free_ones() {
    let door = Arc::new(Door::default());
    assert_eq!(door.crowd(1_000, ada, |_| End::Failure).await, FREE_FAILURES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_among_right_passwords_do_not_keep_anybody_waiting_for_ever() {
    let door = Arc::new(Door::default());
    let ends = |number| match number % 3 {
        0 => End::Failure,
        1 => End::Success,
        _ => End::Withdrawal,
    };
    let through = door.crowd(1_000, ada, ends).await;
    assert!(through >= FREE_FAILURES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_office_that_signs_in_at_once_waits_for_its_share_of_the_hash_queue_and_is_let_through() {
    let (places, office) = (1_000, 1_000);
    let door = Door::over(places);
    let colleague = |number| format!("user{number}");
    assert_eq!(door.crowd(office, colleague, |_| End::Success).await, office);
    let share = u32::try_from(places).expect("small") / NETWORK_SHARE;
    assert!(door.most_inside.load(Ordering::SeqCst) <= share);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn made_up_names_at_once_hold_no_more_than_a_share_of_the_hash_queue() {
    let door = Door::over(64);
    let through = door.crowd(1_000, |number| format!("user{number}"), |_| End::Failure).await;
    assert!(through < 1_000, "what finds no place to wait is turned away");
    assert!(door.most_inside.load(Ordering::SeqCst) <= 64 / NETWORK_SHARE);
}

#[tokio::test]
async fn a_queue_that_is_full_refuses_for_a_second() {
    let door = Arc::new(Door::default());
    let first: Vec<_> = (0..FREE_FAILURES).map(|_| door.begin().expect("free")).collect();
    let mut tasks = JoinSet::new();
    for _ in 0..MOST_WAITING + 10 {
        let door = Arc::clone(&door);
        tasks.spawn(async move { door.attempt("ada", End::Success).await });
    }
    for _ in 0..10 {
        let refused = tasks.join_next().await.expect("a task").expect("no panic");
        let throttled = Throttled { retry_after: Duration::from_secs(1) };
        assert_eq!(refused, Err(TurnedAway::Throttled(throttled)));
    }
    first.into_iter().for_each(|attempt| door.throttle().withdraw(attempt));
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_waiter_whose_attempt_is_veiled_leaves_its_turn_to_the_next() {
    let door = Arc::new(Door::default());
    // The network has one failure left, which an attempt under way may yet take.
    for number in 1..NETWORK_FAILURES {
        door.attempt(&format!("user{number}"), End::Failure).await.expect("the network may fail so often");
    }
    let last = door.begin().expect("the last of the network");
    let waiters: Vec<_> = (1..10)
        .map(|number| {
            let door = Arc::clone(&door);
            tokio::spawn(async move { door.attempt(&format!("user{number}"), End::Failure).await })
        })
        .collect();
    yield_now().await;
    drop(last);
    for waiter in waiters {
        let outcome = tokio::time::timeout(Duration::from_secs(120), waiter).await.expect("it ends");
        assert!(matches!(outcome, Ok(Err(TurnedAway::Throttled(_)))), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_waiter_that_goes_away_leaves_its_turn_to_the_next() {
    let door = Arc::new(Door::default());
    let first: Vec<_> = (0..FREE_FAILURES).map(|_| door.begin().expect("free")).collect();
    let waiter = |_| {
        let door = Arc::clone(&door);
        tokio::spawn(async move { door.attempt("ada", End::Success).await })
    };
    let waiters: Vec<_> = (0..20).map(waiter).collect();
    yield_now().await;
    first.into_iter().for_each(|attempt| door.throttle().withdraw(attempt));
    for (number, waiter) in waiters.iter().enumerate() {
        if number % 2 == 0 {
            waiter.abort();
        }
    }
    for (number, waiter) in waiters.into_iter().enumerate() {
        let outcome = tokio::time::timeout(Duration::from_secs(120), waiter).await.expect("it ends");
        assert!(number % 2 == 0 || outcome.expect("not aborted").is_ok());
    }
}

//! Fetches that begin only where there is a place for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use jeton_fetch::{FetchError, Freshness, Kept, Origin, TurnedAway};
use jeton_jose::Timestamp;
use tokio::sync::Semaphore;

/// A host that answers once it is let.
struct Host {
    asked: AtomicUsize,
    now: AtomicI64,
    answers: Semaphore,
}

#[derive(Clone)]
struct Document(Arc<Host>);

impl Origin for Document {
    type Document = usize;

    async fn fetch(&self) -> Result<(usize, Box<str>), FetchError> {
        let number = self.0.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.answers.acquire().await.expect("it is never closed").forget();
        Ok((number, number.to_string().into()))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.now.load(Ordering::SeqCst))
    }

    fn changed(&self, _document: &usize) {}

    fn failed(&self, error: &FetchError) {
        panic!("nothing fails here: {error}");
    }
}

struct Site {
    host: Arc<Host>,
    kept: Kept<Document>,
}

impl Site {
    /// A host that gives so many answers.
    fn new(answers: usize) -> Self {
        let answers = Semaphore::new(answers);
        let now = AtomicI64::new(1_800_000_000);
        let host = Arc::new(Host { asked: AtomicUsize::new(0), now, answers });
        let freshness = Freshness {
            refresh_ahead: Duration::from_secs(300),
            max_age: Duration::from_secs(3600),
            stale_if_error: Duration::from_secs(24 * 3600),
            ..Freshness::default()
        };
        Self { kept: Kept::new(Document(Arc::clone(&host)), freshness), host }
    }

    fn step(&self, seconds: i64) {
        self.host.now.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn document(&self, place: bool) -> Result<Option<usize>, TurnedAway> {
        let now = self.kept.origin().now();
        let fetched = self.kept.wait_admitted(now, || place.then_some(())).await?;
        Ok(fetched.map(|fetched| *fetched.document()))
    }
}

#[tokio::test]
async fn a_fetch_without_a_place_is_turned_away_which_is_no_failure() {
    let site = Site::new(1);
    assert_eq!(site.document(false).await, Err(TurnedAway));
    assert_eq!(site.host.asked.load(Ordering::SeqCst), 0);
    assert_eq!(site.document(true).await, Ok(Some(1)), "at once, without a pause");
}

#[tokio::test]
async fn an_older_document_serves_where_there_is_no_place() {
    let site = Site::new(1);
    assert_eq!(site.document(true).await, Ok(Some(1)));
    for seconds in [300, 3600, 12 * 3600] {
        site.step(seconds);
        assert_eq!(site.document(false).await, Ok(Some(1)));
    }
    site.step(24 * 3600);
    assert_eq!(site.document(false).await, Err(TurnedAway), "too old to be used");
    assert_eq!(site.host.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_document_serves_while_a_newer_one_is_fetched_by_a_host_that_hangs() {
    let site = Site::new(1);
    assert_eq!(site.document(true).await, Ok(Some(1)));
    site.step(300);
    for _ in 0..100 {
        assert_eq!(site.document(true).await, Ok(Some(1)));
        tokio::task::yield_now().await;
    }
    assert_eq!(site.host.asked.load(Ordering::SeqCst), 2, "one fetch however many wait");
    site.host.answers.add_permits(1);
    while site.document(true).await != Ok(Some(2)) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_place_is_held_until_the_fetch_has_landed_though_nobody_waits_any_more() {
    let site = Site::new(0);
    let place = Arc::new(());
    let now = site.kept.origin().now();
    let mut waiting = Box::pin(site.kept.wait_admitted(now, || Some(Arc::clone(&place))));
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("the host does not answer"),
        () = tokio::task::yield_now() => {}
    }
    drop(waiting);
    assert_eq!(Arc::strong_count(&place), 2);
    site.host.answers.add_permits(1);
    while Arc::strong_count(&place) == 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(site.document(false).await, Ok(Some(1)));
}

#[tokio::test]
async fn looking_for_a_key_without_a_place_is_turned_away_and_may_be_tried_again_at_once() {
    let site = Site::new(2);
    assert_eq!(site.document(true).await, Ok(Some(1)));
    let now = site.kept.origin().now();
    let seen = site.kept.ready(now).expect("a document");
    let turned_away = site.kept.look_for_admitted(Some("new"), &seen, now, || None::<()>).await;
    assert!(turned_away.is_err());
    let newer = site.kept.look_for_admitted(Some("new"), &seen, now, || Some(())).await;
    assert_eq!(newer.expect("a place").map(|fetched| *fetched.document()), Some(2));
}

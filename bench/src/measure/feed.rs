//! How long a sign-out takes to reach an API: revocations at one node, and the guards that listen to another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jeton_guard::Guard;
use jeton_guard::remote::{Fetcher, Reach, RemoteUrl};
use jeton_guard::revocations::{FeedState, RevocationsBuilder};
use jeton_jose::{JwkSet, KeySet};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use super::Effort;
use crate::contender::BenchError;
use crate::floor::ISSUER;
use crate::grants::{Pair, open_grants};
use crate::load::{self, Connection, Latencies, LoadError, Request};
use crate::place::Place;
use crate::proc::CpuSample;
use crate::site::{Kind, Site, Workshop};

/// Guards that listen, each with a connection of its own.
pub const GUARDS: usize = 100;
/// Revocations a second.
pub const PER_SECOND: u32 = 1_000;
/// Connections that they are made over.
const CONNECTIONS: usize = 32;
/// Of so many revocations one is timed.
const TIMED: usize = 20;
/// How often a guard is asked whether it accepts a token still. A latency is known to this precision.
const EVERY: Duration = Duration::from_millis(1);
/// How long a guard may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was found on one backend.
#[derive(Debug, Clone)]
pub struct FeedFindings {
    /// Which.
    pub backend: &'static str,
    /// Nodes: the first takes the revocations, the guards listen to the last.
    pub nodes: usize,
    /// From sending a revocation to the first refusal at a guard.
    pub latencies: Latencies,
    /// CPU microseconds of the node that the guards listen to, for an event, with one guard.
    pub event_us: f64,
    /// The same for an event and each further guard.
    pub guard_us: f64,
}

/// Revokes on SQLite, and on PostgreSQL if there is a server.
///
/// # Errors
/// When the nodes cannot be started, a revocation is refused, or a guard does not learn of one.
pub fn feed(workshop: &Workshop, effort: &Effort) -> Result<Vec<FeedFindings>, BenchError> {
    let mut found = vec![on("SQLite", workshop, &workshop.place("feed"), 1, effort)?];
    if let Some(postgres) = &workshop.postgres {
        let place = postgres.make("feed", &workshop.scratch)?;
        found.push(on("PostgreSQL", workshop, &place, 2, effort)?);
    }
    Ok(found)
}

fn on(
    backend: &'static str,
    workshop: &Workshop,
    place: &Place,
    nodes: usize,
    effort: &Effort,
) -> Result<FeedFindings, BenchError> {
    let window = effort.window * 5;
    let revoked = (window.as_secs_f64() * f64::from(PER_SECOND)) as usize;
    workshop.add_user(place)?;
    let mut pairs = open_grants(place, 2 * revoked as u64, 1)?;
    let started: Result<Vec<Site>, BenchError> =
        (0..nodes).map(|_| Site::start(workshop, Kind::Serve, place)).collect();
    let started = started?;
    let (Some(first), Some(last)) = (started.first(), started.last()) else {
        return Err(BenchError::Other("the feed needs a node".to_owned()));
    };
    let one = window_with(1, first, last, pairs.split_off(revoked))?;
    let many = window_with(GUARDS, first, last, pairs)?;
    let per_event = |window: &Window| window.reader_cpu * 1e6 / revoked as f64;
    Ok(FeedFindings {
        backend,
        nodes,
        latencies: many.latencies.clone(),
        event_us: per_event(&one),
        guard_us: (per_event(&many) - per_event(&one)) / (GUARDS - 1) as f64,
    })
}

/// What so many revocations showed.
struct Window {
    latencies: Latencies,
    /// CPU seconds of the node that the guards listen to.
    reader_cpu: f64,
}

fn window_with(guards: usize, first: &Site, last: &Site, pairs: Vec<Pair>) -> Result<Window, BenchError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let guards = listen(guards, last).await?;
        let before = CpuSample::take(&[last.contender.process()])?;
        let latencies = revoke(&guards, first, pairs).await?;
        let reader_cpu = CpuSample::take(&[last.contender.process()])?.since(&before).tree;
        Ok(Window { latencies, reader_cpu })
    })
}

/// Guards that know everything that was revoked until now.
async fn listen(count: usize, node: &Site) -> Result<Vec<Guard>, BenchError> {
    let address = node.contender.address();
    let document =
        tokio::task::block_in_place(|| load::send_once(address, &Request::get("/.well-known/jwks.json")))?;
    let keys =
        JwkSet::parse(document.body.as_bytes()).and_then(|set| KeySet::from_jwk_set(&set)).map_err(other)?;
    let url = RemoteUrl::parse(&format!("http://{address}/revocations")).map_err(other)?;
    let mut guards = Vec::with_capacity(count);
    let mut feeds = Vec::with_capacity(count);
    for _ in 0..count {
        let feed = RevocationsBuilder::with_keys(ISSUER, url.clone(), keys.clone());
        let feed = feed.fetcher(Fetcher::new().allow(Reach::Loopback)).start().map_err(other)?;
        feeds.push(feed.clone());
        guards.push(Guard::builder(ISSUER, ISSUER, keys.clone()).remember(65_536).revocations(feed).build());
    }
    let begun = Instant::now();
    while !feeds.iter().all(|feed| feed.status().state == FeedState::Heard) {
        if begun.elapsed() > PATIENCE {
            return Err(BenchError::Other("a guard does not reach the feed".to_owned()));
        }
        sleep(Duration::from_millis(10)).await;
    }
    Ok(guards)
}

/// Signs all of them out, at an even rate, and answers how long some took to be refused.
async fn revoke(guards: &[Guard], node: &Site, pairs: Vec<Pair>) -> Result<Latencies, BenchError> {
    let gap = Duration::from_secs(1) / PER_SECOND;
    let start = Instant::now();
    let (address, guards) = (node.contender.address(), Arc::new(guards.to_vec()));
    let queue = Arc::new(Mutex::new(pairs.into_iter().enumerate()));
    let mut revoking = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (queue, guards) = (Arc::clone(&queue), Arc::clone(&guards));
        revoking.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut watched = JoinSet::new();
            loop {
                let Some((index, pair)) = queue.lock().await.next() else { break };
                let due = start + gap * u32::try_from(index).unwrap_or(u32::MAX);
                sleep_until(due.into()).await;
                if index % TIMED == 0 {
                    let guard = guards[index / TIMED % guards.len()].clone();
                    watched.spawn(refused_after(guard, pair.access));
                }
                let body = format!(r#"{{"refresh":"{}"}}"#, pair.refresh);
                let request = Request::post_json("/api/token/blacklist/", body).encode();
                let answer = connection.call(&request).await?;
                if answer.status != 200 {
                    return Err(
                        LoadError::Refused { status: answer.status, body: answer.body.to_owned() }.into()
                    );
                }
            }
            watched.join_all().await.into_iter().collect::<Result<Vec<Duration>, BenchError>>()
        });
    }
    let mut latencies = Latencies::default();
    while let Some(share) = revoking.join_next().await {
        share.map_err(other)??.into_iter().for_each(|took| latencies.record(took));
    }
    latencies.sort();
    Ok(latencies)
}

/// How long a guard goes on to accept a token that is about to be revoked.
async fn refused_after(guard: Guard, token: String) -> Result<Duration, BenchError> {
    let begun = Instant::now();
    while guard.verify(&token).await.is_ok() {
        if begun.elapsed() > PATIENCE {
            return Err(BenchError::Other("a guard accepts a token that was revoked".to_owned()));
        }
        sleep(EVERY).await;
    }
    Ok(begun.elapsed())
}

fn other(error: impl std::fmt::Display) -> BenchError {
    BenchError::Other(error.to_string())
}

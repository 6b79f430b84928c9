//! What a grant costs on disk, and a refresh in processor time, next to the least that SQLite can do.
//!
//! `cargo run --release -p jeton-store --example grant_cost -- [GRANTS] [SECONDS] [FOLDER]`
//!
//! Opens so many grants (100,000) through the store, closes it, tells the growth of the folder a grant, and then
//! refreshes grants at random, 64 at a time, so that each refresh advances. The floor is one table and one UPDATE by key
//! for each operation, in transactions as large.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jeton_authority::audit::Actor;
use jeton_authority::grant::NewGrant;
use jeton_authority::password::PasswordHash;
use jeton_authority::refresh_token::Presented;
use jeton_authority::settings::RefreshPolicy;
use jeton_authority::store::{GrantStore, NewUser, Refresh, UserStore};
use jeton_authority::user::{Attributes, Role, UserStatus, Username};
use jeton_authority::{GrantId, Network, UserId};
use jeton_jose::Timestamp;
use jeton_store::{DataFolder, OpenMode, SqliteStore};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

const CALLERS: u64 = 64;
const USERS: u64 = 1000;
const NETWORK: Network = Network::V4([192, 0, 2]);

type Failure = Box<dyn Error + Send + Sync>;

#[expect(clippy::print_stdout, reason = "its whole purpose is to print what it measured")]
fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let grants: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(4), |text| text.parse())?;
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from).join("jeton-grant-cost");
    let window = Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;

    let _ = std::fs::remove_dir_all(&folder);
    let database = DataFolder::open(&folder)?.database();
    let store = SqliteStore::open(&database, OpenMode::CreateOrMigrate)?;
    runtime.block_on(add_users(&store))?;
    store.close()?;
    let before = size(&folder)?;

    let store = Arc::new(SqliteStore::open(&database, OpenMode::AsIs)?);
    let started = Instant::now();
    runtime.block_on(open_grants(&store, grants))?;
    println!("opened {grants} grants in {:.1} s", started.elapsed().as_secs_f64());
    close(store)?;
    println!("bytes on disk a grant: {:.0}", (size(&folder)? - before) as f64 / grants as f64);

    let store = Arc::new(SqliteStore::open(&database, OpenMode::AsIs)?);
    let generations: Arc<[AtomicU64]> = (0..grants).map(|_| AtomicU64::new(0)).collect();
    for _ in 1..=3 {
        let (commits, cpu, started) = (store.commits(), cpu_time()?, Instant::now());
        let done = runtime.block_on(refresh(&store, &generations, window))?;
        report("refresh", done, store.commits() - commits, cpu_time()? - cpu, started.elapsed());
    }
    close(store)?;
    println!("bytes on disk a grant after that: {:.0}", (size(&folder)? - before) as f64 / grants as f64);

    let (queue, jobs) = mpsc::channel(8192);
    let commits = Arc::new(AtomicU64::new(0));
    let writer = {
        let (path, commits) = (folder.join("floor.db"), Arc::clone(&commits));
        std::thread::spawn(move || floor_writer(&path, grants, jobs, &commits))
    };
    runtime.block_on(floor(&queue, grants, Duration::from_millis(200)))?;
    for _ in 1..=3 {
        let (committed, cpu, started) = (commits.load(Ordering::Relaxed), cpu_time()?, Instant::now());
        let done = runtime.block_on(floor(&queue, grants, window))?;
        let committed = commits.load(Ordering::Relaxed) - committed;
        report("floor  ", done, committed, cpu_time()? - cpu, started.elapsed());
    }
    drop(queue);
    writer.join().map_err(|_| "the floor's writer panicked")??;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "its whole purpose is to print what it measured")]
fn report(what: &str, done: u64, commits: u64, cpu: Duration, elapsed: Duration) {
    println!(
        "{what}: {:.2} CPU-us, {:.0}/s, {:.1} a commit",
        cpu.as_secs_f64() * 1e6 / done as f64,
        done as f64 / elapsed.as_secs_f64(),
        done as f64 / commits as f64,
    );
}

fn close(store: Arc<SqliteStore>) -> Result<(), Failure> {
    Arc::into_inner(store).ok_or("somebody still holds the store")?.close().map_err(Into::into)
}

async fn add_users(store: &SqliteStore) -> Result<(), Failure> {
    for number in 0..USERS {
        let user = NewUser {
            id: user_id(number),
            imported_key: None,
            username: Username::parse(&format!("user-{number}"))?,
            email: Some(format!("user-{number}@example.org").into()),
            password: PasswordHash::from_stored("x".repeat(97)),
            role: Role::Member,
            status: UserStatus::Active,
            created_at: now(0),
            attributes: Attributes::default(),
        };
        store.add_user(user, Actor::Operator).await?;
    }
    Ok(())
}

async fn open_grants(store: &Arc<SqliteStore>, grants: u64) -> Result<(), Failure> {
    let tasks = (0..CALLERS).map(|caller| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for number in (caller..grants).step_by(CALLERS as usize) {
                let grant = NewGrant {
                    id: grant_id(number),
                    user: user_id(number % USERS),
                    epoch: 0,
                    client: "first-party".into(),
                    scope: jeton_oauth::Scope::default(),
                    session: None,
                    told_of: None,
                    detail: None,
                    network: NETWORK,
                    opened_at: now(0),
                    expires_at: Timestamp::from_unix(1_702_592_000),
                };
                store.open_grant(grant).await?;
            }
            Ok::<_, Failure>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(())
}

/// Refreshes grants, each caller its own, and counts the refreshes.
async fn refresh(
    store: &Arc<SqliteStore>,
    generations: &Arc<[AtomicU64]>,
    window: Duration,
) -> Result<u64, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let policy = RefreshPolicy { grace: Duration::ZERO, excuses: 0 };
    let tasks = (0..CALLERS).map(|caller| {
        let (store, generations, stop) = (Arc::clone(store), Arc::clone(generations), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut done = 0;
            while !stop.load(Ordering::Relaxed) {
                let number = pick(caller, done, generations.len() as u64);
                let generation = generations[number as usize].load(Ordering::Relaxed);
                let presented = Presented::new(generation, now(done), NETWORK);
                match store.refresh_grant(grant_id(number), presented, policy, now(done)).await? {
                    Refresh::Granted(live, _) => {
                        generations[number as usize].store(live.grant.state.generation, Ordering::Relaxed);
                    }
                    outcome => return Err(format!("a refresh was answered {outcome:?}").into()),
                }
                done += 1;
            }
            Ok::<_, Failure>(done)
        })
    });
    let tasks = tasks.collect::<Vec<_>>();
    tokio::time::sleep(window).await;
    stop.store(true, Ordering::Relaxed);
    let mut done = 0;
    for task in tasks {
        done += task.await??;
    }
    Ok(done)
}

type FloorJob = ([u8; 16], oneshot::Sender<bool>);

async fn floor(queue: &mpsc::Sender<FloorJob>, grants: u64, window: Duration) -> Result<u64, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let tasks = (0..CALLERS).map(|caller| {
        let (queue, stop) = (queue.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut done = 0;
            while !stop.load(Ordering::Relaxed) {
                let (reply, answer) = oneshot::channel();
                queue.send((*grant_id(pick(caller, done, grants)).as_bytes(), reply)).await?;
                if !answer.await? {
                    return Err("the floor found no row".into());
                }
                done += 1;
            }
            Ok::<_, Failure>(done)
        })
    });
    let tasks = tasks.collect::<Vec<_>>();
    tokio::time::sleep(window).await;
    stop.store(true, Ordering::Relaxed);
    let mut done = 0;
    for task in tasks {
        done += task.await??;
    }
    Ok(done)
}

fn floor_writer(
    path: &Path,
    grants: u64,
    mut jobs: mpsc::Receiver<FloorJob>,
    commits: &AtomicU64,
) -> Result<(), Failure> {
    let db = Connection::open(path)?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;
         CREATE TABLE session (id BLOB PRIMARY KEY, hash BLOB NOT NULL, user TEXT NOT NULL, generation INTEGER NOT NULL,
                               at INTEGER NOT NULL) WITHOUT ROWID;
         BEGIN;",
    )?;
    for number in 0..grants {
        db.prepare_cached("INSERT INTO session VALUES (?1, ?2, 'user-123', 0, 1700000000)")?
            .execute((grant_id(number).as_bytes(), [7; 32]))?;
    }
    db.execute_batch("COMMIT")?;
    let mut batch: Vec<FloorJob> = Vec::new();
    let mut at = 1_700_000_000;
    while jobs.blocking_recv_many(&mut batch, 1024) > 0 {
        at += 1;
        db.execute_batch("BEGIN IMMEDIATE")?;
        let mut answers = Vec::with_capacity(batch.len());
        for (id, reply) in batch.drain(..) {
            let mut update = db.prepare_cached(
                "UPDATE session SET hash = ?3, generation = generation + 1, at = ?4 WHERE id = ?1 AND hash = ?2
                 RETURNING user",
            )?;
            let user: Result<String, _> = update.query_row((id, [7; 32], [7; 32], at), |row| row.get(0));
            answers.push((reply, user.is_ok()));
        }
        db.execute_batch("COMMIT")?;
        commits.fetch_add(1, Ordering::Relaxed);
        for (reply, found) in answers {
            let _ = reply.send(found);
        }
    }
    Ok(())
}

/// One of the grants that belong to a caller.
fn pick(caller: u64, turn: u64, grants: u64) -> u64 {
    let own = grants / CALLERS;
    mix(caller << 40 | turn) % own * CALLERS + caller
}

fn now(seconds: u64) -> Timestamp {
    Timestamp::from_unix(1_700_000_000 + (seconds % 3600).cast_signed())
}

fn user_id(number: u64) -> UserId {
    UserId::from_bytes((u128::from(mix(number)) << 64 | u128::from(number)).to_be_bytes())
}

fn grant_id(number: u64) -> GrantId {
    GrantId::from_bytes((u128::from(mix(number + (1 << 60))) << 64 | u128::from(mix(number))).to_be_bytes())
}

/// SplitMix64: the same numbers in each run, spread as evenly as random ones.
fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn size(folder: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

/// Processor time of the whole process, from /proc/self/stat (in hundredths of a second).
fn cpu_time() -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}

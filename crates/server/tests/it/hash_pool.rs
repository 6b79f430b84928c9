//! The pool of threads that hash passwords.

use std::sync::Arc;
use std::time::Duration;

use jeton_authority::password::{
    Argon2Params, HashKinds, Hashing, PadWhen, Padding, Password, PasswordHash, Verification,
};
use jeton_server::hashing::HashPool;

use crate::app::cheap;

fn unpadded() -> Padding {
    Padding { kinds: Arc::new(HashKinds::default()), when: PadWhen::Differs }
}

/// Takes long enough to fill a queue behind it.
fn slow() -> Argon2Params {
    Argon2Params::new(64 * 1024, 4, 1).expect("within what argon2 allows")
}

#[tokio::test]
async fn it_hashes_and_verifies() {
    let pool = HashPool::new(cheap(), 32).expect("threads");
    let hash = pool.hash(Password::new("correct horse"), [1; 16]).await.expect("a free place");
    let right =
        pool.verify(hash.clone(), Password::new("correct horse"), unpadded()).await.expect("a free place");
    assert!(matches!(right, Verification::Matches { needs_rehash: false }));
    let wrong = pool.verify(hash, Password::new("wrong"), unpadded()).await.expect("a free place");
    assert!(!matches!(wrong, Verification::Matches { .. }));
}

#[tokio::test]
async fn beyond_the_queue_it_is_busy_and_then_it_is_not() {
    let pool = Arc::new(HashPool::with_threads(slow(), 1, 2).expect("a thread"));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let pool = Arc::clone(&pool);
        waiting.spawn(async move { pool.hash(Password::new("x"), [1; 16]).await.is_ok() });
    }
    let answers = waiting.join_all().await;
    let done = answers.iter().filter(|done| **done).count();
    assert!((2..=3).contains(&done), "{done}");
    assert!(pool.hash(Password::new("x"), [1; 16]).await.is_ok());
}

#[tokio::test]
async fn work_that_nobody_waits_for_is_skipped() {
    let pool = Arc::new(HashPool::with_threads(slow(), 1, 64).expect("a thread"));
    let started = std::time::Instant::now();
    pool.hash(Password::new("x"), [1; 16]).await.expect("a free place");
    let one = started.elapsed();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let pool = Arc::clone(&pool);
        waiting.spawn(async move { pool.hash(Password::new("x"), [1; 16]).await.is_ok() });
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    waiting.shutdown().await;
    let started = std::time::Instant::now();
    pool.hash(Password::new("x"), [1; 16]).await.expect("a free place");
    assert!(started.elapsed() < one * 20, "{:?} against {one:?} each", started.elapsed());
}

#[tokio::test]
async fn it_survives_nonsense() {
    let pool = HashPool::with_threads(cheap(), 1, 4).expect("a thread");
    for nonsense in ["", "$", "!", "$argon2id$v=19$m=1,t=0,p=0$$", "pbkdf2_sha256$x$y$z", "bcrypt$$2b$99$x"] {
        let verification =
            pool.verify(PasswordHash::from_stored(nonsense), Password::new("x"), unpadded()).await;
        assert!(!matches!(verification.expect("a free place"), Verification::Matches { .. }), "{nonsense}");
    }
}

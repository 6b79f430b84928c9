//! Sessions of the floor: opaque refresh tokens, rotated durably, and the codes that sessions are opened with.
//!
//! One writer takes what has queued up and commits it as one transaction (`synchronous=FULL`); an operation is
//! answered after that commit. A refresh token is the session's identifier and a secret, of which the digest is stored.

mod postgres;

use aws_lc_rs::digest;
use base64_simd::{Out, URL_SAFE_NO_PAD};
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

use super::FloorError;
use crate::clock::unix_seconds;

/// Operations that one transaction takes at most.
const BATCH: usize = 4096;
/// Operations that may wait.
const QUEUE: usize = 65_536;
/// Bytes of a session's identifier.
const ID_BYTES: usize = 16;
/// Bytes of an identifier and a secret together.
const TOKEN_BYTES: usize = ID_BYTES + 32;

/// A session's identifier.
pub(super) type SessionId = [u8; ID_BYTES];
/// What is stored of a refresh token.
pub(super) type SecretHash = [u8; 32];

/// What a code is bound to: the SHA-256 of its verifier (RFC 7636 §4.2).
pub(super) type CodeChallenge = [u8; 32];

/// A refresh token of the floor: base64url of the identifier and the secret.
pub(super) struct RefreshToken([u8; TOKEN_BYTES]);

impl RefreshToken {
    /// Joins an identifier and a secret.
    pub(super) fn new(id: SessionId, secret: [u8; 32]) -> Self {
        let mut bytes = [0; TOKEN_BYTES];
        bytes[..ID_BYTES].copy_from_slice(&id);
        bytes[ID_BYTES..].copy_from_slice(&secret);
        Self(bytes)
    }

    /// Parses what a client sent.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; TOKEN_BYTES];
        if text.len() != TOKEN_BYTES / 3 * 4 {
            return None;
        }
        URL_SAFE_NO_PAD.decode(text.as_bytes(), Out::from_slice(&mut bytes)).ok()?;
        Some(Self(bytes))
    }

    /// The session that it refreshes.
    pub(super) fn id(&self) -> SessionId {
        self.0[..ID_BYTES].try_into().expect("the identifier comes first")
    }

    /// What the store compares.
    pub(super) fn hash(&self) -> SecretHash {
        let hash = digest::digest(&digest::SHA256, &self.0[ID_BYTES..]);
        hash.as_ref().try_into().expect("SHA-256 has 32 bytes")
    }

    /// The text that the client holds.
    pub(super) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode_to_string(self.0)
    }
}

/// A durable operation.
enum Operation {
    Open { id: SessionId, hash: SecretHash, user: String },
    Rotate { id: SessionId, from: SecretHash, to: SecretHash },
    PlaceCode { code: SecretHash, challenge: CodeChallenge, user: String },
    RedeemCode { code: SecretHash, challenge: CodeChallenge, id: SessionId, hash: SecretHash },
}

/// An operation, and who waits for the session's user.
struct Job {
    operation: Operation,
    answer: oneshot::Sender<Option<String>>,
}

/// The sessions' store: a queue to its writer.
pub(super) struct SessionStore {
    queue: mpsc::Sender<Job>,
}

impl SessionStore {
    /// Opens the SQLite file, which is made if it does not exist, or the database that a `postgres://` URL names, and starts
    /// the writer.
    pub(super) async fn open(database: &str) -> Result<Self, FloorError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        if database.starts_with("postgres://") {
            postgres::start(database, jobs).await?;
        } else {
            Self::open_file(database, jobs)?;
        }
        Ok(Self { queue })
    }

    fn open_file(path: &str, jobs: mpsc::Receiver<Job>) -> Result<(), rusqlite::Error> {
        let database = Connection::open(path)?;
        database.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;
             CREATE TABLE IF NOT EXISTS session (
                 id BLOB PRIMARY KEY, hash BLOB NOT NULL, user TEXT NOT NULL,
                 generation INTEGER NOT NULL, refreshed_at INTEGER NOT NULL
             ) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS code (
                 hash BLOB PRIMARY KEY, challenge BLOB NOT NULL, user TEXT NOT NULL, session BLOB
             ) WITHOUT ROWID;",
        )?;
        std::thread::spawn(move || write(&database, jobs).expect("the floor's disk takes its writes"));
        Ok(())
    }

    /// Opens a session.
    pub(super) async fn open_session(&self, token: &RefreshToken, user: String) -> Option<String> {
        self.submit(Operation::Open { id: token.id(), hash: token.hash(), user }).await
    }

    /// Replaces one refresh token by another and answers the session's user; `None` when the first is not the current
    /// one.
    pub(super) async fn rotate(&self, from: &RefreshToken, to: &RefreshToken) -> Option<String> {
        self.submit(Operation::Rotate { id: from.id(), from: from.hash(), to: to.hash() }).await
    }

    /// Remembers a code.
    pub(super) async fn place_code(
        &self,
        code: SecretHash,
        challenge: CodeChallenge,
        user: String,
    ) -> Option<String> {
        self.submit(Operation::PlaceCode { code, challenge, user }).await
    }

    /// Spends a code and opens the session that it stands for, in one transaction; `None` when it was spent before, or the
    /// challenge is another.
    pub(super) async fn redeem_code(
        &self,
        code: SecretHash,
        challenge: CodeChallenge,
        token: &RefreshToken,
    ) -> Option<String> {
        self.submit(Operation::RedeemCode { code, challenge, id: token.id(), hash: token.hash() }).await
    }

    async fn submit(&self, operation: Operation) -> Option<String> {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Job { operation, answer }).await.ok()?;
        answered.await.ok()?
    }
}

/// The writer: one transaction for whatever has queued up.
fn write(database: &Connection, mut queue: mpsc::Receiver<Job>) -> Result<(), rusqlite::Error> {
    let mut jobs = Vec::with_capacity(BATCH);
    let mut answers = Vec::with_capacity(BATCH);
    while queue.blocking_recv_many(&mut jobs, BATCH) > 0 {
        let now = unix_seconds().cast_signed();
        database.execute_batch("BEGIN IMMEDIATE")?;
        for job in jobs.drain(..) {
            answers.push((job.answer, apply(database, job.operation, now)?));
        }
        database.execute_batch("COMMIT")?;
        for (answer, user) in answers.drain(..) {
            // Whoever has stopped waiting needs no answer.
            let _ = answer.send(user);
        }
    }
    Ok(())
}

fn apply(database: &Connection, operation: Operation, now: i64) -> Result<Option<String>, rusqlite::Error> {
    match operation {
        Operation::Open { id, hash, user } => {
            let mut insert = database.prepare_cached("INSERT INTO session VALUES (?1, ?2, ?3, 0, ?4)")?;
            insert.execute(params![id, hash, user, now])?;
            Ok(Some(user))
        }
        Operation::PlaceCode { code, challenge, user } => {
            let mut insert = database.prepare_cached("INSERT INTO code VALUES (?1, ?2, ?3, NULL)")?;
            insert.execute(params![code, challenge, user])?;
            Ok(Some(user))
        }
        Operation::RedeemCode { code, challenge, id, hash } => {
            let mut spend = database.prepare_cached(
                "UPDATE code SET session = ?3 WHERE hash = ?1 AND challenge = ?2 AND session IS NULL RETURNING user",
            )?;
            let mut rows = spend.query(params![code, challenge, id])?;
            let user = rows.next()?.map(|row| row.get(0)).transpose()?;
            drop(rows);
            match user {
                Some(user) => apply(database, Operation::Open { id, hash, user }, now),
                None => Ok(None),
            }
        }
        Operation::Rotate { id, from, to } => {
            let mut update = database.prepare_cached(
                "UPDATE session SET hash = ?3, generation = generation + 1, refreshed_at = ?4
                 WHERE id = ?1 AND hash = ?2 RETURNING user",
            )?;
            let mut rows = update.query(params![id, from, to, now])?;
            rows.next()?.map(|row| row.get(0)).transpose()
        }
    }
}

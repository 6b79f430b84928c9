//! A connection: its prepared statements, its transactions, and whether it can still be used.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use jeton_authority::audit::SegmentId;
use jeton_authority::revocation::RevocationEvent;
use jeton_authority::store::StoreError;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, RowStream, SimpleQueryMessage, Statement};

use super::columns::Param;
use super::engine::{Engine, RECEIPT, Receipt};
use super::error::Failed;
use super::tls::Tls;

/// How long a statement may take. Where the server does not answer by then it is told to stop, and the connection is given up.
const STATEMENT: Duration = Duration::from_secs(5);

/// How long a message to stop may take.
const CANCELLING: Duration = Duration::from_secs(2);

/// Begins a transaction that the server itself ends in time. Limits are set in the transaction: what is set outside of one is ignored by
/// a pooler, or left to the next who gets its connection.
///
/// READ COMMITTED, whatever the server's default is: what a decision rests on is locked before it is read. Not READ WRITE: a server that
/// was told to take no writes must not be talked into it.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 5000; \
                     SET LOCAL lock_timeout = 4000; SET LOCAL idle_in_transaction_session_timeout = 10000";

/// Begins a transaction that sees one state of the database until it ends, however long that takes: it has no time limits but for locks.
const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; \
                              SET LOCAL lock_timeout = 4000; SET LOCAL idle_in_transaction_session_timeout = 0";

/// How long a statement over all rows of a table may go without an answer: it may have to sort them first.
const SCAN: Duration = Duration::from_secs(1_800);

/// A connection to the server.
pub(super) struct Connection {
    client: Client,
    tls: Tls,
    /// Whether statements are prepared at the server.
    prepares: bool,
    statements: Mutex<HashMap<&'static str, Statement>>,
    /// Whether the server warned of something.
    warned: Arc<AtomicBool>,
    /// The events of the revocation feed that the transaction has.
    revocations: std::sync::Mutex<Vec<RevocationEvent>>,
    /// The segment of the audit trail that the connection opened.
    audit_segment: std::sync::Mutex<Option<SegmentId>>,
    /// The number of the last record of the audit trail that it wrote.
    last_audit_number: AtomicI64,
    /// Whether something was begun that has not ended. Whoever drops a future in the middle leaves it so.
    unfinished: AtomicBool,
    retires_at: Instant,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl Drop for Connection {
    /// A server goes on with a statement whose connection is gone: a commit that waits for its standby would hold its place, and its locks, for
    /// as long as the standby is away.
    fn drop(&mut self) {
        if self.unfinished.load(Ordering::Acquire) && !self.client.is_closed() {
            self.tell_to_stop();
        }
    }
}

impl Connection {
    pub(super) fn new(
        client: Client,
        tls: Tls,
        prepares: bool,
        warned: Arc<AtomicBool>,
        lifetime: Duration,
    ) -> Self {
        let retires_at = Instant::now() + lifetime;
        let (statements, unfinished) = (Mutex::default(), AtomicBool::new(false));
        let (revocations, audit_segment) = (std::sync::Mutex::default(), std::sync::Mutex::default());
        let last_audit_number = AtomicI64::new(0);
        Self {
            client,
            tls,
            prepares,
            statements,
            warned,
            revocations,
            audit_segment,
            last_audit_number,
            unfinished,
            retires_at,
        }
    }

    /// Whether the next who asks may get it.
    pub(super) fn is_usable(&self) -> bool {
        !self.client.is_closed()
            && !self.unfinished.load(Ordering::Acquire)
            && Instant::now() < self.retires_at
    }

    /// Lets nobody have it any more.
    pub(super) fn give_up(&self) {
        self.unfinished.store(true, Ordering::Release);
    }

    /// The rows that a statement answers.
    pub(super) async fn rows(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Failed> {
        self.in_time(async {
            if self.prepares {
                let statement = self.statement(sql, params).await?;
                self.client.query(&statement, &values(params)).await
            } else {
                self.client.query_typed(sql, params).await
            }
        })
        .await
    }

    /// The row that a statement answers, if it answers one.
    pub(super) async fn row(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Option<Row>, Failed> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Whether a statement answers a row.
    pub(super) async fn exists(&self, sql: &'static str, params: &[Param<'_>]) -> Result<bool, Failed> {
        Ok(self.row(sql, params).await?.is_some())
    }

    /// The rows that a statement answers which is a transaction by itself. Where it cannot be told whether it was committed, the error
    /// says so.
    pub(super) async fn commit_rows(
        &self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Failed> {
        self.warned.store(false, Ordering::Release);
        self.certain(self.rows(sql, params).await)
    }

    /// How many rows a statement changed.
    pub(super) async fn execute(&self, sql: &'static str, params: &[Param<'_>]) -> Result<u64, Failed> {
        self.in_time(async {
            if self.prepares {
                let statement = self.statement(sql, params).await?;
                self.client.execute(&statement, &values(params)).await
            } else {
                self.client.execute_typed(sql, params).await
            }
        })
        .await
    }

    /// Runs statements without values, one after the other.
    pub(super) async fn batch(&self, sql: &str, limit: Duration) -> Result<(), Failed> {
        self.within(limit, self.client.batch_execute(sql)).await
    }

    /// Begins a transaction, which [`Connection::commit`] or [`Connection::roll_back`] ends. Until then nobody else gets the connection.
    pub(super) async fn begin(&self) -> Result<(), Failed> {
        self.unfinished.store(true, Ordering::Release);
        self.take_revocations();
        self.in_time(self.client.batch_execute(BEGIN)).await
    }

    /// Begins to read one state of the database. Nobody else gets the connection afterwards.
    pub(super) async fn begin_snapshot(&self) -> Result<(), Failed> {
        self.unfinished.store(true, Ordering::Release);
        self.in_time(self.client.batch_execute(BEGIN_SNAPSHOT)).await
    }

    /// The rows of a statement that reads whole tables, one after the other as they are asked for.
    pub(super) async fn scan(&self, sql: &str) -> Result<Scan, Failed> {
        let rows = self.within(SCAN, self.client.query_typed_raw(sql, Vec::<(i64, Type)>::new())).await?;
        Ok(Scan { rows: Box::pin(rows) })
    }

    /// How many rows a statement changed that is made up for this once, so that preparing it would be for nothing.
    pub(super) async fn execute_once(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, Failed> {
        self.in_time(self.client.execute_typed(sql, params)).await
    }

    /// Notes that the transaction has events of the revocation feed.
    pub(super) fn note_revocations(&self, events: Vec<RevocationEvent>) {
        self.revocations.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
    }

    /// The events of the revocation feed that the transaction has.
    pub(super) fn take_revocations(&self) -> Vec<RevocationEvent> {
        std::mem::take(&mut *self.revocations.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The segment of the audit trail that the connection opened, in a transaction that may have been undone.
    pub(super) fn audit_segment(&self) -> Option<SegmentId> {
        *self.audit_segment.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the segment of the audit trail that the connection opened.
    pub(super) fn set_audit_segment(&self, segment: SegmentId) {
        *self.audit_segment.lock().unwrap_or_else(PoisonError::into_inner) = Some(segment);
    }

    /// The number of the last record of the audit trail that the connection wrote, in a transaction that may have been undone.
    pub(super) fn last_audit_number(&self) -> i64 {
        self.last_audit_number.load(Ordering::Acquire)
    }

    /// Notes the number of the last record of the audit trail.
    pub(super) fn set_last_audit_number(&self, number: i64) {
        self.last_audit_number.store(number, Ordering::Release);
    }

    /// Commits. Where it cannot be told whether that happened, the error says so, and there may be a receipt to find out with.
    pub(super) async fn commit(&self, engine: Engine) -> (Result<(), Failed>, Option<Receipt>) {
        self.warned.store(false, Ordering::Release);
        let mut receipt = None;
        let committed = match engine {
            Engine::Another => self.in_time(self.client.batch_execute("COMMIT")).await,
            // Both are sent before either is answered, so the receipt costs no time.
            Engine::Postgres => {
                let committing = async {
                    let asked = async {
                        receipt = receipt_of(&self.client.simple_query(RECEIPT).await?);
                        Ok(())
                    };
                    let (asked, committed) = tokio::join!(asked, self.client.batch_execute("COMMIT"));
                    // Where it was refused, COMMIT undid the transaction.
                    asked.and(committed)
                };
                self.in_time(committing).await
            }
        };
        let outcome = self.certain(committed);
        // Where nobody knows, the connection is not used for anything else either.
        if !matches!(outcome, Err(Failed::OutcomeUnknown(_))) {
            self.unfinished.store(false, Ordering::Release);
        }
        (outcome, receipt)
    }

    /// What a commit came to, or that nobody knows.
    fn certain<T>(&self, outcome: Result<T, Failed>) -> Result<T, Failed> {
        match outcome {
            // PostgreSQL reports a wait for its standby that was cut short as a success, with a warning.
            Ok(_) if self.warned.load(Ordering::Acquire) => {
                Err(Failed::OutcomeUnknown("the server warned about the commit".to_owned()))
            }
            Err(failed) if failed.leaves_open() => {
                Err(Failed::OutcomeUnknown(StoreError::from(failed).to_string()))
            }
            outcome => outcome,
        }
    }

    /// Undoes the transaction. Where that fails the connection is given up, which undoes it too.
    pub(super) async fn roll_back(&self) {
        if !self.client.is_closed() && self.in_time(self.client.batch_execute("ROLLBACK")).await.is_ok() {
            self.unfinished.store(false, Ordering::Release);
        }
    }

    /// Forgets prepared statements: they no longer suit the tables, or are another connection's.
    pub(super) async fn forget_statements(&self) {
        self.statements.lock().await.clear();
    }

    async fn statement(
        &self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<Statement, tokio_postgres::Error> {
        let mut statements = self.statements.lock().await;
        if let Some(statement) = statements.get(sql) {
            return Ok(statement.clone());
        }
        let types: Vec<Type> = params.iter().map(|(_, kind)| kind.clone()).collect();
        let statement = self.client.prepare_typed(sql, &types).await?;
        statements.insert(sql, statement.clone());
        Ok(statement)
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failed> {
        self.within(STATEMENT, work).await
    }

    async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failed> {
        match timeout(limit, work).await {
            Ok(outcome) => Ok(outcome?),
            Err(_) => {
                self.unfinished.store(true, Ordering::Release);
                self.tell_to_stop();
                Err(Failed::Late)
            }
        }
    }

    /// Tells the server to stop what it does for this connection.
    fn tell_to_stop(&self) {
        // Where the program is about to end there is nobody to tell it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (token, tls) = (self.client.cancel_token(), self.tls.clone());
        runtime.spawn(async move { timeout(CANCELLING, token.cancel_query(tls)).await });
    }
}

fn receipt_of(answer: &[SimpleQueryMessage]) -> Option<Receipt> {
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })?;
    Some(Receipt { transaction: row.get(0).map(str::to_owned), timeline: row.get(1)?.to_owned() })
}

/// Rows that come as they are asked for: the server is made to wait while nobody asks.
pub(super) struct Scan {
    rows: Pin<Box<RowStream>>,
}

impl Scan {
    /// The next row.
    pub(super) async fn next(&mut self) -> Result<Option<Row>, Failed> {
        match timeout(SCAN, self.rows.try_next()).await {
            Ok(row) => Ok(row?),
            Err(_) => Err(Failed::Late),
        }
    }
}

fn values<'a>(params: &[Param<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|(value, _)| *value).collect()
}

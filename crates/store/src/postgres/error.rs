//! What PostgreSQL's errors mean to whoever asked.

use std::error::Error as _;

use jeton_authority::store::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// Why a step came to nothing.
#[derive(Debug)]
pub(super) enum Failed {
    /// The server refused, or the connection to it broke.
    Server(Error),
    /// Another transaction was first: what was read is no longer so.
    Overtaken,
    /// There was no answer in time.
    Late,
    /// No connection could be made, or none was free in time.
    Unreachable(String),
    /// The transaction was to be committed, and nobody knows whether it was.
    OutcomeUnknown(String),
    /// Something was sealed under another master key than the database's.
    OtherMasterKey,
    /// A column holds what this program never writes.
    Unreadable,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Server(error)
    }
}

/// What to do about a step that came to nothing, as long as its transaction was not committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Ask again.
    Again,
    /// Ask again with statements prepared afresh.
    Prepare,
    /// Ask again over another connection: this one is gone, or leads to a server that does not take writes any more.
    Reconnect,
    /// Asking again helps nobody.
    None,
}

impl Failed {
    pub(super) fn remedy(&self) -> Remedy {
        let error = match self {
            Self::Overtaken => return Remedy::Again,
            Self::Server(error) => error,
            _ => return Remedy::None,
        };
        let Some(code) = error.code() else {
            return if lost_connection(error) { Remedy::Reconnect } else { Remedy::None };
        };
        match *code {
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            // Every decision rests on what was read, so a name that is taken all the same was taken since.
            | SqlState::UNIQUE_VIOLATION => Remedy::Again,
            // A column was added while the statement was prepared; a pooler gave the connection to another server.
            SqlState::FEATURE_NOT_SUPPORTED
            | SqlState::INVALID_SQL_STATEMENT_NAME
            | SqlState::DUPLICATE_PSTATEMENT => Remedy::Prepare,
            SqlState::READ_ONLY_SQL_TRANSACTION
            | SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW => Remedy::Reconnect,
            _ if code.code().starts_with("08") => Remedy::Reconnect,
            _ => Remedy::None,
        }
    }

    /// Whether this, as the answer to COMMIT, leaves open what became of the transaction.
    pub(super) fn leaves_open(&self) -> bool {
        match self {
            Self::Server(error) => match error.as_db_error() {
                // An error undoes the transaction, but for the one that says that nobody knows. What is fatal may have come after.
                Some(answer) => {
                    answer.parsed_severity() != Some(Severity::Error)
                        || *answer.code() == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN
                }
                None => lost_connection(error),
            },
            Self::Unreadable | Self::OtherMasterKey | Self::Overtaken => false,
            _ => true,
        }
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Server(error) => {
                let text = describe(&error);
                if is_temporary(&error) { Self::Unavailable(text) } else { Self::Failed(text) }
            }
            Failed::Overtaken => Self::Unavailable("others changed the same rows again and again".to_owned()),
            Failed::Late => Self::Unavailable("the database did not answer in time".to_owned()),
            Failed::Unreachable(text) => Self::Unavailable(text),
            Failed::OutcomeUnknown(text) => {
                Self::Unavailable(format!("it is not known whether the change was made: {text}"))
            }
            Failed::OtherMasterKey => Self::OtherMasterKey,
            Failed::Unreadable => Self::Failed("a stored value makes no sense".to_owned()),
        }
    }
}

/// Whether asking again later may help.
fn is_temporary(error: &Error) -> bool {
    let Some(code) = error.code() else { return lost_connection(error) };
    let class = &code.code()[..2];
    // 08 connection, 25 a state of transactions that a new one does not have (25006: a standby), 40 rollback, 53 resources (a full disk,
    // too many connections), 55 a row or table is locked, 57 the operator or a time limit stepped in, 58 the system failed.
    matches!(class, "08" | "25" | "40" | "53" | "55" | "57" | "58")
        || matches!(*code, SqlState::UNIQUE_VIOLATION | SqlState::FEATURE_NOT_SUPPORTED)
        || matches!(*code, SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT)
}

/// Whether the connection broke, which is neither an answer of the server nor a mistake of ours.
pub(super) fn lost_connection(error: &Error) -> bool {
    error.is_closed() || error.source().is_some_and(|cause| cause.is::<std::io::Error>())
}

/// An error in one line. The driver's own text leaves out what the server said.
pub(super) fn describe(error: &Error) -> String {
    if let Some(error) = error.as_db_error() {
        return describe_answer(error);
    }
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn describe_answer(error: &DbError) -> String {
    format!("{} (SQLSTATE {})", error.message(), error.code().code())
}

//! Reading every row through the code that servers read them with, and judging what it says.

use std::sync::Arc;

use jeton_authority::UserId;
use jeton_authority::authenticators::Authenticators;
use jeton_authority::client::{Client, StoredClient};
use jeton_authority::device::{DeviceDecision, DeviceState};
use jeton_authority::factor_setup::TotpSecret;
use jeton_authority::keyring::check_key;
use jeton_authority::keys::{MasterKey, StoredKey};
use jeton_authority::mail::{QueuedMail, open_secret};
use jeton_authority::user::User;
use serde::de::IgnoredAny;

use crate::progress::{OnProgress, Progress};

/// How many problems of a table are described. All of them are counted.
const DESCRIBED: usize = 10;

/// How many rows are read between two reports.
const REPORT_EVERY: u64 = 4_096;

/// What a row says, where being readable is not all that it has to be.
#[derive(Debug)]
pub(crate) enum Record {
    /// A user who was not removed.
    User(Box<User>),
    Client(Box<StoredClient>),
    Key(Box<StoredKey>),
    Device(Box<DeviceState>),
    Authenticators(UserId, Box<Authenticators>),
    Mail(Box<QueuedMail>),
    /// Anything else.
    Plain,
}

/// What was found in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFindings {
    /// The table.
    pub table: Box<str>,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them are wrong.
    pub wrong: u64,
    /// The first of them.
    pub problems: Vec<RowProblem>,
}

/// What is wrong with a row, or with a table as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// What identifies the row; empty for the whole table.
    pub row: Box<str>,
    /// What is wrong.
    pub reason: Box<str>,
}

impl TableFindings {
    /// What was found in a table with so many rows, before the first of them is read.
    pub(crate) fn of(table: &str, rows: u64) -> Self {
        Self { table: table.into(), rows, wrong: 0, problems: Vec::new() }
    }

    /// Notes a problem.
    pub(crate) fn note(&mut self, row: impl Into<Box<str>>, reason: impl Into<Box<str>>) {
        self.wrong += 1;
        if self.problems.len() < DESCRIBED {
            self.problems.push(RowProblem { row: row.into(), reason: reason.into() });
        }
    }

    /// Notes that so many rows were read. Those that are missing refer to something that is not there.
    pub(crate) fn finish(&mut self, read: u64) {
        if read < self.rows {
            let missing = self.rows - read;
            self.note("", format!("rows of users that do not exist: {missing}"));
        }
    }
}

/// Judges rows.
#[derive(Clone)]
pub(crate) struct Inspector {
    key: Option<Arc<MasterKey>>,
    progress: OnProgress,
    rows: u64,
    total: u64,
}

impl Inspector {
    /// One that also decrypts what the master key encrypted, where there is one.
    pub(crate) fn new(key: Option<Arc<MasterKey>>, progress: OnProgress) -> Self {
        Self { key, progress, rows: 0, total: 0 }
    }

    /// Says how many rows there are.
    pub(crate) fn expect(&mut self, total: u64) {
        self.total = total;
    }

    /// Judges what reading a row came to.
    pub(crate) fn judge(
        &mut self,
        findings: &mut TableFindings,
        row: impl FnOnce() -> Box<str>,
        read: Result<Record, String>,
    ) {
        match read {
            Err(reason) => findings.note(row(), reason),
            Ok(record) => {
                if let Some(reason) = self.problem(&record) {
                    findings.note(row(), reason);
                }
            }
        }
        self.rows += 1;
        if self.rows.is_multiple_of(REPORT_EVERY) || self.rows == self.total {
            let (rows, total) = (self.rows, self.total);
            (self.progress)(Progress { step: "checking", table: &findings.table, rows, total });
        }
    }

    fn problem(&self, record: &Record) -> Option<String> {
        match record {
            Record::User(user) => {
                let password = &user.password;
                let usable = password.is_supported() || password.is_unusable();
                (!usable).then(|| "the password hash has an unknown format".to_owned())
            }
            Record::Client(client) => {
                let key = self.key.as_ref()?;
                Client::from_stored(client, key).err().map(|error| error.to_string())
            }
            Record::Key(stored) => {
                let key = self.key.as_ref()?;
                check_key(stored, key).err().map(|error| error.to_string())
            }
            Record::Device(device) => match &device.decision {
                Some(DeviceDecision::Approved { content }) => not_json(content),
                _ => None,
            },
            Record::Authenticators(user, factors) => {
                let key = self.key.as_ref()?;
                let is_sealed = |sealed| TotpSecret::open(key, *user, sealed).is_none();
                factors.sealed().any(is_sealed).then(|| {
                    "the secret of a second factor cannot be decrypted with this master key".to_owned()
                })
            }
            Record::Mail(mail) => {
                let key = self.key.as_ref()?;
                let sealed = mail.sealed.as_ref()?;
                open_secret(key, mail.id, sealed)
                    .is_none()
                    .then(|| "what is secret in a mail cannot be decrypted with this master key".to_owned())
            }
            Record::Plain => None,
        }
    }
}

fn not_json(text: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).err().map(|_| "what was approved is not JSON".to_owned())
}

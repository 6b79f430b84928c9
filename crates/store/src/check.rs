//! Checking a database: whether all of it is there, whole and readable.

use std::sync::Arc;

use jeton_authority::keys::{KeyFit, MasterKey, MasterKeyCheck, MasterKeyId};

use crate::database;
use crate::database_url::DatabaseUrl;
use crate::inspection::{Inspector, TableFindings};
use crate::move_error::MoveError;
use crate::progress::OnProgress;

/// What checking a database came to.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What was found in each table, and in the database as a whole.
    pub findings: Vec<TableFindings>,
    /// The master key that secrets are encrypted with; none where nothing is encrypted, or the database does not say.
    pub master_key: Option<MasterKeyId>,
    /// Whether the master key at hand is that one.
    pub key: KeyAtHand,
}

/// How the master key at hand belongs to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAtHand {
    /// It decrypts what is encrypted.
    Fits,
    /// Nothing is encrypted, so none is needed.
    NotNeeded,
    /// There is none, and one is needed.
    Missing,
    /// It is another one.
    Other,
}

impl Checked {
    /// Whether everything is as it should be.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|findings| findings.wrong == 0)
            && matches!(self.key, KeyAtHand::Fits | KeyAtHand::NotNeeded)
    }
}

/// Reads all rows of a database as of one moment, through the code that servers read them with, and decrypts what the master key encrypted.
/// Servers may use the database meanwhile.
///
/// # Errors
/// Where the database cannot be opened, or reading it fails. What is wrong with it is no error.
pub async fn check(
    database: &DatabaseUrl,
    key: Option<Arc<MasterKey>>,
    progress: &OnProgress,
) -> Result<Checked, MoveError> {
    let inspector = Inspector::new(key.clone(), Arc::clone(progress));
    let (findings, sealed) = database::inspect(database, inspector).await?;
    let key = match (sealed.is_empty(), &key) {
        (true, _) => KeyAtHand::NotNeeded,
        (false, None) => KeyAtHand::Missing,
        (false, Some(key)) if sealed.fit(key) == KeyFit::Other => KeyAtHand::Other,
        (false, Some(_)) => KeyAtHand::Fits,
    };
    Ok(Checked { findings, master_key: sealed.bound.as_ref().map(MasterKeyCheck::id), key })
}

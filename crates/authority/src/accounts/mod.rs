//! Accounts: what is done to users at the request of an operator, by a command or an administrator.
//!
//! [`crate::user`] has users as the store keeps them, and the rules of single changes. Here a request is checked, carried out and
//! answered with what came of it.

mod adding;
mod authenticators;
mod changing;
mod error;
mod importing;

use std::sync::Arc;

pub use adding::NewAccount;
pub use changing::{AccountChanged, AccountEdit};
pub use error::AccountError;
pub use importing::{ImportError, ImportPlan, Imported, Incoming, KnownUsers};

use crate::password::{Hashing, InlineHashing};
use crate::random::{Random, SystemRandom};
use crate::store::Store;
use crate::user::{User, Username};

/// Adds, changes and removes users.
pub struct Accounts {
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    hashing: Arc<dyn Hashing>,
}

impl Accounts {
    /// The accounts of an open store, for a command: no server has to run, and passwords are hashed on the caller's thread.
    pub fn of_store(store: Arc<dyn Store>) -> Self {
        Self::new(store, Arc::new(SystemRandom), Arc::new(InlineHashing::default()))
    }

    pub(crate) fn new(store: Arc<dyn Store>, random: Arc<dyn Random>, hashing: Arc<dyn Hashing>) -> Self {
        Self { store, random, hashing }
    }

    /// The user of exactly this name.
    ///
    /// # Errors
    /// [`AccountError::Unknown`] where nobody has it, or the store fails.
    pub async fn find(&self, name: &str) -> Result<User, AccountError> {
        find(&*self.store, name).await
    }
}

/// The user of exactly this name, of a store.
///
/// # Errors
/// As [`Accounts::find`].
pub async fn find(store: &dyn Store, name: &str) -> Result<User, AccountError> {
    let unknown = || AccountError::Unknown { name: name.into() };
    // A text that can be nobody's name is nobody's name.
    let username = Username::parse(name).map_err(|_| unknown())?;
    store.find_user(&username).await?.ok_or_else(unknown)
}

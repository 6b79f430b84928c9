//! Accounts: the rules by which users come from elsewhere and are brought up to date.

mod imported;
mod update;

pub use imported::{ImportedUser, LastImport};
pub use update::{AccountUpdate, PasswordFate, update};

//! The store's tests: the suite that every backend passes, and what is particular to each.

mod child;
mod closing;
#[cfg(unix)]
mod disk;
mod folder;
mod group_commit;
mod growth;
mod master_key;
mod migrating;
mod migration_rules;
mod moving;
mod opening;
#[cfg(target_os = "linux")]
mod place;
mod postgres;
mod processes;
mod scratch;
mod sqlite;

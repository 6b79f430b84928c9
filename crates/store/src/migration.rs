//! The progress of a migration, for whoever waits for it.

/// A step of bringing a database up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MigrationStep {
    /// The step that is under way, counted from 1.
    pub number: u32,
    /// How many steps there are.
    pub of: u32,
    /// The name of the migration.
    pub name: &'static str,
    /// Who performs it.
    pub by: MigratedBy,
}

/// Who performs a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigratedBy {
    /// This process.
    ThisNode,
    /// Another node, which this process waits for.
    AnotherNode,
}

/// Told about each step before it begins. It must return quickly.
pub type WatchMigration<'a> = &'a (dyn Fn(MigrationStep) + Sync);

/// The number of a step among those from the schema `from` to the schema `to`, given the number of its migration.
pub(crate) const fn step(migration: u32, from: u32, to: u32) -> (u32, u32) {
    (migration.saturating_sub(from), to.saturating_sub(from))
}

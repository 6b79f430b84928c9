//! How a database is opened, and by whom.

/// What opening does where the database is not as this program wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Makes a missing database and brings an older one up to date.
    CreateOrMigrate,
    /// Takes the database as it is: a missing or an older one is refused.
    AsIs,
}

/// Who opens a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A command, beside whichever server uses the database.
    Command,
    /// The one server that uses the database. It writes for as long as the file stays where it is.
    Server,
}

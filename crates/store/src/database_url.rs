//! The URL of a database, which says which backend keeps it and where.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::postgres_url::PostgresUrl;

/// Where a database is: `sqlite:FILE`, or `postgres://USER:PASSWORD@HOST/DATABASE`. It is shown without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub(crate) Backend);

/// The backends that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite(PathBuf),
    Postgres(Box<PostgresUrl>),
}

/// Why a text is no URL of a database. It may hold a password, so at most its scheme is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseUrlError {
    /// There is no such backend.
    #[error("databases are named by sqlite: or postgres://, not by {scheme}:")]
    UnknownScheme {
        /// What the text begins with.
        scheme: String,
    },
    /// It is none.
    #[error("not a database URL")]
    Malformed,
    /// It is one of PostgreSQL, and something in it is wrong.
    #[error("{0}")]
    Postgres(&'static str),
}

impl DatabaseUrl {
    /// A SQLite database in this file.
    pub fn sqlite(file: impl Into<PathBuf>) -> Self {
        Self(Backend::Sqlite(file.into()))
    }

    /// Parses a URL.
    ///
    /// # Errors
    /// [`DatabaseUrlError`] says what is wrong with the text, and keeps its secrets.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        match text.split_once(':') {
            Some(("sqlite", rest)) => match rest.strip_prefix("//").unwrap_or(rest) {
                "" => Err(DatabaseUrlError::Malformed),
                file => Ok(Self::sqlite(file)),
            },
            Some(("postgres" | "postgresql", rest)) => {
                let rest = rest.strip_prefix("//").ok_or(DatabaseUrlError::Malformed)?;
                let url = PostgresUrl::parse(rest).map_err(DatabaseUrlError::Postgres)?;
                Ok(url.into())
            }
            Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
                Err(DatabaseUrlError::UnknownScheme { scheme: scheme.to_owned() })
            }
            _ => Err(DatabaseUrlError::Malformed),
        }
    }

    /// Calls `look` with the password in the URL, if there is one and the database is not on this machine.
    pub fn with_password<T>(&self, look: impl FnOnce(&[u8]) -> T) -> Option<T> {
        match &self.0 {
            Backend::Postgres(url) if !url.are_all_local() => {
                url.password.as_ref().map(|password| look(password))
            }
            _ => None,
        }
    }

    /// The name of its kind: `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match &self.0 {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgres",
        }
    }

    /// The file that it is in, where it is in one.
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Backend::Sqlite(file) => Some(file),
            Backend::Postgres(_) => None,
        }
    }
}

impl From<PostgresUrl> for DatabaseUrl {
    fn from(url: PostgresUrl) -> Self {
        Self(Backend::Postgres(Box::new(url)))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Backend::Sqlite(file) => file.display().fmt(f),
            Backend::Postgres(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_to_its_file_and_one_that_is_refused_is_not_repeated() {
        for url in ["sqlite:/var/lib/jeton.db", "sqlite:///var/lib/jeton.db"] {
            assert_eq!(DatabaseUrl::parse(url), Ok(DatabaseUrl::sqlite("/var/lib/jeton.db")));
        }
        assert_eq!(DatabaseUrl::parse("sqlite:"), Err(DatabaseUrlError::Malformed));
        let refused =
            DatabaseUrl::parse("mysql://jeton:secret@db/jeton").expect_err("there is no such backend");
        assert_eq!(refused.to_string(), "databases are named by sqlite: or postgres://, not by mysql:");
        assert_eq!(DatabaseUrl::parse("/var/lib/jeton.db"), Err(DatabaseUrlError::Malformed));
    }
}

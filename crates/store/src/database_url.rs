//! The URL of a database, which says which backend keeps it and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a database is: `sqlite:FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub(crate) Backend);

/// The backends that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite(PathBuf),
}

/// Why a text is no URL of a database. It may hold a password, so at most its scheme is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseUrlError {
    /// There is no such backend.
    #[error("this build supports SQLite only, not {scheme}")]
    UnknownScheme {
        /// What the text begins with.
        scheme: String,
    },
    /// It is none.
    #[error("not a database URL")]
    Malformed,
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
            Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
                Err(DatabaseUrlError::UnknownScheme { scheme: scheme.to_owned() })
            }
            _ => Err(DatabaseUrlError::Malformed),
        }
    }

    /// The file that it is in, where it is in one.
    pub fn file(&self) -> Option<&Path> {
        let Backend::Sqlite(file) = &self.0;
        Some(file)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Backend::Sqlite(file) = &self.0;
        file.display().fmt(f)
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
            DatabaseUrl::parse("postgres://jeton:secret@db/jeton").expect_err("there is no such backend");
        assert_eq!(refused.to_string(), "this build supports SQLite only, not postgres");
        assert_eq!(DatabaseUrl::parse("/var/lib/jeton.db"), Err(DatabaseUrlError::Malformed));
    }
}

//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

/// The place that said something about the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nobody set it.
    Default,
    /// The configuration file, at a line that counts from 1 where it is known.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: Option<usize>,
    },
    /// An environment variable of this name.
    Variable(String),
    /// A flag of the command line, with its hyphens.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A value as it was written, and by whom.
#[derive(Clone)]
pub(crate) struct Value {
    /// What was written; never shown for a secret.
    pub(crate) text: String,
    /// Who wrote it.
    pub(crate) source: Source,
}

impl Value {
    /// A value from `source`.
    pub(crate) fn new(text: String, source: Source) -> Self {
        Self { text, source }
    }

    /// The value that a key has when nobody sets it.
    pub(crate) fn default_of(text: &str) -> Self {
        Self::new(text.to_owned(), Source::Default)
    }
}

/// Shows the source alone: the text may be a secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value(… from {})", self.source)
    }
}

//! What is wrong with a configuration.

use std::fmt;

use super::Source;
use crate::failure::Failure;

/// One mistake, with the place that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    source: Source,
    text: String,
}

impl Problem {
    /// A mistake made at `source`.
    pub(super) fn new(source: Source, text: impl Into<String>) -> Self {
        Self { source, text: text.into() }
    }

    /// The line of the file that it stands on, if it is one of a file.
    pub(super) fn line(&self) -> Option<usize> {
        match self.source {
            Source::File { line, .. } => line,
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.text)
    }
}

/// Every mistake of a configuration: never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    /// Whether the command line alone is to blame, which makes it wrong usage.
    pub(crate) fn are_usage(&self) -> bool {
        self.0.iter().all(|problem| matches!(problem.source, Source::Flag(_)))
    }

    /// Each as `(where, what)`.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().map(|problem| (problem.source.to_string(), problem.text.as_str()))
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Config { text: problems.to_string(), is_usage: problems.are_usage() }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

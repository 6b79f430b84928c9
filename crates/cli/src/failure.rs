//! Why a command did not do what it was asked, and the exit status that says so.

use std::process::ExitCode;

/// A command that came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command was asked for in a way that makes no sense: status 2.
    #[error("{0}")]
    Usage(String),
    /// What was asked is refused, or did not work, under a stable code (docs/errors.md): status 1.
    #[error("{text}")]
    Coded {
        /// The code.
        code: &'static str,
        /// The reason, in one line.
        text: String,
    },
    /// The configuration is wrong: status 2 where the command line alone is to blame, 1 otherwise.
    #[error("{text}")]
    Config {
        /// Each mistake on a line.
        text: String,
        /// Whether the command line alone is to blame.
        is_usage: bool,
    },
    /// Nobody reads what is printed, as in `jeton user list | head`: status 0, and not a word.
    #[error("the output was closed")]
    ClosedPipe,
}

impl Failure {
    /// A refusal under a stable code, in one line.
    pub(crate) fn coded(code: &'static str, text: impl Into<String>) -> Self {
        Self::Coded { code, text: text.into() }
    }

    /// The stable code, where the failure has one.
    pub(crate) fn code(&self) -> Option<&'static str> {
        match self {
            Self::Coded { code, .. } => Some(code),
            Self::Config { is_usage: false, .. } => Some("config_invalid"),
            _ => None,
        }
    }

    /// Wrong usage, in one line.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// The status that the process ends with.
    pub(crate) fn status(&self) -> ExitCode {
        match self {
            Self::ClosedPipe => ExitCode::SUCCESS,
            Self::Coded { .. } | Self::Config { is_usage: false, .. } => ExitCode::from(1),
            Self::Usage(_) | Self::Config { is_usage: true, .. } => ExitCode::from(2),
        }
    }
}

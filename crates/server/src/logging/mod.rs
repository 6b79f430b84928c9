//! The log: text for people on a terminal, a JSON object a line otherwise.

use std::io::{self, IsTerminal};
use std::str::FromStr;
use std::{panic, thread};

use tracing_subscriber::EnvFilter;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Text if standard error is a terminal, JSON otherwise.
    #[default]
    Auto,
    /// A line of text an event.
    Text,
    /// A JSON object an event, one a line.
    Json,
}

/// The text names no [`Format`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a log format is one of auto, text, json")]
pub struct ParseFormatError;

impl FromStr for Format {
    type Err = ParseFormatError;

    fn from_str(text: &str) -> Result<Self, ParseFormatError> {
        match text {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(ParseFormatError),
        }
    }
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoggingError {
    /// The level is neither a level nor a list of `target=level`.
    #[error("not a log level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// The process has a log already.
    #[error("the log is set up already")]
    AlreadySetUp,
}

/// Sends the process's events to standard error from here on.
///
/// `level` is `error`, `warn`, `info`, `debug` or `trace`, or a list such as `info,jeton_server=debug`.
/// Timestamps are in UTC, as RFC 3339 writes them.
///
/// # Errors
/// [`LoggingError::Level`] for a level that makes no sense, [`LoggingError::AlreadySetUp`] on a second call.
pub fn init(format: Format, level: &str) -> Result<(), LoggingError> {
    let filter = EnvFilter::builder().parse(level)?;
    let terminal = io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let set = match format {
        Format::Json => {
            log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
        }
        Format::Auto if !terminal => {
            log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
        }
        Format::Text | Format::Auto => log.with_ansi(terminal).with_target(false).try_init(),
    };
    set.map_err(|_| LoggingError::AlreadySetUp)?;
    log_panics();
    Ok(())
}

/// Has panics written as events too, so that every line of the log is one.
///
/// What a panic said may quote data; where it happened is enough to find it.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(code = "panicked", place, thread = thread::current().name(), "panicked");
    }));
}

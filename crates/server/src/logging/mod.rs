//! The log: text for people on a terminal, otherwise one JSON object per line.
//!
//! Events are formatted where they occur (`layer.rs` decides which), wait in a bounded queue (`queue.rs`), and are
//! written by one thread (`writer.rs`). No thread that logs ever waits for the reader of the log.

mod layer;
mod output;
mod own_line;
mod queue;
mod summary;
mod trouble;
mod writer;

use std::io::{self, IsTerminal};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use std::{panic, thread};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use layer::Summarise;
pub(crate) use layer::on_behalf_of;
use own_line::Shape;
use queue::Queue;
pub use queue::{QUEUED_BYTES, QUEUED_LINES};
use summary::SharedSummary;
pub(crate) use trouble::Trouble;
use writer::Writer;

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Text if standard error is a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One line of text per event.
    Text,
    /// One JSON object per event and line.
    Json,
}

/// The text is not the name of a [`Format`].
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
    /// The text is neither a level nor a list of `target=level`.
    #[error("not a log level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// The process already has a log.
    #[error("the log is already set up")]
    AlreadySetUp,
    /// The writer thread could not be started.
    #[error("cannot start the thread that writes the log: {0}")]
    Thread(#[source] io::Error),
}

/// How long the end of a process waits for its log to be written.
pub const FLUSH_TIME: Duration = Duration::from_millis(500);

/// The log of this process. If it fails, only log lines are lost, and they are counted.
#[derive(Debug, Clone)]
pub struct Log {
    queue: Arc<Queue>,
}

impl Log {
    /// Writes a line of text between the lines of the log, without a line break at its end.
    pub fn note(&self, line: &str) {
        self.queue.add(format!("{line}\n").as_bytes());
    }

    /// How many lines were lost, because too many waited to be written.
    pub fn lost(&self) -> u64 {
        self.queue.lost_ever()
    }

    /// Accepts no more lines, and waits at most [`FLUSH_TIME`] until the waiting lines are written.
    pub fn close(&self) {
        self.queue.close(FLUSH_TIME);
    }
}

/// From now on, sends the process's events to standard error through a thread and a queue of [`QUEUED_LINES`] lines
/// and [`QUEUED_BYTES`] bytes, so that neither a reader that hangs nor a full disk affects the process.
///
/// `level` is `error`, `warn`, `info`, `debug` or `trace`, or a list such as `info,jeton_server=debug`.
/// Timestamps are in UTC, as RFC 3339 writes them.
///
/// # Errors
/// [`LoggingError::Level`] for a level that makes no sense, [`LoggingError::AlreadySetUp`] on a second call,
/// [`LoggingError::Thread`] if the system has no thread or descriptor left.
pub fn init(format: Format, level: &str) -> Result<Log, LoggingError> {
    let filter = EnvFilter::builder().parse(level)?;
    let terminal = io::stderr().is_terminal();
    let shape = match format {
        Format::Json => Shape::Json,
        Format::Auto if !terminal => Shape::Json,
        Format::Text | Format::Auto => Shape::Text,
    };
    let (queue, summary) = (Arc::new(Queue::default()), Arc::new(SharedSummary::default()));
    // Whatever goes wrong with a line, the subscriber must not write to standard error itself: that may block, or panic.
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(Lines(Arc::clone(&queue)))
        .log_internal_errors(false)
        .with_ansi(terminal && shape == Shape::Text);
    let log = tracing_subscriber::registry().with(filter).with(Summarise(Arc::clone(&summary)));
    let set = match shape {
        Shape::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            log.with(lines).try_init()
        }
        Shape::Text => log.with(lines.with_target(false)).try_init(),
    };
    set.map_err(|_| LoggingError::AlreadySetUp)?;
    let mut writer = Writer::new(
        Arc::clone(&queue),
        summary,
        output::standard_error().map_err(LoggingError::Thread)?,
        shape,
    );
    let thread = thread::Builder::new().name("log".to_owned());
    thread.spawn(move || writer.run()).map_err(LoggingError::Thread)?;
    log_panics();
    Ok(Log { queue })
}

/// Writes panics as events too, so that every line of the log is one. Nothing here may fail, because a panic in the
/// hook would end the process.
///
/// The message of a panic may quote data; the location is enough to find it.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(code = "panicked", place, thread = thread::current().name(), "panicked");
    }));
}

/// Puts the subscriber's lines into the queue, each in one piece.
struct Lines(Arc<Queue>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = QueueWriter<'a>;

    fn make_writer(&'a self) -> QueueWriter<'a> {
        QueueWriter(&self.0)
    }
}

/// Accepts one line at a time from the subscriber, and never fails.
struct QueueWriter<'a>(&'a Queue);

impl io::Write for QueueWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

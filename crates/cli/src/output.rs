//! What commands print: text and tables for people, or one JSON document with `--json`.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::thread;

use jeton_server::logging::Log;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use serde::Serialize;

use crate::failure::Failure;

/// Whom a command prints for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// People.
    Text,
    /// Programs: one JSON document.
    Json,
}

impl Style {
    /// The style that the flag `--json` asks for.
    pub(crate) fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }

    /// Prints `document` for programs, or else what `text` makes for people.
    pub(crate) fn print(
        self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        match self {
            Self::Json => json(document),
            Self::Text => line(&text()),
        }
    }
}

/// Prints a JSON document.
pub(crate) fn json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Failure::coded("internal", format!("the response is not JSON: {error}")))?;
    line(&text)
}

/// Prints a text and a line break.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    bytes(format!("{text}\n").as_bytes())
}

/// Prints bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    write_all(io::stdout().as_fd(), bytes).map_err(|error| match error {
        Errno::PIPE => Failure::ClosedPipe,
        _ => Failure::coded(
            "output_unwritable",
            format!("cannot write to standard output: {}", io::Error::from(error)),
        ),
    })
}

/// Tells people something beside the result, on standard error.
pub(crate) fn note(text: &str) {
    match LOG.get() {
        Some(log) => log.note(text),
        // Nothing is lost where standard error is closed.
        None => drop(write_all(io::stderr().as_fd(), format!("{text}\n").as_bytes())),
    }
}

/// Shows how far a command is, on the last line of the terminal, in the place of what was shown there before. Nothing where standard error
/// is no terminal.
pub(crate) fn status(text: &str) {
    if io::stderr().is_terminal() {
        let _ = write_all(io::stderr().as_fd(), format!("\r\u{1b}[2K{text}").as_bytes());
    }
}

/// The log of a server. What is noted goes through it, since a server must not wait for whoever reads its standard error.
static LOG: OnceLock<Log> = OnceLock::new();

/// Sends notes through the log from here on.
pub(crate) fn note_through(log: Log) {
    let _ = LOG.set(log);
}

/// The log of a server, if it has been started.
pub(crate) fn log() -> Option<Log> {
    LOG.get().cloned()
}

/// Writes what is left of the log, within bounds.
pub(crate) fn close() {
    if let Some(log) = LOG.get() {
        log.close();
    }
}

/// Prints a text for whoever started a server, who need not read it: the server neither waits for it nor ends over it.
pub(crate) fn announce(text: String) {
    let thread = thread::Builder::new().name("announce".to_owned());
    // Where there is no thread to be had, the text is missing and nothing else.
    let _ = thread.spawn(move || {
        if let Err(failure) = line(&text) {
            note(&format!("warning: {failure}"));
        }
    });
}

/// Writes all of it, past the buffer of the standard library. Waits where there is no room at the moment.
fn write_all(output: BorrowedFd<'_>, mut rest: &[u8]) -> Result<(), Errno> {
    while !rest.is_empty() {
        match rustix::io::write(output, rest) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR) => {}
            // Somebody else made the pipe one that does not block.
            Err(Errno::AGAIN) => {
                rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(&output, PollFlags::OUT)], None))?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Notes that a text is longer than what those who are to read it take, unless told.
pub(crate) fn note_long(text: &str, limit: usize, readers: &str) {
    if text.len() > limit {
        note(&format!("note: {} bytes are more than the {limit} that {readers}", text.len()));
    }
}

/// Rows below a heading, each column as wide as its widest cell.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = heading.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[&str]| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        line.trim_end().to_owned()
    };
    let mut lines = vec![line(&heading)];
    lines.extend(rows.iter().map(|row| line(&row.each_ref().map(String::as_str))));
    lines.join("\n")
}

/// Text from outside with everything in it made harmless that a terminal acts on and nobody sees.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = text.to_owned();
    for (at, character) in jeton_authority::hidden_characters(text).collect::<Vec<_>>().into_iter().rev() {
        printable.replace_range(at..at + character.len_utf8(), "\u{fffd}");
    }
    printable
}

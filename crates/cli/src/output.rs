//! What commands print: text and tables for people, or one JSON document with `--json`.

use std::io::{self, ErrorKind, Write};

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
        .map_err(|error| Failure::refused(format!("the answer is no JSON: {error}")))?;
    line(&text)
}

/// Prints a text and a line break.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    bytes(format!("{text}\n").as_bytes())
}

/// Prints bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::coded("output_unwritable", format!("cannot write to standard output: {error}")),
    })
}

/// Tells people something beside the result, on standard error.
pub(crate) fn note(text: &str) {
    // Nothing is lost where standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
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

/// Text from outside with its control characters made harmless for a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

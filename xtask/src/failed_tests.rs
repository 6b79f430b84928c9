//! Running `cargo test` and naming the tests that failed, since thousands of lines stand around each of them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::console;

/// How many lines of what a failed test printed are kept: its panic, not its backtrace.
const LINES: usize = 6;

/// How many characters of such a line are kept.
const CHARACTERS: usize = 400;

/// Runs `cargo test`, its output passed on.
///
/// # Errors
/// When it cannot be run, or tests failed: the error names them, with the first lines that each printed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = child.context("cannot run cargo test")?;
    let output = child.stdout.take().context("its output was asked for")?;
    let mut said = Said::default();
    // A test may print bytes that are no text.
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what cargo test prints")?;
        let line = String::from_utf8_lossy(&line);
        console::say(&line);
        said.read(&line);
    }
    let status = child.wait().context("cannot wait for cargo test")?;
    if !status.success() {
        bail!("cargo test failed ({status})\n{}", said.failures.join("\n"));
    }
    Ok(())
}

/// What the failed tests printed.
#[derive(Debug, Default)]
struct Said {
    failures: Vec<String>,
    /// How many more lines belong to the last of them.
    left: usize,
}

impl Said {
    fn read(&mut self, line: &str) {
        if line.starts_with("---- ") {
            self.left = LINES + 1;
        } else if line.starts_with("stack backtrace:") || line.starts_with("failures:") {
            self.left = 0;
        }
        if self.left > 0 && !line.is_empty() {
            self.left -= 1;
            self.failures.push(line.chars().take(CHARACTERS).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Said;

    #[test]
    fn a_failed_test_is_named_with_what_it_printed_first() {
        let mut said = Said::default();
        let output = "test a::holds ... ok\ntest b::holds ... FAILED\n\nfailures:\n\n---- b::holds stdout ----\n\n\
            thread 'b::holds' panicked at b.rs:1:1:\nassertion failed\nstack backtrace:\n   0: rust_begin_unwind\n\n\
            failures:\n    b::holds\n\ntest result: FAILED. 1 passed; 1 failed\n";
        output.lines().for_each(|line| said.read(line));
        let expected =
            ["---- b::holds stdout ----", "thread 'b::holds' panicked at b.rs:1:1:", "assertion failed"];
        assert_eq!(said.failures, expected);
    }
}

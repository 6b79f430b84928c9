//! The one place that writes to the terminal.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "chores talk to the person who started them")]

/// Says a line on standard output.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Says a line on standard error.
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}

/// A headline, so that the parts of a long run can be found again.
pub(crate) fn headline(text: &str) {
    println!("\n== {text}");
}

//! The one place that writes to the terminal.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "chores talk to the person who started them")]

use std::cell::RefCell;

thread_local! {
    /// What this thread has said since it began to keep it.
    static KEPT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Says a line on standard output.
pub(crate) fn say(line: &str) {
    let kept = KEPT.with_borrow_mut(|kept| kept.as_mut().map(|kept| *kept += &format!("{line}\n")).is_some());
    if !kept {
        println!("{line}");
    }
}

/// Does something whose lines are said together when it ends, whatever other threads say meanwhile.
pub(crate) fn together<T>(work: impl FnOnce() -> T) -> T {
    KEPT.set(Some(String::new()));
    let done = work();
    print!("{}", KEPT.take().unwrap_or_default());
    done
}

/// Says a line on standard error.
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}

/// A headline, so that the parts of a long run can be found again.
pub(crate) fn headline(text: &str) {
    say(&format!("\n== {text}"));
}

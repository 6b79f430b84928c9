//! What the suites found: each check a sentence, counted as it ends.

use std::time::Instant;

use anyhow::Result;

use crate::console;

/// The counts of a run, and where a failure is written.
#[derive(Debug, Default)]
pub(crate) struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    /// Runs one check: `sentence` says what holds when it passes.
    ///
    /// Answers whether it passed, for checks that later ones rest on.
    pub(crate) fn check(&mut self, sentence: &str, check: impl FnOnce() -> Result<()>) -> bool {
        let started = Instant::now();
        let outcome = check();
        let seconds = started.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => {
                self.passed += 1;
                console::say(&format!("  ok    {sentence} ({seconds:.1} s)"));
                true
            }
            Err(error) => {
                self.failed += 1;
                console::say(&format!("  FAIL  {sentence} ({seconds:.1} s)"));
                for line in format!("{error:#}").lines() {
                    console::say(&format!("        {line}"));
                }
                false
            }
        }
    }

    /// Says that a check cannot run here, and why.
    pub(crate) fn skip(&mut self, sentence: &str, why: &str) {
        self.skipped += 1;
        console::say(&format!("  skip  {sentence}: {why}"));
    }

    /// Adds the counts of another one.
    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Whether nothing has failed.
    pub(crate) fn is_clean(&self) -> bool {
        self.failed == 0
    }

    /// The line that a run ends with.
    pub(crate) fn closing_line(&self) -> String {
        let mut line = format!("{} passed, {} failed", self.passed, self.failed);
        if self.skipped > 0 {
            line.push_str(&format!(", {} skipped", self.skipped));
        }
        line
    }
}

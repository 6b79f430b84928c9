//! What the suites found: each check a sentence, counted as it ends.

use std::time::Instant;

use anyhow::Result;

use crate::console;

/// The counts of a run, and what failed in it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    passed: usize,
    failures: Vec<String>,
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
                let error = format!("{error:#}").replace('\n', "\n        ");
                console::say(&format!("  FAIL  {sentence} ({seconds:.1} s)\n        {error}"));
                self.failures.push(format!("  FAIL  {sentence}\n        {error}"));
                false
            }
        }
    }

    /// Says that a check cannot run here, and why.
    pub(crate) fn skip(&mut self, sentence: &str, why: &str) {
        self.skipped += 1;
        console::say(&format!("  skip  {sentence}: {why}"));
    }

    /// Adds another one.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failures.extend(other.failures);
        self.skipped += other.skipped;
    }

    /// What failed, each with its reason, to be read again at the end of a long run.
    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// The line that a run ends with.
    pub(crate) fn closing_line(&self) -> String {
        let mut line = format!("{} passed, {} failed", self.passed, self.failures.len());
        if self.skipped > 0 {
            line.push_str(&format!(", {} skipped", self.skipped));
        }
        line
    }
}

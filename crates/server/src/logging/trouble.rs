//! A repeated failure is logged when it begins and when it ends, not each time.

use std::fmt::Display;

/// An operation that is tried repeatedly and may fail for a while.
#[derive(Debug)]
pub(crate) struct Trouble {
    code: &'static str,
    lasts: bool,
}

impl Trouble {
    /// Nothing has failed yet; `code` is the stable name of the failure.
    pub(crate) const fn new(code: &'static str) -> Self {
        Self { code, lasts: false }
    }

    pub(crate) fn again(&mut self, error: &dyn Display) {
        if !self.lasts {
            tracing::error!(code = self.code, "{error}");
        }
        self.lasts = true;
    }

    pub(crate) fn over(&mut self) {
        if self.lasts {
            tracing::info!(code = self.code, "recovered");
        }
        self.lasts = false;
    }
}

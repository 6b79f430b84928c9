//! The page of the guide, and the files on it.

use anyhow::{Context, Result};

use crate::cargo;
use crate::rig::expect;

/// What the page calls the authority.
const ISSUER: &str = "https://auth.example.com";

/// `docs/guide/feed-readers.md`.
pub(super) struct Page(String);

impl Page {
    pub(super) fn read() -> Result<Self> {
        let path = cargo::root().join("docs/guide/feed-readers.md");
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self(text))
    }

    /// The block whose first line is a comment with the name of the file, for this issuer.
    pub(super) fn file(&self, name: &str, issuer: &str) -> Result<String> {
        let starts = ["//", "#"].map(|comment| format!("\n{comment} {name}\n"));
        let start = starts.iter().find_map(|line| self.0.find(line));
        let rest = &self.0[start.with_context(|| format!("the page has no {name}"))? + 1..];
        let end = rest.find("\n```").with_context(|| format!("{name} has no end"))?;
        Ok(rest[..=end].replace(ISSUER, issuer))
    }
}

/// The text with one word replaced, which it has once.
pub(super) fn with(text: &str, word: &str, replacement: &str) -> Result<String> {
    let times = text.matches(word).count();
    expect(times == 1, || format!("the page has {word} {times} times"))?;
    Ok(text.replace(word, replacement))
}

//! Refresh tokens: what they say, and what presenting one does.

mod rule;

pub use rule::{CLEAN_ADVANCES_TO_FORGIVE, Decision, KeyProof, Presented, RefreshRefusal, Verdict, decide};

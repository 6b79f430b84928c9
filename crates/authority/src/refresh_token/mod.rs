//! Refresh tokens: their content, and the effect of presenting one.

mod rule;

pub use rule::{
    CLEAN_ADVANCES_TO_FORGIVE, Decision, KeyProof, Presented, RefreshKind, RefreshRefusal, Verdict, decide,
};

//! Refresh tokens: what they say, and what presenting one does.

mod rule;
mod token;

pub use rule::{
    CLEAN_ADVANCES_TO_FORGIVE, Decision, KeyProof, Presented, RefreshPolicy, RefreshRefusal, RefreshState,
    Verdict, decide,
};
pub use token::TYP;
pub(crate) use token::{RefreshTokenClaims, mint};

//! The pages on which users sign in, decide and sign out, and the token debugger.

pub(crate) mod account;
pub(crate) mod assets;
pub(crate) mod authorize;
pub(crate) mod debugger;
pub(crate) mod device;
pub(crate) mod end_session;
pub(crate) mod reset;

//! The pages on which users sign in, decide and sign out.

pub(crate) mod account;
pub(crate) mod assets;
pub(crate) mod authorize;
pub(crate) mod device;
pub(crate) mod end_session;

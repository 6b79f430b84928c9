//! The pages that somebody at a browser signs in, decides and signs out with.

pub(crate) mod assets;
pub(crate) mod authorize;
pub(crate) mod device;
pub(crate) mod end_session;

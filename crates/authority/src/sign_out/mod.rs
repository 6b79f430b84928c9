//! Signing a browser out, requested by a client or everywhere, and notifying clients.

mod end_session;
mod kept;

pub use end_session::{Acting, AtBrowser, EndSession, EndSessionError, EndSessionRequest, LogoutToken};

use crate::base::Base;

/// Signs browsers out, and notifies clients.
pub struct SignOut {
    pub(crate) base: Base,
}

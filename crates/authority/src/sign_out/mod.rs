//! Signing a browser out, requested by a client or everywhere, and notifying clients.

mod end_session;
mod kept;

pub use end_session::{Acting, AtBrowser, EndSession, EndSessionError, EndSessionRequest, LogoutToken};

use std::sync::Arc;

use crate::clients::Clients;
use crate::keyring::Keys;
use crate::random::Random;
use crate::settings::Settings;
use crate::store::Store;
use crate::throttle::Rates;

/// Signs browsers out, and notifies clients.
pub struct SignOut {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) clients: Arc<Clients>,
}

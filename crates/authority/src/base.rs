//! What most parts of an authority rest on.

use std::sync::Arc;

use crate::client_directory::ClientDirectory;
use crate::keyring::Keys;
use crate::random::Random;
use crate::settings::Settings;
use crate::store::Store;
use crate::tally::Tally;
use crate::throttle::Rates;
use crate::used_up::UsedUp;

/// What a part that serves clients rests on: the store, the settings, and the parts below it.
#[derive(Clone)]
pub(crate) struct Base {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) clients: Arc<ClientDirectory>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) used_up: Arc<UsedUp>,
}

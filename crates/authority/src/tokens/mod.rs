//! Operations on tokens that are presented: refresh, verify, introspect, revoke.

mod administrator;
mod error;
mod introspect;
mod preview;
mod recognise;
mod refresh;
mod revoke;
mod sign_out;
mod userinfo;
mod verify;

pub use administrator::{ADMIN_API, ADMIN_READ_SCOPE, ADMIN_SCOPE, Administrator, AdministratorError};
pub use error::TokenError;
pub use introspect::Introspection;
pub use preview::Preview;
pub(crate) use refresh::verify_refresh_token;
pub use userinfo::{UserInfo, UserInfoBody, UserInfoError};

use std::sync::Arc;

use crate::client_directory::ClientDirectory;
use crate::feed::Feed;
use crate::keyring::Keys;
use crate::random::Random;
use crate::settings::Settings;
use crate::store::Store;
use crate::tally::Tally;

/// Operations on tokens that are presented.
pub struct Tokens {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) clients: Arc<ClientDirectory>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) feed: Arc<Feed>,
}

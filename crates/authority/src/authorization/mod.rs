//! Authorization requests, stage by stage: received, redirectable, valid. An error can only redirect once the redirect URI
//! has been checked, because only the second stage has one.

mod code;
mod details;
mod identifying;
mod kept;
mod pushed;
mod received;
mod redirectable;
mod request;
mod request_object;
mod response;
mod step;

pub(crate) use code::CodeContent;
pub(crate) use details::{narrowed_details, permitted_details};
pub use identifying::{GrantCodeError, IdentifyError, REQUEST_URI_PREFIX};
pub use kept::KeptRequest;
pub(crate) use kept::{KeptContent, leads_again};
pub use pushed::{PushedRequest, RequestObjectError};
pub use received::{PageError, ReceivedRequest};
pub use redirectable::{RedirectError, RedirectableRequest};
pub use request::AuthorizationRequest;
pub use response::{AuthorizationResponse, ResponseParameters};
pub use step::{NextStep, may_continue, next_step};

use std::sync::Arc;

use crate::clients::Clients;
use crate::keyring::Keys;
use crate::random::Random;
use crate::settings::Settings;
use crate::store::Store;
use crate::throttle::Rates;

/// Authorizes clients on behalf of signed-in users.
pub struct Authorization {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) clients: Arc<Clients>,
}

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
pub use step::{NextStep, may_continue, next_step, takes_known_device};

use crate::base::Base;

/// Authorizes clients on behalf of signed-in users.
pub struct Authorization {
    pub(crate) base: Base,
}

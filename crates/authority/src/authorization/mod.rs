//! Authorization requests, stage by stage: received, redirectable, valid. An error can only redirect once the redirect URI
//! has been checked, because only the second stage has one.

mod code;
mod details;
mod received;
mod redirectable;
mod request;
mod response;
mod step;

pub(crate) use code::CodeContent;
pub(crate) use details::{narrowed_details, permitted_details};
pub use received::{PageError, ReceivedRequest};
pub(crate) use redirectable::permitted_resources;
pub use redirectable::{RedirectError, RedirectableRequest};
pub use request::AuthorizationRequest;
pub use response::{AuthorizationResponse, ResponseParameters};
pub use step::{NextStep, SignedIn, Since, next_step};

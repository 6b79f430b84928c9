//! Authorization requests, stage by stage: received, redirectable, valid. An error can only redirect once the redirect URI
//! has been checked, because only the second stage has one.

mod code;
mod details;
mod kept;
mod received;
mod redirectable;
mod request;
mod response;
mod step;

pub(crate) use code::CodeContent;
pub(crate) use details::{narrowed_details, permitted_details};
pub(crate) use kept::{KeptContent, leads_again};
pub use kept::{KeptRequest, NewAnswer, RequestAnswer, Standing, answer_request};
pub use received::{PageError, ReceivedRequest};
pub(crate) use redirectable::permitted_resources;
pub use redirectable::{RedirectError, RedirectableRequest};
pub use request::AuthorizationRequest;
pub use response::{AuthorizationResponse, ResponseParameters};
pub use step::{Identified, NextStep, SignedIn, Since, may_continue, next_step};

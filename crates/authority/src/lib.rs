//! The rules of a token authority: users, grants, keys, refresh and revocation.
//!
//! Nothing here knows HTTP or SQL, reads a clock or draws random numbers by itself: time, randomness and storage come in
//! as arguments, so each rule can be tested by calling it.

pub mod accounts;
pub mod audit;
mod audited;
mod authority;
pub mod authorization;
mod authorize;
mod browser;
mod caller;
pub mod client;
pub mod client_auth;
mod client_signing;
mod clients;
pub mod device;
mod device_authorization;
mod display_text;
mod dpop;
mod end_session;
mod form_token;
pub mod grant;
pub mod grants;
mod id;
mod introspect;
pub mod issue;
mod kept_sign_out;
pub mod keys;
mod known_browser;
mod known_network;
mod network;
pub mod one_time;
pub mod password;
mod preview;
mod pushed;
mod random;
mod recognise;
mod refresh;
pub mod refresh_token;
mod refusal;
mod registration;
mod request_object;
mod revoke;
pub mod session;
pub mod settings;
mod sign_in;
mod sign_out;
pub mod store;
pub mod sweep;
pub mod throttle;
mod token;
mod typ;
pub mod user;
mod userinfo;
mod verify;

pub use authority::{Authority, OpenError};
pub use authorize::{GrantCodeError, IdentifyError, REQUEST_URI_PREFIX};
pub use caller::Caller;
pub use device_authorization::{
    DEVICE_INTERVAL, DEVICE_PAGE, DeviceAuthorizationResponse, FindDeviceError, FoundDevice,
};
pub use display_text::{DisplayNameError, MAX_DISPLAY_NAME, check_display_name, hidden_characters, visible};
pub use dpop::{DpopNonces, GoodProof, PresentedProof, dpop_algorithms};
pub use end_session::{Acting, AtBrowser, EndSession, EndSessionError, EndSessionRequest, LogoutToken};
pub use form_token::{FORM_LIFETIME, FormSeal, FormVerdict, ShownDigest, StaleForm};
pub use id::{GrantId, ParseIdError, SessionId, UserId};
pub use introspect::Introspection;
pub use known_browser::{KNOWN_ACCOUNTS, KnownBrowser};
pub use known_network::{KNOWN_NETWORK_KEPT, KNOWN_NETWORKS};
pub use network::Network;
pub use preview::Preview;
pub use pushed::{PushedRequest, RequestObjectError};
pub use random::{Random, SystemRandom};
pub use refusal::{OAuthError, Refusal};
pub use registration::{
    LeftOut, MAX_REGISTRATION_TOKEN_USES, REGISTRATION_PATH, Registration, RegistrationError,
    add_registration_token,
};
pub use sign_in::SignInError;
pub use token::{TokenError, TokenPair};
pub use userinfo::{UserInfo, UserInfoBody, UserInfoError};

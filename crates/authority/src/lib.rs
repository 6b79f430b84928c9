//! The rules of a token authority: users, grants, keys, refresh and revocation.
//!
//! Nothing here knows HTTP or SQL, reads a clock or draws random numbers by itself: time, randomness and storage come in
//! as arguments, so each rule can be tested by calling it.

pub mod accounts;
mod assertion;
pub mod audit;
pub mod authenticators;
mod authority;
pub mod authorization;
mod base;
pub mod client;
pub mod client_auth;
pub mod client_directory;
pub mod client_lifecycle;
mod clock_difference;
pub mod device;
mod device_authorization;
mod display_text;
mod distinguished_name;
mod dpop;
pub mod factor;
mod factor_secrets;
pub mod factor_setup;
pub mod feed;
mod forms;
pub mod grant;
pub mod grant_types;
mod id;
pub mod idempotency;
pub mod issue;
pub mod keyring;
pub mod keys;
mod known_token;
pub mod mail;
mod network;
mod oauth_error;
pub mod one_time;
pub mod own_account;
pub mod passkey;
pub mod password;
mod password_reset;
mod pkce;
pub mod ports;
mod random;
pub mod refresh_token;
mod refusal;
mod registration;
pub mod reset;
pub mod revocation;
mod sender_constraint;
pub mod session;
pub mod settings;
mod shown_digest;
pub mod sign_in;
mod sign_out;
pub mod status_list;
pub mod store;
pub mod sweep;
pub mod tally;
pub mod throttle;
mod tokens;
mod typ;
mod used_up;
pub mod user;

pub use authority::Authority;
pub use authorization::{
    GrantCodeError, IdentifyError, PushedRequest, REQUEST_URI_PREFIX, RequestObjectError,
};
pub use clock_difference::ClockReading;
pub use device_authorization::{
    DEVICE_INTERVAL, DeviceAuthorizationResponse, Devices, FindDeviceError, FoundDevice,
};
pub use display_text::{DisplayNameError, MAX_DISPLAY_NAME, check_display_name, hidden_characters, visible};
pub use dpop::{GoodProof, PresentedProof, Proofs, dpop_algorithms};
pub use forms::{FORM_LIFETIME, FormSeal, FormVerdict, Forms, StaleForm};
pub use id::{GrantId, MailId, NodeId, ParseIdError, SessionId, UserId};
pub use issue::TokenPair;
pub use keyring::OpenError;
pub use network::Network;
pub use oauth_error::OAuthError;
pub use password_reset::{PasswordResets, ResetError, ResetSecret};
pub use ports::Ports;
pub use random::{Random, SystemRandom};
pub use refusal::Refusal;
pub use registration::{
    ClientRegistration, LeftOut, MAX_REGISTRATION_TOKEN_USES, Registration, RegistrationError,
    add_registration_token,
};
pub use sender_constraint::{SenderConstraint, TokenType};
pub use shown_digest::ShownDigest;
pub use sign_in::SignInError;
pub use sign_out::{Acting, AtBrowser, EndSession, EndSessionError, EndSessionRequest, LogoutToken, SignOut};
pub use throttle::{Caller, KNOWN_ACCOUNTS, KNOWN_NETWORK_KEPT, KNOWN_NETWORKS, KnownBrowser};
pub use tokens::{
    ADMIN_API, ADMIN_READ_SCOPE, ADMIN_SCOPE, Administrator, AdministratorError, Introspection, Preview,
    TokenError, Tokens, UserInfo, UserInfoBody, UserInfoError,
};

//! One file per endpoint. Each translates between HTTP and the authority, and makes no decisions.

mod admin_api;
pub(crate) mod health;
mod oauth;
mod pages;
mod token_api;

pub(crate) use admin_api::routes as admin_api;
pub(crate) use oauth::{
    device_authorization, discovery, document, dpop, introspect, par, register, revocations, revoke,
    status_list, token, userinfo,
};
pub(crate) use pages::{account, assets, authorize, debugger, device, end_session, reset};
pub(crate) use token_api::{
    blacklist, cross_origin as cross_origin_at_token_api, obtain, refresh, second_factor, verify,
};

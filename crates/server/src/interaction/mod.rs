//! What the pages for people share: the browser in front of them, the seal of their forms, and which requests may change
//! anything.

mod browser;
mod navigation;
mod seal;
mod typed_name;

pub(crate) use browser::{Browser, browser, see_other};
pub(crate) use navigation::{is_from_elsewhere, is_navigation};
pub(crate) use seal::Seal;
pub(crate) use typed_name::{keep_typed_name, typed_name};

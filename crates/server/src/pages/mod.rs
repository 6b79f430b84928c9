//! The pages that people see. They work without a script.

mod details;
mod policy;
mod templates;
mod unverified;

pub(crate) use details::{DetailLines, detail_lines, isolated, resource_lines};
pub(crate) use policy::{Forms, asset, page};
pub(crate) use templates::{
    ConsentPage, DeviceCodePage, DeviceDecidedPage, DevicePage, DonePage, ErrorPage, FormPostPage, ScopeLine,
    SignInPage, SignOutPage, SignOutQuestion, SignOutRefusedPage, SignedInAs, SignedOutPage, WayOn,
};
pub(crate) use unverified::{UnverifiedLine, unverified_line};

//! The pages that people see. They work without a script.

mod details;
mod policy;
mod templates;

pub(crate) use details::{DetailLines, detail_lines, resource_lines};
pub(crate) use policy::{asset, page};
pub(crate) use templates::{
    ConsentPage, DeviceCodePage, DevicePage, DonePage, ErrorPage, FormPostPage, ScopeLine, SignInPage,
    SignOutPage, SignOutRefusedPage, SignedInAs, SignedOutPage,
};

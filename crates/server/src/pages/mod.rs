//! The pages that people see. They work without a script.

mod policy;
mod templates;

pub(crate) use policy::{asset, page};
pub(crate) use templates::{
    ConsentPage, DeviceCodePage, DeviceDonePage, DevicePage, ErrorPage, FormPostPage, ScopeLine, SignInPage,
    SignOutPage, SignOutRefusedPage, SignedOutPage,
};

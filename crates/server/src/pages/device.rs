//! The pages of `/device`: entering a code, deciding, and the decision.

use askama::Template;

use super::{Asked, filters};

/// Entering a user code.
#[derive(Template)]
#[template(path = "device/code.html")]
pub(crate) struct DeviceCodePage<'a> {
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    /// The code that was typed before, or came with the URL.
    pub(crate) user_code: &'a str,
    /// Whether the code came with the URL, so that nobody has typed it.
    pub(crate) is_given: bool,
    /// The error message next to the code.
    pub(crate) problem: Option<&'a str>,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
}

/// The question whether a device may have what it requests.
#[derive(Template)]
#[template(path = "device/confirm.html")]
pub(crate) struct DevicePage<'a> {
    pub(crate) client: &'a str,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
    /// The code, as the device shows it.
    pub(crate) user_code: &'a str,
    pub(crate) username: &'a str,
    pub(crate) asked: &'a Asked,
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
}

/// The decision about a device.
#[derive(Template)]
#[template(path = "device/decided.html")]
pub(crate) struct DeviceDecidedPage<'a> {
    pub(crate) client: &'a str,
    pub(crate) allowed: bool,
    /// Where to enter the code of another device.
    pub(crate) another: &'a str,
}

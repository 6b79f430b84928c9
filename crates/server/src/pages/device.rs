//! The pages of `/device`: typing a code, deciding, and what was decided.

use askama::Template;

use super::{Asked, filters};

/// Typing the code of a device.
#[derive(Template)]
#[template(path = "device/code.html")]
pub(crate) struct DeviceCodePage<'a> {
    pub(crate) action: &'a str,
    pub(crate) form_token: &'a str,
    /// What was typed before, or came with the address.
    pub(crate) user_code: &'a str,
    /// Whether it came with the address, so that nobody has typed it.
    pub(crate) is_given: bool,
    /// What is wrong, beside the code.
    pub(crate) problem: Option<&'a str>,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
}

/// Whether a device may have what it asks for.
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

/// What was decided about a device.
#[derive(Template)]
#[template(path = "device/decided.html")]
pub(crate) struct DeviceDecidedPage<'a> {
    pub(crate) client: &'a str,
    pub(crate) allowed: bool,
    /// Where the code of another device is typed.
    pub(crate) another: &'a str,
}

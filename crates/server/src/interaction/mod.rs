//! Requests that a user brings in a browser: the browser, the errand that a page is about, the seals of its forms, and
//! the responses when there is no page.

mod browser;
mod errand;
mod navigation;
mod notice;
mod page_error;
mod passkey;
mod seal;
mod second_factor;
mod sign_in;
mod typed_name;
mod way_back;

pub(crate) use browser::Browser;
pub(crate) use errand::{Errand, Posted, Purpose, Query, Sent, SignsIn};
pub(crate) use navigation::{Navigation, is_navigation};
pub(crate) use notice::{BadCode, BadNewPassword, BadOneTimeCode, Done, Notice};
pub(crate) use page_error::{Elsewhere, PageError, show_page_errors};
pub(crate) use passkey::{PASSKEY, descriptor};
pub(crate) use seal::{Mark, Seal};
pub(crate) use second_factor::{Challenged, SecondFactorForm};
pub(crate) use sign_in::{SignInForm, SignedInBy, remember_browser};
pub(crate) use way_back::go_back;

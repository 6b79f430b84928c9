//! What somebody at a browser came for, and how they are led through it: the browser in front of a page, the errand that the
//! page is about, the seals of its forms, and what they get where there is no such page.

mod browser;
mod errand;
mod navigation;
mod notice;
mod page_error;
mod seal;
mod sign_in;
mod typed_name;
mod way_back;

pub(crate) use browser::Browser;
pub(crate) use errand::{Errand, Posted, Purpose, Query, Sent, SignsIn};
pub(crate) use navigation::{Navigation, is_navigation};
pub(crate) use notice::{BadCode, Notice};
pub(crate) use page_error::{Elsewhere, PageError, show_page_errors};
pub(crate) use seal::{Mark, Seal};
pub(crate) use sign_in::{SignInForm, remember_browser};
pub(crate) use way_back::go_back;

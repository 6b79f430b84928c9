//! The pages of `/account`.

mod activity;
mod applications;
mod data;
mod factors;
mod home;
mod password;
mod places;
mod time;

pub(crate) use activity::{ActivityPage, ShownEvent};
pub(crate) use applications::{ApplicationsPage, ShownApplication};
pub(crate) use data::DataPage;
pub(crate) use factors::{
    AuthenticatorPage, NewAuthenticatorPage, PasskeysPage, RecoveryCodesPage, ShownDevice, ShownPasskey,
    qr_code,
};
pub(crate) use home::AccountPage;
pub(crate) use password::PasswordPage;
pub(crate) use places::{PlacesPage, ShownGrant, ShownPlace};
pub(crate) use time::{When, day, in_words};

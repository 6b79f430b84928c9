//! The pages for people, each next to its template of the same name. They work without scripts, but for passkeys and the token
//! debugger.

mod account;
mod asked;
mod consent;
mod debugger;
mod device;
mod error;
mod filters;
mod form_post;
mod passkey;
mod reset;
mod second_factor;
mod send;
mod sign_in;
mod sign_out;

pub(crate) use account::{
    AccountPage, ActivityPage, ApplicationsPage, AuthenticatorPage, DataPage, NewAuthenticatorPage,
    PasskeysPage, PasswordPage, PlacesPage, RecoveryCodesPage, ShownApplication, ShownDevice, ShownEvent,
    ShownGrant, ShownPasskey, ShownPlace, When, day, in_words, qr_code,
};
pub(crate) use asked::Asked;
pub(crate) use consent::ConsentPage;
pub(crate) use debugger::Debugger;
pub(crate) use device::{DeviceCodePage, DeviceDecidedPage, DevicePage};
pub(crate) use error::{WayOn, error_page};
pub(crate) use form_post::FormPostPage;
pub(crate) use passkey::PasskeyForm;
pub(crate) use reset::{ResetAskPage, ResetLinkPage, ResetOverPage, ResetPasswordPage, ResetSentPage};
pub(crate) use second_factor::SecondFactorPage;
pub(crate) use send::{Forms, asset, page, self_contained, with_passkeys, with_script};
pub(crate) use sign_in::{SignInPage, SignedInAs};
pub(crate) use sign_out::{DonePage, SignOutPage, SignOutQuestion, SignOutRefusedPage};

/// A text within a sentence, outside any element: its direction is isolated, and nothing in it is hidden.
pub(crate) fn isolated(text: &str) -> String {
    format!("\u{2068}{}\u{2069}", jeton_authority::visible(text))
}

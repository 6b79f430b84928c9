//! The page with the recovery codes, right after they were made. It can be loaded again for a while, in the browser that they were
//! made in; after that, nobody sees them again.

use std::fmt::Write as _;
use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use jeton_authority::authenticators::{Authenticators, RecoverySet};
use jeton_jose::Timestamp;

use super::{Account, Page, sign_in};
use crate::interaction::{Errand, Mark, PageError};
use crate::pages::RecoveryCodesPage;
use crate::urls::path::ACCOUNT;

/// For how long recovery codes are shown after they were made.
const SHOWN_FOR: Duration = Duration::from_secs(10 * 60);

/// `GET /account/recovery-codes`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::RecoveryCodes.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let Errand { app, browser, purpose, .. } = &errand;
    let setup = app.authority.factor_setup();
    let factors = setup.of(signed_in.user.id).await?;
    let presented = purpose.shown.as_deref().unwrap_or_default();
    let set = factors.recovery.as_ref().filter(|set| {
        is_new(set, app.clock.now())
            && Mark::RecoveryCodes { set: &name(set) }.is_genuine(app, browser, presented)
    });
    let Some(set) = set else { return Ok(errand.go(ACCOUNT.to_owned())) };
    let codes: Vec<_> =
        setup.recovery_codes(signed_in.user.id, set).iter().map(ToString::to_string).collect();
    let (way_on, is_application) = errand.way_on();
    let shown = RecoveryCodesPage {
        username: signed_in.user.username.as_str(),
        issuer: app.urls.host(),
        codes: &codes,
        way_on: &way_on,
        is_application,
    };
    Ok(errand.page(StatusCode::OK, &shown))
}

/// A set as text.
pub(super) fn name(set: &RecoverySet) -> String {
    set.id.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes more");
        text
    })
}

/// Whether recovery codes were made just now.
pub(super) fn are_new(factors: &Authenticators, now: Timestamp) -> bool {
    factors.recovery.as_ref().is_some_and(|set| is_new(set, now))
}

fn is_new(set: &RecoverySet, now: Timestamp) -> bool {
    now.unix().abs_diff(set.made_at.unix()) < SHOWN_FOR.as_secs()
}

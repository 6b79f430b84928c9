//! Template filters for paths, and for untrusted texts: names, hosts, resources.
#![expect(unreachable_pub, reason = "the macro makes public items")]

use std::fmt::Display;

use askama::Values;
use jeton_authority::visible;

use crate::urls::base_of;

/// One of the authority's paths, as a browser finds it.
#[askama::filter_fn]
pub(super) fn local(path: impl Display, values: &dyn Values) -> askama::Result<String> {
    Ok(format!("{}{path}", base_of(values)))
}

/// A text with all invisible characters made visible. Put it into a `<bdi>`; otherwise, a right-to-left name would mix
/// with the sentence around it.
#[askama::filter_fn]
pub(super) fn shown(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(visible(&text.to_string()).into_owned())
}

/// The same where elements are not possible: in a title.
#[askama::filter_fn]
pub(super) fn isolated(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(super::isolated(&text.to_string()))
}

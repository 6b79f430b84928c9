//! What templates do with paths, and with texts of strangers: names, hosts, resources.
#![expect(unreachable_pub, reason = "the macro makes public items")]

use std::fmt::Display;

use askama::Values;
use jeton_authority::visible;

use crate::urls::base_of;

/// Where a browser finds one of the authority's paths.
#[askama::filter_fn]
pub(super) fn local(path: impl Display, values: &dyn Values) -> askama::Result<String> {
    Ok(format!("{}{path}", base_of(values)))
}

/// A text with everything in it made visible. It belongs into a `<bdi>`, or a name that runs from right to left would mix with
/// the sentence around it.
#[askama::filter_fn]
pub(super) fn shown(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(visible(&text.to_string()).into_owned())
}

/// The same where there are no elements: within a title.
#[askama::filter_fn]
pub(super) fn isolated(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(super::isolated(&text.to_string()))
}

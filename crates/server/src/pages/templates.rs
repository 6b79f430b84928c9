//! What each page shows. The templates escape everything that they are given.

use askama::Template;

use super::{DetailLines, UnverifiedLine};

/// What templates do with paths, and with texts of strangers: names, hosts, resources.
#[expect(unreachable_pub, reason = "the macro makes public items")]
mod filters {
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
        Ok(super::super::isolated(&text.to_string()))
    }
}

/// Signing in.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage<'a> {
    /// What the client is called.
    pub(crate) client: &'a str,
    /// Where the form leads.
    pub(crate) action: &'a str,
    /// What proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// What was typed before, or what the client expects.
    pub(crate) username: &'a str,
    /// What is wrong, beside the password.
    pub(crate) problem: Option<&'a str>,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
    /// Who is signed in, if they may go on as that.
    pub(crate) signed_in_as: Option<SignedInAs<'a>>,
    /// Whether the user can go back to the client without signing in.
    pub(crate) can_cancel: bool,
}

/// Who is signed in, and may go on without a password.
pub(crate) struct SignedInAs<'a> {
    /// Who it is.
    pub(crate) username: &'a str,
    /// What proves that the form is ours, which is a form of its own.
    pub(crate) form_token: &'a str,
}

/// One thing that a client asks for.
pub(crate) struct ScopeLine {
    /// What it is called in the request.
    pub(crate) name: String,
    /// What it means.
    pub(crate) meaning: &'static str,
}

/// Whether a client may have what it asks for.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    /// What the client is called.
    pub(crate) client: &'a str,
    /// That nobody has checked its name.
    pub(crate) unverified: Option<UnverifiedLine>,
    /// Where it sends people.
    pub(crate) client_host: &'a str,
    /// Its privacy policy.
    pub(crate) policy_uri: Option<&'a str>,
    /// Its terms of service.
    pub(crate) tos_uri: Option<&'a str>,
    /// Who is signed in.
    pub(crate) username: &'a str,
    /// What it asks for.
    pub(crate) scopes: &'a [ScopeLine],
    /// The resources that it wants to use, beside what it is itself (RFC 8707).
    pub(crate) resources: &'a [String],
    /// What it asks for in detail.
    pub(crate) details: &'a [DetailLines],
    /// Where the form leads.
    pub(crate) action: &'a str,
    /// What proves that the form is ours.
    pub(crate) form_token: &'a str,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
}

/// Something that cannot be sent back to the client.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'a> {
    /// What is wrong.
    pub(crate) title: &'a str,
    /// What to do about it.
    pub(crate) text: &'a str,
    /// Where the user can go from here.
    pub(crate) way_on: Option<WayOn<'a>>,
    /// Its stable name, for whoever looks after the client.
    pub(crate) code: &'a str,
    /// What the log calls the request.
    pub(crate) request: &'a str,
}

/// A link to an application.
pub(crate) struct WayOn<'a> {
    /// Where it leads.
    pub(crate) href: &'a str,
    /// What the application is called.
    pub(crate) name: &'a str,
}

/// What there is to sign out of.
pub(crate) enum SignOutQuestion<'a> {
    /// The session of this browser.
    SignedIn {
        /// Who is signed in.
        username: &'a str,
    },
    /// A session that expired, and what came from it.
    Lapsed,
    /// What the client that asks holds: nobody is signed in at this browser.
    OfClientAlone,
}

/// Whether to sign out.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub(crate) struct SignOutPage<'a> {
    /// What there is to sign out of.
    pub(crate) question: SignOutQuestion<'a>,
    /// What the client that asks is called.
    pub(crate) client: Option<&'a str>,
    /// Whether the user comes from a page that was out of date.
    pub(crate) is_stale: bool,
    /// Where the form leads.
    pub(crate) action: &'a str,
    /// What the form asks about.
    pub(crate) subject: &'a str,
    /// What proves that the form is ours.
    pub(crate) form_token: &'a str,
}

/// A wish to sign out that does not hold together.
#[derive(Template)]
#[template(path = "sign_out_refused.html")]
pub(crate) struct SignOutRefusedPage<'a> {
    /// What is wrong.
    pub(crate) reason: &'a str,
    /// Where the user can sign out all the same.
    pub(crate) action: &'a str,
    /// Its stable name, for whoever looks after the client.
    pub(crate) code: &'a str,
    /// What the log calls the request.
    pub(crate) request: &'a str,
}

/// Signed out.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub(crate) struct SignedOutPage {
    /// Of what.
    text: &'static str,
}

impl SignedOutPage {
    /// Of this browser's session.
    pub(crate) const fn at_this_browser() -> Self {
        Self { text: "At this browser, and at the applications that you used with it." }
    }

    /// Of every session.
    pub(crate) const fn everywhere() -> Self {
        Self { text: "On every device, and at every application." }
    }

    /// Of one client, where nobody was signed in at the browser.
    pub(crate) const fn of_the_client() -> Self {
        Self { text: "At the application that sent you here." }
    }
}

/// An answer that the browser posts to the client (OAuth 2.0 Form Post Response Mode).
#[derive(Template)]
#[template(path = "form_post.html")]
pub(crate) struct FormPostPage<'a> {
    /// Where it goes.
    pub(crate) action: &'a str,
    /// What it says.
    pub(crate) parameters: Vec<(&'a str, &'a str)>,
    /// The script that posts it at once.
    pub(crate) script: &'static str,
}

/// Typing the code of a device.
#[derive(Template)]
#[template(path = "device_code.html")]
pub(crate) struct DeviceCodePage<'a> {
    /// Where the form leads.
    pub(crate) action: &'a str,
    /// What proves that the form is ours.
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
#[template(path = "device.html")]
pub(crate) struct DevicePage<'a> {
    /// What the device's client is called.
    pub(crate) client: &'a str,
    /// That nobody has checked its name.
    pub(crate) unverified: Option<UnverifiedLine>,
    /// Why the page is shown again.
    pub(crate) notice: Option<String>,
    /// The code, as the device shows it.
    pub(crate) user_code: &'a str,
    /// Who is signed in.
    pub(crate) username: &'a str,
    /// What it asks for.
    pub(crate) scopes: &'a [ScopeLine],
    /// The resources that it wants to use, beside what it is itself (RFC 8707).
    pub(crate) resources: &'a [String],
    /// What it asks for in detail.
    pub(crate) details: &'a [DetailLines],
    /// Where the form leads.
    pub(crate) action: &'a str,
    /// What proves that the form is ours.
    pub(crate) form_token: &'a str,
}

/// What was decided about a device.
#[derive(Template)]
#[template(path = "device_decided.html")]
pub(crate) struct DeviceDecidedPage<'a> {
    /// What the device's client is called.
    pub(crate) client: &'a str,
    /// Whether it may have what it asked for.
    pub(crate) allowed: bool,
    /// Where the code of another device is typed.
    pub(crate) another: &'a str,
}

/// Something is done, and nothing is left to do here.
#[derive(Template)]
#[template(path = "done.html")]
pub(crate) struct DonePage<'a> {
    /// What happened.
    pub(crate) title: &'a str,
    /// What comes next.
    pub(crate) text: &'a str,
}

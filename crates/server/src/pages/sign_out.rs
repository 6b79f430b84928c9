//! The pages of `/end_session`: the question, and the result.

use askama::Template;

use super::filters;

#[derive(Template)]
#[template(path = "sign_out/ask.html")]
pub(crate) struct SignOutPage<'a> {
    pub(crate) question: SignOutQuestion<'a>,
    /// The name of the client that requests the sign-out.
    pub(crate) client: Option<&'a str>,
    /// Whether the user comes from a page that was out of date.
    pub(crate) is_stale: bool,
    pub(crate) action: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) form_token: &'a str,
}

/// What the user can sign out of.
pub(crate) enum SignOutQuestion<'a> {
    /// The session of this browser.
    SignedIn { username: &'a str },
    /// An expired session, and the grants that came from it.
    Lapsed,
    /// The grant of the requesting client: nobody is signed in in this browser.
    OfClientAlone,
}

/// An inconsistent sign-out request.
#[derive(Template)]
#[template(path = "sign_out/refused.html")]
pub(crate) struct SignOutRefusedPage<'a> {
    pub(crate) reason: &'a str,
    /// Where the user can sign out anyway.
    pub(crate) action: &'a str,
    /// The stable error code, for the client's operator.
    pub(crate) code: &'a str,
    /// The request identifier in the log.
    pub(crate) request: &'a str,
}

/// The action is done, and nothing else is left to do here.
#[derive(Template)]
#[template(path = "sign_out/done.html")]
pub(crate) struct DonePage<'a> {
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
}

impl DonePage<'static> {
    pub(crate) const OUT_AT_THIS_BROWSER: Self = Self::out(
        "Your session in this browser has ended, along with those of the applications you used in it.",
    );
    pub(crate) const OUT_EVERYWHERE: Self =
        Self::out("Your sessions have ended on every device and in every application.");
    pub(crate) const OUT_OF_THE_CLIENT: Self =
        Self::out("Your session in the application that sent you here has ended.");

    const fn out(text: &'static str) -> Self {
        Self { title: "You are signed out", text }
    }
}

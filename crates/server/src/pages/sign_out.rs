//! The pages of `/end_session`: whether to sign out, and what came of it.

use askama::Template;

use super::filters;

#[derive(Template)]
#[template(path = "sign_out/ask.html")]
pub(crate) struct SignOutPage<'a> {
    pub(crate) question: SignOutQuestion<'a>,
    /// What the client that asks is called.
    pub(crate) client: Option<&'a str>,
    /// Whether the user comes from a page that was out of date.
    pub(crate) is_stale: bool,
    pub(crate) action: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) form_token: &'a str,
}

/// What there is to sign out of.
pub(crate) enum SignOutQuestion<'a> {
    /// The session of this browser.
    SignedIn { username: &'a str },
    /// A session that expired, and what came from it.
    Lapsed,
    /// What the client that asks holds: nobody is signed in at this browser.
    OfClientAlone,
}

/// A wish to sign out that does not hold together.
#[derive(Template)]
#[template(path = "sign_out/refused.html")]
pub(crate) struct SignOutRefusedPage<'a> {
    pub(crate) reason: &'a str,
    /// Where the user can sign out all the same.
    pub(crate) action: &'a str,
    /// Its stable name, for whoever looks after the client.
    pub(crate) code: &'a str,
    /// What the log calls the request.
    pub(crate) request: &'a str,
}

/// Something is done, and nothing is left to do here.
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

//! `/account`: the pages of the person who signs in. They are for whoever is signed in in this browser; what changes how one
//! signs in requires a recent sign-in, with all factors that the user has.
//!
//! Each form is answered with a redirect to a page, so that Back and reload repeat nothing.

mod activity;
mod applications;
mod authenticator;
mod data;
mod export;
mod home;
mod passkeys;
mod password;
mod places;
mod recovery_codes;
mod sign_in;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use jeton_authority::client::Client;
use jeton_authority::factor_setup::{FactorError, FactorSetup, Recency};
use jeton_authority::sign_in::{SignedIn, Step};
use jeton_oauth::Parameters;

use crate::app::App;
use crate::interaction::{
    BadOneTimeCode, Browser, Challenged, Elsewhere, Errand, Notice, PageError, Purpose, Seal, SignsIn,
};
use crate::pages::Forms;
use crate::request::{RequestContext, form};
use crate::urls::path::{
    ACCOUNT, ACCOUNT_ACTIVITY, ACCOUNT_APPLICATIONS, ACCOUNT_AUTHENTICATOR, ACCOUNT_DATA, ACCOUNT_EXPORT,
    ACCOUNT_PASSKEYS, ACCOUNT_PASSWORD, ACCOUNT_PLACES, ACCOUNT_RECOVERY_CODES, AUTHORIZE,
};

pub(crate) use activity::get as activity;
pub(crate) use applications::{get as applications, post as post_applications};
pub(in crate::endpoints::pages) use authenticator::address_for;
pub(crate) use authenticator::{get as authenticator, post as post_authenticator};
pub(crate) use data::{get as data, post as post_data};
pub(crate) use export::get as export;
pub(crate) use home::get as home;
pub(crate) use passkeys::{get as passkeys, post as post_passkeys};
pub(crate) use password::{get as password, post as post_password};
pub(crate) use places::{get as places, post as post_places};
pub(crate) use recovery_codes::get as recovery_codes;
pub(crate) use sign_in::{lead_to_page, post as post_sign_in, post_second_factor};

/// The parameter with the page that a sign-in leads to.
const TO: &str = "to";
/// The parameter with the authorization request that the user came from, and returns to.
const BACK: &str = "back";
/// The parameter that says why the page is shown again.
const WHY: &str = "why";
/// The parameter with the sealed challenge of a sign-in that still requires a second factor.
const CHALLENGE: &str = "challenge";
/// The parameter that says that recovery codes were made in this browser.
const SHOWN: &str = "shown";

/// One of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Home,
    Authenticator,
    Passkeys,
    RecoveryCodes,
    Password,
    Places,
    Applications,
    Activity,
    Data,
    Export,
}

impl Page {
    const ALL: [Self; 10] = [
        Self::Home,
        Self::Authenticator,
        Self::Passkeys,
        Self::RecoveryCodes,
        Self::Password,
        Self::Places,
        Self::Applications,
        Self::Activity,
        Self::Data,
        Self::Export,
    ];

    const fn path(self) -> &'static str {
        match self {
            Self::Home => ACCOUNT,
            Self::Authenticator => ACCOUNT_AUTHENTICATOR,
            Self::Passkeys => ACCOUNT_PASSKEYS,
            Self::RecoveryCodes => ACCOUNT_RECOVERY_CODES,
            Self::Password => ACCOUNT_PASSWORD,
            Self::Places => ACCOUNT_PLACES,
            Self::Applications => ACCOUNT_APPLICATIONS,
            Self::Activity => ACCOUNT_ACTIVITY,
            Self::Data => ACCOUNT_DATA,
            Self::Export => ACCOUNT_EXPORT,
        }
    }

    /// The page that a request is about: its own, or the one that its sign-in leads to.
    fn of(path: &str, query: &Parameters) -> Self {
        let path = query.get(TO).unwrap_or(path);
        Self::ALL.into_iter().find(|page| page.path() == path).unwrap_or(Self::Home)
    }

    /// How recent a sign-in it requires.
    const fn recency(self) -> Recency {
        match self {
            // Whoever may look may also take access away.
            Self::Home | Self::Places | Self::Applications | Self::Activity => Recency::Any,
            Self::Authenticator
            | Self::Passkeys
            | Self::RecoveryCodes
            | Self::Password
            | Self::Data
            | Self::Export => Recency::Recent,
        }
    }
}

/// Seeing or changing one's account.
pub(crate) struct Account {
    page: Page,
    /// The sign-in that still requires a second factor, with its challenge.
    challenged: Option<(Challenged, String)>,
    /// The authorization request that the user came from.
    back: Option<String>,
    shown: Option<String>,
    /// Why the page is shown again.
    notice: Option<Notice>,
}

impl Purpose for Account {
    fn client(&self) -> Option<&Client> {
        None
    }

    fn forms(&self) -> Forms {
        Forms::StayHere
    }
}

impl SignsIn for Account {
    fn about(&self) -> &str {
        self.page.path()
    }

    fn takes_known_device(&self) -> bool {
        self.page.recency().takes_known_device()
    }

    fn shown_again(&self, _: &App, _: &Browser, why: Notice) -> String {
        self.address(self.page, Some(why))
    }
}

impl Account {
    /// The path of a page, with what the user has done.
    fn address(&self, page: Page, why: Option<Notice>) -> String {
        let why = why.and_then(|why| Some((WHY, serde_json::to_string(&why).ok()?)));
        let challenge = self.challenged.iter().map(|(_, text)| (CHALLENGE, text.clone()));
        with_query(page.path(), challenge.chain(self.kept()).chain(why))
    }

    /// The path of a form that signs in for this page.
    fn sign_in_address(&self, path: &str) -> String {
        let challenge = self.challenged.iter().map(|(_, text)| (CHALLENGE, text.clone()));
        with_query(path, [(TO, self.page.path().to_owned())].into_iter().chain(challenge).chain(self.kept()))
    }

    fn kept(&self) -> impl Iterator<Item = (&'static str, String)> {
        let (back, shown) = (self.back.clone(), self.shown.clone());
        back.map(|back| (BACK, back)).into_iter().chain(shown.map(|shown| (SHOWN, shown)))
    }
}

fn with_query(path: &str, parameters: impl Iterator<Item = (&'static str, String)>) -> String {
    let query = parameters.collect::<Parameters>().to_query();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

impl FromRequestParts<Arc<App>> for Errand<Account> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, PageError> {
        let query = form::of_query(parts).unwrap_or_default();
        let browser = Browser::of(app, &parts.headers).await?;
        let page = Page::of(parts.uri.path(), &query);
        let challenged = match query.get(CHALLENGE) {
            Some(text) => {
                let opened = Challenged::open(app, &browser, page.path(), text).await?;
                opened.map(|challenged| (challenged, text.to_owned()))
            }
            None => None,
        };
        let text = |name| query.get(name).map(str::to_owned);
        let notice = query.get(WHY).and_then(|why| serde_json::from_str(why).ok());
        let purpose = Account { page, challenged, back: text(BACK), shown: text(SHOWN), notice };
        Ok(Self::new(app, RequestContext::of(&parts.extensions), browser, purpose))
    }
}

impl Errand<Account> {
    /// Who is signed in as this page requires, or what is still required.
    fn user(&self, recency: Recency) -> Result<&SignedIn, Step> {
        let signed_in = self.browser.signed_in.as_ref();
        let challenged = self.purpose.challenged.as_ref().map(|(challenged, _)| &challenged.user);
        match (FactorSetup::still_wanted(signed_in, challenged, recency, self.app.clock.now()), signed_in) {
            (Step::Done, Some(signed_in)) => Ok(signed_in),
            (wanted, _) => Err(wanted),
        }
    }

    /// The user of a form that changes something.
    fn user_of(&self, form: &Parameters, action: &str) -> Result<&SignedIn, PageError> {
        self.demand_current(self.judge(Seal::Account { action }, form), None)?;
        // The sign-in has become too old while the page was open.
        self.user(self.purpose.page.recency()).map_err(|_| self.did_nothing(Notice::Expired, None))
    }

    /// Shows a page, with what was done.
    fn done(&self, page: Page, what: Notice) -> Response {
        self.go(self.purpose.address(page, Some(what)))
    }

    /// The URL of a page, for a browser.
    fn url(&self, page: Page) -> String {
        self.app.urls.local(&self.purpose.address(page, None))
    }

    /// Where the user continues: the application that they came from, or their account.
    fn way_on(&self) -> (String, bool) {
        match &self.purpose.back {
            Some(query) => (self.app.urls.local(&format!("{AUTHORIZE}?{query}")), true),
            None => (self.app.urls.local(ACCOUNT), false),
        }
    }

    fn failed(&self, error: FactorError) -> PageError {
        let notice = match error {
            FactorError::Store(error) => return PageError::Failed(error.into()),
            FactorError::Malformed => Notice::OneTimeCode(BadOneTimeCode::Malformed),
            FactorError::Wrong => Notice::OneTimeCode(BadOneTimeCode::Wrong),
            FactorError::PasskeyName => Notice::PasskeyName,
            FactorError::Passkey(error) => {
                let request = self.context.id();
                tracing::info!(request, code = "passkey_refused", cause = %error, "passkey not added");
                Notice::of_passkey(&error)
            }
            FactorError::Unreadable => {
                let (request, code) = (self.context.id(), error.code());
                tracing::error!(request, code, "{error}");
                Notice::Busy
            }
            _ => Notice::Expired,
        };
        self.did_nothing(notice, None)
    }

    fn go(&self, path: String) -> Response {
        Elsewhere::at(path).go(&self.app)
    }
}

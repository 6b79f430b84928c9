//! An errand: who asks, what for, and where the user returns to. Authorization, device decisions and sign-outs share
//! this code; each defines the rest in its [`Purpose`].

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};
use jeton_authority::FormVerdict;
use jeton_authority::client::Client;
use jeton_oauth::Parameters;

use super::notice::Sentence;
use super::typed_name::keep_typed_name;
use super::{Browser, Elsewhere, Navigation, Notice, PageError, Seal};
use crate::app::App;
use crate::pages::{Forms, page, with_passkeys};
use crate::request::{RequestContext, form};

/// Why a browser is here.
pub(crate) struct Errand<P> {
    pub(crate) app: Arc<App>,
    pub(crate) context: RequestContext,
    pub(crate) browser: Browser,
    pub(crate) purpose: P,
}

/// What distinguishes one kind of errand from another.
pub(crate) trait Purpose {
    /// The client that asks; `None` if the user came without one.
    fn client(&self) -> Option<&Client>;

    /// Whether the user returns to an application from here.
    fn forms(&self) -> Forms;
}

/// The purpose of an errand that may require signing in.
pub(crate) trait SignsIn: Purpose {
    /// The purpose that its forms are sealed for.
    fn about(&self) -> &str;

    /// Whether a sign-in for it may leave the second factor out in a browser that the user had remembered.
    fn takes_known_device(&self) -> bool;

    /// The path of the currently appropriate page, which is to say why a form had no effect.
    fn shown_again(&self, app: &App, browser: &Browser, why: Notice) -> String;
}

impl<P: Purpose> Errand<P> {
    pub(crate) fn new(app: &Arc<App>, context: RequestContext, browser: Browser, purpose: P) -> Self {
        Self { app: Arc::clone(app), context, browser, purpose }
    }

    /// The token of a form that is shown now.
    pub(crate) fn token(&self, seal: Seal<'_>) -> String {
        seal.token(&self.app, &self.browser)
    }

    /// Whether a posted form is current.
    pub(crate) fn judge(&self, seal: Seal<'_>, form: &Parameters) -> FormVerdict {
        seal.judge(&self.app, &self.browser, form)
    }

    pub(crate) fn page(&self, status: StatusCode, shown: &impl Template) -> Response {
        let mut response = page(&self.app.urls, status, shown, self.purpose.forms());
        self.browser.introduce(&self.app, &mut response);
        response
    }
}

impl<P: Purpose> Errand<P> {
    /// The same for a page that may use passkeys.
    pub(crate) fn page_with_passkey(
        &self,
        status: StatusCode,
        shown: &impl Template,
        uses_one: bool,
    ) -> Response {
        let page = self.page(status, shown);
        if uses_one { with_passkeys(&self.app.urls, page, self.purpose.forms()) } else { page }
    }
}

impl<P: SignsIn> Errand<P> {
    /// Accepts a form that is current. `typed` is the username in it.
    pub(crate) fn demand_current(&self, verdict: FormVerdict, typed: Option<&str>) -> Result<(), PageError> {
        match verdict {
            FormVerdict::Current => Ok(()),
            FormVerdict::Stale(stale) => Err(self.did_nothing(stale.into(), typed)),
            FormVerdict::Foreign => Err(self.did_nothing(Notice::Foreign, typed)),
        }
    }

    /// Answers a form that had no effect: the currently appropriate page is shown, with the reason.
    pub(crate) fn did_nothing(&self, notice: Notice, typed: Option<&str>) -> PageError {
        let (request, client) = (self.context.id(), self.context.client_id());
        tracing::info!(request, code = notice.code(), client, "form ignored, page shown again");
        let Self { app, browser, purpose, .. } = self;
        let mut cookies = Vec::new();
        // A form that another site posts comes without cookies; the browser's own must not be replaced then.
        if !browser.is_from_elsewhere {
            cookies.extend(browser.is_new.then(|| app.cookies.set_browser(&browser.name)));
            // A form that is not of this browser was typed by its user only where the cookies were lost.
            let typed = typed.filter(|_| browser.is_new || notice != Notice::Foreign);
            cookies.extend(typed.and_then(|name| keep_typed_name(app, browser, purpose.about(), name)));
        }
        Elsewhere { path: purpose.shown_again(app, browser, notice), cookies }.into()
    }

    /// The message on the page for a notice.
    pub(crate) fn sentence(&self, notice: Option<Notice>) -> Sentence {
        let client = self.purpose.client().map_or("", Client::name);
        let of = |notice: Notice| notice.sentence(self.browser.username(), client, self.app.clock.now());
        notice.map(of).unwrap_or_default()
    }
}

/// A posted form of an errand, which its URL names. Only a navigation may change anything.
pub(crate) struct Posted<P> {
    pub(crate) errand: Errand<P>,
    pub(crate) form: Parameters,
}

impl<P: SignsIn> FromRequest<Arc<App>> for Posted<P>
where
    Errand<P>: FromRequestParts<Arc<App>, Rejection = PageError>,
{
    type Rejection = PageError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        Navigation::from_request_parts(&mut parts, app).await?;
        let form = form::of_typed_body(&parts, body, &app.limits).await;
        if let Err(error) = &form
            && error.is_compressed()
        {
            return Err(error.clone().into());
        }
        let errand = Errand::from_request_parts(&mut parts, app).await?;
        match form {
            Ok(form) => Ok(Self { errand, form }),
            // It is no reason to lose the errand.
            Err(_) => Err(errand.did_nothing(Notice::Unreadable, None)),
        }
    }
}

pub(crate) struct Query(pub(crate) Parameters);

impl FromRequestParts<Arc<App>> for Query {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, PageError> {
        Ok(Self(form::of_query(parts)?))
    }
}

/// An application's request that came through the browser: in the URL, or in the body of a form (OpenID Connect Core
/// §3.1.2.1).
pub(crate) struct Sent {
    pub(crate) head: Parts,
    pub(crate) parameters: Parameters,
}

impl Sent {
    pub(crate) fn is_posted(&self) -> bool {
        self.head.method == Method::POST
    }
}

impl FromRequest<Arc<App>> for Sent {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, PageError> {
        let (head, body) = request.into_parts();
        let parameters = if head.method == Method::POST {
            form::of_body(&head, body, &app.limits).await?
        } else {
            form::of_query(&head)?
        };
        Ok(Self { head, parameters })
    }
}

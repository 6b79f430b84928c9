//! The page with the applications that may act for a user.

use axum::response::Response;
use http::StatusCode;
use jeton_authority::own_account::Application;
use jeton_jose::Timestamp;
use jeton_oauth::client::ClientId;

use super::places::name;
use super::{Account, Page, sign_in};
use crate::interaction::{Done, Errand, Notice, PageError, Posted, Seal};
use crate::pages::{ApplicationsPage, Asked, ShownApplication, When};

/// What the button does.
const WITHDRAW: &str = "withdraw";

/// `GET /account/applications`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::Applications.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let (app, now) = (&errand.app, errand.app.clock.now());
    let mut applications = Vec::new();
    for application in app.authority.own_account().applications(signed_in.user.id, now).await? {
        let name = name(app, application.id.as_str()).await?;
        applications.push(shown(&application, name, now));
    }
    let sentence = errand.sentence(errand.purpose.notice);
    let shown = ApplicationsPage {
        notice: sentence.text(),
        applications,
        action: &errand.url(Page::Applications),
        form_token: &errand.token(Seal::Account { action: WITHDRAW }),
        account: &errand.url(Page::Home),
    };
    Ok(errand.page(StatusCode::OK, &shown))
}

fn shown(application: &Application, name: String, now: Timestamp) -> ShownApplication {
    let consent = application.consent.clone().unwrap_or_default();
    let resources: Vec<_> = consent.resources.into_iter().collect();
    ShownApplication {
        id: application.id.as_str().to_owned(),
        name,
        asked: Asked::of(
            application.client.as_deref(),
            &application.scope,
            &resources,
            &consent.authorization_details,
        ),
        since: application.since.map(|at| When::of(at, now)),
        used: application.used_at.map(|at| When::of(at, now)),
    }
}

/// `POST /account/applications`
pub(crate) async fn post(Posted { errand, form }: Posted<Account>) -> Result<Response, PageError> {
    let user = errand.user_of(&form, WITHDRAW)?.user.id;
    let client = ClientId::parse(form.get("client").unwrap_or_default());
    let client = client.map_err(|_| errand.did_nothing(Notice::Unreadable, None))?;
    let Errand { app, context, .. } = &errand;
    let (request, network, now) = (context.id(), context.network(), app.clock.now());
    app.authority.own_account().withdraw(user, &client, network, now).await?;
    tracing::info!(request, %user, client = client.as_str(), "access withdrawn by its user");
    Ok(errand.done(Page::Applications, Notice::Done(Done::AccessRemoved)))
}

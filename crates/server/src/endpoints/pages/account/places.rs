//! The page that shows where a user is signed in, and ends that.

use std::collections::HashMap;

use axum::response::Response;
use http::StatusCode;
use jeton_authority::own_account::Places;
use jeton_authority::{GrantId, Network, OAuthError, SessionId};
use jeton_oauth::Parameters;

use super::{Account, Page, sign_in};
use crate::app::App;
use crate::interaction::{Done, Errand, Notice, PageError, Posted, Seal};
use crate::pages::{PlacesPage, ShownGrant, ShownPlace, When};
use crate::urls::path::END_SESSION;

/// What the buttons do.
const END_SESSION_THERE: &str = "end_session";
const END_GRANT: &str = "end_grant";
const END_OTHERS: &str = "end_others";

/// `GET /account/places`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::Places.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let (app, now, here) = (&errand.app, errand.app.clock.now(), signed_in.session.id);
    let found = app.authority.own_account().places(signed_in.user.id, now).await?;
    let names = Names::of(app, &found).await?;
    let mut places: Vec<_> = found
        .sessions
        .iter()
        .map(|place| ShownPlace {
            id: place.session.id.to_string(),
            device: place.session.device.clone().into(),
            network: network(place.session.network),
            signed_in: When::of(place.session.authenticated_at, now),
            used: When::of(place.session.last_used_at, now),
            is_here: place.session.id == here,
            applications: names.of_all(place.grants.iter().map(|grant| &*grant.grant.client)),
        })
        .collect();
    places.sort_by_key(|place| !place.is_here);
    let alone = found.alone.iter().map(|grant| ShownGrant {
        id: grant.grant.id.to_string(),
        application: names.of_one(&grant.grant.client),
        used: When::of(grant.grant.state.minted_at, now),
    });
    let token = |action| errand.token(Seal::Account { action });
    let sentence = errand.sentence(errand.purpose.notice);
    let shown = PlacesPage {
        notice: sentence.text(),
        places,
        alone: alone.collect(),
        action: &errand.url(Page::Places),
        session_token: &token(END_SESSION_THERE),
        grant_token: &token(END_GRANT),
        others_token: &token(END_OTHERS),
        sign_out: &app.urls.local(END_SESSION),
        account: &errand.url(Page::Home),
    };
    Ok(errand.page(StatusCode::OK, &shown))
}

/// `POST /account/places`
pub(crate) async fn post(Posted { errand, form }: Posted<Account>) -> Result<Response, PageError> {
    match form.get("action") {
        Some(END_SESSION_THERE) => end_session(&errand, &form).await,
        Some(END_GRANT) => end_grant(&errand, &form).await,
        Some(END_OTHERS) => end_others(&errand, &form).await,
        _ => Err(errand.did_nothing(Notice::Unreadable, None)),
    }
}

async fn end_session(errand: &Errand<Account>, form: &Parameters) -> Result<Response, PageError> {
    let user = errand.user_of(form, END_SESSION_THERE)?.user.id;
    let session: SessionId = id(errand, form)?;
    let Errand { app, context, .. } = errand;
    app.authority.own_account().end_session(user, session, app.clock.now()).await?;
    tracing::info!(request = context.id(), %user, %session, "session ended by its user");
    Ok(errand.done(Page::Places, Notice::Done(Done::SignedOutThere)))
}

async fn end_grant(errand: &Errand<Account>, form: &Parameters) -> Result<Response, PageError> {
    let user = errand.user_of(form, END_GRANT)?.user.id;
    let grant: GrantId = id(errand, form)?;
    let Errand { app, context, .. } = errand;
    app.authority.own_account().end_grant(user, grant, app.clock.now()).await?;
    tracing::info!(request = context.id(), %user, %grant, "grant ended by its user");
    Ok(errand.done(Page::Places, Notice::Done(Done::SignedOutThere)))
}

async fn end_others(errand: &Errand<Account>, form: &Parameters) -> Result<Response, PageError> {
    let signed_in = errand.user_of(form, END_OTHERS)?;
    let (user, here) = (signed_in.user.id, signed_in.session.id);
    let Errand { app, context, .. } = errand;
    let ended = app.authority.own_account().sign_out_elsewhere(user, here, app.clock.now()).await?;
    tracing::info!(request = context.id(), %user, grants = ended.count, "signed out everywhere else");
    Ok(errand.done(Page::Places, Notice::Done(Done::SignedOutElsewhere)))
}

/// What a form is about.
fn id<T: std::str::FromStr>(errand: &Errand<Account>, form: &Parameters) -> Result<T, PageError> {
    let id = form.get("id").unwrap_or_default().parse();
    id.map_err(|_| errand.did_nothing(Notice::Unreadable, None))
}

/// A network, in words.
pub(super) fn network(network: Network) -> String {
    match network {
        Network::Unknown => "an unknown network".to_owned(),
        network => format!("the network {network}"),
    }
}

/// What people call the clients of grants.
pub(super) struct Names(HashMap<Box<str>, String>);

/// What the token API is called.
const TOKEN_API: &str = "An application that asked for your password";

impl Names {
    async fn of(app: &App, places: &Places) -> Result<Self, OAuthError> {
        let grants = places.sessions.iter().flat_map(|place| &place.grants).chain(&places.alone);
        let mut names = HashMap::new();
        for grant in grants {
            let id = &grant.grant.client;
            if !names.contains_key(id) {
                names.insert(id.clone(), name(app, id).await?);
            }
        }
        Ok(Self(names))
    }

    fn of_one(&self, client: &str) -> String {
        self.0.get(client).map_or(client, |name| name).to_owned()
    }

    fn of_all<'a>(&self, clients: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut names: Vec<_> = clients.map(|client| self.of_one(client)).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// What people call a client: its name, or the host of its document.
pub(super) async fn name(app: &App, client: &str) -> Result<String, OAuthError> {
    let authority = &app.authority;
    if client == authority.settings().client_id {
        return Ok(TOKEN_API.to_owned());
    }
    let known = authority.own_account().client(client).await?;
    let host = || client.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap_or(client);
    Ok(known.map_or_else(|| host().to_owned(), |client| client.name().to_owned()))
}

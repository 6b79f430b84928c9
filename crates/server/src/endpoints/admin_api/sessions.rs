//! Sessions of browsers, and grants of clients.

use jeton_authority::store::{GrantFilter, Revocation, SessionEnding};
use jeton_authority::{GrantId, SessionId, UserId};
use jeton_authority::{grant, session};
use serde::Serialize;
use utoipa::ToSchema;

use super::call::{Answer, Call, time};
use super::problem::{Problem, Refusal};
use super::users::{self, Ended};

/// A session: a user's sign-in in one browser.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    id: String,
    user: String,
    username: String,
    /// How the user signed in, as in `amr`.
    methods: Vec<String>,
    /// The network of the sign-in.
    network: String,
    signed_in_at: String,
    /// To the minute.
    last_used_at: String,
    expires_at: String,
}

/// A page of a list of sessions.
#[derive(Serialize, ToSchema)]
pub(super) struct Sessions {
    sessions: Vec<Session>,
    /// The cursor of the next page, if there may be one.
    next: Option<String>,
}

/// A grant: a client's permission to act for a user.
#[derive(Serialize, ToSchema)]
pub(super) struct Grant {
    /// The `sid` of its access tokens.
    id: String,
    user: String,
    username: String,
    client: String,
    scope: String,
    session: Option<String>,
    opened_at: Option<String>,
    last_used_at: String,
    expires_at: String,
    network: String,
}

/// A page of a list of grants.
#[derive(Serialize, ToSchema)]
pub(super) struct Grants {
    grants: Vec<Grant>,
    /// The cursor of the next page, if there may be one.
    next: Option<String>,
}

fn session_of(session: session::Session, username: String) -> Session {
    Session {
        id: session.id.to_string(),
        user: session.user.to_string(),
        username,
        methods: session.methods.iter().map(|factor| factor.as_str().to_owned()).collect(),
        network: session.network.to_string(),
        signed_in_at: time(session.authenticated_at),
        last_used_at: time(session.last_used_at),
        expires_at: time(session.expires_at),
    }
}

fn grant_of(grant::GrantSummary { grant, username, session, opened_at }: grant::GrantSummary) -> Grant {
    Grant {
        id: grant.id.to_string(),
        user: grant.user.to_string(),
        username: username.to_string(),
        client: grant.client.to_string(),
        scope: grant.scope.as_str().to_owned(),
        session: session.map(|session| session.to_string()),
        opened_at: opened_at.map(time),
        last_used_at: time(grant.state.minted_at),
        expires_at: time(grant.expires_at),
        network: grant.state.network.to_string(),
    }
}

/// The cursor of the next page, if a page is full.
fn next<T>(page: &[T], limit: u32, id: impl Fn(&T) -> &str) -> Option<String> {
    (page.len() == limit as usize).then(|| page.last().map(|last| id(last).to_owned())).flatten()
}

pub(super) async fn of_user(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let (user, limit) = (users::named(call).await?, call.limit()?);
    let idle = call.app.authority.settings().refresh.idle_lifetime;
    let listed = call.app.authority.store().list_sessions(user.id, limit, idle, call.now).await?;
    let named = |session| session_of(session, user.username.to_string());
    Ok(Answer::of(&Sessions { sessions: listed.into_iter().map(named).collect(), next: None }))
}

pub(super) async fn list(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let (limit, after) = (call.limit()?, call.asked_for::<SessionId>("cursor")?);
    let idle = call.app.authority.settings().refresh.idle_lifetime;
    let store = call.app.authority.store();
    let store = store.for_lists().unwrap_or(store);
    let listed = store.list_all_sessions(after, limit, idle, call.now).await?;
    let named = |one: session::SessionSummary| session_of(one.session, one.username.to_string());
    let sessions: Vec<_> = listed.into_iter().map(named).collect();
    let next = next(&sessions, limit, |session| &session.id);
    Ok(Answer::of(&Sessions { sessions, next }))
}

pub(super) async fn grants_of_user(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let user = users::named(call).await?;
    grants_that(call, GrantFilter::OfUser(user.id)).await
}

pub(super) async fn grants(call: &mut Call<'_>) -> Result<Answer, Problem> {
    grants_that(call, GrantFilter::All).await
}

async fn grants_that(call: &Call<'_>, filter: GrantFilter) -> Result<Answer, Problem> {
    let (limit, after) = (call.limit()?, call.asked_for::<GrantId>("cursor")?);
    let idle = call.app.authority.settings().refresh.idle_lifetime;
    let store = call.app.authority.store();
    let store = store.for_lists().unwrap_or(store);
    let listed = store.list_grants(filter, after, limit, idle, call.now).await?;
    let grants: Vec<_> = listed.into_iter().map(grant_of).collect();
    let next = next(&grants, limit, |grant| &grant.id);
    Ok(Answer::of(&Grants { grants, next }))
}

pub(super) async fn end_of_user(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let user: UserId = users::changeable(call).await?.id;
    let ended = call.app.authority.store().revoke_user_grants(user, None, call.actor(), call.now).await?;
    call.log("sessions ended", &user);
    Ok(Answer::of(&Ended { grants_ended: ended.ok_or(Refusal::UnknownUser)?.count }))
}

pub(super) async fn end(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let id: SessionId = call.id().parse().map_err(|_| Refusal::UnknownSession)?;
    match call.app.authority.store().end_session(id, call.actor(), call.now).await? {
        SessionEnding::Ended(_) => {
            call.log("session ended", &id);
            Ok(Answer::nothing())
        }
        SessionEnding::AlreadyEnded | SessionEnding::Unknown => Err(Refusal::UnknownSession.into()),
    }
}

pub(super) async fn end_grant(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let id: GrantId = call.id().parse().map_err(|_| Refusal::UnknownGrant)?;
    match call.app.authority.store().end_grant(id, call.actor(), call.now).await? {
        Revocation::Revoked => {
            call.log("grant ended", &id);
            Ok(Answer::nothing())
        }
        _ => Err(Refusal::UnknownGrant.into()),
    }
}

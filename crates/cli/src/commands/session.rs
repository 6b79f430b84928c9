//! `jeton session`: who is signed in, at which browsers and in which applications.

use clap::{ArgGroup, Args, Subcommand};
use jeton_authority::grant::GrantSummary;
use jeton_authority::session::Session;
use jeton_authority::store::{GrantFilter, Revocation, SessionEnding, Store};
use jeton_authority::user::User;
use jeton_authority::{GrantId, SessionId};
use jeton_jose::Timestamp;
use serde::Serialize;

use super::user::{failed, find};
use crate::config::Config;
use crate::data::{self, Data};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::{self, Style};
use crate::{clock, served, words};

/// How many sessions are asked for at once.
const PAGE: u32 = 1_000;

/// List sessions and end them
#[derive(Debug, Args)]
#[command(after_help = "\
Signing in opens a session in the browser. Each application that the user signs in to gets
a grant, whose id is the `sid` of its access tokens. Grants end with the session, except
those with offline_access. Clients with a back-channel logout URI are notified.

Examples:
  jeton session list --user ada
  jeton session end 5f3c…                      one session or grant
  jeton session end --user ada                 all of the user's")]
pub(crate) struct SessionCommand {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the sessions that are alive: of browsers, and of clients
    List {
        /// Only this user's sessions
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// End a session, or all sessions of a user
    #[command(visible_alias = "revoke", group(ArgGroup::new("which").required(true).args(["id", "user"])))]
    End {
        /// The id of a grant, or of a browser session, which ends with its grants
        id: Option<GrantId>,
        /// End all sessions of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
}

impl SessionCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let mut config = self.store.load()?.config;
        let data = Data::open(&config)?;
        served::follow(&mut config, &data);
        let store = data.store;
        data::run(async {
            match self.action {
                Action::List { user } => list(&*store, user.as_deref(), &config, style).await,
                Action::End { user: Some(name), .. } => end_all(&*store, &name, &config, style).await,
                Action::End { id: Some(id), .. } => end(&*store, id, style).await,
                Action::End { .. } => Err(Failure::usage("give a session id, or --user")),
            }
        })
    }
}

/// A session as it is shown.
#[derive(Serialize)]
struct Shown {
    id: String,
    /// Whether it is a browser's or a client's.
    of: &'static str,
    user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// The browser's session that a client's ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// Not known of sign-ins at the token API from before this was noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_in_at: Option<String>,
    last_used_at: String,
    /// How often it was refreshed.
    #[serde(skip_serializing_if = "Option::is_none")]
    refreshed: Option<u64>,
    network: String,
    ends_at: String,
}

impl Shown {
    fn of_client(summary: &GrantSummary, config: &Config) -> Self {
        let grant = &summary.grant;
        let idle_end = grant.state.minted_at.saturating_add(config.authority.idle_lifetime);
        Self {
            id: grant.id.to_string(),
            of: "client",
            user: summary.username.to_string(),
            client: Some(grant.client.to_string()),
            session: summary.session.map(|session| session.to_string()),
            signed_in_at: grant
                .detail
                .as_ref()
                .map(|detail| detail.auth_time)
                .or(summary.opened_at)
                .map(words::date),
            last_used_at: words::date(grant.state.minted_at),
            refreshed: Some(grant.state.generation),
            network: grant.state.network.to_string(),
            ends_at: words::date(idle_end.min(grant.expires_at)),
        }
    }

    fn of_browser(session: &Session, username: &str, config: &Config) -> Self {
        let idle_end = session.last_used_at.saturating_add(config.authority.session_idle_lifetime);
        Self {
            id: session.id.to_string(),
            of: "browser",
            user: username.to_owned(),
            client: None,
            session: None,
            signed_in_at: Some(words::date(session.authenticated_at)),
            last_used_at: words::date(session.last_used_at),
            refreshed: None,
            network: session.network.to_string(),
            ends_at: words::date(idle_end.min(session.expires_at)),
        }
    }

    /// By user; a browser's session before those of clients that end with it.
    fn order(&self) -> (&str, &str, bool, &str) {
        (&self.user, self.session.as_deref().unwrap_or(&self.id), self.of == "client", &self.id)
    }

    fn row(&self) -> [String; 7] {
        [
            self.id.clone(),
            output::printable(&self.user),
            match &self.client {
                None => "browser".to_owned(),
                Some(client) => format!("client {}", output::printable(client)),
            },
            self.signed_in_at.clone().unwrap_or_else(|| "–".to_owned()),
            self.last_used_at.clone(),
            self.network.clone(),
            self.ends_at.clone(),
        ]
    }
}

async fn list(store: &dyn Store, user: Option<&str>, config: &Config, style: Style) -> Result<(), Failure> {
    let user = match user {
        Some(name) => Some(find(store, name).await?),
        None => None,
    };
    let now = clock::now();
    let mut shown = of_browsers(store, user.as_ref(), config, now).await?;
    shown.extend(of_clients(store, user.as_ref(), config, now).await?);
    shown.sort_by(|one, other| one.order().cmp(&other.order()));
    style.print(&shown, || {
        let rows: Vec<_> = shown.iter().map(Shown::row).collect();
        output::table(["ID", "USER", "OF", "SIGNED IN", "LAST USED", "NETWORK", "ENDS"], &rows)
    })
}

async fn of_browsers(
    store: &dyn Store,
    user: Option<&User>,
    config: &Config,
    now: Timestamp,
) -> Result<Vec<Shown>, Failure> {
    let idle = config.authority.session_idle_lifetime;
    if let Some(user) = user {
        let sessions = store.list_sessions(user.id, u32::MAX, idle, now).await.map_err(failed)?;
        let shown = |session: &Session| Shown::of_browser(session, user.username.as_str(), config);
        return Ok(sessions.iter().map(shown).collect());
    }
    let (mut shown, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_all_sessions(after, PAGE, idle, now).await.map_err(failed)?;
        let Some(last) = page.last() else { return Ok(shown) };
        after = Some(last.session.id);
        shown.extend(page.iter().map(|it| Shown::of_browser(&it.session, it.username.as_str(), config)));
    }
}

async fn of_clients(
    store: &dyn Store,
    user: Option<&User>,
    config: &Config,
    now: Timestamp,
) -> Result<Vec<Shown>, Failure> {
    let filter = user.map_or(GrantFilter::All, |user| GrantFilter::OfUser(user.id));
    let (mut shown, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .list_grants(filter, after, PAGE, config.authority.idle_lifetime, now)
            .await
            .map_err(failed)?;
        let Some(last) = page.last() else { return Ok(shown) };
        after = Some(last.grant.id);
        shown.extend(page.iter().map(|summary| Shown::of_client(summary, config)));
    }
}

/// Ends one session. Identifiers of both kinds are drawn from the same 128 bits, so one of them at most has it.
async fn end(store: &dyn Store, id: GrantId, style: Style) -> Result<(), Failure> {
    let now = clock::now();
    let ended_before = || Err(Failure::coded("session_ended", format!("session {id} has already ended")));
    let ended = match store.end_session(SessionId::from_bytes(*id.as_bytes()), now).await.map_err(failed)? {
        SessionEnding::Ended(ended) => 1 + ended.count,
        SessionEnding::AlreadyEnded => return ended_before(),
        SessionEnding::Unknown => match store.end_grant(id, now).await.map_err(failed)? {
            Revocation::Revoked => 1,
            Revocation::AlreadyRevoked => return ended_before(),
            Revocation::Unknown => {
                return Err(Failure::coded("session_unknown", format!("there is no session {id}")));
            }
        },
    };
    style.print(&serde_json::json!({"sessions_ended": ended}), || match ended - 1 {
        0 => format!("ended {id}"),
        1 => format!("ended {id}, and the session of a client that came from it"),
        others => format!("ended {id}, and {others} sessions of clients that came from it"),
    })
}

async fn end_all(store: &dyn Store, name: &str, config: &Config, style: Style) -> Result<(), Failure> {
    let user = find(store, name).await?;
    let now = clock::now();
    let browsers = store.list_sessions(user.id, u32::MAX, config.authority.session_idle_lifetime, now).await;
    let browsers = browsers.map_err(failed)?.len() as u64;
    let grants = store.revoke_user_grants(user.id, now).await.map_err(failed)?.unwrap_or_default();
    let ended = browsers + grants.count;
    style.print(&serde_json::json!({"sessions_ended": ended}), || match ended {
        1 => format!("ended 1 session of {}", output::printable(name)),
        ended => format!("ended {ended} sessions of {}", output::printable(name)),
    })
}

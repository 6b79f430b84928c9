//! `jeton session`: who is signed in, in which browsers and with which clients.

use clap::{ArgGroup, Args, Subcommand};
use jeton_authority::audit::Actor;
use jeton_authority::session::Session;
use jeton_authority::store::{Revocation, SessionEnding, Store};
use jeton_authority::user::User;
use jeton_authority::{GrantId, SessionId};
use jeton_jose::Timestamp;
use serde::Serialize;

use super::grant;
use super::user::{failed, find};
use crate::config::Config;
use crate::data::{self, Data};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::{self, Style};
use crate::{clock, served, words};

/// How many sessions are read at once.
const PAGE: u32 = 1_000;

/// List browser sessions with their grants, and end them
#[derive(Debug, Args)]
#[command(after_help = "\
A session is a user's sign-in in one browser. Each client that the user signs in to gets a
grant, whose id is the `sid` of its access tokens. Grants end with the session, except those
with offline_access. Clients with a back-channel logout URI are notified.

These commands take both kinds of ids, and --user covers both. `jeton grant` lists and ends
only grants.

Examples:
  jeton session list --user ada
  jeton session end 5f3c…                      one session with its grants, or one grant
  jeton session end --user ada                 all sessions and grants of the user
  jeton session end --all                      everybody's, for example after a restore")]
pub(crate) struct SessionCommand {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List active sessions, and the grants that came from each
    List {
        /// Only sessions and grants of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// End a session or a grant, or all of a user, or everybody's
    #[command(visible_alias = "revoke", group(ArgGroup::new("which").required(true).args(["id", "user", "all"])))]
    End {
        /// The id of a session, which ends with its grants, or the id of a grant
        id: Option<GrantId>,
        /// End all sessions and grants of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// End all sessions and grants of all users; unused authorization codes are refused afterwards, too
        #[arg(long)]
        all: bool,
    },
}

impl SessionCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let mut config = self.store.load()?.config;
        data::run(async {
            let data = Data::open(&config).await?;
            served::follow(&mut config, &data);
            let store = data.store;
            match self.action {
                Action::List { user } => list(&*store, user.as_deref(), &config, style).await,
                Action::End { user: Some(name), .. } => end_all(&*store, &name, &config, style).await,
                Action::End { all: true, .. } => end_everything(&*store, &config, style).await,
                Action::End { id: Some(id), .. } => end(&*store, id, style).await,
                Action::End { .. } => Err(Failure::usage("give the id of a session or a grant, or --user")),
            }
        })
    }
}

/// A session or a grant as it is shown.
#[derive(Serialize)]
struct Shown {
    id: String,
    /// `browser` for a session, `client` for a grant.
    of: &'static str,
    user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// The session that a grant ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// Unknown for grants of the token API from before this was stored.
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
    fn of_client(grant: grant::Shown) -> Self {
        Self {
            id: grant.id,
            of: "client",
            user: grant.user,
            client: Some(grant.client),
            session: grant.session,
            signed_in_at: grant.signed_in_at,
            last_used_at: grant.last_used_at,
            refreshed: Some(grant.refreshed),
            network: grant.network,
            ends_at: grant.ends_at,
        }
    }

    fn of_browser(session: &Session, username: &str, config: &Config) -> Self {
        let idle_end = session.last_used_at.saturating_add(config.authority.session.idle_lifetime);
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

    /// By user; a session before the grants that end with it.
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
    let store = store.for_lists().unwrap_or(store);
    let mut shown = of_browsers(store, user.as_ref(), config, now).await?;
    let grants = grant::active(store, user.as_ref(), config, now).await?;
    shown.extend(grants.iter().map(|summary| Shown::of_client(grant::Shown::of(summary, config))));
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
    let idle = config.authority.session.idle_lifetime;
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

/// Ends a session or a grant. Both kinds of identifiers are 128 random bits, so at most one of them matches.
async fn end(store: &dyn Store, id: GrantId, style: Style) -> Result<(), Failure> {
    let now = clock::now();
    let ended_before = || Err(Failure::coded("session_ended", format!("session {id} has already ended")));
    let ended = match store
        .end_session(SessionId::from_bytes(*id.as_bytes()), Actor::Operator, now)
        .await
        .map_err(failed)?
    {
        SessionEnding::Ended(ended) => 1 + ended.count,
        SessionEnding::AlreadyEnded => return ended_before(),
        SessionEnding::Unknown => match store.end_grant(id, Actor::Operator, now).await.map_err(failed)? {
            Revocation::Revoked => 1,
            Revocation::AlreadyRevoked => return ended_before(),
            Revocation::Unknown => {
                return Err(Failure::coded("session_unknown", format!("there is no session {id}")));
            }
        },
    };
    style.print(&serde_json::json!({"sessions_ended": ended}), || match ended - 1 {
        0 => format!("ended {id}"),
        1 => format!("ended {id} and a grant that came from it"),
        others => format!("ended {id} and {others} grants that came from it"),
    })
}

async fn end_all(store: &dyn Store, name: &str, config: &Config, style: Style) -> Result<(), Failure> {
    let user = find(store, name).await?;
    let ended = end_all_of(store, &user, config).await?;
    style.print(&serde_json::json!({"sessions_ended": ended}), || match ended {
        1 => format!("ended 1 session or grant of {}", output::printable(name)),
        ended => format!("ended {ended} sessions and grants of {}", output::printable(name)),
    })
}

async fn end_everything(store: &dyn Store, config: &Config, style: Style) -> Result<(), Failure> {
    let (mut ended, mut after) = (0, None);
    loop {
        let page = store.list_users(after.as_ref(), PAGE).await.map_err(failed)?;
        for user in &page {
            ended += end_all_of(store, user, config).await?;
        }
        let Some(last) = page.into_iter().next_back() else { break };
        after = Some(last.username);
    }
    style.print(&serde_json::json!({"sessions_ended": ended}), || match ended {
        1 => "ended 1 session or grant".to_owned(),
        ended => format!("ended {ended} sessions and grants"),
    })
}

/// Signs a user out everywhere; answers how many sessions and grants that ended.
async fn end_all_of(store: &dyn Store, user: &User, config: &Config) -> Result<u64, Failure> {
    let now = clock::now();
    let browsers = store.list_sessions(user.id, u32::MAX, config.authority.session.idle_lifetime, now).await;
    let browsers = browsers.map_err(failed)?.len() as u64;
    let grants = store
        .revoke_user_grants(user.id, None, Actor::Operator, now)
        .await
        .map_err(failed)?
        .unwrap_or_default();
    Ok(browsers + grants.count)
}

//! `jeton session`: who is signed in.

use clap::{ArgGroup, Args, Subcommand};
use jeton_authority::GrantId;
use jeton_authority::grant::GrantSummary;
use jeton_authority::store::{GrantFilter, Revocation, Store};
use jeton_jose::Timestamp;
use serde::Serialize;

use super::user::{failed, find};
use crate::config::Config;
use crate::data::{self, Data};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::{self, Style};
use crate::{clock, words};

/// List sessions and end them
#[derive(Debug, Args)]
#[command(after_help = "\
A session is what one sign-in opened; its identifier is the `sid` of its
access tokens.

Examples:
  jeton session list --user ada
  jeton session revoke 5f3c…                   this one
  jeton session revoke --user ada              all of hers")]
pub(crate) struct SessionCommand {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the sessions that are alive
    List {
        /// Only those of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// End a session, or all of a user
    #[command(group(ArgGroup::new("which").required(true).args(["id", "user"])))]
    Revoke {
        /// The session
        id: Option<GrantId>,
        /// Every session of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
}

impl SessionCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let config = self.store.load()?.config;
        let store = Data::open(&config)?.store;
        data::run(async {
            match self.action {
                Action::List { user } => list(&*store, user.as_deref(), &config, style).await,
                Action::Revoke { user: Some(name), .. } => revoke_all(&*store, &name, style).await,
                Action::Revoke { id: Some(id), .. } => revoke(&*store, id, style).await,
                Action::Revoke { .. } => Err(Failure::usage("say which session, or --user")),
            }
        })
    }
}

/// A session as it is shown.
#[derive(Serialize)]
struct Shown {
    id: String,
    user: String,
    client: String,
    /// How often it was refreshed.
    refreshed: u64,
    last_refresh: String,
    network: String,
    ends_at: String,
}

impl Shown {
    fn of(summary: &GrantSummary, config: &Config) -> Self {
        let grant = &summary.grant;
        let idle_end = grant.state.minted_at.saturating_add(config.refresh_idle_lifetime);
        Self {
            id: grant.id.to_string(),
            user: summary.username.to_string(),
            client: grant.client.to_string(),
            refreshed: grant.state.generation,
            last_refresh: words::date(grant.state.minted_at),
            network: grant.state.network.to_string(),
            ends_at: words::date(idle_end.min(grant.expires_at)),
        }
    }
}

async fn list(store: &dyn Store, user: Option<&str>, config: &Config, style: Style) -> Result<(), Failure> {
    let filter = match user {
        Some(name) => GrantFilter::OfUser(find(store, name).await?.id),
        None => GrantFilter::All,
    };
    let shown = alive(store, filter, config, clock::now()).await?;
    style.print(&shown, || {
        let rows: Vec<_> = shown
            .iter()
            .map(|session| {
                [
                    session.id.clone(),
                    output::printable(&session.user),
                    output::printable(&session.client),
                    session.refreshed.to_string(),
                    session.last_refresh.clone(),
                    session.network.clone(),
                    session.ends_at.clone(),
                ]
            })
            .collect();
        output::table(["ID", "USER", "CLIENT", "REFRESHED", "LAST REFRESH", "NETWORK", "ENDS"], &rows)
    })
}

async fn alive(
    store: &dyn Store,
    filter: GrantFilter,
    config: &Config,
    now: Timestamp,
) -> Result<Vec<Shown>, Failure> {
    const PAGE: u32 = 1_000;
    let (mut shown, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .list_grants(filter, after, PAGE, config.refresh_idle_lifetime, now)
            .await
            .map_err(failed)?;
        let Some(last) = page.last() else { return Ok(shown) };
        after = Some(last.grant.id);
        shown.extend(page.iter().map(|summary| Shown::of(summary, config)));
    }
}

async fn revoke(store: &dyn Store, id: GrantId, style: Style) -> Result<(), Failure> {
    match store.revoke_grant(id, clock::now()).await.map_err(failed)? {
        Revocation::Revoked => {
            style.print(&serde_json::json!({"sessions_ended": 1}), || format!("ended {id}"))
        }
        Revocation::AlreadyRevoked => Err(Failure::refused(format!("session {id} has ended before"))),
        Revocation::Unknown => Err(Failure::refused(format!("there is no session {id}"))),
    }
}

async fn revoke_all(store: &dyn Store, name: &str, style: Style) -> Result<(), Failure> {
    let user = find(store, name).await?;
    let ended = store.revoke_user_grants(user.id, clock::now()).await.map_err(failed)?.unwrap_or(0);
    style.print(&serde_json::json!({"sessions_ended": ended}), || match ended {
        1 => format!("ended 1 session of {}", output::printable(name)),
        ended => format!("ended {ended} sessions of {}", output::printable(name)),
    })
}

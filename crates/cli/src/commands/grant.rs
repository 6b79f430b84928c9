//! `jeton grant`: what clients may do for their users.

use clap::{ArgGroup, Args, Subcommand};
use jeton_authority::GrantId;
use jeton_authority::audit::Actor;
use jeton_authority::grant::GrantSummary;
use jeton_authority::store::{GrantFilter, Revocation, Store};
use jeton_authority::user::User;
use jeton_jose::Timestamp;
use serde::Serialize;

use super::user::{failed, find};
use crate::config::Config;
use crate::data::{self, Data};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::{self, Style};
use crate::{clock, served, words};

/// How many grants are read at once.
const PAGE: u32 = 1_000;

/// List grants and end them
#[derive(Debug, Args)]
#[command(after_help = "\
A grant is what a user allowed a client: its refresh token and all its access tokens, whose
`sid` is the grant's id. It ends with the browser session that it came from, unless it was
given with offline_access. Clients with a back-channel logout URI are notified.

Ending a grant does not sign the user out in the browser, so the client can get a new grant
without a password. `jeton session end` ends browser sessions together with their grants.

Examples:
  jeton grant list --user ada
  jeton grant end 5f3c…                        one grant
  jeton grant end --user ada                   all grants of the user")]
pub(crate) struct GrantCommand {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List active grants
    List {
        /// Only this user's grants
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// End a grant, or all grants of a user
    #[command(visible_alias = "revoke", group(ArgGroup::new("which").required(true).args(["id", "user"])))]
    End {
        /// The id of the grant
        id: Option<GrantId>,
        /// End all grants of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
}

impl GrantCommand {
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
                Action::End { id: Some(id), .. } => end(&*store, id, style).await,
                Action::End { .. } => Err(Failure::usage("give a grant id, or --user")),
            }
        })
    }
}

/// A grant as it is shown.
#[derive(Serialize)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) client: String,
    /// The browser session that it ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<String>,
    /// Unknown for grants of the token API from before this was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signed_in_at: Option<String>,
    pub(super) last_used_at: String,
    /// How often it was refreshed.
    pub(super) refreshed: u64,
    pub(super) network: String,
    pub(super) ends_at: String,
}

impl Shown {
    pub(super) fn of(summary: &GrantSummary, config: &Config) -> Self {
        let grant = &summary.grant;
        let idle_end = grant.state.minted_at.saturating_add(config.authority.refresh.idle_lifetime);
        let signed_in_at = grant.detail.as_ref().map(|detail| detail.auth_time).or(summary.opened_at);
        Self {
            id: grant.id.to_string(),
            user: summary.username.to_string(),
            client: grant.client.to_string(),
            session: summary.session.map(|session| session.to_string()),
            signed_in_at: signed_in_at.map(words::date),
            last_used_at: words::date(grant.state.minted_at),
            refreshed: grant.state.generation,
            network: grant.state.network.to_string(),
            ends_at: words::date(idle_end.min(grant.expires_at)),
        }
    }

    fn row(&self) -> [String; 7] {
        [
            self.id.clone(),
            output::printable(&self.user),
            output::printable(&self.client),
            self.signed_in_at.clone().unwrap_or_else(|| "–".to_owned()),
            self.last_used_at.clone(),
            self.network.clone(),
            self.ends_at.clone(),
        ]
    }
}

/// The active grants of a user, or of all users.
pub(super) async fn active(
    store: &dyn Store,
    user: Option<&User>,
    config: &Config,
    now: Timestamp,
) -> Result<Vec<GrantSummary>, Failure> {
    let filter = user.map_or(GrantFilter::All, |user| GrantFilter::OfUser(user.id));
    let (mut grants, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .list_grants(filter, after, PAGE, config.authority.refresh.idle_lifetime, now)
            .await
            .map_err(failed)?;
        let Some(last) = page.last() else { return Ok(grants) };
        after = Some(last.grant.id);
        grants.extend(page);
    }
}

async fn list(store: &dyn Store, user: Option<&str>, config: &Config, style: Style) -> Result<(), Failure> {
    let user = match user {
        Some(name) => Some(find(store, name).await?),
        None => None,
    };
    let store = store.for_lists().unwrap_or(store);
    let grants = active(store, user.as_ref(), config, clock::now()).await?;
    let mut shown: Vec<_> = grants.iter().map(|summary| Shown::of(summary, config)).collect();
    shown.sort_by(|one, other| (&one.user, &one.id).cmp(&(&other.user, &other.id)));
    style.print(&shown, || {
        let rows: Vec<_> = shown.iter().map(Shown::row).collect();
        output::table(["ID", "USER", "CLIENT", "SIGNED IN", "LAST USED", "NETWORK", "ENDS"], &rows)
    })
}

async fn end(store: &dyn Store, id: GrantId, style: Style) -> Result<(), Failure> {
    match store.end_grant(id, Actor::Operator, clock::now()).await.map_err(failed)? {
        Revocation::Revoked => {
            style.print(&serde_json::json!({"grants_ended": 1}), || format!("ended grant {id}"))
        }
        Revocation::AlreadyRevoked => {
            Err(Failure::coded("grant_ended", format!("grant {id} has already ended")))
        }
        Revocation::Unknown => Err(Failure::coded("grant_unknown", format!("there is no grant {id}"))),
    }
}

async fn end_all(store: &dyn Store, name: &str, config: &Config, style: Style) -> Result<(), Failure> {
    let user = find(store, name).await?;
    let now = clock::now();
    let mut ended = 0_u64;
    for summary in active(store, Some(&user), config, now).await? {
        let revocation = store.end_grant(summary.grant.id, Actor::Operator, now).await.map_err(failed)?;
        ended += u64::from(matches!(revocation, Revocation::Revoked));
    }
    style.print(&serde_json::json!({"grants_ended": ended}), || {
        format!("ended {} of {}", words::counted(ended, "grant"), output::printable(name))
    })
}

//! Figures of the server, its settings, and who asks.

use std::collections::BTreeMap;

use jeton_authority::tally::{RefreshOutcome, SignInOutcome};
use jeton_authority::user::{Right, may};
use serde::Serialize;
use utoipa::ToSchema;

use super::call::{Answer, Call, time};
use super::problem::Problem;
use super::users::RoleName;

/// Figures of this server, since it was started.
#[derive(Serialize, ToSchema)]
pub(super) struct Overview {
    version: &'static str,
    issuer: String,
    now: String,
    /// Passwords and second factors, by what became of them.
    sign_ins: BTreeMap<&'static str, u64>,
    /// Refresh tokens, by what became of them.
    refreshes: BTreeMap<&'static str, u64>,
    /// How many operations of the store wait, and how many may.
    store_waiting: u64,
    store_waiting_limit: u64,
    store_failures: u64,
    /// Whether the store answered when it was last asked.
    store_is_reachable: bool,
    /// Whether the clock of this server agrees with that of the database.
    clock_agrees: bool,
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    id: String,
    username: String,
    role: RoleName,
    /// The rights that the user and the token have.
    rights: Vec<&'static str>,
}

/// The settings that are in force.
#[derive(Serialize, ToSchema)]
pub(super) struct SettingsShown {
    settings: Vec<Setting>,
}

/// A setting.
#[derive(Serialize, ToSchema)]
pub(super) struct Setting {
    name: String,
    /// Its value, as in a configuration file. Secrets are not shown.
    value: String,
    /// Where it comes from: `default`, a file, a variable or a flag.
    source: String,
}

pub(super) async fn show(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let app = call.app;
    let (tally, store) = (app.authority.tally(), app.authority.store().figures());
    let sign_ins = SignInOutcome::ALL.iter().map(|outcome| (outcome.as_str(), tally.sign_ins(*outcome)));
    let refreshes = RefreshOutcome::ALL.iter().map(|outcome| (outcome.as_str(), tally.refreshes(*outcome)));
    Ok(Answer::of(&Overview {
        version: env!("CARGO_PKG_VERSION"),
        issuer: app.authority.settings().issuer.clone(),
        now: time(call.now),
        sign_ins: sign_ins.collect(),
        refreshes: refreshes.collect(),
        store_waiting: store.waiting,
        store_waiting_limit: store.waiting_limit,
        store_failures: store.failures,
        store_is_reachable: app.store_is_reachable(),
        clock_agrees: !app.clocks.disagrees(),
    }))
}

pub(super) async fn me(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let user = &call.by.user;
    let has = |right: &Right| may(user.role, *right) && call.by.permit(*right).is_ok();
    Ok(Answer::of(&Me {
        id: user.id.to_string(),
        username: user.username.to_string(),
        role: user.role.into(),
        rights: Right::ALL.into_iter().filter(has).map(Right::as_str).collect(),
    }))
}

pub(super) async fn settings(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let settings = call.app.shown_settings.iter().map(|setting| Setting {
        name: setting.name.to_string(),
        value: setting.value.to_string(),
        source: setting.source.to_string(),
    });
    Ok(Answer::of(&SettingsShown { settings: settings.collect() }))
}

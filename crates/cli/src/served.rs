//! What the server that runs on a folder goes by. A command on the same folder goes by that too: it is what clients get, whichever
//! configuration the command was given.

use std::time::Duration;

use jeton_server::control::{self, ServedSettings};

use crate::config::{AccessAudience, Config, Issuer};
use crate::data::Data;
use crate::output;

/// Where the settings of a command come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GoesBy {
    /// The server that runs on the folder.
    RunningServer,
    /// The command's own configuration: no server runs.
    OwnConfiguration,
}

/// Puts what the running server goes by in the place of what the command was told.
pub(crate) fn follow(config: &mut Config, data: &Data) -> GoesBy {
    let served = control::settings(data.folder.path()).unwrap_or_else(|error| {
        output::note(&format!("warning: {error}"));
        None
    });
    let Some(served) = served else { return GoesBy::OwnConfiguration };
    let ServedSettings {
        issuer,
        audience,
        access_lifetime,
        refresh_idle_lifetime,
        session_idle_lifetime,
        publish_wait,
    } = served;
    config.issuer = Some(Issuer(issuer));
    // The server says whom tokens of clients are for; the token API's may have no `aud`, which nothing here shows.
    config.access_audience = Some(AccessAudience::Named(audience));
    config.authority.access.lifetime = Duration::from_secs(access_lifetime);
    config.authority.refresh.idle_lifetime = Duration::from_secs(refresh_idle_lifetime);
    config.authority.session.idle_lifetime = Duration::from_secs(session_idle_lifetime);
    config.authority.keys.publish_wait = Duration::from_secs(publish_wait);
    GoesBy::RunningServer
}

/// As [`follow`], and answers a note that says which issuer is shown and why.
pub(crate) fn follow_issuer(config: &mut Config, data: &Data) -> String {
    let was_set = config.issuer.is_some();
    let goes_by = follow(config, data);
    let issuer = config.issuer_at(config.listen.0);
    let source = match goes_by {
        GoesBy::RunningServer => "of the running server",
        GoesBy::OwnConfiguration if was_set => "of the configuration; no server runs on this folder",
        GoesBy::OwnConfiguration => {
            "by default, for no server runs on this folder: --config FILE or JETON_ISSUER names the one that it will have"
        }
    };
    format!("note: the issuer is {issuer}, {source}")
}

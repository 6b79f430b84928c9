//! `jeton client preview`: what a client would be told of a user.

use std::sync::Arc;

use clap::Args;
use jeton_authority::keys::KeyPurpose;
use jeton_authority::settings::AccessAlgorithm;
use jeton_authority::{Authority, Ports};
use jeton_jose::{Algorithm, SharedSecret};
use jeton_oauth::Scope;
use jeton_oauth::client::ClientId;

use super::Clients;
use crate::commands::user::{failed, find};
use crate::config::Config;
use crate::failure::Failure;
use crate::output::{self, Style};
use crate::{clock, served, serving};

/// Preview the claims of a client's tokens for a user
#[derive(Debug, Args)]
#[command(after_help = "\
No token is issued. What differs from one token to the next (jti, sid, at_hash)
is an example. A note on standard error names the issuer that is shown: that of
the running server, where one runs on the folder.

Examples:
  jeton client preview web --user ada
  jeton client preview web --user ada --scope 'openid email'")]
pub(super) struct Preview {
    /// The client
    id: ClientId,
    /// The user
    #[arg(long, value_name = "NAME")]
    user: String,
    /// The requested scope [default: all allowed scopes]
    #[arg(long, value_parser = Scope::parse)]
    scope: Option<Scope>,
}

impl Preview {
    pub(super) async fn run(self, clients: Clients, mut config: Config, style: Style) -> Result<(), Failure> {
        let issuer = served::follow_issuer(&mut config, &clients.data);
        let client = clients.find(&self.id).await?;
        let user = find(&*clients.data.store, &self.user).await?;
        let scope = self.scope.unwrap_or_else(|| client.scope().clone());
        if !client.scope().covers(&scope) {
            return Err(Failure::coded(
                "scope_not_permitted",
                format!("{} may request only {}", client.id, client.scope()),
            ));
        }
        let now = clock::now();
        let mut settings = serving::settings(
            &config,
            config.listen.0,
            config.shared_secret().map_err(|text| Failure::coded("shared_secret_unusable", text))?,
        );
        let keys = clients.data.store.list_keys().await.map_err(failed)?;
        if !keys.iter().any(|key| key.purpose == KeyPurpose::Access) {
            // The server may sign with a secret that this command was not told. It shows claims, and makes no key for them.
            let secret = SharedSecret::generate(Algorithm::HS256)
                .map_err(|error| Failure::coded("internal", error.to_string()))?;
            settings.access.algorithm = AccessAlgorithm::SharedSecret(secret);
        }
        let authority = Authority::open(
            Arc::clone(&clients.data.store) as Arc<_>,
            clients.master,
            settings,
            Ports::default(),
            now,
        )
        .await
        .map_err(|error| Failure::coded("keys_unusable", error.to_string()))?;
        let preview = authority.tokens().preview(&client, &user, &scope, now);
        output::note(&issuer);
        style.print(&preview, || {
            let absent = || Some("–  it does not ask for the scope openid".to_owned());
            let sections = [
                ("ID token", preview.id_token.as_ref().map(pretty).or_else(absent)),
                ("Userinfo", preview.userinfo.as_ref().map(pretty).or_else(absent)),
                ("Access token", Some(pretty(&preview.access_token))),
            ];
            let sections = sections.map(|(name, text)| format!("{name}\n{}", text.unwrap_or_default()));
            sections.join("\n\n")
        })
    }
}

fn pretty(claims: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(claims).expect("claims are JSON")
}

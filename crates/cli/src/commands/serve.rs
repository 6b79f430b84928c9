//! `jeton serve`: the authority.

use axum::Router;
use clap::Args;
use jeton_oauth::client::ClientId;

use super::user::failed;
use crate::failure::Failure;
use crate::options::ServeOptions;
use crate::output;
use crate::serving::{self, Prepared};

/// Run the authority
#[derive(Debug, Args)]
#[command(after_help = "\
The first start creates the data folder, with the master key and the signing
keys. Keep a copy of the master key elsewhere: without it the signing keys are
lost. `jeton config reference` lists every setting.

Examples:
  jeton serve
  jeton serve --data /var/lib/jeton --listen 0.0.0.0:8000 --issuer https://login.example.org
  JETON_ACCESS_ALGORITHM=Ed25519 jeton serve --config /etc/jeton.toml")]
pub(crate) struct Serve {
    #[command(flatten)]
    options: ServeOptions,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        serving::run(async |signals| {
            let loaded = self.options.load()?;
            let shown = serving::shown_settings(&loaded);
            let config = loaded.config;
            serving::start_log(&config)?;
            config.warnings().iter().for_each(|warning| output::note(warning));
            let Some(server) = Prepared::new(config, signals).await? else { return Ok(()) };
            let server = server.with_shown_settings(shown);
            if server.config.issuer.is_none() && !server.address.ip().is_loopback() {
                output::note(
                    "warning: others reach this address, and know the authority by it: set `issuer` to its URL",
                );
            }
            if let Some(warning) = client_of_token_api(&server).await? {
                output::note(&warning);
            }
            let url = server.config.url_of(server.address);
            let mut lines = vec![format!("Jeton listens on {url}")];
            if let Some(address) = server.mtls_address {
                lines.push(format!("and for clients with certificates on https://{address}"));
            }
            if let Some(address) = server.metrics_address {
                lines.push(format!("and for metrics on http://{address}/metrics"));
            }
            let issuer = server.config.issuer_at(server.address);
            if issuer != url {
                lines.push(format!("and is known as {issuer}"));
            }
            if server.store.list_users(None, 1).await.map_err(failed)?.is_empty() {
                lines.push("There is no user yet. Add the first one with".to_owned());
                lines.push(format!(
                    "  jeton user add NAME --admin --data {}",
                    shell_word(&server.config.data)
                ));
            }
            server.run(Router::new(), || output::announce(lines.join("\n"))).await
        })
    }
}

/// What to say of a client that has the name of the token API's own.
async fn client_of_token_api(server: &Prepared) -> Result<Option<String>, Failure> {
    let id = &server.config.authority.client_id;
    let Ok(parsed) = ClientId::parse(id.as_str()) else { return Ok(None) };
    Ok(server.store.find_client(&parsed).await.map_err(failed)?.map(|_| {
        format!(
            "warning: client {id} already exists, and {id} is also the client identifier of the token API: their grants and tokens have \
             the same client_id. Set `client_id` to another name, or remove the client: the token API's grants stay"
        )
    }))
}

/// A path as it can be pasted into a shell.
fn shell_word(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

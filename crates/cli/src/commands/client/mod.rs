//! `jeton client`: the applications that people sign in to.

mod description;
mod preview;
mod registration_token;
mod shown;

use async_trait::async_trait;
use clap::{ArgGroup, Args, Subcommand};
use jeton_authority::SystemRandom;
use jeton_authority::audit::Actor;
use jeton_authority::client::{Client, ClientError, ClientSecret};
use jeton_authority::client_lifecycle::{
    ClientAdminError, ClientLifecycle, Drafted, NotOfSector, ProfileChange, SecretChoice, SectorCheck,
};
use jeton_authority::keys::MasterKey;
use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::{ClientId, ClientMetadata, TokenEndpointAuthMethod};
use jeton_server::Fetcher;

use super::user::failed;
use crate::config::Config;
use crate::data::{self, Data};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::{self, Style};
use crate::{clock, input, serving, words};
use description::Description;
use preview::Preview;
use registration_token::RegistrationToken;
use shown::Shown;

/// Add, change and list client applications
#[derive(Debug, Args)]
#[command(after_help = "\
These commands work while a server is running, and take effect at once.

Examples:
  jeton client add --id web --name 'The shop' --redirect-uri https://shop.example/callback
  jeton client add --id app --public --redirect-uri com.example.app:/callback
  jeton client add --id nightly --scope orders:read      no user: client credentials
  jeton client add --id bank --profile fapi2 --jwks bank.json --redirect-uri https://bank.example/callback
  jeton client set web --backchannel-logout-uri https://shop.example/logout
  jeton client preview web --user ada                    preview the claims of its tokens for a user")]
pub(crate) struct ClientCommand {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a client, by default with a generated secret, which is shown once
    #[command(group(ArgGroup::new("kind").args(["public", "secret_stdin"])))]
    Add {
        /// Client identifier
        #[arg(long)]
        id: ClientId,
        /// A public client, which cannot keep a secret: a native or single-page application
        #[arg(long)]
        public: bool,
        /// Read the client secret from the first line of standard input
        #[arg(long)]
        secret_stdin: bool,
        #[command(flatten)]
        description: Box<Description>,
    },
    /// List the clients
    List,
    /// Show a client
    Show {
        /// The client
        id: ClientId,
    },
    /// Change the given settings of a client
    #[command(group(ArgGroup::new("secret").args(["secret_stdin", "new_secret"])))]
    Set {
        /// The client
        id: ClientId,
        /// Read a new client secret from the first line of standard input
        #[arg(long)]
        secret_stdin: bool,
        /// Generate a new client secret, and show it once
        #[arg(long)]
        new_secret: bool,
        #[command(flatten)]
        description: Box<Description>,
    },
    /// Disable a client
    ///
    /// The client gets no more tokens, and its tokens are rejected at introspection and userinfo. APIs that follow the revocation feed refuse them, others accept them until they expire. No grant ends: `client enable` reverts everything.
    Disable {
        /// The client
        id: ClientId,
    },
    /// Enable a disabled client
    Enable {
        /// The client
        id: ClientId,
    },
    /// Remove a client and end its grants
    Remove {
        /// The client
        id: ClientId,
    },
    Preview(Preview),
    /// Manage initial access tokens, for `client.registration = "token"`
    #[command(subcommand)]
    RegistrationToken(RegistrationToken),
}

impl ClientCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let config = self.store.load()?.config;
        data::run(async {
            match self.action {
                Action::Add { id, public, secret_stdin, description } => {
                    let secret = secret_stdin.then(secret_of_stdin).transpose()?;
                    add(&Clients::open(&config).await?, id, public, secret, &description, style).await
                }
                Action::List => list(&Clients::open(&config).await?, style).await,
                Action::Show { id } => {
                    let clients = Clients::open(&config).await?;
                    let shown = Shown::of(&clients.find(&id).await?);
                    style.print(&shown, || shown.lines())
                }
                Action::Set { id, secret_stdin, new_secret, description } => {
                    let secret = match secret_stdin.then(secret_of_stdin).transpose()? {
                        Some(chosen) => SecretChoice::Chosen(chosen),
                        None if new_secret => SecretChoice::Fresh,
                        None => SecretChoice::AsNeeded,
                    };
                    set(&Clients::open(&config).await?, &id, secret, &description, style).await
                }
                Action::Disable { id } => {
                    let clients = Clients::open(&config).await?;
                    let outcome = clients.lifecycle().disable(&id, Actor::Operator, clock::now()).await;
                    clients.changed("disabled", &outcome.map_err(refused)?, style)
                }
                Action::Enable { id } => {
                    let clients = Clients::open(&config).await?;
                    let outcome = clients.lifecycle().enable(&id, Actor::Operator, clock::now()).await;
                    clients.changed("enabled", &outcome.map_err(refused)?, style)
                }
                Action::Remove { id } => remove(&Clients::open(&config).await?, &id, style).await,
                Action::RegistrationToken(token) => token.run(&config, style).await,
                Action::Preview(preview) => preview.run(Clients::open(&config).await?, config, style).await,
            }
        })
    }
}

/// The clients of a data folder.
struct Clients {
    data: Data,
    master: MasterKey,
    sectors: Sectors,
    /// What the token API's own client is called.
    token_api_client: String,
}

impl Clients {
    async fn open(config: &Config) -> Result<Self, Failure> {
        let mut data = Data::open(config).await?;
        let master = data.master(config).await?;
        let sectors = Sectors(serving::fetcher(config)?);
        Ok(Self { data, master, sectors, token_api_client: config.authority.client_id.clone() })
    }

    fn lifecycle(&self) -> ClientLifecycle<'_> {
        ClientLifecycle {
            store: &*self.data.store,
            master: &self.master,
            random: &SystemRandom,
            sectors: &self.sectors,
            token_api_client: &self.token_api_client,
        }
    }

    async fn find(&self, id: &ClientId) -> Result<Client, Failure> {
        self.lifecycle().find(id).await.map_err(refused)
    }

    /// Has a running server follow, and says what was done.
    fn changed(&self, done: &str, drafted: &Drafted, style: Style) -> Result<(), Failure> {
        self.data.follow();
        print(done, drafted, style)
    }
}

/// Fetches the sectors that clients name.
struct Sectors(Fetcher);

#[async_trait]
impl SectorCheck for Sectors {
    async fn check(&self, metadata: &ClientMetadata) -> Result<(), NotOfSector> {
        let outcome = jeton_server::check_sector(&self.0, metadata).await;
        outcome.map_err(|error| NotOfSector { code: error.code(), reason: error.to_string().into() })
    }
}

async fn add(
    clients: &Clients,
    id: ClientId,
    public: bool,
    secret: Option<ClientSecret>,
    description: &Description,
    style: Style,
) -> Result<(), Failure> {
    let mut described = description.read()?;
    if public {
        if described.auth_method.is_some_and(|method| method != TokenEndpointAuthMethod::None) {
            return Err(Failure::usage("--auth-method does not apply to a public client"));
        }
        if matches!(described.profile, Some(ProfileChange::HeldTo(_))) {
            return Err(Failure::usage("--profile does not apply to a public client"));
        }
        described.auth_method = Some(TokenEndpointAuthMethod::None);
    }
    let secret = secret.map_or(SecretChoice::AsNeeded, SecretChoice::Chosen);
    let added = clients.lifecycle().add(id, &described, secret, Actor::Operator, clock::now()).await;
    let added = added.map_err(|error| match error {
        ClientAdminError::Description(error) => description.refused(&error),
        ClientAdminError::Client(ClientError::SecretUnused { method }) => {
            Failure::usage(format!("--secret-stdin does not apply to {method}, which uses no secret"))
        }
        error => refused(error),
    })?;
    clients.changed("added", &added, style)
}

async fn set(
    clients: &Clients,
    id: &ClientId,
    secret: SecretChoice,
    description: &Description,
    style: Style,
) -> Result<(), Failure> {
    if matches!(secret, SecretChoice::AsNeeded) && *description == Description::default() {
        return Err(Failure::usage("nothing to change: see `jeton client set --help`"));
    }
    let described = description.read()?;
    let changed = clients.lifecycle().change(id, &described, secret, Actor::Operator, clock::now()).await;
    let changed = changed.map_err(|error| match error {
        ClientAdminError::Description(error) => description.refused(&error),
        error => refused(error),
    })?;
    clients.changed("changed", &changed, style)
}

async fn remove(clients: &Clients, id: &ClientId, style: Style) -> Result<(), Failure> {
    let lifecycle = clients.lifecycle();
    lifecycle.remove(id, Actor::Operator, clock::now()).await.map_err(refused)?;
    clients.data.follow();
    let grants_ended = lifecycle.end_removed(id).await.map_err(failed)?;
    let document = serde_json::json!({
        "removed": id.as_str(),
        "grants_ended": grants_ended,
        // Its name in earlier versions.
        "sessions_ended": grants_ended,
    });
    style.print(&document, || words::with_ended_grants(&format!("removed {id}"), grants_ended))
}

async fn list(clients: &Clients, style: Style) -> Result<(), Failure> {
    let shown: Vec<_> = clients.lifecycle().list().await.map_err(refused)?.iter().map(Shown::of).collect();
    style.print(&shown, || {
        let rows: Vec<_> = shown.iter().map(Shown::row).collect();
        output::table(["ID", "NAME", "STATUS", "AUTHENTICATION", "CREATED"], &rows)
    })
}

fn print(done: &str, Drafted { client, drawn }: &Drafted, style: Style) -> Result<(), Failure> {
    let shown = Shown::of(client).with_secret(drawn.as_ref());
    if client.metadata.uses(GrantType::TokenExchange) && client.policy.exchange.is_off() {
        output::note(
            "note: it may exchange nothing yet: name `exchange.targets` in a file for --policy, such as \
             {\"exchange\": {\"targets\": [\"https://api.example\"], \"accepts\": [\"https://this.example\"]}}",
        );
    }
    style.print(&shown, || match drawn {
        None => format!("{done} {}", client.id),
        Some(secret) => {
            format!("{done} {}\nclient secret, shown only once: {}", client.id, secret.expose())
        }
    })
}

fn secret_of_stdin() -> Result<ClientSecret, Failure> {
    let line = input::line_of_stdin()?;
    if line.is_empty() {
        return Err(Failure::coded("client_secret_too_short", "the secret is empty"));
    }
    ClientSecret::chosen(line.as_str()).map_err(|error| refused(error.into()))
}

fn refused(error: ClientAdminError) -> Failure {
    let hint = match &error {
        ClientAdminError::Client(ClientError::AuthMethodNeeds { wants, .. }) if wants.contains("jwks") => {
            ": give them by --jwks FILE"
        }
        ClientAdminError::Client(ClientError::SecretTooShort) => {
            "; without --secret-stdin one is drawn at random"
        }
        ClientAdminError::Client(ClientError::SecretUnused { .. }) => {
            return Failure::usage(error.to_string());
        }
        _ => "",
    };
    Failure::coded(error.code(), format!("{}{hint}", output::printable(&error.to_string())))
}

//! `jeton client`: the applications that people sign in to.

mod description;
mod members;
mod preview;
mod registration_token;
mod shown;

use clap::{ArgGroup, Args, Subcommand};
use jeton_authority::SystemRandom;
use jeton_authority::audit::Actor;
use jeton_authority::client::{Client, ClientError, ClientSecret, NewClient, is_token_apis_own};
use jeton_authority::keyring::make_for_client;
use jeton_authority::keys::MasterKey;
use jeton_authority::store::{ClientChange, ClientRemoval};
use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::{ClientId, TokenEndpointAuthMethod};
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
    /// The client gets no more tokens, and its tokens are rejected at introspection and userinfo. APIs that verify access tokens offline accept them until they expire. No grant ends: `client enable` reverts everything.
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
                    if is_token_apis_own(&id, &config.authority.client_id) {
                        return Err(own_name(&id));
                    }
                    let secret = secret_stdin.then(secret_of_stdin).transpose()?;
                    Clients::open(&config).await?.add(id, public, secret, &description, style).await
                }
                Action::List => Clients::open(&config).await?.list(style).await,
                Action::Show { id } => {
                    let client = Clients::open(&config).await?.find(&id).await?;
                    let shown = Shown::of(&client);
                    style.print(&shown, || shown.lines())
                }
                Action::Set { id, secret_stdin, new_secret, description } => {
                    let secret = secret_stdin.then(secret_of_stdin).transpose()?;
                    Clients::open(&config).await?.set(&id, secret, new_secret, &description, style).await
                }
                Action::Disable { id } => Clients::open(&config).await?.disable(&id, true, style).await,
                Action::Enable { id } => Clients::open(&config).await?.disable(&id, false, style).await,
                Action::Remove { id } => Clients::open(&config).await?.remove(&id, style).await,
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
    /// What fetches the sectors that they name.
    fetcher: Fetcher,
}

impl Clients {
    async fn open(config: &Config) -> Result<Self, Failure> {
        let mut data = Data::open(config).await?;
        let master = data.master(config).await?;
        Ok(Self { data, master, fetcher: serving::fetcher(config)? })
    }

    async fn find(&self, id: &ClientId) -> Result<Client, Failure> {
        let stored = self.data.store.find_client(id).await.map_err(failed)?.ok_or_else(|| unknown(id))?;
        Client::from_stored(&stored, &self.master).map_err(|error| refused(&error))
    }

    async fn add(
        &self,
        id: ClientId,
        public: bool,
        secret: Option<ClientSecret>,
        description: &Description,
        style: Style,
    ) -> Result<(), Failure> {
        let mut metadata = description.metadata()?;
        if public {
            if metadata.token_endpoint_auth_method.is_some_and(|it| it != TokenEndpointAuthMethod::None) {
                return Err(Failure::usage("--auth-method does not apply to a public client"));
            }
            metadata.token_endpoint_auth_method = Some(TokenEndpointAuthMethod::None);
        }
        let policy = description.policy()?;
        description::add_defaults(&mut metadata, policy.profile);
        let needs_secret = metadata.auth_method().needs_secret();
        if secret.is_some() && !needs_secret {
            let method = metadata.auth_method();
            return Err(Failure::usage(format!(
                "--secret-stdin does not apply to {method}, which uses no secret"
            )));
        }
        let drawn = (needs_secret && secret.is_none()).then(|| ClientSecret::draw(&SystemRandom));
        let client = Client::new(NewClient {
            id,
            metadata,
            policy,
            secret: secret.or_else(|| drawn.clone()),
            registration_token: None,
            created_at: clock::now(),
        })
        .map_err(|error| refused(&error))?;
        self.check_sector(&client).await?;
        self.make_keys_for(&client).await?;
        match self
            .data
            .store
            .add_client(client.to_stored(&self.master), Actor::Operator)
            .await
            .map_err(failed)?
        {
            ClientChange::Done => {}
            _ => {
                return Err(Failure::coded("client_exists", format!("client {} already exists", client.id)));
            }
        }
        self.data.follow();
        print("added", &client, drawn.as_ref(), style)
    }

    async fn set(
        &self,
        id: &ClientId,
        secret: Option<ClientSecret>,
        new_secret: bool,
        description: &Description,
        style: Style,
    ) -> Result<(), Failure> {
        if secret.is_none() && !new_secret && *description == Description::default() {
            return Err(Failure::usage("nothing to change: see `jeton client set --help`"));
        }
        let mut client = self.find(id).await?;
        description.change(&mut client.metadata)?;
        description.change_policy(&mut client.policy)?;
        let needs_secret = client.metadata.auth_method().needs_secret();
        if (secret.is_some() || new_secret) && !needs_secret {
            return Err(Failure::usage(format!("{} does not use a secret", client.metadata.auth_method())));
        }
        // One that begins to authenticate with a secret needs one.
        let draw = new_secret || (needs_secret && secret.is_none() && client.secret.is_none());
        let drawn = draw.then(|| ClientSecret::draw(&SystemRandom));
        if let Some(secret) = secret.or_else(|| drawn.clone()) {
            client.secret = Some(secret);
        }
        if !needs_secret {
            client.secret = None;
        }
        self.check_sector(&client).await?;
        self.change(client, drawn.as_ref(), "changed", style).await
    }

    async fn make_keys_for(&self, client: &Client) -> Result<(), Failure> {
        let made = make_for_client(&*self.data.store, &self.master, client, clock::now()).await;
        made.map_err(|error| Failure::coded(error.code(), error.to_string()))
    }

    async fn check_sector(&self, client: &Client) -> Result<(), Failure> {
        let outcome = jeton_server::check_sector(&self.fetcher, &client.metadata).await;
        outcome.map_err(|error| Failure::coded(error.code(), output::printable(&error.to_string())))
    }

    async fn disable(&self, id: &ClientId, disabled: bool, style: Style) -> Result<(), Failure> {
        let mut client = self.find(id).await?;
        client.policy.disabled = disabled;
        self.change(client, None, if disabled { "disabled" } else { "enabled" }, style).await
    }

    /// Checks a changed description as one that is added is checked, and writes it.
    async fn change(
        &self,
        client: Client,
        drawn: Option<&ClientSecret>,
        done: &str,
        style: Style,
    ) -> Result<(), Failure> {
        let Client { id, metadata, policy, secret, registration_token, created_at, .. } = client;
        let new = NewClient { id, metadata, policy, secret, registration_token, created_at };
        let client = Client::new(new).map_err(|error| refused(&error))?;
        self.make_keys_for(&client).await?;
        let stored = client.to_stored(&self.master);
        match self.data.store.change_client(stored, Actor::Operator, clock::now()).await.map_err(failed)? {
            ClientChange::Done => {}
            _ => return Err(unknown(&client.id)),
        }
        self.data.follow();
        print(done, &client, drawn, style)
    }

    async fn remove(&self, id: &ClientId, style: Style) -> Result<(), Failure> {
        let outcome =
            self.data.store.remove_client(id, Actor::Operator, clock::now()).await.map_err(failed)?;
        if outcome == ClientRemoval::Unknown {
            return Err(unknown(id));
        }
        self.data.follow();
        let grants_ended = self.data.store.end_removed_client(id).await.map_err(failed)?;
        let document = serde_json::json!({
            "removed": id.as_str(),
            "grants_ended": grants_ended,
            // Its name in earlier versions.
            "sessions_ended": grants_ended,
        });
        style.print(&document, || words::with_ended_grants(&format!("removed {id}"), grants_ended))
    }

    async fn list(&self, style: Style) -> Result<(), Failure> {
        const PAGE: u32 = 1_000;
        let mut shown = Vec::new();
        let mut after = None;
        loop {
            let page = self.data.store.list_clients(after.as_ref(), PAGE).await.map_err(failed)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            for stored in &page {
                let client = Client::from_stored(stored, &self.master).map_err(|error| refused(&error))?;
                shown.push(Shown::of(&client));
            }
        }
        style.print(&shown, || {
            let rows: Vec<_> = shown.iter().map(Shown::row).collect();
            output::table(["ID", "NAME", "STATUS", "AUTHENTICATION", "CREATED"], &rows)
        })
    }
}

fn print(done: &str, client: &Client, drawn: Option<&ClientSecret>, style: Style) -> Result<(), Failure> {
    let shown = Shown::of(client).with_secret(drawn);
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
    ClientSecret::chosen(line.as_str()).map_err(|error| refused(&error))
}

fn refused(error: &ClientError) -> Failure {
    let hint = match error {
        ClientError::AuthMethodNeeds { wants, .. } if wants.contains("jwks") => ": give them by --jwks FILE",
        ClientError::SecretTooShort => "; without --secret-stdin one is drawn at random",
        _ => "",
    };
    Failure::coded(error.code(), format!("{}{hint}", output::printable(&error.to_string())))
}

fn own_name(id: &ClientId) -> Failure {
    Failure::coded(
        "client_id_reserved",
        format!("{id} is the client identifier of the token API (client_id): choose another"),
    )
}

fn unknown(id: &ClientId) -> Failure {
    Failure::coded("client_unknown", format!("there is no client {id}"))
}

//! Two sample web applications on origins of their own, to see single sign-on and single sign-out happen. Each is a client
//! like any other: all that it knows of the authority comes over HTTP.

mod application;
mod attempt;
mod authority;
mod cookies;
mod page;
mod session;
mod sign_in;
mod sign_out;
mod theft;
mod trouble;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use jeton_authority::audit::Actor;
use jeton_authority::client::{Client, ClientPolicy, ClientSecret, NewClient};
use jeton_authority::store::ClientChange;
use jeton_authority::{Authority, SystemRandom};
use jeton_oauth::client::{ClientId, ClientMetadata};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::clock;
use crate::error::DemoError;
use crate::surroundings::Surroundings;
use application::{Application, KINDS, Kind};

/// The sample applications, their sockets bound.
pub(super) struct Applications {
    running: Vec<(Arc<Application>, Vec<TcpListener>)>,
}

/// How one of them is called and where it is.
pub(super) struct Link {
    pub(super) name: &'static str,
    pub(super) url: String,
}

impl Applications {
    /// Binds their sockets and makes them known to the authority.
    pub(super) async fn prepare(around: &Surroundings<'_>) -> Result<Self, DemoError> {
        let mut bound = Vec::new();
        for (kind, nearby) in KINDS.iter().zip(1..) {
            let port = around.near;
            bound.push((kind, bind(kind, port.checked_add(nearby).filter(|_| port != 0)).await?));
        }
        let origin = |(kind, bound): &(&Kind, Bound)| format!("http://{}:{}", kind.host, bound.port);
        let origins: Vec<_> = bound.iter().map(origin).collect();
        let mut running = Vec::new();
        for (position, (kind, bound)) in bound.into_iter().enumerate() {
            let own = origins[position].clone();
            // With two of them, the other one is the one before.
            let other = (position + 1) % origins.len();
            let other = Link { name: KINDS[other].name, url: format!("{}/", origins[other]) };
            let secret = (!kind.public).then(|| ClientSecret::draw(&SystemRandom));
            add_client(around.authority, kind, &own, secret.clone()).await?;
            let prover = kind.bound.then(theft::new_prover).transpose()?;
            let authority =
                authority::Authority::new(around.issuer.clone(), around.address, kind.id, secret, prover);
            running.push((Arc::new(Application::new(kind, own, other, authority)), bound.listeners));
        }
        Ok(Self { running })
    }

    /// Where they are.
    pub(super) fn links(&self) -> Vec<Link> {
        let link = |application: &Application| Link {
            name: application.kind.name,
            url: format!("{}/", application.origin),
        };
        self.running.iter().map(|(application, _)| link(application)).collect()
    }

    /// Answers requests for as long as the set is kept.
    pub(super) fn serve(self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for (application, listeners) in self.running {
            let routes = Router::new()
                .route("/", get(page::home))
                .route("/page.css", get(page::style))
                .route("/icon.svg", get(page::icon))
                .route("/sign-in", get(sign_in::begin))
                .route("/callback", get(sign_in::callback))
                .route("/refresh", post(sign_in::refresh))
                .route("/steal", post(theft::attempt))
                .route("/sign-out", post(sign_out::begin))
                .route("/signed-out", get(sign_out::back))
                .route("/backchannel-logout", post(sign_out::told))
                .with_state(application);
            for listener in listeners {
                let routes = routes.clone();
                // It ends when the listener fails, which ends nothing else.
                tasks.spawn(async move { drop(axum::serve(listener, routes).await) });
            }
        }
        tasks
    }
}

struct Bound {
    port: u16,
    listeners: Vec<TcpListener>,
}

/// Binds a port near the authority's, or any free one.
async fn bind(kind: &Kind, nearby: Option<u16>) -> Result<Bound, DemoError> {
    let listen = async |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    let listener = match nearby {
        Some(port) => match listen(port).await {
            Ok(listener) => Ok(listener),
            Err(_) => listen(0).await,
        },
        None => listen(0).await,
    };
    let refused = |error| DemoError::Start { name: kind.name, error };
    let listener = listener.map_err(refused)?;
    let port = listener.local_addr().map_err(refused)?.port();
    let mut listeners = vec![listener];
    // A name may stand for both loopback addresses, and some programs try only the first.
    if kind.host == "localhost"
        && let Ok(listener) = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await
    {
        listeners.push(listener);
    }
    Ok(Bound { port, listeners })
}

async fn add_client(
    authority: &Authority,
    kind: &Kind,
    origin: &str,
    secret: Option<ClientSecret>,
) -> Result<(), DemoError> {
    let metadata = serde_json::json!({
        "client_name": kind.name,
        "token_endpoint_auth_method": if kind.public { "none" } else { "client_secret_post" },
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [format!("{origin}/callback")],
        "post_logout_redirect_uris": [format!("{origin}/signed-out")],
        "backchannel_logout_uri": format!("{origin}/backchannel-logout"),
        "scope": sign_in::SCOPE,
        "dpop_bound_access_tokens": kind.bound,
    });
    let refused = |error: String| DemoError::Internal(format!("{}: {error}", kind.name));
    let metadata: ClientMetadata =
        serde_json::from_value(metadata).map_err(|error| refused(error.to_string()))?;
    let client = Client::new(NewClient {
        id: ClientId::parse(kind.id).map_err(|error| refused(error.to_string()))?,
        metadata,
        policy: ClientPolicy::default(),
        secret,
        registration_token: None,
        created_at: clock::now(),
    });
    let client = client.map_err(|error| refused(error.to_string()))?;
    match authority.clients().add_client(&client, Actor::Operator).await? {
        ClientChange::Done => Ok(()),
        _ => Err(refused("the scratch folder was not empty".to_owned())),
    }
}

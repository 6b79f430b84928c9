//! A running server: from a configuration to an authority that answers, and back to nothing when it is asked to stop.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jeton_authority::password::Argon2Params;
use jeton_authority::settings::{AccessAlgorithm, Settings, TokenApiAudience};
use jeton_authority::store::Store;
use jeton_authority::{Authority, Ports};
use jeton_jose::SharedSecret;
use jeton_server::control::ControlSocket;
use jeton_server::hashing::HashPool;
use jeton_server::mail::MailServer;
use jeton_server::tls::{self, AskForCertificates, Tls, TlsError};
use jeton_server::{
    Background, Clock, Fetcher, HangUps, Limits, Listener, Service, ServiceBuilder, ShownSetting, Shutdown,
    Signals, StartPhase, StartUp, Telemetry, TokenApi, TrustedProxies, descriptors, logging, memory,
};
use jeton_store::{Access, DataFolder, MigratedBy, MigrationStep, ServerLock, cause};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::config::{self, Config, Loaded, Setting};
use crate::data::{self, Data};
use crate::failure::Failure;
use crate::tracing::Tracing;
use crate::{clock, output};

/// A server that is ready to answer: its folder claimed, its keys opened, its sockets bound. Until then it has answered the probes.
pub(crate) struct Prepared {
    /// What it was made from.
    pub(crate) config: Config,
    /// Where its data is.
    pub(crate) folder: DataFolder,
    /// Its store.
    pub(crate) store: Arc<dyn Store>,
    /// The authority.
    pub(crate) authority: Arc<Authority>,
    service: ServiceBuilder,
    /// The address that it listens on, with the port that it got.
    pub(crate) address: SocketAddr,
    /// The address that clients with certificates come to, where it is another.
    pub(crate) mtls_address: Option<SocketAddr>,
    tls: Option<Tls>,
    start_up: StartUp,
    serving: JoinHandle<Shutdown>,
    /// The address of the metrics, if they are served.
    pub(crate) metrics_address: Option<SocketAddr>,
    /// What answers there, until the server has ended.
    _telemetry: JoinSet<Shutdown>,
    hang_ups: HangUps,
    tracing: Tracing,
    _lock: ServerLock,
}

/// The settings in force, as administrators see them.
pub(crate) fn shown_settings(loaded: &Loaded) -> Vec<ShownSetting> {
    let shown = loaded.shown().map(|shown| ShownSetting {
        name: shown.name.into(),
        value: shown.value.into(),
        source: shown.source.into(),
    });
    shown.collect()
}

/// Sets up the log, as the configuration wants it.
pub(crate) fn start_log(config: &Config) -> Result<(), Failure> {
    let log = logging::init(config.log_format, &config.log_level.show());
    output::note_through(log.map_err(|error| Failure::coded("log_unusable", error.to_string()))?);
    Ok(())
}

/// How long the end of the process waits for threads that are busy.
const LAST_TIME: Duration = Duration::from_millis(200);

/// Runs a server on as many threads as there are cores. It is given the signals, which are taken over before anything else
/// happens.
pub(crate) fn run(server: impl AsyncFnOnce(Signals) -> Result<(), Failure>) -> Result<(), Failure> {
    let cannot_start =
        |error: std::io::Error| Failure::coded("start_failed", format!("cannot start: {error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(cannot_start)?;
    let outcome = runtime.block_on(async {
        let signals = Signals::take_over().map_err(cannot_start)?;
        server(signals).await
    });
    // A look-up of a name cannot be broken off. Nobody waits for its answer any more.
    runtime.shutdown_timeout(LAST_TIME);
    outcome
}

impl Prepared {
    /// Shows these settings to administrators.
    pub(crate) fn with_shown_settings(self, shown: Vec<ShownSetting>) -> Self {
        Self { service: self.service.shown_settings(shown), ..self }
    }

    /// Prepares a server. What may be refused is tried before anything is changed: a folder that another server has, a
    /// database of a newer version, a wrong master key. The server listens before it opens its database, so that the probes are
    /// answered while it is migrated. `None` if the process was asked to stop meanwhile.
    pub(crate) async fn new(config: Config, signals: Signals) -> Result<Option<Self>, Failure> {
        let shared_secret =
            config.shared_secret().map_err(|text| Failure::coded("shared_secret_unusable", text))?;
        let tls = config.tls().map_err(|error| match &error {
            TlsError::Unreadable { file, error: denied } => Failure::coded(
                error.code(),
                format!("{} cannot be read: {}", file.display(), cause(file, denied)),
            ),
            _ => Failure::coded(error.code(), error.to_string()),
        })?;
        let folder = data::folder(&config)?;
        let lock =
            folder.lock_for_server().map_err(|error| Failure::coded(error.code(), error.to_string()))?;
        let (listener, address) = bind(config.listen.0).await?;
        let (mtls_listener, mtls_address) = match config.tls_mtls_listen {
            Some(listen) => {
                bind(listen.0).await.map(|(listener, address)| (Some(listener), Some(address)))?
            }
            None => (None, None),
        };
        let metrics_listener = match config.metrics_listen {
            Some(listen) => Some(bind(listen.0).await?),
            None => None,
        };
        let service = service(&config, tls.as_ref(), address, mtls_address)?;
        let start_up = StartUp::of(&service, &config.issuer_at(address));
        let listeners = listeners(&config, tls.as_ref(), listener, mtls_listener)?;
        let (stop, hang_ups) = signals.split();
        let mut serving = tokio::spawn(jeton_server::serve_unless_hurried(
            listeners,
            start_up.clone(),
            stop.first(),
            stop.second(),
        ));
        let metrics_address = metrics_listener.as_ref().map(|(_, address)| *address);
        let watched =
            Telemetry::of(start_up.clone(), clock::now()).tls(tls.clone()).log(output::log()).build();
        let mut telemetry = JoinSet::new();
        if let Some((listener, _)) = metrics_listener {
            telemetry.spawn(jeton_server::serve(listener, watched.clone(), std::future::pending()));
        }
        let tracing = Tracing::start(&config, &address.to_string());
        let service = tracing.of(service);
        let (ports, settings) = (service.ports(), settings(&config, address, shared_secret));
        let opening = open(&config, folder, &start_up, &watched, ports, settings);
        let (folder, store, authority) = tokio::select! {
            opened = opening => opened?,
            _ = &mut serving => return Ok(None),
        };
        Ok(Some(Self {
            config,
            folder,
            store,
            authority,
            service,
            address,
            mtls_address,
            tls,
            start_up,
            serving,
            metrics_address,
            _telemetry: telemetry,
            hang_ups,
            tracing,
            _lock: lock,
        }))
    }

    /// Answers requests until the process is asked to stop, and finishes what was accepted. `routes` are served beside
    /// the authority's own, and `ready` is called when the first request can be answered.
    pub(crate) async fn run(self, routes: Router, ready: impl FnOnce()) -> Result<(), Failure> {
        let service = self.service.also(routes).build(self.authority);
        if let Err(error) = service.compare_clocks().await {
            output::note(&format!("warning: the clock of the database cannot be read: {error}"));
        }
        let mut background = Background::start(&service);
        let refused = |error: std::io::Error| {
            let cause = cause(&self.folder.socket(), &error);
            Failure::coded("control_socket_unusable", format!("cannot open the control socket: {cause}"))
        };
        background.add(ControlSocket::open(self.folder.path()).map_err(refused)?.serve(service.clone()));
        match &self.tls {
            None => background.add(self.hang_ups.ignore()),
            Some(tls) => {
                let (authority, clock) = (Arc::clone(service.authority()), service.clock().clone());
                background.add(tls.follow(authority, clock, self.hang_ups, tls::LOOK_EVERY));
            }
        }
        self.start_up.finish(service);
        ready();
        let shutdown = self.serving.await;
        background.stop().await;
        self.tracing.stop().await;
        match shutdown {
            Ok(Shutdown::Clean) => Ok(()),
            Err(broken) => Err(Failure::coded("internal", format!("the server broke off: {broken}"))),
            Ok(Shutdown::CutOff { connections }) => Err(Failure::coded(
                "connections_cut_off",
                format!("{connections} connections did not finish in time and were closed"),
            )),
        }
    }
}

/// Opens the store and the authority, and says at each step which one it is.
async fn open(
    config: &Config,
    folder: DataFolder,
    start_up: &StartUp,
    telemetry: &Telemetry,
    ports: Ports,
    settings: Settings,
) -> Result<(DataFolder, Arc<dyn Store>, Arc<Authority>), Failure> {
    let watch = |step: MigrationStep| start_up.enter(phase_of(step));
    let mut data = Data::open_as(config, folder, Access::Server, &watch).await?;
    start_up.enter(StartPhase::OpeningKeys);
    let master = data.master(config).await?;
    let Data { folder, store, .. } = data;
    let hashing = hash_pool(config)?;
    telemetry.watch_hashing(hashing.figures());
    let ports = Ports { hashing: Arc::new(hashing), ..ports };
    let authority = Authority::open(Arc::clone(&store) as Arc<_>, master, settings, ports, clock::now());
    let authority = authority.await.map_err(|error| Failure::coded("keys_unusable", error.to_string()))?;
    Ok((folder, store, Arc::new(authority)))
}

/// A step of a migration, as the probe for starting servers names it.
fn phase_of(step: MigrationStep) -> StartPhase {
    let MigrationStep { number, of, name, by } = step;
    let by_another_node = by == MigratedBy::AnotherNode;
    StartPhase::MigratingDatabase { step: number, of, name, by_another_node }
}

/// The sockets, with the protocol that is spoken on each.
fn listeners(
    config: &Config,
    tls: Option<&Tls>,
    listener: TcpListener,
    mtls_listener: Option<TcpListener>,
) -> Result<Vec<Listener>, Failure> {
    let refused = |error: TlsError| Failure::coded(error.code(), error.to_string());
    let Some(tls) = tls else { return Ok(vec![listener.into()]) };
    let mut listeners = vec![Listener::tls(listener, tls, config.tls_client_certificates).map_err(refused)?];
    if let Some(socket) = mtls_listener {
        listeners.push(Listener::tls(socket, tls, AskForCertificates::Optional).map_err(refused)?);
    }
    Ok(listeners)
}

/// The service as it is configured, still without its authority.
fn service(
    config: &Config,
    tls: Option<&Tls>,
    address: SocketAddr,
    mtls_address: Option<SocketAddr>,
) -> Result<ServiceBuilder, Failure> {
    let mut builder = Service::builder();
    if let Some(name) = &config.proxy_client_certificate_header {
        builder = builder.client_certificate_header(name.0.clone());
    }
    if let Some(tls) = tls.filter(|_| config.asks_for_certificates()) {
        builder = builder.client_certificates(tls.client_roots());
    }
    if let Some(url) = config.mtls_url_at(address, mtls_address.map(|it| it.port())) {
        builder = builder.mtls_url(url);
    }
    if let Some(server) = mail_server(config)? {
        builder = builder.mail(server);
    }
    Ok(builder
        .clock(Clock::system())
        .limits(limits(config))
        .trusted_proxies(proxies(config))
        .token_api_options(config.token_api.clone())
        .token_api(if config.token_api_enabled { TokenApi::Served } else { TokenApi::Off })
        .fetcher(fetcher(config)?))
}

/// What the configuration says to the authority.
pub(crate) fn settings(
    config: &Config,
    address: SocketAddr,
    shared_secret: Option<SharedSecret>,
) -> Settings {
    let mut settings = config.authority.clone();
    settings.issuer = config.issuer_at(address);
    settings.mail.is_sent = config.mail_host.is_some();
    settings.access.audience.clone_from(&settings.issuer);
    match &config.access_audience {
        Some(config::AccessAudience::Named(audience)) => settings.access.audience.clone_from(audience),
        Some(config::AccessAudience::None) => settings.token_api.audience = TokenApiAudience::Absent,
        None => {}
    }
    settings.access.algorithm = match (shared_secret, config.access_algorithm) {
        (Some(secret), _) => AccessAlgorithm::SharedSecret(secret),
        (None, Some(access)) => AccessAlgorithm::Key(access.algorithm),
        (None, None) => AccessAlgorithm::AsStored,
    };
    settings.access.ed25519_name =
        config.access_algorithm.map(|access| access.ed25519_name).unwrap_or_default();
    settings
}

fn hash_pool(config: &Config) -> Result<HashPool, Failure> {
    let params = Argon2Params::default();
    let threads = match config.password_threads {
        0 => memory::default_hash_threads(u64::from(params.memory_kib()).saturating_mul(1024)),
        threads => threads,
    };
    HashPool::with_threads(params, threads, threads.saturating_mul(config.password_queue)).map_err(|error| {
        Failure::coded(
            "hashing_threads_unavailable",
            format!("cannot start the password-hashing threads: {error}"),
        )
    })
}

fn limits(config: &Config) -> Limits {
    Limits { connections: descriptors::make_room_for(config.limits.connections), ..config.limits.clone() }
}

/// The mail server, where mail is sent.
pub(crate) fn mail_server(config: &Config) -> Result<Option<MailServer>, Failure> {
    config
        .mail_server()
        .map_err(|(key, text)| Failure::coded("mail_setting_unusable", format!("{key}: {text}")))
}

/// What fetches the documents that clients name.
pub(crate) fn fetcher(config: &Config) -> Result<Fetcher, Failure> {
    config.fetcher().map_err(|text| Failure::coded("fetch_setting_unusable", text))
}

/// Whether an address could not be bound because the system has no IPv6 at all. `[::]` then means the addresses that there are.
fn is_without_ipv6(error: &std::io::Error) -> bool {
    const REASONS: [rustix::io::Errno; 2] = [rustix::io::Errno::AFNOSUPPORT, rustix::io::Errno::ADDRNOTAVAIL];
    REASONS.iter().any(|reason| error.raw_os_error() == Some(reason.raw_os_error()))
}

/// Listens on an address; `[::]` is every address of the machine, of both families.
async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let refused = |error: std::io::Error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "; --listen 127.0.0.1:0 takes any free port",
            std::io::ErrorKind::PermissionDenied => "; a port below 1024 requires CAP_NET_BIND_SERVICE",
            _ => "",
        };
        Failure::coded("address_unusable", format!("cannot listen on {address}: {error}{hint}"))
    };
    let listener = match TcpListener::bind(address).await {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && is_without_ipv6(&error) => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        listener => listener,
    };
    let listener = listener.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

fn proxies(config: &Config) -> TrustedProxies {
    TrustedProxies::new(config.proxy_trusted.0.iter().copied(), config.proxy_header)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_look_up_that_is_never_answered_does_not_hold_up_the_end() {
        let (_never, answer) = std::sync::mpsc::channel::<()>();
        let started = Instant::now();
        // Names are looked up as this is: on a thread that nothing but an answer ends.
        let outcome = run(async |_| {
            let looking_up = tokio::task::spawn_blocking(move || {
                let _ = answer.recv();
            });
            let _ = tokio::time::timeout(Duration::from_millis(1), looking_up).await;
            Ok(())
        });
        assert!(outcome.is_ok());
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

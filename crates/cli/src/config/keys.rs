//! The table of keys: name, type, default and meaning of each, once.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use jeton_authority::client::PkcePolicy;
use jeton_authority::settings::{AccessTyp, DpopNonces, RegistrationPolicy, Settings};
use jeton_oauth::Scope;
use jeton_server::logging::Format;
use jeton_server::mail::Encryption;
use jeton_server::tls::AskForCertificates;
use jeton_server::{ForwardingHeader, Limits, Origins, TokenApiOptions, UsernameField};
use jeton_store::DataFolder;

use super::problem::Problem;
use super::setting::{
    AccessAlgorithm, Collector, Database, Documents, FieldName, FromAddress, GrantTypes, Issuer, Listen,
    LogLevel, Networks, OwnListen, Port, Reaches, Secret, Setting, Share, Size, Texts, Wait, WebUrl,
};
use super::token_api::{AccessAudience, ClaimMappings};
use super::{Source, Value};

/// What is known of one key apart from its value.
pub(crate) struct Key {
    /// Its name with dots, as in the file.
    pub(crate) name: &'static str,
    /// The text that stands for it where nobody sets it; empty for none.
    pub(crate) default: String,
    /// What it means, in a sentence or two.
    pub(crate) doc: &'static str,
    /// What its values look like.
    pub(crate) form: &'static str,
    /// Whether its value is never to be shown.
    pub(crate) secret: bool,
}

impl Key {
    /// The environment variable that sets it: `refresh.grace` is `JETON_REFRESH_GRACE`.
    pub(crate) fn variable(&self) -> String {
        format!("JETON_{}", self.name.to_ascii_uppercase().replace('.', "_"))
    }
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $head:ident $(.$($field:ident).+)?: $type:ty = $name:literal $(, $default:literal)?;)*) => {
        /// The configuration in force. What the parts of the server take stands in their own types, with their own defaults.
        #[derive(Debug)]
        pub(crate) struct Config {
            /// What the authority takes. Issuer, audience and algorithm follow from more than one key: see [`crate::serving`].
            pub(crate) authority: Settings,
            /// How much one client may ask for, and for how long.
            pub(crate) limits: Limits,
            /// What the token API takes.
            pub(crate) token_api: TokenApiOptions,
            $($(#[doc = concat!("By default `", $default, "`.")] pub(crate) $head: $type,)?)*
        }

        impl Default for Config {
            fn default() -> Self {
                Self {
                    authority: Settings::new(""),
                    limits: Limits::default(),
                    token_api: TokenApiOptions::default(),
                    $($($head: <$type as Setting>::parse($default).expect("a default of the table can be read"),)?)*
                }
            }
        }

        /// Every key, in the order that people read them.
        pub(crate) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
            let config = Config::default();
            vec![$(Key {
                name: $name,
                default: [$($default.to_owned(),)? $(<$type>::from(config.$head.$($field).+.clone()).show(),)?].concat(),
                doc: concat!($($doc),+),
                form: <$type as Setting>::FORM,
                secret: <$type as Setting>::SECRET,
            },)*]
        });

        impl Config {
            /// Parses the texts of all keys, in the order of [`KEYS`]; `None` when one of them is a problem.
            pub(super) fn parse(values: &[Value], problems: &mut Vec<Problem>) -> Option<Self> {
                let known = problems.len();
                let mut config = Self::default();
                let mut values = KEYS.iter().zip(values);
                $(if let Some(value) = parse_next::<$type>(&mut values, problems) {
                    config.$head$(.$($field).+)? = value.into();
                })*
                (problems.len() == known).then_some(config)
            }
        }
    };
}

settings! {
    /// The address to listen on. Port 0 picks a free port.
    listen: Listen = "listen", "127.0.0.1:8000";
    /// The issuer URL, `iss` in tokens. By default `http://` (`https://` if the server terminates TLS itself) and the listening address. If it has a path, everything is served below that path.
    issuer: Option<Issuer> = "issuer", "";

    /// The server's certificate chain in PEM, its own certificate first. With it and `tls.key` the server serves https itself, without a proxy. Both files are reloaded when one of them changes, and on SIGHUP.
    tls_certificate: Option<PathBuf> = "tls.certificate", "";
    /// The certificate's private key, in unencrypted PEM.
    tls_key: Option<PathBuf> = "tls.key", "";
    /// Whether to request client certificates at `listen` (RFC 8705). Browsers then prompt their users for one; `tls.mtls_listen` avoids that.
    tls_client_certificates: AskForCertificates = "tls.client_certificates", "off";
    /// A second address to listen on, where client certificates are requested. The metadata announces it as `mtls_endpoint_aliases`.
    tls_mtls_listen: Option<Listen> = "tls.mtls_listen", "";
    /// The URL for clients with certificates, as announced in the metadata. By default the issuer with the port of `tls.mtls_listen`. Set it also if a proxy requests certificates at a separate host.
    tls_mtls_url: Option<WebUrl> = "tls.mtls_url", "";
    /// Trusted root certificates for clients that authenticate with `tls_client_auth`, in PEM. Without it, clients authenticate with self-signed certificates (`self_signed_tls_client_auth`).
    tls_client_roots: Option<PathBuf> = "tls.client_roots", "";

    /// The data folder. If missing, it is created with mode 0700.
    data: PathBuf = "data", "./jeton-data";
    /// The database. By default SQLite in the data folder; `sqlite:FILE` puts the database file elsewhere, and `postgres://USER:PASSWORD@HOST/DATABASE` names a PostgreSQL database, which any number of servers may use. Shown without the password.
    database: Database = "database", "";
    /// The client identifier of the token API, `client_id` in its tokens.
    authority.client_id: String = "client_id";

    /// The lifetime of access tokens.
    authority.access.lifetime: Duration = "access.lifetime";
    /// How many verified access tokens to cache. When a cached token is introspected or verified, its signature is not checked again for up to ten minutes; revocation still is. 0 disables the cache.
    authority.access.remember: usize = "access.remember";
    /// The signature algorithm of access tokens. `EdDSA` is Ed25519 under its older name. HS256, HS384 and HS512 use `access.shared_secret`; all others use a private key, generated if there is none. By default the algorithm of the newest key; the first key is for ES256.
    access_algorithm: Option<AccessAlgorithm> = "access.algorithm", "";
    /// The `typ` of access tokens: `at+jwt` (RFC 9068), or `JWT` for APIs whose library accepts nothing else. Such an API must check `aud`; otherwise it accepts ID tokens as access tokens.
    authority.access.typ: AccessTyp = "access.typ";
    /// The `aud` of access tokens. By default the issuer. With `none` the token API's tokens have no `aud`; those of OAuth clients name the issuer.
    access_audience: Option<AccessAudience> = "access.audience", "";
    /// The secret for HS256, HS384 and HS512 access tokens, shared with the APIs: at least 32, 48 and 64 bytes.
    access_shared_secret: Option<Secret> = "access.shared_secret", "";
    /// A file with the shared secret. One line break at its end is ignored.
    access_shared_secret_file: Option<PathBuf> = "access.shared_secret_file", "";

    /// For how long a refresh token or device code that is presented again gets the same answer, and a repeated authorization code does not end the grant it led to. `0s` turns that off. Must be shorter than `access.lifetime`.
    authority.refresh.policy.grace: Duration = "refresh.grace";
    /// How many times in a row a spent refresh token may be presented after the grace period, because a response was lost or not stored, before that counts as a replay. With 0, each token works once beyond the grace period.
    authority.refresh.policy.excuses: u8 = "refresh.excuses";
    /// How long a grant lasts without being refreshed.
    authority.refresh.idle_lifetime: Duration = "refresh.idle_lifetime";
    /// How long a grant lasts in total, however often it is refreshed.
    authority.refresh.absolute_lifetime: Duration = "refresh.absolute_lifetime";

    /// How long a browser session lasts without being used.
    authority.session.idle_lifetime: Duration = "session.idle_lifetime";
    /// How long a browser session lasts in total.
    authority.session.absolute_lifetime: Duration = "session.absolute_lifetime";
    /// The lifetime of authorization codes, at most ten minutes.
    authority.authorization.code_lifetime: Duration = "authorization.code_lifetime";
    /// The lifetime of a pushed authorization request until its page is opened; after that it lives as long as the page. FAPI 2.0 requires less than ten minutes.
    authority.authorization.request_lifetime: Duration = "authorization.request_lifetime";
    /// The types of authorization details (RFC 9396) that clients may request. Each client may request only those that it is registered for (`jeton client add --authorization-details-type`). Only your APIs interpret their members.
    authority.authorization.details_types: Texts = "authorization.details_types";
    /// The size limit for the authorization details of one request, at most 8 KiB. Access tokens carry them in a header.
    authority.authorization.details_size: Size = "authorization.details_size";
    /// The lifetime of device codes.
    authority.device.lifetime: Duration = "device.lifetime";
    /// Who may register clients. `closed`: only the operator, with `jeton client add`. `open`: any application. `token`: applications with an initial access token (`jeton client registration-token new`). Self-registered clients always need the user's consent.
    authority.client.registration: RegistrationPolicy = "client.registration";
    /// Whether clients may identify themselves by the URL of their metadata document (`open`), as Model Context Protocol agents do. Such clients always need the user's consent.
    authority.client.metadata_documents: Documents = "client.metadata_documents";
    /// How many clients a network (an IPv4 /24 or IPv6 /64) may register in a burst. Raise it if many people share one address.
    authority.client.registrations.at_once: u32 = "client.registrations_at_once";
    /// How long such a network must then wait before each further registration.
    authority.client.registrations.pause: Duration = "client.registrations_pause";
    /// Resources that self-registered clients, or clients known by their URL, may request tokens for.
    authority.client.registration_resources: Texts = "client.registration_resources";
    /// Private-use schemes without a dot that such clients may use in redirect URIs: `cursor` for `cursor://…`. Another application on the same device can claim the same scheme and receive the response; PKCE makes it worthless there.
    authority.client.redirect_schemes: Texts = "client.redirect_schemes";
    /// Types of authorization details, out of `authorization.details_types`, that self-registered clients, or clients known by their URL, may request.
    authority.client.registration_details_types: Texts = "client.registration_details_types";
    /// The grant types that self-registered clients may use.
    authority.client.registration_grant_types: GrantTypes = "client.registration_grant_types";
    /// The scopes that self-registered clients may request.
    authority.client.registration_scope: Scope = "client.registration_scope";
    /// Whether self-registered clients must use PKCE. `auto`: a client that authenticates may send a `nonce` with the scope `openid` instead; `lenient`: it may omit both. Clients that do not authenticate, or are known by their URL, always need PKCE.
    authority.client.registration_pkce: PkcePolicy = "client.registration_pkce";
    /// Whether every DPoP proof must contain a nonce from the authority, so that proofs cannot be made in advance. It costs clients an occasional second request. With `unused`, only clients whose clock is wrong get a nonce.
    authority.dpop.nonces: DpopNonces = "dpop.nonces";
    /// Whether the token API is served: sign-in with a username and password at `/api/token/`. Turn it off if all applications use single sign-on; then users type passwords only on the authority's own page.
    token_api_enabled: bool = "token_api.enabled", "true";
    /// Origins whose scripts may use the token API, besides the authority's own: front ends on other hosts or ports. `*` allows every origin, without credentials.
    token_api.origins: Origins = "token_api.origins";
    /// The name of the username field in token API requests and errors, such as `USERNAME_FIELD` of a custom Django user model.
    token_api.username_field: UsernameField = "token_api.username_field";
    /// Claims in the token API's access tokens, and the user attributes that supply them, such as `is_staff=is_staff`. `email` is the user's e-mail address. The claim is omitted for users without the attribute.
    authority.token_api.claims: ClaimMappings = "token_api.claims";
    /// Whether userinfo is read from the servers that `replica` in the URL of the database names. Sign-outs and changed roles are honoured as without it; other changes of a user, such as the e-mail address, show when the replica has received them.
    authority.userinfo.from_replica: bool = "userinfo.from_replica";

    /// The master key that encrypts private keys: 32 bytes in base64url. Best set as an environment variable. By default it is read from `keys.master_key_file`.
    keys_master_key: Option<Secret> = "keys.master_key", "";
    /// The master key file. By default `master.key` in the data folder, created at the first start with mode 0600.
    keys_master_key_file: Option<PathBuf> = "keys.master_key_file", "";
    /// How long a new key is published before it signs. `jeton key rotate` causes no failed requests at APIs that cache the key set for less than this time. Libraries cache it for 5 to 20 minutes, some gateways for two hours, and not all of them fetch it again for an unknown key.
    authority.keys.publish_wait: Duration = "keys.publish_wait";

    /// A note of where the backups of the database are, for `jeton doctor`, which advises to set one up otherwise.
    backup_database: Option<String> = "backup.database", "";
    /// A note of where the copy of the master key is, apart from the backups of the database, for `jeton doctor`.
    backup_master_key: Option<String> = "backup.master_key", "";

    /// How many passwords are hashed at once. 0: one per core, but no more than fit into half of the memory available to the process (control group, `ulimit`, machine) at 19 MiB each.
    password_threads: usize = "password.threads", "0";
    /// How many passwords may wait per hashing thread; further sign-ins are answered with 503 and `Retry-After`.
    password_queue: usize = "password.queue", "32";

    /// How many characters a password that a user chooses has at least. 8 are enough for a user with two-step sign-in. Passwords that are easy to guess are refused, however long they are.
    authority.password.min_length: u32 = "password.min_length";

    /// How long it takes until a user who asks for it is deleted. Until then, they can change their mind. `off`: users cannot delete themselves.
    authority.account.removal: Wait = "account.removal";
    /// For how long users who want that are not asked for the second factor in a browser. Clients with `--second-factor required`, requests whose `claims` name an `acr`, and changes of the account ask all the same. `off`: users are always asked.
    authority.account.remembered_for: Wait = "account.remembered_for";

    /// How long the records of the audit trail are kept.
    authority.audit.retention: Duration = "audit.retention";

    /// Proxies whose statements about a request's origin are trusted.
    proxy_trusted: Networks = "proxy.trusted", "";
    /// The header in which trusted proxies pass on the client's address.
    proxy_header: ForwardingHeader = "proxy.header", "x-forwarded-for";
    /// How long a connection of a trusted proxy is kept open between requests. It must be longer than the proxy keeps idle connections, so that no request meets a closing connection.
    limits.proxy_keep_alive_time: Duration = "proxy.keep_alive_time";

    /// The host of the mail server. Without it, no mail is sent.
    mail_host: Option<String> = "mail.host", "";
    /// The port of the mail server. By default 465 for `tls`, 587 for `starttls`, 25 for `none`.
    mail_port: Option<Port> = "mail.port", "";
    /// How the connection to the mail server is protected: `tls` from the first byte (usually port 465), `starttls` (usually port 587), or `none`. With `starttls`, nothing is sent to a server that does not offer it. `jeton mail test` says which one the server wants.
    mail_encryption: Encryption = "mail.encryption", "tls";
    /// Whether mail may be sent without TLS to a mail server on another machine. Whoever sees the network can then read it, and the password of the mail server.
    mail_allow_plain_text: bool = "mail.allow_plain_text", "false";
    /// The username at the mail server, if it wants one.
    mail_username: Option<String> = "mail.username", "";
    /// The password at the mail server. Best set as an environment variable.
    mail_password: Option<Secret> = "mail.password", "";
    /// A file with the password at the mail server. One line break at its end is ignored.
    mail_password_file: Option<PathBuf> = "mail.password_file", "";
    /// The address that mail is sent from, such as `login@example.org`.
    mail_from: Option<FromAddress> = "mail.from", "";
    /// The name that is shown beside this address. By default the host of the issuer.
    mail_from_name: Option<String> = "mail.from_name", "";
    /// Trusted root certificates for the mail server, besides those of the system, in PEM.
    mail_roots: Option<PathBuf> = "mail.roots", "";
    /// Whether users get a mail when their password was changed.
    authority.mail.password_notices: bool = "mail.notices.password";
    /// Whether users get a mail when a passkey or a second factor was added to their account or removed, and when a recovery code was used.
    authority.mail.second_factor_notices: bool = "mail.notices.second_factor";
    /// Whether users get a mail about a sign-in from a network and in a browser that their account was not used with before.
    authority.mail.new_device_notices: bool = "mail.notices.new_device";

    /// Whether users who forgot their password may set a new one at `/reset`, by a mail with a link and a code.
    authority.mail.password_reset: bool = "mail.password_reset";

    /// Addresses besides public ones at which the authority may fetch client documents (keys, sectors and metadata) and deliver logout tokens: for development, and for clients on an internal network. Plain http is used for loopback addresses only.
    fetch_allow: Reaches = "fetch.allow", "";
    /// Trusted root certificates for these requests, besides those of the system, in PEM.
    fetch_roots: Option<PathBuf> = "fetch.roots", "";

    /// The header in which a trusted proxy passes on the client's certificate (RFC 9440), such as `client-cert`. The proxy must verify certificates, and must remove this header from incoming requests.
    proxy_client_certificate_header: Option<FieldName> = "proxy.client_certificate_header", "";

    /// The largest request body.
    limits.body_bytes: Size = "limits.body";
    /// The largest request head (request line and all header fields), at least 8 KiB.
    limits.header_bytes: Size = "limits.header";
    /// How many connections are served at once. Beyond that, the connection that has been idle longest is closed; if none is idle, new ones wait. The number is reduced, with a log line, if the limit of open files (`LimitNOFILE=`) does not allow for it plus 256.
    limits.connections: u32 = "limits.connections";
    /// How many connections one network (IPv4 /24, IPv6 /56) may have. Trusted proxies have no limit. 0: a quarter of `limits.connections`, but at least 32.
    limits.connections_per_network: u32 = "limits.connections_per_network";
    /// The time limit for a TLS handshake.
    limits.handshake_time: Duration = "limits.handshake_time";
    /// How many TLS handshakes may be in progress at once; beyond that, the oldest is dropped.
    limits.handshakes: u32 = "limits.handshakes";
    /// The time limit for receiving a request's head.
    limits.header_time: Duration = "limits.header_time";
    /// The time limit for receiving a request's body.
    limits.body_time: Duration = "limits.body_time";
    /// The total time limit for a request.
    limits.request_time: Duration = "limits.request_time";
    /// How long a connection is kept open between requests.
    limits.keep_alive_time: Duration = "limits.keep_alive_time";
    /// How many connections may listen to the revocation feed at once; each counts among `limits.connections`. Beyond that, new ones are answered with 503 and `Retry-After`.
    limits.feed_connections: u32 = "limits.feed_connections";
    /// How long a server that was told to stop still accepts connections, so that a load balancer has time to notice: `/readyz` is answered 503 and responses close their connection. A server whose `/readyz` nobody asked for within the last minute does not wait. A second signal ends the wait.
    limits.drain_time: Duration = "limits.drain_time";
    /// By how much the clock of a node may differ from the clock of its PostgreSQL database. Beyond that, the node is not ready and issues nothing. `0s` turns the comparison off.
    limits.clock_difference: Duration = "limits.clock_difference";
    /// How long a shutdown waits for accepted requests.
    limits.shutdown_time: Duration = "limits.shutdown_time";

    /// Where `GET /metrics` is served in the text format of Prometheus, together with the probes: a port of 127.0.0.1, or an address and a port. Off by default. Anybody who reaches the address can read the metrics.
    metrics_listen: Option<OwnListen> = "metrics.listen", "";

    /// The collector that traces are sent to, by OTLP/HTTP with JSON. Nothing is traced by default. Spans that the collector does not take in time are dropped.
    traces_endpoint: Option<Collector> = "traces.endpoint", "";
    /// The share of requests that are traced. A trusted proxy decides for its requests with `traceparent`.
    traces_share: Share = "traces.share", "1";

    /// The log format: `text` for people, `json` for machines, `auto` for text on a terminal and JSON otherwise.
    log_format: Format = "log.format", "auto";
    /// The minimum level of log lines.
    log_level: LogLevel = "log.level", "info";
}

impl Config {
    /// The URL that clients know the authority by, once it is known which address it listens on.
    pub(crate) fn issuer_at(&self, address: SocketAddr) -> String {
        self.issuer.as_ref().map_or_else(|| self.url_of(address), |issuer| issuer.0.clone())
    }

    /// Whether clients are asked for certificates anywhere.
    pub(crate) fn asks_for_certificates(&self) -> bool {
        self.tls_client_certificates == AskForCertificates::Optional || self.tls_mtls_listen.is_some()
    }

    /// The URL of an address that it listens on.
    pub(crate) fn url_of(&self, address: SocketAddr) -> String {
        let scheme = if self.tls_certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    /// The URL that clients with certificates come to, if it is another than the issuer, once it is known which addresses it
    /// listens on.
    pub(crate) fn mtls_url_at(&self, address: SocketAddr, mtls_port: Option<u16>) -> Option<String> {
        if let Some(url) = &self.tls_mtls_url {
            return Some(url.0.clone());
        }
        let port = mtls_port?;
        let issuer = self.issuer_at(address);
        let (scheme, rest) = issuer.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // What follows the last colon is a port, unless it stands within the brackets of an IPv6 address.
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => host,
            _ => authority,
        };
        Some(format!("{scheme}://{host}:{port}{path}"))
    }

    /// The port of the mail server.
    pub(crate) fn mail_port(&self) -> u16 {
        self.mail_port.map_or(self.mail_encryption.usual_port(), |port| port.0)
    }

    /// What stands for a key that nobody set and whose default follows from other keys.
    pub(crate) fn derived(&self, key: &str) -> Option<String> {
        match key {
            "issuer" => Some(self.issuer_at(self.listen.0)),
            "access.audience" => Some(self.issuer_at(self.listen.0)),
            "tls.mtls_url" => {
                self.mtls_url_at(self.listen.0, self.tls_mtls_listen.map(|listen| listen.0.port()))
            }
            "database" => Some(format!("sqlite:{}", self.data.join(DataFolder::DATABASE).display())),
            "mail.port" if self.mail_host.is_some() => Some(self.mail_port().to_string()),
            "keys.master_key_file" if self.keys_master_key.is_none() => {
                Some(self.data.join(DataFolder::MASTER_KEY).display().to_string())
            }
            _ => None,
        }
    }

    /// What a key is set to, where its text may hold a password.
    pub(crate) fn without_password(&self, key: &str) -> Option<String> {
        match (key, &self.database.0) {
            ("database", Some(database)) if database.file().is_none() => Some(database.to_string()),
            _ => None,
        }
    }
}

fn parse_next<'a, T: Setting>(
    values: &mut impl Iterator<Item = (&'a Key, &'a Value)>,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let (key, value) = values.next().expect("there is a value for each key");
    match T::parse(&value.text) {
        Ok(parsed) => Some(parsed),
        Err(reason) => {
            let reason = match value.source {
                Source::File { .. } => format!("{}: {reason}", key.name),
                _ => reason,
            };
            problems.push(Problem::new(value.source.clone(), reason));
            None
        }
    }
}

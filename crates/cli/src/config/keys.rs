//! The table of keys: name, type, default and meaning of each, once.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use jeton_authority::client::PkcePolicy;
use jeton_authority::settings::{AccessTyp, DpopNonces, RegistrationPolicy, Settings};
use jeton_oauth::Scope;
use jeton_server::logging::Format;
use jeton_server::tls::AskForCertificates;
use jeton_server::{ForwardingHeader, Limits, Origins, TokenApiOptions, UsernameField};
use jeton_store::DataFolder;

use super::problem::Problem;
use super::setting::{
    AccessAlgorithm, Database, Documents, FieldName, GrantTypes, Issuer, Listen, LogLevel, Networks, Reaches,
    Secret, Setting, Size, Texts, WebUrl,
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
    /// The address to listen on. Port 0 takes any free one.
    listen: Listen = "listen", "127.0.0.1:8000";
    /// The URL that clients and APIs know the authority by: `iss` of its tokens. By default `http://`, or `https://` where it speaks TLS itself, and the address it listens on. Where it has a path, everything is below that.
    issuer: Option<Issuer> = "issuer", "";

    /// The certificate of the server, in PEM, and after it those that lead from it towards a root. With it and `tls.key` the authority speaks https itself, without a proxy. Both files are read again when one of them changes, and on SIGHUP.
    tls_certificate: Option<PathBuf> = "tls.certificate", "";
    /// The private key of the certificate, in PEM and not encrypted.
    tls_key: Option<PathBuf> = "tls.key", "";
    /// Whether clients are asked for a certificate at `listen` (RFC 8705). Browsers then ask their users to choose one: `tls.mtls_listen` spares them that.
    tls_client_certificates: AskForCertificates = "tls.client_certificates", "off";
    /// A second address to listen on, where clients are asked for a certificate. Clients find it in the metadata, as `mtls_endpoint_aliases`.
    tls_mtls_listen: Option<Listen> = "tls.mtls_listen", "";
    /// The URL that clients with certificates come to, as the metadata name it. By default that of the issuer with the port of `tls.mtls_listen`. It is also for a proxy that asks for certificates at a host of its own.
    tls_mtls_url: Option<WebUrl> = "tls.mtls_url", "";
    /// Whom to trust to sign the certificates of clients that authenticate by `tls_client_auth`, in PEM. Without it clients authenticate with certificates that they signed themselves (`self_signed_tls_client_auth`).
    tls_client_roots: Option<PathBuf> = "tls.client_roots", "";

    /// The data folder. It is made, with mode 0700, where it is missing.
    data: PathBuf = "data", "./jeton-data";
    /// The database. By default SQLite in the data folder; `sqlite:FILE` puts the database file elsewhere.
    database: Database = "database", "";
    /// The client that sign-ins by user name and password belong to: `client_id` of the tokens.
    authority.client_id: String = "client_id";

    /// How long an access token is good for.
    authority.access_lifetime: Duration = "access.lifetime";
    /// How many verified access tokens are remembered: where one comes again to be introspected or verified, its signature is not checked again, for ten minutes at most. Whether it was revoked is. 0: none.
    authority.remembered_tokens: usize = "access.remember";
    /// What access tokens are signed with. `EdDSA` is Ed25519 under the name that older verifiers know. HS256, HS384 and HS512 take `access.shared_secret`; any other takes a key of the authority's own, made when there is none. By default what the newest key in the store is for; the first one is for ES256.
    access_algorithm: Option<AccessAlgorithm> = "access.algorithm", "";
    /// What access tokens say in `typ`: `at+jwt` (RFC 9068), or `JWT` for APIs whose library takes nothing else. Such an API has to look at `aud`, or an ID token passes there for an access token.
    authority.access_typ: AccessTyp = "access.typ";
    /// Whom access tokens are for: their `aud`. By default the issuer. With `none` the token API's tokens have no `aud`; those of OAuth clients name the issuer.
    access_audience: Option<AccessAudience> = "access.audience", "";
    /// The secret that HS256, HS384 and HS512 access tokens are signed with, shared with the APIs: at least 32, 48 and 64 bytes.
    access_shared_secret: Option<Secret> = "access.shared_secret", "";
    /// A file that holds the shared secret. One line break at its end does not count.
    access_shared_secret_file: Option<PathBuf> = "access.shared_secret_file", "";

    /// How long a refresh token, or a device's code, may be presented again and get the same answer, and an authorization code be sent again without ending what it gave; `0s` turns that off. Shorter than `access.lifetime`.
    authority.refresh.grace: Duration = "refresh.grace";
    /// How many generations in a row of a refresh token may need an excuse, because a response was lost or not stored, before a spent one counts as a replay. Zero excuses none: beyond the grace each token works once.
    authority.refresh.excuses: u8 = "refresh.excuses";
    /// How long a session lasts without being refreshed.
    authority.idle_lifetime: Duration = "refresh.idle_lifetime";
    /// How long a session lasts however often it is refreshed.
    authority.absolute_lifetime: Duration = "refresh.absolute_lifetime";

    /// How long a browser stays signed in without being used.
    authority.session_idle_lifetime: Duration = "session.idle_lifetime";
    /// How long a browser stays signed in however often it is used.
    authority.session_absolute_lifetime: Duration = "session.absolute_lifetime";
    /// How long an authorization code may be redeemed: ten minutes at most.
    authority.code_lifetime: Duration = "authorization.code_lifetime";
    /// How long a pushed authorization request may wait until its page is opened; then it lives as long as the page. FAPI 2.0 wants less than ten minutes.
    authority.request_lifetime: Duration = "authorization.request_lifetime";
    /// The types of authorization details (RFC 9396) that clients may ask for, each client those that it is registered for: `jeton client add --authorization-details-type`. What their members mean is known to your APIs alone.
    authority.authorization_details_types: Texts = "authorization.details_types";
    /// How long the authorization details of one request may be: 8 KiB at most. Access tokens carry them in a header.
    authority.authorization_details_size: Size = "authorization.details_size";
    /// How long a device waits for its user.
    authority.device_lifetime: Duration = "device.lifetime";
    /// Who may register clients: `closed` leaves it to `jeton client add`; with `open` applications register themselves, with `token` those that bring one of `jeton client registration-token new`. Users are asked before such a client gets anything.
    authority.registration: RegistrationPolicy = "client.registration";
    /// Who may be a client by the URL of its description alone, as agents of the Model Context Protocol are: `closed` is nobody, `open` everybody, and users are asked before such a client gets anything.
    authority.metadata_documents: Documents = "client.metadata_documents";
    /// How many clients a network (an IPv4 /24 or IPv6 /64) may register at once. Raise it where many people work behind one address.
    authority.registration_rate.at_once: u32 = "client.registrations_at_once";
    /// How long such a network waits from then on before it may register another client.
    authority.registration_rate.pause: Duration = "client.registrations_pause";
    /// The resources that clients which registered themselves, or are known by their URL, may ask for tokens for.
    authority.registered_resources: Texts = "client.registration_resources";
    /// The schemes without a dot that redirect URIs of such clients may have: `cursor` for `cursor://…`. Another app on the same device can claim such a scheme too, and gets the answer then; PKCE makes it worthless there.
    authority.registered_redirect_schemes: Texts = "client.redirect_schemes";
    /// The types of authorization details that clients which registered themselves, or are known by their URL, may ask for, out of `authorization.details_types`.
    authority.registered_details_types: Texts = "client.registration_details_types";
    /// The grants that clients may register for.
    authority.registered_grant_types: GrantTypes = "client.registration_grant_types";
    /// What clients that registered themselves may ask for at most.
    authority.registered_scope: Scope = "client.registration_scope";
    /// Whether the codes of clients that register themselves have to be bound by PKCE. `auto`: a client that authenticates may send a `nonce` with the scope `openid` instead; `lenient`: it may leave out both. Clients that do not authenticate, or are known by their URL, always need PKCE.
    authority.registered_pkce: PkcePolicy = "client.registration_pkce";
    /// Whether every DPoP proof must hold a nonce of the authority, so that nobody can make proofs in advance. It costs clients a second request now and then. Where it is `unused`, only a client whose clock is wrong is sent a nonce.
    authority.dpop_nonces: DpopNonces = "dpop.nonces";
    /// Whether the token API is served: sign-in with a user name and a password at `/api/token/`. Where all applications use single sign-on, turn it off, and passwords are typed nowhere but on the authority's own page.
    token_api_enabled: bool = "token_api.enabled", "true";
    /// The origins whose scripts may use the token API, besides the authority's own: those of front ends on other hosts or ports. `*` is every origin, for scripts that send no credentials.
    token_api.origins: Origins = "token_api.origins";
    /// The field in which the token API is sent the username, which its errors name too: what a custom user model of Django's names in `USERNAME_FIELD`.
    token_api.username_field: UsernameField = "token_api.username_field";
    /// Claims of the token API's access tokens, and the user's attributes that they are taken from, such as `is_staff=is_staff`. `email` is the user's address. A user without the attribute gets no such claim.
    authority.token_api_claims: ClaimMappings = "token_api.claims";

    /// The master key that private keys are sealed under: 32 bytes in base64url. Best set as a variable; without it, it is read from `keys.master_key_file`.
    keys_master_key: Option<Secret> = "keys.master_key", "";
    /// The file of the master key. By default `master.key` in the data folder, made at the first start with mode 0600.
    keys_master_key_file: Option<PathBuf> = "keys.master_key_file", "";
    /// How long a new key is published before it signs. Every API has to fetch the key set again within that time: `jeton key rotate` fails no request at APIs that keep the set for less. Libraries keep it for 5 to 20 minutes, some gateways for two hours, and not all of them fetch it again for a key that they do not know.
    authority.publish_wait: Duration = "keys.publish_wait";

    /// How many passwords are hashed at once. 0: as many as there are cores, but no more than fit into half of the memory that the process may use (control group, `ulimit`, machine) at 19 MiB each.
    password_threads: usize = "password.threads", "0";
    /// How many passwords may wait for each of them; beyond that a sign-in is answered 503 with `Retry-After`.
    password_queue: usize = "password.queue", "32";

    /// The proxies whose word about where a request came from is believed.
    proxy_trusted: Networks = "proxy.trusted", "";
    /// The header that the trusted proxies write it in.
    proxy_header: ForwardingHeader = "proxy.header", "x-forwarded-for";
    /// How long a connection of a trusted proxy is kept open between two requests. It has to be longer than the proxy keeps idle connections, so that no request meets a connection that was just closed.
    limits.proxy_keep_alive_time: Duration = "proxy.keep_alive_time";

    /// Where the authority may fetch what clients name (their keys, sectors and descriptions) and tell them of sign-outs, beside public addresses: only for development, and for clients inside one's own network. Plain http is spoken to loopback addresses alone.
    fetch_allow: Reaches = "fetch.allow", "";
    /// Whom to trust, beside those that this system trusts, to sign the certificates of what is fetched from and told of sign-outs, in PEM.
    fetch_roots: Option<PathBuf> = "fetch.roots", "";

    /// The header in which a trusted proxy passes on the certificate of a client (RFC 9440), such as `client-cert`. The proxy has to verify certificates, and to take the header away from what its own clients send.
    proxy_client_certificate_header: Option<FieldName> = "proxy.client_certificate_header", "";

    /// The largest request body.
    limits.body_bytes: Size = "limits.body";
    /// The largest request head, which is the request line and all header fields: 8 KiB at least.
    limits.header_bytes: Size = "limits.header";
    /// How many connections are served at once. Beyond that the one that has been idle longest is closed; where none is idle, further ones wait. Fewer, and the log says so, where the limit of open files (`LimitNOFILE=`) does not hold them and 256 more.
    limits.connections: u32 = "limits.connections";
    /// How many of them one network (IPv4 /24, IPv6 /56) may hold. Those of `proxy.trusted` may hold any number. 0: a quarter of `limits.connections`, but at least 32.
    limits.connections_per_network: u32 = "limits.connections_per_network";
    /// How long a client may take for the handshake of TLS.
    limits.handshake_time: Duration = "limits.handshake_time";
    /// How many handshakes may be under way at once; beyond that the oldest gives way.
    limits.handshakes: u32 = "limits.handshakes";
    /// How long a client may take to send the head of a request.
    limits.header_time: Duration = "limits.header_time";
    /// How long a client may take to send the body of a request.
    limits.body_time: Duration = "limits.body_time";
    /// How long a request may take in all.
    limits.request_time: Duration = "limits.request_time";
    /// How long a connection is kept open between two requests.
    limits.keep_alive_time: Duration = "limits.keep_alive_time";
    /// How long a shutdown waits for the requests that were accepted.
    limits.shutdown_time: Duration = "limits.shutdown_time";

    /// How log lines look: `text` for people, `json` for machines, `auto` for text on a terminal and JSON otherwise.
    log_format: Format = "log.format", "auto";
    /// The least important lines that are still logged.
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

    /// What stands for a key that nobody set and whose default follows from other keys.
    pub(crate) fn derived(&self, key: &str) -> Option<String> {
        match key {
            "issuer" => Some(self.issuer_at(self.listen.0)),
            "access.audience" => Some(self.issuer_at(self.listen.0)),
            "tls.mtls_url" => {
                self.mtls_url_at(self.listen.0, self.tls_mtls_listen.map(|listen| listen.0.port()))
            }
            "database" => Some(format!("sqlite:{}", self.data.join(DataFolder::DATABASE).display())),
            "keys.master_key_file" if self.keys_master_key.is_none() => {
                Some(self.data.join(DataFolder::MASTER_KEY).display().to_string())
            }
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

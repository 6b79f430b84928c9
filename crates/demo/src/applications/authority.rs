//! What an application asks of the authority: its metadata, its keys, tokens.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::response::Parts;
use axum::http::{HeaderName, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use jeton_authority::client::ClientSecret;
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::jwt::{Verified, Verifier};
use jeton_jose::{JwkSet, KeySet, VerifyError};
use jeton_oauth::Parameters;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::trouble::Trouble;
use crate::clock;

/// The header of proofs (RFC 9449 §4).
const DPOP: HeaderName = HeaderName::from_static("dpop");
/// How long the authority may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer of the authority (bytes).
const LARGEST: usize = 256 << 10;

/// The authority as a client sees it.
pub(super) struct Authority {
    issuer: String,
    /// Where it listens. The issuer may be the address of a proxy before it.
    address: SocketAddr,
    client_id: &'static str,
    secret: Option<ClientSecret>,
    /// What proves that the application has the key that its tokens are bound to (RFC 9449); none where they are not bound.
    prover: Option<Prover>,
    metadata: OnceCell<Metadata>,
    keys: Mutex<Option<KeySet>>,
}

/// What the application needs of the authority's metadata (OpenID Connect Discovery §3).
#[derive(Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) end_session_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
}

/// What the token endpoint answers.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
    pub(super) id_token: String,
    pub(super) expires_in: u64,
}

/// What the application reads of userinfo.
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    name: Option<String>,
    preferred_username: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl Authority {
    pub(super) fn new(
        issuer: String,
        address: SocketAddr,
        client_id: &'static str,
        secret: Option<ClientSecret>,
        prover: Option<Prover>,
    ) -> Self {
        Self { issuer, address, client_id, secret, prover, metadata: OnceCell::new(), keys: Mutex::new(None) }
    }

    /// Who issues the tokens.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who the application is to it.
    pub(super) fn client_id(&self) -> &'static str {
        self.client_id
    }

    /// What it says of itself; asked once.
    pub(super) async fn metadata(&self) -> Result<&Metadata, Trouble> {
        let fetch = async || {
            let url = format!("{}/.well-known/openid-configuration", self.issuer);
            let metadata: Metadata = self.get(&url).await?;
            if metadata.issuer == self.issuer {
                Ok(metadata)
            } else {
                // Whoever is asked has to be who was meant (OpenID Connect Discovery §4.3).
                Err(Trouble::Authority("its metadata names another issuer".to_owned()))
            }
        };
        self.metadata.get_or_try_init(fetch).await
    }

    /// Exchanges something for tokens.
    pub(super) async fn tokens(&self, grant: &[(&str, &str)]) -> Result<Tokens, Trouble> {
        let mut form = grant.to_vec();
        form.push(("client_id", self.client_id));
        if let Some(secret) = &self.secret {
            form.push(("client_secret", secret.expose()));
        }
        let form: Parameters = form.into_iter().collect();
        let endpoint = &self.metadata().await?.token_endpoint;
        let mut request =
            Request::post(endpoint).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(prover) = &self.prover {
            request = request.header(DPOP, prove(prover, &Proved::new("POST", endpoint))?);
        }
        let request = request.body(Full::from(form.to_query()));
        let (Parts { status, .. }, body) = self.ask(request.map_err(unusable)?).await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(unusable);
        }
        let refusal: Refusal = serde_json::from_slice(&body).map_err(unusable)?;
        Err(Trouble::Refused { error: refusal.error, description: refusal.error_description })
    }

    /// What the user with this subject is called, of whom the tokens tell.
    pub(super) async fn name_of(&self, tokens: &Tokens, sub: &str) -> Result<String, Trouble> {
        let (Parts { status, .. }, body) = self.userinfo(&tokens.access_token, self.prover.as_ref()).await?;
        if !status.is_success() {
            return Err(Trouble::Authority(format!("userinfo is answered {status}")));
        }
        let user: UserInfo = serde_json::from_slice(&body).map_err(unusable)?;
        // It has to be about the same user as the ID token (OpenID Connect Core §5.3.2).
        if user.sub != sub {
            return Err(Trouble::NotBegun("userinfo is about another user"));
        }
        Ok(user.name.or(user.preferred_username).unwrap_or(user.sub))
    }

    /// What somebody gets who has an access token; with the key of `prover`, or with nothing but the token.
    pub(super) async fn userinfo(
        &self,
        access_token: &str,
        prover: Option<&Prover>,
    ) -> Result<(Parts, Bytes), Trouble> {
        let endpoint = &self.metadata().await?.userinfo_endpoint;
        let mut request = Request::get(endpoint);
        request = match prover {
            None => request.header(header::AUTHORIZATION, format!("Bearer {access_token}")),
            Some(prover) => {
                let proved = Proved::new("GET", endpoint).access_token(access_token);
                request
                    .header(header::AUTHORIZATION, format!("DPoP {access_token}"))
                    .header(DPOP, prove(prover, &proved)?)
            }
        };
        self.ask(request.body(Full::default()).map_err(unusable)?).await
    }

    /// Verifies a token that the authority signed; with keys fetched anew where the known ones do not do.
    pub(super) async fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        verifier: impl Fn(KeySet) -> Verifier,
    ) -> Result<Verified<C>, Trouble> {
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(keys) = known {
            match verifier(keys).verify(token, clock::now()) {
                Err(VerifyError::KeyNotFound { .. } | VerifyError::AlgorithmNotAllowed { .. }) => {}
                outcome => return Ok(outcome?),
            }
        }
        let set: serde_json::Value = self.get(&self.metadata().await?.jwks_uri).await?;
        let set = JwkSet::parse(set.to_string().as_bytes()).map_err(unusable)?;
        let keys = KeySet::from_jwk_set(&set).map_err(unusable)?;
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
        Ok(verifier(keys).verify(token, clock::now())?)
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, Trouble> {
        let request = Request::builder().method(Method::GET).uri(url).body(Full::default());
        let (Parts { status, .. }, body) = self.ask(request.map_err(unusable)?).await?;
        if !status.is_success() {
            return Err(Trouble::Authority(format!("{url} is answered {status}")));
        }
        serde_json::from_slice(&body).map_err(unusable)
    }

    /// One request on a connection of its own.
    async fn ask(&self, mut request: Request<Full<Bytes>>) -> Result<(Parts, Bytes), Trouble> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        *request.uri_mut() = Uri::try_from(target).map_err(unusable)?;
        request.headers_mut().insert(header::HOST, host.parse().map_err(unusable)?);
        let exchange = async {
            let stream = TcpStream::connect(self.address).await.map_err(unusable)?;
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(unusable)?;
            let connection = tokio::spawn(connection);
            let response = sender.send_request(request).await.map_err(unusable)?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LARGEST).collect().await;
            connection.abort();
            body.map(|body| (parts, body.to_bytes())).map_err(|error| Trouble::Authority(error.to_string()))
        };
        timeout(PATIENCE, exchange).await.map_err(unusable)?
    }
}

fn prove(prover: &Prover, request: &Proved<'_>) -> Result<String, Trouble> {
    prover.prove(request, clock::now()).map_err(unusable)
}

fn unusable(error: impl std::error::Error) -> Trouble {
    Trouble::Authority(error.to_string())
}

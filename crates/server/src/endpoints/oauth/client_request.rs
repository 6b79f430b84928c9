//! A client's request to an endpoint that requires client authentication.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use http::header;
use http::request::Parts;
use jeton_authority::SenderConstraint;
use jeton_authority::client::Client;
use jeton_authority::client_auth::{ClientCertificate, Credentials, Presented};
use jeton_authority::{OAuthError, PresentedProof};
use jeton_oauth::{ErrorCode, Parameters};

use super::dpop;
use crate::app::App;
use crate::error::ApiError;
use crate::request::{RequestContext, form};
use crate::urls;

/// A request from an authenticated client.
pub(super) struct ClientRequest {
    pub(super) client: Arc<Client>,
    pub(super) parameters: Parameters,
    /// What the client proved possession of in addition.
    pub(super) constraint: SenderConstraint,
}

impl ClientRequest {
    /// Reads a request to the endpoint at `path` and authenticates the client. Parameters in the URL are ignored,
    /// because URLs end up in logs (RFC 6749 §2.3.1).
    pub(super) async fn read(
        app: &App,
        path: &str,
        context: &RequestContext,
        request: Request,
    ) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        Self::of(app, path, context, &parts, body).await
    }

    /// Like [`ClientRequest::read`], with an optional DPoP proof for binding. The proof is used up only after the
    /// client has been authenticated.
    pub(super) async fn read_with_proof(
        app: &App,
        path: &str,
        context: &RequestContext,
        request: Request,
    ) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let proof = dpop::proof(&parts.headers)?;
        let mut read = Self::of(app, path, context, &parts, body).await?;
        if let Some(proof) = proof {
            let uris = app.urls_of(path);
            let uris: Vec<_> = uris.iter().map(String::as_str).collect();
            let presented = PresentedProof {
                proof,
                method: parts.method.as_str(),
                uris: &uris,
                access_token: None,
                profile: read.client.policy.profile,
            };
            let (client, network) = (&read.client, context.network());
            let jkt = app.authority.proofs().redeem(presented, client, network, app.clock.now()).await?;
            read.constraint.jkt = Some(jkt);
        }
        Ok(read)
    }

    async fn of(
        app: &App,
        path: &str,
        context: &RequestContext,
        parts: &Parts,
        body: Body,
    ) -> Result<Self, ApiError> {
        let parameters = form::of_body(parts, body, &app.limits).await?;
        if parts.headers.contains_key(header::AUTHORIZATION) {
            context.uses_authorization();
        }
        let credentials = Credentials::read(basic(&parts.headers)?, &parameters);
        if let Some(client) = credentials.client() {
            context.names_client(client);
        }
        let endpoints = match parameters.get("client_assertion") {
            Some(_) => [app.urls_of(path), app.urls_of(urls::path::TOKEN)].concat(),
            None => vec![],
        };
        let endpoints: Vec<_> = endpoints.iter().map(String::as_str).collect();
        let certificate = parts.extensions.get::<ClientCertificate>();
        let network = context.network();
        let presented = Presented { credentials: &credentials, endpoints: &endpoints, certificate, network };
        let client = app.authority.client_auth().authenticate(presented, app.clock.now()).await?;
        let mut constraint = SenderConstraint::default();
        // A certificate is often there for reasons of the network; tokens are bound to it where the client says so.
        if client.metadata.tls_client_certificate_bound_access_tokens == Some(true) {
            constraint.x5t_s256 = certificate.map(|certificate| certificate.thumbprint().into());
        }
        Ok(Self { client, parameters, constraint })
    }

    /// The value of a required parameter.
    pub(super) fn required(&self, name: &str, missing: &'static str) -> Result<&str, ApiError> {
        let missing = OAuthError::refused(ErrorCode::InvalidRequest, missing);
        self.parameters.get(name).ok_or(ApiError::OAuth(missing))
    }
}

/// The credentials of `Authorization: Basic`.
fn basic(headers: &http::HeaderMap) -> Result<Option<&str>, ApiError> {
    let refused =
        || OAuthError::refused(ErrorCode::InvalidRequest, "the Authorization header cannot be read");
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused().into());
    }
    let text = value.to_str().map_err(|_| refused())?;
    match text.split_once(' ') {
        Some((scheme, credentials)) if scheme.eq_ignore_ascii_case("basic") => Ok(Some(credentials)),
        _ => Err(OAuthError::refused(
            ErrorCode::InvalidClient,
            "the Authorization header is not of the scheme Basic",
        )
        .into()),
    }
}

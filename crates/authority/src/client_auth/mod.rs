//! How clients prove who they are at the token endpoint, a file per method or family of them (RFC 6749 §2.3, OpenID Connect
//! Core §9).

mod assertion;
mod certificate;
mod client_secret;
mod credentials;

pub use certificate::ClientCertificate;
pub use credentials::Credentials;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jeton_jose::Timestamp;
use jeton_jose::x509::TrustRoots;
use jeton_oauth::ErrorCode;
use jeton_oauth::client::{ClientId, TokenEndpointAuthMethod};

use crate::Network;
use crate::audit::{Actor, AuditEvent, AuditRecord, AuditSubject};
use crate::client::Client;
use crate::client_directory::ClientDirectory;
use crate::oauth_error::OAuthError;
use crate::ports::CertificatesSeen;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::store::Store;
use crate::throttle::{Known, Rates};
use crate::used_up::UsedUp;
use credentials::Header;

/// One text for every client that is not who it says, so that nobody learns which clients there are.
const NOT_AUTHENTICATED: Refusal = Refusal::new(ErrorCode::InvalidClient, "client authentication failed");

/// Why, as the log says it.
const UNKNOWN: &str = "unknown client";

/// What a client presents to prove who it is.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// What the request says of who asks.
    pub credentials: &'a Credentials<'a>,
    /// The URLs of the endpoint and of the token endpoint, which an assertion may name as its audience beside the issuer. Only looked at
    /// where there is an assertion.
    pub endpoints: &'a [&'a str],
    /// The certificate that it proved to hold.
    pub certificate: Option<&'a ClientCertificate>,
    /// Where the request came from.
    pub network: Network,
}

/// Finds out which client asks.
pub struct ClientAuth {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) clients: Arc<ClientDirectory>,
    pub(crate) used_up: Arc<UsedUp>,
    pub(crate) certificates: CertificatesSeen,
    pub(crate) roots: ArcSwapOption<TrustRoots>,
}

impl ClientAuth {
    /// What can be known of clients' certificates.
    pub fn certificates_seen(&self) -> CertificatesSeen {
        self.certificates
    }

    /// Trusts these roots, and none before, to sign certificates of clients whose TLS ends here. Setting `tls.client_roots`.
    pub fn trust_roots(&self, roots: TrustRoots) {
        self.roots.store(Some(Arc::new(roots)));
    }

    /// Finds out which client asks. It has to use the method that it is registered with, and only that one. Wrong secrets are
    /// counted by client and network, whether there is such a client or not.
    ///
    /// # Errors
    /// `invalid_client`, without saying what of it was wrong; `invalid_request` where more than one method is used;
    /// [`OAuthError::Throttled`] where this network guesses.
    pub async fn authenticate(
        &self,
        presented: Presented<'_>,
        now: Timestamp,
    ) -> Result<Arc<Client>, OAuthError> {
        let Some(named) = presented.credentials.client_with_secret() else {
            return self.client_that_asks(presented, now).await;
        };
        let (failures, network) = (&self.rates.client_failures, presented.network);
        let known = match failures.check(named, network, now) {
            Ok(known) => known,
            Err(throttled) => {
                self.record_throttled_client(named, network, now).await;
                return Err(throttled.into());
            }
        };
        let outcome = self.client_that_asks(presented, now).await;
        match &outcome {
            Ok(_) if known == Known::Yes => {}
            Ok(_) => failures.succeeded(named, network, now),
            Err(OAuthError::Refused(refusal)) if refusal.code == ErrorCode::InvalidClient => {
                failures.failed(named, network, now);
            }
            Err(_) => {}
        }
        outcome
    }

    /// Records that a network guesses the secret of a client, unless it had that recorded a while ago.
    async fn record_throttled_client(&self, named: &str, network: Network, now: Timestamp) {
        // Names that somebody made up are no clients.
        let Ok(id) = ClientId::parse(named) else { return };
        if !self.clients.stored(&id).await.is_ok_and(|client| client.is_some())
            || !self.rates.may_record_throttling(network, now)
        {
            return;
        }
        let subject = AuditSubject::client(id.as_str());
        let (event, by) = (AuditEvent::ClientThrottled, Actor::Authority);
        let record = AuditRecord::asked_from(network, event, by, subject, now);
        // The request is refused either way, so a store that cannot write changes nothing for it.
        let _ = self.store.record_audit(record).await;
    }

    async fn client_that_asks(
        &self,
        presented: Presented<'_>,
        now: Timestamp,
    ) -> Result<Arc<Client>, OAuthError> {
        let Credentials { header, parameters, .. } = presented.credentials;
        let assertion = parameters.get("client_assertion");
        let secret = parameters.get("client_secret");
        let ways = [!matches!(header, Header::Absent), assertion.is_some(), secret.is_some()];
        if ways.into_iter().filter(|used| *used).count() > 1 {
            return Err(OAuthError::refused(
                ErrorCode::InvalidRequest,
                "more than one authentication method was used",
            ));
        }
        let named = parameters.get("client_id");
        if let Header::Unreadable = header {
            return Err(NOT_AUTHENTICATED.because("the Authorization header cannot be read").into());
        }
        if let Header::Read(basic) = header {
            if named.is_some_and(|named| named != basic.id.as_str()) {
                return Err(NOT_AUTHENTICATED
                    .because("client_id names another client than the header")
                    .into());
            }
            let client = self.client_for_authentication(&basic.id, presented.network).await?;
            // Some libraries always send the header; an empty secret in it is none (RFC 6749 §2.3.1).
            if client.is_public() && basic.is_without_secret() {
                return Ok(client);
            }
            let secrets = basic.secrets.each_ref().map(|secret| secret.as_str());
            client_secret::check(&client, TokenEndpointAuthMethod::ClientSecretBasic, &secrets)?;
            return Ok(client);
        }
        if let Some(assertion) = assertion {
            return self.client_of_assertion(presented, assertion, now).await;
        }
        let missing = Refusal::new(ErrorCode::InvalidClient, "the client is not identified");
        let id = ClientId::parse(named.ok_or(missing)?).map_err(|_| NOT_AUTHENTICATED.because(UNKNOWN))?;
        let client = self.client_for_authentication(&id, presented.network).await?;
        match secret {
            Some(secret) => {
                client_secret::check(&client, TokenEndpointAuthMethod::ClientSecretPost, &[secret])?
            }
            None if client.is_public() => {}
            None => self.check_certificate(&client, presented.certificate, presented.network, now).await?,
        }
        Ok(client)
    }

    async fn check_certificate(
        &self,
        client: &Client,
        certificate: Option<&ClientCertificate>,
        network: Network,
        now: Timestamp,
    ) -> Result<(), OAuthError> {
        let certificate = certificate
            .ok_or_else(|| NOT_AUTHENTICATED.because("neither a secret nor a certificate was presented"))?;
        let good = match client.metadata.auth_method() {
            TokenEndpointAuthMethod::TlsClientAuth => {
                certificate.is_named_by(&client.metadata)
                    && certificate.is_vouched_for(self.roots.load().as_deref(), now)
            }
            TokenEndpointAuthMethod::SelfSignedTlsClientAuth => {
                certificate.is_of(&self.clients.keys_of(client, None, Some(network)).await?)
            }
            _ => false,
        };
        if good {
            Ok(())
        } else {
            Err(NOT_AUTHENTICATED
                .because("the certificate is not the client's, or its method is another")
                .into())
        }
    }

    async fn client_for_authentication(
        &self,
        id: &ClientId,
        network: Network,
    ) -> Result<Arc<Client>, OAuthError> {
        match self.clients.find_asked_from(id, Some(network)).await? {
            None => Err(NOT_AUTHENTICATED.because(UNKNOWN).into()),
            Some(client) if client.policy.disabled => {
                Err(NOT_AUTHENTICATED.because("the client is disabled").into())
            }
            Some(client) => Ok(client),
        }
    }
}

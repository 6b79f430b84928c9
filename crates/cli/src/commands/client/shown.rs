//! A client as it is shown. Its secret is not, but once.

use jeton_authority::client::{
    Client, ClientPolicy, ClientSecret, ClientSource, ConsentPolicy, ExchangeActor, IdTokenClaims,
    IntrospectionPolicy, PkcePolicy, SecondFactorPolicy,
};
use jeton_oauth::authorization::GrantType;
use jeton_oauth::client::{ClientMetadata, Written};
use serde::Serialize;

use crate::{output, words};

/// A client as it is shown: the members of RFC 7591 §3.2.1, and what the operator decided.
#[derive(Serialize)]
pub(super) struct Shown {
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(flatten)]
    metadata: ClientMetadata,
    policy: ClientPolicy,
    status: &'static str,
    created_at: String,
}

impl Shown {
    pub(super) fn of(client: &Client) -> Self {
        let mut metadata = client.metadata.clone();
        // What holds by default is part of what a client is.
        metadata.token_endpoint_auth_method.get_or_insert(client.metadata.auth_method());
        metadata.grant_types.get_or_insert_with(|| vec![GrantType::AuthorizationCode]);
        metadata.scope.get_or_insert_with(|| client.scope().clone());
        metadata.id_token_signed_response_alg.get_or_insert_with(|| Written::of(client.id_token_algorithm()));
        Self {
            client_id: client.id.to_string(),
            client_secret: None,
            metadata,
            policy: client.policy.clone(),
            status: if client.policy.disabled { "disabled" } else { "active" },
            created_at: words::date(client.created_at),
        }
    }

    pub(super) fn with_secret(mut self, secret: Option<&ClientSecret>) -> Self {
        self.client_secret = secret.map(|secret| secret.expose().to_owned());
        self
    }

    /// The cells of a table.
    pub(super) fn row(&self) -> [String; 5] {
        [
            self.client_id.clone(),
            self.metadata.client_name.as_deref().map_or("–".to_owned(), output::printable),
            self.status.to_owned(),
            self.metadata.auth_method().to_string(),
            self.created_at.clone(),
        ]
    }

    /// Everything, a line each; what comes several times below one another.
    pub(super) fn lines(&self) -> String {
        let metadata = &self.metadata;
        let one = |text: Option<&str>| text.map(output::printable).into_iter().collect::<Vec<_>>();
        let uris = |uris: &[jeton_oauth::RedirectUri]| uris.iter().map(ToString::to_string).collect();
        let grant_types = metadata.grant_types.iter().flatten().map(ToString::to_string).collect();
        let claims = self.policy.claims.iter();
        let claims = claims.map(|(claim, attribute)| output::printable(&format!("{claim}={attribute}")));
        let consent = match self.policy.consent {
            ConsentPolicy::Implied => "implied",
            ConsentPolicy::Asked => "asked",
        };
        let second_factor = match self.policy.second_factor {
            SecondFactorPolicy::IfSetUp => "of users who have one",
            SecondFactorPolicy::Required => "required",
        };
        let pkce = match self.policy.pkce.applied_to(metadata) {
            PkcePolicy::Required => "required",
            PkcePolicy::Auto => "required, or a nonce with the scope openid",
            PkcePolicy::Lenient => "lenient",
        };
        let said = match self.policy.id_token_claims {
            IdTokenClaims::Requested => "only individually requested ones",
            IdTokenClaims::Scopes => "those of the granted scopes",
        };
        let introspects = match self.policy.introspection {
            IntrospectionPolicy::Own => None,
            IntrospectionPolicy::All => Some("every token"),
        };
        let source = match self.policy.source {
            ClientSource::Operator => "added by the operator",
            ClientSource::Registered => "self-registered",
            ClientSource::MetadataDocument => "client metadata document",
        };
        let wanted = |all: [(Option<bool>, &str); 2]| {
            let wanted = all.into_iter().filter(|(wanted, _)| *wanted == Some(true));
            wanted.map(|(_, text)| text.to_owned()).collect::<Vec<_>>()
        };
        let requests = wanted([
            (metadata.require_pushed_authorization_requests, "must be pushed"),
            (metadata.require_signed_request_object, "must be signed"),
        ]);
        let bound_to = wanted([
            (metadata.dpop_bound_access_tokens, "DPoP key"),
            (metadata.tls_client_certificate_bound_access_tokens, "client certificate"),
        ]);
        let keys = match (&metadata.jwks, &metadata.jwks_uri) {
            (Some(_), _) => Some("registered"),
            (None, uri) => uri.as_deref(),
        };
        let exchange = &self.policy.exchange;
        let plain = |all: &[String]| all.iter().map(|text| output::printable(text)).collect::<Vec<_>>();
        let acting = match exchange.actor {
            _ if exchange.is_off() => None,
            ExchangeActor::Client => Some("the client"),
            ExchangeActor::Nobody => Some("none"),
        };
        let issuers = self.policy.trusted_issuers.iter();
        let issuers = issuers.map(|one| output::printable(&format!("{} ({})", one.issuer, one.user_claim())));
        let sections: [(&str, Vec<String>); 30] = [
            ("id", vec![self.client_id.clone()]),
            ("name", one(metadata.client_name.as_deref())),
            ("status", vec![self.status.to_owned()]),
            ("authentication", vec![metadata.auth_method().to_string()]),
            ("keys", one(keys)),
            ("grant types", grant_types),
            ("redirect URIs", uris(&metadata.redirect_uris)),
            ("post-logout URIs", uris(&metadata.post_logout_redirect_uris)),
            ("logout URI", one(metadata.backchannel_logout_uri.as_deref())),
            ("scope", one(metadata.scope.as_ref().map(jeton_oauth::Scope::as_str))),
            (
                "details types",
                metadata.authorization_details_types.iter().map(|kind| output::printable(kind)).collect(),
            ),
            ("resources", self.policy.resources.iter().map(|uri| output::printable(uri)).collect()),
            ("introspects", one(introspects)),
            ("status list", one(self.policy.status_list.then_some("access tokens have a place"))),
            ("exchanges for", plain(&exchange.targets)),
            ("accepts audience", plain(&exchange.accepts)),
            ("acting", one(acting)),
            ("trusted issuers", issuers.collect()),
            ("claims", claims.collect()),
            ("consent", vec![consent.to_owned()]),
            ("second factor", vec![second_factor.to_owned()]),
            ("PKCE", vec![pkce.to_owned()]),
            ("requests", requests),
            ("tokens bound to", bound_to),
            ("profile", one(self.policy.profile.map(|profile| profile.as_str()))),
            ("ID token alg", one(metadata.id_token_signed_response_alg.as_ref().map(Written::as_str))),
            ("ID token claims", one(Some(said))),
            ("subjects", one(metadata.subject_type.map(|it| it.as_str()))),
            ("source", vec![source.to_owned()]),
            ("created", vec![self.created_at.clone()]),
        ];
        let mut lines = Vec::new();
        for (name, values) in sections {
            for (position, value) in values.iter().enumerate() {
                lines.push(format!("{:<18} {value}", if position == 0 { name } else { "" }));
            }
        }
        lines.join("\n")
    }
}

//! Which members a description of the operator's may have. Clients that register themselves may send what they like
//! (RFC 7591 §2); the operator is told of what would be ignored.

use jeton_oauth::client::ClientMetadata;
use serde_json::{Map, Value};

use super::{DescriptionError, MembersOf};

/// Refuses members of a policy that nothing reads.
pub(super) fn check_policy(members: &Map<String, Value>) -> Result<(), DescriptionError> {
    check(members, "", &POLICY)?;
    if let Some(Value::Object(exchange)) = members.get("exchange") {
        check(exchange, "exchange.", &EXCHANGE)?;
    }
    let issuers = members.get("trusted_issuers").and_then(Value::as_array).into_iter().flatten();
    issuers.filter_map(Value::as_object).try_for_each(|one| check(one, "trusted_issuers.", &TRUSTED_ISSUER))
}

/// Refuses members of a client's description that nothing reads.
pub(super) fn check_metadata(metadata: &ClientMetadata) -> Result<(), DescriptionError> {
    // What the standards name has been read, and is not here any more.
    let is_translation =
        |name: &str| name.split_once('#').is_some_and(|(whose, _)| METADATA.contains(&whose));
    match metadata.translations.keys().find(|name| !is_translation(name)) {
        Some(unknown) => Err(DescriptionError::UnknownMember {
            of: MembersOf::Metadata,
            within: "",
            name: unknown.as_str().into(),
            known: &METADATA,
        }),
        None => Ok(()),
    }
}

fn check(
    members: &Map<String, Value>,
    within: &'static str,
    known: &'static [&'static str],
) -> Result<(), DescriptionError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(DescriptionError::UnknownMember {
            of: MembersOf::Policy,
            within,
            name: unknown.as_str().into(),
            known,
        }),
        None => Ok(()),
    }
}

static POLICY: [&str; 13] = [
    "consent",
    "pkce",
    "second_factor",
    "profile",
    "resources",
    "claims",
    "id_token_claims",
    "introspection",
    "exchange",
    "trusted_issuers",
    "status_list",
    "source",
    "disabled",
];
static EXCHANGE: [&str; 3] = ["targets", "accepts", "actor"];
static TRUSTED_ISSUER: [&str; 3] = ["issuer", "jwks", "claim"];
static METADATA: [&str; 48] = [
    "redirect_uris",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "grant_types",
    "response_types",
    "application_type",
    "client_name",
    "client_uri",
    "logo_uri",
    "tos_uri",
    "policy_uri",
    "contacts",
    "scope",
    "jwks",
    "jwks_uri",
    "software_id",
    "software_version",
    "subject_type",
    "sector_identifier_uri",
    "id_token_signed_response_alg",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_signing_alg",
    "authorization_signed_response_alg",
    "authorization_encrypted_response_alg",
    "authorization_encrypted_response_enc",
    "introspection_signed_response_alg",
    "default_max_age",
    "require_auth_time",
    "default_acr_values",
    "initiate_login_uri",
    "request_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "dpop_bound_access_tokens",
    "tls_client_certificate_bound_access_tokens",
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
    "authorization_details_types",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::{
        ClientPolicy, ClientSource, ConsentPolicy, ExchangeActor, ExchangePolicy, IdTokenClaims,
        IntrospectionPolicy, PkcePolicy, SecondFactorPolicy, SecurityProfile, TrustedIssuer,
    };

    #[test]
    fn every_member_of_a_policy_is_known() {
        let whole = ClientPolicy {
            consent: ConsentPolicy::Asked,
            pkce: PkcePolicy::Lenient,
            second_factor: SecondFactorPolicy::Required,
            profile: Some(SecurityProfile::Fapi2),
            resources: vec!["https://api.example".to_owned()],
            claims: [("a".to_owned(), "b".to_owned())].into(),
            id_token_claims: IdTokenClaims::Scopes,
            introspection: IntrospectionPolicy::All,
            exchange: ExchangePolicy {
                targets: vec!["x".to_owned()],
                accepts: vec!["y".to_owned()],
                actor: ExchangeActor::Nobody,
            },
            trusted_issuers: vec![TrustedIssuer {
                issuer: "https://issuer.example".to_owned(),
                jwks: json!({"keys": [], "what": "ever"}),
                claim: Some("email".to_owned()),
            }],
            status_list: true,
            source: ClientSource::Operator,
            disabled: true,
        };
        let whole = serde_json::to_value(whole).expect("JSON");
        let members = whole.as_object().expect("an object");
        assert_eq!(check_policy(members), Ok(()));
        assert_eq!(members.len(), POLICY.len());
        assert_eq!(members["exchange"].as_object().map(Map::len), Some(EXCHANGE.len()));
        assert_eq!(members["trusted_issuers"][0].as_object().map(Map::len), Some(TRUSTED_ISSUER.len()));
    }

    #[test]
    fn every_member_of_a_description_that_is_suggested_is_read() {
        for name in METADATA {
            // It is read, or refused for what it holds here.
            let read = serde_json::from_value::<ClientMetadata>(json!({name: "x"}));
            assert!(read.map_or(true, |read| read.translations.is_empty()), "{name}");
        }
    }
}

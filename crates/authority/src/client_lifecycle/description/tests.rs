use serde_json::json;

use super::*;

fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).expect("a URI")
}

fn members(value: Value) -> Option<Map<String, Value>> {
    value.as_object().cloned()
}

fn web() -> ClientDescription {
    ClientDescription {
        redirect_uris: vec![uri("https://shop.example/callback")],
        ..ClientDescription::default()
    }
}

#[test]
fn a_new_client_signs_people_in_where_it_has_a_place_to_send_them_back_to_and_asks_for_itself_otherwise() {
    let grants =
        |description: &ClientDescription| description.of_new_client().expect("a client").0.grant_types;
    let people = Some(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]);
    assert_eq!(grants(&web()), people);
    assert_eq!(grants(&ClientDescription::default()), Some(vec![GrantType::ClientCredentials]));
    let public = ClientDescription {
        auth_method: Some(TokenEndpointAuthMethod::None),
        ..ClientDescription::default()
    };
    assert_eq!(grants(&public), people, "it cannot ask for itself");
}

#[test]
fn a_profile_asks_for_keys_pushed_requests_bound_tokens_and_pkce_whoever_names_it() {
    let held = ClientDescription { profile: Some(ProfileChange::HeldTo(SecurityProfile::Fapi2)), ..web() };
    let (metadata, policy) = held.of_new_client().expect("a client");
    assert_eq!(metadata.token_endpoint_auth_method, Some(TokenEndpointAuthMethod::PrivateKeyJwt));
    assert_eq!(metadata.require_pushed_authorization_requests, Some(true));
    assert_eq!(metadata.dpop_bound_access_tokens, Some(true));
    assert_eq!(metadata.id_token_signed_response_alg, Some(Written::of(Algorithm::ES256)));
    let expected = (Some(SecurityProfile::Fapi2), PkcePolicy::Required, IdTokenClaims::Requested);
    assert_eq!((policy.profile, policy.pkce, policy.id_token_claims), expected);

    let named = ClientDescription { policy: members(json!({"profile": "fapi2"})), ..web() };
    let (metadata, policy) = named.of_new_client().expect("a client");
    assert_eq!((policy.profile, policy.id_token_claims), (expected.0, expected.2));
    assert_eq!(metadata.id_token_signed_response_alg, Some(Written::of(Algorithm::ES256)));

    let (mut metadata, mut policy) = held.of_new_client().expect("a client");
    let released =
        ClientDescription { profile: Some(ProfileChange::Released), ..ClientDescription::default() };
    released.change(&mut metadata, &mut policy).expect("a change");
    assert_eq!((policy.profile, policy.pkce), (None, PkcePolicy::Required), "what it made stays");
}

#[test]
fn what_is_said_beside_the_members_counts_more_and_what_is_not_said_stays() {
    let first = ClientDescription {
        metadata: members(json!({"client_name": "of the members", "client_uri": "https://shop.example"})),
        policy: members(json!({"pkce": "required", "resources": ["https://api.example"]})),
        name: Some("Shop".to_owned()),
        pkce: Some(PkcePolicy::Lenient),
        ..web()
    };
    let (mut metadata, mut policy) = first.of_new_client().expect("a client");
    assert_eq!((metadata.client_name.as_deref(), policy.pkce), (Some("Shop"), PkcePolicy::Lenient));
    let before = (metadata.clone(), policy.clone());
    ClientDescription::default().change(&mut metadata, &mut policy).expect("a change of nothing");
    assert_eq!((&metadata, &policy), (&before.0, &before.1));
    let second = ClientDescription {
        redirect_uris: vec![uri("https://other.example/")],
        ..ClientDescription::default()
    };
    second.change(&mut metadata, &mut policy).expect("a change");
    assert_eq!(metadata.redirect_uris, [uri("https://other.example/")]);
    assert_eq!(metadata.client_uri.as_deref(), Some("https://shop.example"));
    assert_eq!(policy, before.1);
}

#[test]
fn nobody_decides_how_a_client_came_to_be_known() {
    let description = ClientDescription { policy: members(json!({"source": "registered"})), ..web() };
    let (_, policy) = description.of_new_client().expect("a client");
    assert_eq!(policy.source, crate::client::ClientSource::Operator);
}

#[test]
fn keys_take_the_place_of_the_address_of_keys() {
    let by_address =
        ClientDescription { metadata: members(json!({"jwks_uri": "https://a.example/"})), ..web() };
    let (mut metadata, mut policy) = by_address.of_new_client().expect("a client");
    let keys = ClientDescription { jwks: Some(json!({"keys": []})), ..ClientDescription::default() };
    keys.change(&mut metadata, &mut policy).expect("a change");
    assert_eq!((metadata.jwks, metadata.jwks_uri), (Some(json!({"keys": []})), None));
}

#[test]
fn a_member_that_nothing_reads_or_that_cannot_be_read_is_refused() {
    let refused =
        |description: ClientDescription| description.of_new_client().map(drop).expect_err("a mistake");
    let policy = refused(ClientDescription { policy: members(json!({"consnt": "asked"})), ..web() });
    assert!(matches!(policy, DescriptionError::UnknownMember { of: MembersOf::Policy, .. }), "{policy}");
    let policy = refused(ClientDescription { policy: members(json!({"consent": 1})), ..web() });
    assert!(matches!(policy, DescriptionError::Unreadable { of: MembersOf::Policy, .. }), "{policy}");
    let metadata = refused(ClientDescription { metadata: members(json!({"redirect_uri": []})), ..web() });
    assert!(
        matches!(metadata, DescriptionError::UnknownMember { of: MembersOf::Metadata, .. }),
        "{metadata}"
    );
}

#[test]
fn a_name_from_before_the_rule_stays_until_it_is_changed() {
    let hidden = "a\u{200e}b";
    let refused = ClientDescription { name: Some(hidden.to_owned()), ..web() }.of_new_client();
    assert!(matches!(refused, Err(DescriptionError::Name(_))));
    let mut metadata = ClientMetadata { client_name: Some(hidden.to_owned()), ..ClientMetadata::default() };
    web().change(&mut metadata, &mut ClientPolicy::default()).expect("a change of something else");
    assert_eq!(metadata.client_name.as_deref(), Some(hidden));
}

//! The stages of an authorization request, and what happens next: rules that need no server.

use std::sync::Arc;

use jeton_authority::authorization::{
    AuthorizationRequest, NextStep, PageError, ReceivedRequest, RedirectableRequest, ResponseParameters,
    may_continue, next_step,
};
use jeton_authority::client::{
    Client, ClientPolicy, ClientSecret, Consent, ConsentPolicy, IdTokenClaims, NewClient, PkcePolicy,
    SecurityProfile,
};
use jeton_authority::factor::{Enrolled, Factor};
use jeton_authority::password::PasswordHash;
use jeton_authority::session::Session;
use jeton_authority::settings::Settings;
use jeton_authority::sign_in::SignedIn;
use jeton_authority::sign_in::{Identified, Since};
use jeton_authority::user::{Attributes, Role, User, UserStatus, Username};
use jeton_authority::{Network, SessionId, UserId};
use jeton_jose::{Algorithm, Timestamp};
use jeton_oauth::client::ClientId;
use jeton_oauth::{Parameters, Scope};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn now() -> Timestamp {
    Timestamp::from_unix(NOW)
}

fn client(changes: Value, policy: ClientPolicy) -> Arc<Client> {
    let mut metadata = json!({
        "redirect_uris": ["https://app.example/callback", "https://app.example/other"],
        "scope": "openid profile email offline_access orders",
    });
    metadata.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
    let client = Client::new(NewClient {
        id: ClientId::parse("web").expect("an identifier"),
        metadata: serde_json::from_value(metadata).expect("metadata"),
        policy,
        secret: Some(ClientSecret::new("secret")),
        registration_token: None,
        created_at: now(),
    });
    Arc::new(client.expect("a client"))
}

fn asked() -> ClientPolicy {
    ClientPolicy { consent: ConsentPolicy::Asked, ..ClientPolicy::default() }
}

/// The usual request with some parameters changed; an empty value takes one away.
fn parameters(changes: &[(&str, &str)]) -> Parameters {
    let mut all = vec![
        ("client_id", "web"),
        ("redirect_uri", "https://app.example/callback"),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "st"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        all.retain(|(known, _)| known != name);
        if !value.is_empty() {
            all.push((name, value));
        }
    }
    all.into_iter().collect()
}

fn identified(client: Arc<Client>, changes: &[(&str, &str)]) -> Result<RedirectableRequest, PageError> {
    ReceivedRequest::new(parameters(changes)).identify(client)
}

fn valid(client: Arc<Client>, changes: &[(&str, &str)]) -> AuthorizationRequest {
    let settings = Settings::new("https://auth.example");
    let request = identified(client, changes).expect("a redirect URI of the client's");
    request.validate(&settings).unwrap_or_else(|error| panic!("{}", error.refusal))
}

/// The code of the error that is sent back.
fn refused(client: Arc<Client>, changes: &[(&str, &str)]) -> &'static str {
    let settings = Settings::new("https://auth.example");
    let request = identified(client, changes).expect("a redirect URI of the client's");
    let error = request.validate(&settings).expect_err("a request that is refused");
    match error.response.parameters {
        ResponseParameters::Error { code, .. } => {
            assert_eq!(error.response.state.as_deref(), Some("st"));
            code
        }
        ResponseParameters::Code(_) => panic!("a refusal holds no code"),
    }
}

fn plain() -> Arc<Client> {
    client(json!({}), ClientPolicy::default())
}

fn ada(seconds_ago: i64) -> SignedIn {
    let user = UserId::from_bytes([1; 16]);
    let network = Network::V4([192, 0, 2]);
    let session = Session {
        id: SessionId::from_bytes([2; 16]),
        user,
        methods: vec![Factor::Password],
        network,
        device: "".into(),
        authenticated_at: Timestamp::from_unix(NOW - seconds_ago),
        last_used_at: now(),
        expires_at: Timestamp::from_unix(NOW + 1000),
        seen: true,
    };
    let user = User {
        id: user,
        imported_key: None,
        username: Username::parse("ada").expect("a name"),
        email: None,
        password: PasswordHash::from_stored("x"),
        epoch: 0,
        status: UserStatus::Active,
        role: Role::Member,
        created_at: now(),
        attributes: Attributes::default(),
        enrolled: Enrolled::default(),
    };
    SignedIn { session, user }
}

fn step(
    request: &AuthorizationRequest,
    signed_in: Option<&SignedIn>,
    allowed: Option<&str>,
    since: Since<'_>,
) -> NextStep {
    let allowed = allowed.map(|scope| Consent {
        appearance: request.client.appearance(),
        scope: Scope::parse(scope).expect("a scope"),
        ..Consent::default()
    });
    next_step(request, signed_in, None, allowed.as_ref(), since, now())
}

fn refusal(step: NextStep) -> String {
    match step {
        NextStep::Refuse(refusal) => refusal.code.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn nothing_is_sent_to_a_redirect_uri_that_is_not_the_clients() {
    for uri in [
        "https://app.example/callback/",
        "https://app.example/Callback",
        "https://app.example/callback?x",
        "https://app.example.evil.example/callback",
        "https://evil.example/",
        "javascript:alert(1)",
    ] {
        let error = identified(plain(), &[("redirect_uri", uri)]).expect_err(uri);
        assert_eq!(error, PageError::RedirectUriMismatch, "{uri}");
    }
    let error = identified(plain(), &[("redirect_uri", "")]).expect_err("two are registered");
    assert_eq!(error, PageError::RedirectUriMissing);
}

#[test]
fn the_only_redirect_uri_need_not_be_named_but_for_openid_connect() {
    let one = client(json!({"redirect_uris": ["https://app.example/callback"]}), ClientPolicy::default());
    assert!(!valid(Arc::clone(&one), &[("redirect_uri", ""), ("scope", "profile")]).redirect_uri_named);
    let error = identified(one, &[("redirect_uri", ""), ("scope", "profile openid")]).expect_err("openid");
    assert_eq!(error, PageError::RedirectUriMissing);
}

#[test]
fn a_disabled_client_gets_nothing() {
    let disabled = client(json!({}), ClientPolicy { disabled: true, ..ClientPolicy::default() });
    assert_eq!(identified(disabled, &[]).expect_err("a disabled client"), PageError::ClientUnknown);
}

#[test]
fn only_the_code_is_given() {
    for kind in ["token", "id_token", "code id_token", "none", "Code"] {
        assert_eq!(refused(plain(), &[("response_type", kind)]), "unsupported_response_type", "{kind}");
    }
    assert_eq!(refused(plain(), &[("response_type", "")]), "invalid_request");
}

#[test]
fn pkce_with_s256_is_required_of_everybody() {
    for changes in [
        &[("code_challenge", "")][..],
        &[("code_challenge", ""), ("code_challenge_method", "")],
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "s256")],
        &[("code_challenge", "short")],
    ] {
        assert_eq!(refused(plain(), changes), "invalid_request", "{changes:?}");
    }
}

#[test]
fn a_lenient_client_may_do_without_pkce_but_not_do_it_badly() {
    let lenient = || client(json!({}), ClientPolicy { pkce: PkcePolicy::Lenient, ..ClientPolicy::default() });
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    assert!(valid(lenient(), &without).code_challenge.is_none());
    assert_eq!(refused(lenient(), &[("code_challenge_method", "plain")]), "invalid_request");
}

#[test]
fn a_new_client_that_authenticates_may_send_a_nonce_with_openid_in_the_place_of_pkce() {
    let new = || client(json!({}), ClientPolicy::of_new_client(None));
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let and = |more: &[(&'static str, &'static str)]| [&without[..], more].concat();
    assert!(valid(new(), &and(&[("scope", "openid profile"), ("nonce", "n")])).code_challenge.is_none());
    assert!(valid(new(), &[("nonce", "n")]).code_challenge.is_some(), "what was sent is asked for");
    for changes in [
        and(&[("scope", "openid"), ("nonce", "")]),
        and(&[("scope", "profile"), ("nonce", "n")]),
        and(&[("scope", "openid"), ("nonce", "n"), ("code_challenge_method", "S256")]),
    ] {
        assert_eq!(refused(new(), &changes), "invalid_request", "{changes:?}");
    }
    let with_nonce = and(&[("scope", "openid"), ("nonce", "n")]);
    let public = json!({"token_endpoint_auth_method": "none"});
    assert_eq!(refused(client(public, ClientPolicy::of_new_client(None)), &with_nonce), "invalid_request");
    assert_eq!(refused(plain(), &with_nonce), "invalid_request", "one from before");
}

#[test]
fn a_stored_client_that_leaves_something_out_is_what_it_was_when_it_was_stored() {
    let stored: ClientPolicy = serde_json::from_str("{}").expect("a policy");
    assert_eq!(stored, ClientPolicy::default());
    assert_eq!((stored.pkce, stored.id_token_claims), (PkcePolicy::Required, IdTokenClaims::Requested));
    assert_eq!(client(json!({}), stored).id_token_algorithm(), Algorithm::ES256);
    // And one that is added says everything, so that it stays what it is whatever comes after.
    let new = serde_json::to_value(ClientPolicy::of_new_client(None)).expect("JSON");
    assert_eq!((&new["pkce"], &new["id_token_claims"]), (&json!("auto"), &json!("scopes")));
    let profile = ClientPolicy::of_new_client(Some(SecurityProfile::Fapi2));
    assert_eq!((profile.pkce, profile.id_token_claims), (PkcePolicy::Required, IdTokenClaims::Requested));
}

#[test]
fn what_the_client_may_not_ask_for_is_left_out() {
    assert_eq!(
        valid(plain(), &[("scope", "openid orders admin")]).scope,
        Scope::parse("openid orders").expect("a scope")
    );
    assert_eq!(refused(plain(), &[("scope", "admin")]), "invalid_scope");
    assert_eq!(refused(plain(), &[("scope", "openid \"profile\"")]), "invalid_scope");
}

#[test]
fn a_prompt_is_understood_or_refused() {
    assert_eq!(refused(plain(), &[("prompt", "none login")]), "invalid_request");
    assert_eq!(refused(plain(), &[("prompt", "dance")]), "invalid_request");
    assert_eq!(refused(plain(), &[("max_age", "-1")]), "invalid_request");
    assert_eq!(refused(plain(), &[("claims", "{\"id_token\":[]}")]), "invalid_request");
    assert_eq!(refused(plain(), &[("resource", "https://other.example")]), "invalid_target");
}

#[test]
fn a_prompt_that_is_not_known_is_named() {
    let described = |word: &str| {
        let request = identified(plain(), &[("prompt", word)]).expect("a redirect URI of the client's");
        let error = request.validate(&Settings::new("https://auth.example")).expect_err("a refusal");
        error.refusal.description.to_string()
    };
    assert_eq!(described("login dance"), "prompt has an unknown value: dance");
    for unspeakable in ["\"><script>", "d\u{e4}nce", &"x".repeat(33)] {
        assert_eq!(described(unspeakable), "prompt has an unknown value", "{unspeakable}");
    }
}

fn a_factor() -> NextStep {
    NextStep::Factor(Factor::FIRST.to_vec())
}

#[test]
fn somebody_who_is_signed_in_goes_straight_through() {
    let request = valid(plain(), &[]);
    assert_eq!(step(&request, None, None, Since::default()), NextStep::Account);
    assert_eq!(step(&request, Some(&ada(10)), None, Since::default()), NextStep::Grant);
}

#[test]
fn a_silent_request_is_answered_at_once() {
    let request = valid(plain(), &[("prompt", "none")]);
    assert_eq!(refusal(step(&request, None, None, Since::default())), "login_required");
    assert_eq!(step(&request, Some(&ada(10)), None, Since::default()), NextStep::Grant);
    let asking = valid(client(json!({}), asked()), &[("prompt", "none")]);
    assert_eq!(refusal(step(&asking, Some(&ada(10)), None, Since::default())), "consent_required");
}

#[test]
fn a_sign_in_that_is_asked_for_happens_once() {
    for (changes, wanted) in [
        (&[("prompt", "login")], a_factor()),
        (&[("prompt", "select_account")], NextStep::Account),
        (&[("max_age", "5")], a_factor()),
    ] {
        let request = valid(plain(), changes);
        assert_eq!(step(&request, Some(&ada(10)), None, Since::default()), wanted, "{changes:?}");
        let since = Since { identified: Identified::BySignIn, ..Since::default() };
        assert_eq!(step(&request, Some(&ada(0)), None, since), NextStep::Grant, "{changes:?}");
    }
    let request = valid(plain(), &[("max_age", "10")]);
    assert_eq!(step(&request, Some(&ada(10)), None, Since::default()), NextStep::Grant);
}

#[test]
fn choosing_an_account_is_no_sign_in() {
    let chosen = Since { identified: Identified::ByChoice, ..Since::default() };
    for (changes, may) in [
        (&[("prompt", "select_account")][..], true),
        (&[("prompt", "select_account"), ("max_age", "10")], true),
        (&[("prompt", "select_account"), ("max_age", "5")], false),
        (&[("prompt", "select_account login")], false),
        (&[("prompt", "login")], false),
        (&[("prompt", "create")], false),
        (&[("max_age", "5")], false),
        (&[("max_age", "0")], false),
        (&[("prompt", "consent")], true),
        (&[], true),
    ] {
        let request = valid(plain(), changes);
        assert_eq!(may_continue(&request, &ada(10), None, now()), may, "{changes:?}");
        let next = step(&request, Some(&ada(10)), Some("openid profile"), chosen);
        assert_eq!(next == a_factor(), !may, "{changes:?}");
    }
    let request = valid(plain(), &[("prompt", "select_account")]);
    assert!(!may_continue(&request, &ada(10), Some("somebody else"), now()));
}

#[test]
fn a_max_age_of_nothing_always_asks() {
    let request = valid(plain(), &[("max_age", "0")]);
    assert_eq!(step(&request, Some(&ada(0)), None, Since::default()), a_factor(), "in the same second");
    let since = Since { identified: Identified::BySignIn, ..Since::default() };
    assert_eq!(step(&request, Some(&ada(0)), None, since), NextStep::Grant);
    let silent = valid(plain(), &[("max_age", "0"), ("prompt", "none")]);
    assert_eq!(refusal(step(&silent, Some(&ada(0)), None, Since::default())), "login_required");
    let by_default = client(json!({"default_max_age": 0}), ClientPolicy::default());
    assert_eq!(step(&valid(by_default, &[]), Some(&ada(0)), None, Since::default()), a_factor());
}

#[test]
fn what_was_allowed_falls_when_the_client_appears_otherwise() {
    let before = valid(client(json!({"client_name": "Orders"}), asked()), &[]);
    let allowed = before.wanted();
    let next = |changes: Value| {
        let request = valid(client(changes, asked()), &[]);
        next_step(&request, Some(&ada(10)), None, Some(&allowed), Since::default(), now())
    };
    assert_eq!(next(json!({"client_name": "Orders"})), NextStep::Grant);
    assert_eq!(next(json!({"client_name": "Your bank"})), NextStep::Consent);
    assert_eq!(next(json!({})), NextStep::Consent);
    let at = |uris: &[&str]| json!({"client_name": "Orders", "redirect_uris": uris});
    let callback = "https://app.example/callback";
    assert_eq!(next(at(&[callback])), NextStep::Grant, "the same host");
    assert_eq!(next(at(&[callback, "https://app.example/third"])), NextStep::Grant, "the same host");
    assert_eq!(next(at(&[callback, "https://evil.example/"])), NextStep::Consent);
    let elsewhere = valid(client(at(&[callback, "https://evil.example/"]), asked()), &[]);
    assert_eq!(allowed.and(&elsewhere.wanted()), elsewhere.wanted(), "nothing of before is taken along");
}

#[test]
fn a_default_max_age_holds_where_the_request_names_none() {
    let strict = client(json!({"default_max_age": 5}), ClientPolicy::default());
    let request = valid(strict, &[]);
    assert_eq!(step(&request, Some(&ada(10)), None, Since::default()), a_factor());
}

#[test]
fn a_user_is_asked_until_they_have_allowed_everything() {
    let request = valid(client(json!({}), asked()), &[("scope", "openid orders")]);
    let ada = ada(10);
    for (allowed, next) in [
        (None, NextStep::Consent),
        (Some("openid"), NextStep::Consent),
        (Some("openid orders"), NextStep::Grant),
        (Some("orders profile openid"), NextStep::Grant),
    ] {
        assert_eq!(step(&request, Some(&ada), allowed, Since::default()), next, "{allowed:?}");
    }
    let since = Since { consented: true, ..Since::default() };
    assert_eq!(step(&request, Some(&ada), None, since), NextStep::Grant);
    let again = valid(client(json!({}), asked()), &[("scope", "openid orders"), ("prompt", "consent")]);
    assert_eq!(step(&again, Some(&ada), Some("openid orders"), Since::default()), NextStep::Consent);
}

#[test]
fn a_user_is_asked_about_a_resource_that_they_did_not_allow() {
    let resources = ["https://a.example".to_owned(), "https://b.example".to_owned()];
    let policy = |policy: ClientPolicy| ClientPolicy { resources: resources.to_vec(), ..policy };
    let at_a = [("resource", "https://a.example")];
    let request = valid(client(json!({}), policy(asked())), &at_a);
    let appearance = request.client.appearance();
    let allowing = |resources: &[&str]| Consent {
        appearance: appearance.clone(),
        scope: Scope::parse("openid profile").expect("a scope"),
        resources: resources.iter().map(|&resource| resource.into()).collect(),
        ..Consent::default()
    };
    let next = |request: &AuthorizationRequest, allowed: &[&str], since| {
        next_step(request, Some(&ada(10)), None, Some(&allowing(allowed)), since, now())
    };
    let (a, b) = ("https://a.example", "https://b.example");
    for (allowed, step) in [
        (&[][..], NextStep::Consent),
        (&[b], NextStep::Consent),
        (&["https://a.example/"], NextStep::Consent),
        (&[a], NextStep::Grant),
        (&[a, b], NextStep::Grant),
    ] {
        assert_eq!(next(&request, allowed, Since::default()), step, "{allowed:?}");
    }
    let consented = Since { consented: true, ..Since::default() };
    assert_eq!(next(&request, &[], consented), NextStep::Grant);
    let silent = valid(client(json!({}), policy(asked())), &[at_a[0], ("prompt", "none")]);
    assert_eq!(refusal(next(&silent, &[b], Since::default())), "consent_required");
    let none = valid(client(json!({}), policy(asked())), &[]);
    assert_eq!(next(&none, &[], Since::default()), NextStep::Grant);
    let own = valid(client(json!({}), policy(ClientPolicy::default())), &at_a);
    assert_eq!(next(&own, &[], Since::default()), NextStep::Grant);
}

#[test]
fn an_app_on_the_users_machine_is_asked_about_each_time() {
    let metadata = json!({
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
    });
    let request = valid(client(metadata, asked()), &[("redirect_uri", "http://127.0.0.1:51004/callback")]);
    assert_eq!(step(&request, Some(&ada(10)), Some("openid profile"), Since::default()), NextStep::Consent);
}

#[test]
fn somebody_else_than_expected_has_to_sign_in() {
    let request = valid(plain(), &[]);
    let signed_in = ada(10);
    let subject = signed_in.user.subject();
    let next =
        |expected| next_step(&request, Some(&signed_in), Some(expected), None, Since::default(), now());
    assert_eq!(next(subject.as_str()), NextStep::Grant);
    assert_eq!(next("somebody else"), NextStep::Account);
}

#[test]
fn somebody_else_who_signed_in_for_the_request_is_not_asked_again() {
    let next = |changes: &[(&str, &str)], identified, expected: &str| {
        let since = Since { identified, ..Since::default() };
        next_step(&valid(plain(), changes), Some(&ada(10)), Some(expected), None, since, now())
    };
    for changes in [&[][..], &[("prompt", "login")], &[("max_age", "0")], &[("prompt", "none")]] {
        let refused = next(changes, Identified::BySignIn, "somebody else");
        assert_eq!(refusal(refused), "login_required", "{changes:?}");
        let here = next(changes, Identified::BySignIn, ada(10).user.subject().as_str());
        assert_eq!(here, NextStep::Grant, "{changes:?}");
    }
    assert_eq!(next(&[], Identified::ByChoice, "somebody else"), NextStep::Account);
}

#[test]
fn an_essential_acr_that_cannot_be_had_is_an_error() {
    let hardware = r#"{"id_token":{"acr":{"essential":true,"values":["phrh"]}}}"#;
    let request = valid(plain(), &[("claims", hardware)]);
    let next = step(&request, Some(&ada(10)), None, Since::default());
    assert_eq!(refusal(next), "unmet_authentication_requirements");
    let wish = r#"{"id_token":{"acr":{"values":["phrh"]}}}"#;
    let request = valid(plain(), &[("claims", wish)]);
    assert_eq!(step(&request, Some(&ada(10)), None, Since::default()), NextStep::Grant);
}

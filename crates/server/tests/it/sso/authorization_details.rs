//! What is asked for and allowed in detail (RFC 9396), from the request to the tokens.

use http::StatusCode;
use jeton_authority::client::{ClientPolicy, ConsentPolicy, ExchangeActor, ExchangePolicy};
use jeton_authority::settings::{RegistrationPolicy, Settings};
use jeton_jose::jwt::{Signer, Unverified};
use jeton_jose::{Algorithm, JwkSet, PrivateKey};
use jeton_oauth::Parameters;
use serde_json::{Value, json};

use super::browser::{Browser, form, redirected};
use super::client::{CALLBACK, CHALLENGE, VERIFIER, authorize, web};
use crate::app::{Answer, NOW, PASSWORD, TestApp};

const PAYMENTS: &str = "https://payments.example";
const ACCOUNTS: &str = "https://accounts.example";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";

fn settings(mut settings: Settings) -> Settings {
    settings.authorization.details_types = ["payment", "account", "unused"].map(str::to_owned).to_vec();
    settings.client.registration_details_types = vec!["account".to_owned()];
    settings.client.registration = RegistrationPolicy::Open;
    settings
}

/// Clients of which one has to ask its users, and may ask for payments and accounts.
async fn app() -> TestApp {
    let app = TestApp::with(settings, |service| service).await;
    let mut metadata = web();
    metadata["authorization_details_types"] = json!(["payment", "account", "of no API"]);
    metadata["grant_types"] = json!(["authorization_code", "refresh_token", "client_credentials", DEVICE]);
    let resources = vec![PAYMENTS.to_owned(), ACCOUNTS.to_owned()];
    let policy = ClientPolicy { consent: ConsentPolicy::Asked, resources, ..ClientPolicy::default() };
    app.add_client_with("web", metadata, policy).await;
    app
}

fn payment(amount: &str) -> Value {
    json!({"type": "payment", "actions": ["initiate"], "creditor": "<b>Bob</b> & sons", "amount": amount})
}

fn account() -> Value {
    json!({"type": "account", "actions": ["read"], "locations": [format!("{ACCOUNTS}/v1")], "identifier": "DE-17"})
}

fn asking(details: &Value, more: &[(&str, &str)]) -> String {
    let text = details.to_string();
    authorize(&[&[("authorization_details", text.as_str())], more].concat())
}

fn claims(token: &Value) -> Value {
    let token = token.as_str().unwrap_or_else(|| panic!("no token: {token}"));
    serde_json::from_str(Unverified::parse(token).expect("a JWT").claims_json()).expect("claims")
}

/// Signs in where that has to be, and allows what is asked for.
async fn allowed(browser: &Browser<'_>, target: &str) -> Parameters {
    let mut page = browser.get(target).await;
    if page.text().contains("name=\"password\"") {
        page = browser.submit(&form(&page), &[("username", "ada"), ("password", PASSWORD)]).await;
    }
    redirected(&browser.submit(&form(&page), &[("action", "allow")]).await)
}

async fn tokens(app: &TestApp, details: &Value, more: &[(&str, &str)]) -> Value {
    let back = allowed(&Browser::new(app), &asking(details, more)).await;
    let answer = app.redeem(back.get("code").expect("a code")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn refresh(app: &TestApp, tokens: &Value, more: &[(&str, &str)]) -> Answer {
    let token = tokens["refresh_token"].as_str().expect("a refresh token");
    let fields = [&[("grant_type", "refresh_token"), ("refresh_token", token)], more].concat();
    app.post_as("web", "/token", &fields).await
}

#[track_caller]
fn error(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    answer.json()["error"].as_str().expect("an error").to_owned()
}

#[tokio::test]
async fn what_the_user_saw_and_allowed_is_what_every_token_and_answer_says() {
    let app = app().await;
    let browser = Browser::new(&app);
    let asked = json!([payment("12.50"), account()]);
    let page = browser.sign_in(&asking(&asked, &[("scope", "")])).await;
    let text = page.text();
    for shown in [
        "payment",
        "Actions",
        "initiate",
        "creditor",
        "&#60;b&#62;Bob&#60;/b&#62; &#38; sons",
        "12.50",
        "Identifier",
        "DE-17",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!text.contains("<b>Bob") && !text.contains("class=\"scopes\""), "{text}");
    let back = redirected(&browser.submit(&form(&page), &[("action", "allow")]).await);
    let tokens = app.redeem(back.get("code").expect("a code")).await.json();
    assert_eq!(tokens["authorization_details"], asked);
    // Whoever names details alone gets no scope beside them.
    assert!(tokens.get("scope").is_none() && tokens.get("id_token").is_none(), "{tokens}");
    let access = claims(&tokens["access_token"]);
    assert_eq!(access["authorization_details"], asked);
    assert!(access.get("scope").is_none());
    for name in ["access_token", "refresh_token"] {
        let token = tokens[name].as_str().expect("a token");
        let told = app.post_as("web", "/introspect", &[("token", token)]).await.json();
        assert_eq!(told["authorization_details"], asked, "{name}");
    }
    let next = refresh(&app, &tokens, &[]).await.json();
    assert_eq!(
        (&next["authorization_details"], &claims(&next["access_token"])["authorization_details"]),
        (&asked, &asked)
    );
}

#[tokio::test]
async fn consent_is_remembered_for_exactly_what_was_seen() {
    let app = app().await;
    let browser = Browser::new(&app);
    let both = json!([payment("12.50"), account()]);
    allowed(&browser, &asking(&both, &[])).await;
    for same in [json!([account()]), json!([account(), payment("12.50")]), json!([])] {
        let back = redirected(&browser.get(&asking(&same, &[("prompt", "none")])).await);
        assert!(back.get("code").is_some(), "{same}");
    }
    let mut other_account = account();
    other_account["actions"] = json!([]);
    for more in
        [json!([payment("12.51")]), json!([payment("12.50"), payment("12.50")]), json!([other_account])]
    {
        let back = redirected(&browser.get(&asking(&more, &[("prompt", "none")])).await);
        assert_eq!(back.get("error"), Some("consent_required"), "{more}");
    }
    let scope = [("prompt", "none"), ("scope", "openid email")];
    let back = redirected(&browser.get(&asking(&json!([account()]), &scope)).await);
    assert_eq!(back.get("error"), Some("consent_required"));
    // What is allowed later stands beside what was allowed before.
    allowed(&browser, &asking(&json!([payment("7.00")]), &[])).await;
    let all = json!([payment("7.00"), payment("12.50"), account()]);
    let back = redirected(&browser.get(&asking(&all, &[("prompt", "none")])).await);
    assert!(back.get("code").is_some());
}

#[tokio::test]
async fn who_says_no_gives_nothing_and_is_asked_again() {
    let app = app().await;
    let browser = Browser::new(&app);
    let page = browser.sign_in(&asking(&json!([account()]), &[])).await;
    let back = redirected(&browser.submit(&form(&page), &[("action", "deny")]).await);
    assert_eq!(back.get("error"), Some("access_denied"));
    let back = redirected(&browser.get(&asking(&json!([account()]), &[("prompt", "none")])).await);
    assert_eq!(back.get("error"), Some("consent_required"));
}

#[tokio::test]
async fn details_that_nobody_may_ask_for_are_refused_wherever_they_are_asked_for() {
    let app = app().await;
    let deep = (0..9).fold(json!(1), |value, _| json!({"m": value}));
    let refused = [
        "payment".to_owned(),
        json!({"type": "payment"}).to_string(),
        json!([{"actions": ["read"]}]).to_string(),
        json!([{"type": "unknown"}]).to_string(),
        json!([{"type": "unused"}]).to_string(),
        json!([{"type": "of no API"}]).to_string(),
        json!([account(), {"type": "Account"}]).to_string(),
        json!([{"type": "account", "actions": "read"}]).to_string(),
        json!([{"type": "account", "m": deep}]).to_string(),
        json!([{"type": "account", "m": "x".repeat(4096)}]).to_string(),
        Value::from(vec![account(); 17]).to_string(),
        r#"[{"type":"account","type":"payment"}]"#.to_owned(),
    ];
    for text in &refused {
        let details = ("authorization_details", text.as_str());
        let back = redirected(&Browser::new(&app).get(&authorize(&[details])).await);
        assert_eq!(back.get("error"), Some("invalid_authorization_details"), "{text}");
        let pushed = [
            details,
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        assert_eq!(
            error(&app.post_as("web", "/par", &pushed).await),
            "invalid_authorization_details",
            "{text}"
        );
        assert_eq!(
            error(&app.post_as("web", "/device_authorization", &[details]).await),
            "invalid_authorization_details"
        );
        let own = [("grant_type", "client_credentials"), details];
        assert_eq!(
            error(&app.post_as("web", "/token", &own).await),
            "invalid_authorization_details",
            "{text}"
        );
    }
}

#[tokio::test]
async fn refreshing_narrows_one_token_and_escalates_none() {
    let app = app().await;
    let all = json!([payment("1.00"), payment("2.00"), account()]);
    let tokens = tokens(&app, &all, &[]).await;
    let one = json!([payment("2.00")]);
    let narrowed = refresh(&app, &tokens, &[("authorization_details", &one.to_string())]).await.json();
    assert_eq!(narrowed["authorization_details"], one, "{narrowed}");
    assert_eq!(claims(&narrowed["access_token"])["authorization_details"], one);
    let none = refresh(&app, &narrowed, &[("authorization_details", "[]")]).await.json();
    assert!(none.get("authorization_details").is_none(), "{none}");
    let mut fewer_actions = account();
    fewer_actions["actions"] = json!([]);
    for more in [
        json!([payment("3.00")]),
        json!([payment("2.00"), payment("2.00")]),
        json!([fewer_actions]),
        json!([{"type": "unknown"}]),
    ] {
        let answer = refresh(&app, &none, &[("authorization_details", &more.to_string())]).await;
        assert_eq!(error(&answer), "invalid_authorization_details", "{more}");
    }
    // The grant is what the user allowed: a narrow token does not shrink it.
    let again = refresh(&app, &none, &[]).await.json();
    assert_eq!(again["authorization_details"], all);
}

#[tokio::test]
async fn a_code_gives_less_where_less_is_asked_for_and_is_not_spent_on_more() {
    let app = app().await;
    let all = json!([payment("1.00"), account()]);
    let back = allowed(&Browser::new(&app), &asking(&all, &[])).await;
    let redeem = async |details: &Value| {
        let details = details.to_string();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", back.get("code").expect("a code")),
            ("code_verifier", VERIFIER),
            ("authorization_details", &details),
        ];
        app.post_as("web", "/token", &fields).await
    };
    assert_eq!(error(&redeem(&json!([payment("9.00")])).await), "invalid_authorization_details");
    let tokens = redeem(&json!([account()])).await.json();
    assert_eq!(tokens["authorization_details"], json!([account()]), "{tokens}");
    assert_eq!(refresh(&app, &tokens, &[]).await.json()["authorization_details"], all);
}

#[tokio::test]
async fn a_token_for_one_api_does_not_say_what_it_permits_at_another() {
    let app = app().await;
    let all = json!([payment("1.00"), account()]);
    let tokens = tokens(&app, &all, &[("resource", PAYMENTS)]).await;
    assert_eq!(tokens["authorization_details"], json!([payment("1.00")]));
    assert_eq!(claims(&tokens["access_token"])["aud"], PAYMENTS);
    assert_eq!(claims(&tokens["access_token"])["authorization_details"], json!([payment("1.00")]));
}

#[tokio::test]
async fn a_pushed_request_carries_them_and_a_request_object_holds_them_as_a_list() {
    let app = TestApp::with(settings, |service| service).await;
    let key = PrivateKey::generate(Algorithm::ES256).expect("a key");
    let jwks = JwkSet::new(vec![key.public_key().to_jwk()]).to_json();
    let mut metadata = web();
    metadata["jwks"] = serde_json::from_str(&jwks).expect("JSON");
    metadata["authorization_details_types"] = json!(["account"]);
    app.add_client("web", metadata).await;
    let asked = json!([account()]);
    let object = Signer::new(key).typ("oauth-authz-req+jwt").sign(&json!({
        "iss": "web", "aud": "https://auth.example", "exp": NOW + 300, "client_id": "web", "redirect_uri": CALLBACK,
        "response_type": "code", "scope": "openid", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        "authorization_details": asked,
    }));
    let object = object.expect("an object");
    let text = asked.to_string();
    let plain = [
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("authorization_details", &text),
    ];
    for fields in [&plain[..], &[("request", object.as_str())]] {
        let pushed = app.post_as("web", "/par", fields).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text());
        let pushed = pushed.json();
        let query = [("client_id", "web"), ("request_uri", pushed["request_uri"].as_str().expect("a URI"))];
        let query: Parameters = query.into_iter().collect();
        let back = redirected(&Browser::new(&app).sign_in(&format!("/authorize?{}", query.to_query())).await);
        let tokens = app.redeem(back.get("code").expect("a code")).await.json();
        assert_eq!(tokens["authorization_details"], asked, "{tokens}");
    }
}

#[tokio::test]
async fn a_client_that_asks_for_itself_gets_its_own_types_and_no_scope_beside_them() {
    let app = app().await;
    let asked = json!([account()]).to_string();
    let fields = [("grant_type", "client_credentials"), ("authorization_details", asked.as_str())];
    let tokens = app.post_as("web", "/token", &fields).await.json();
    assert_eq!(claims(&tokens["access_token"])["authorization_details"], json!([account()]), "{tokens}");
    assert_eq!((&tokens["authorization_details"], tokens.get("scope")), (&json!([account()]), None));
    let with_scope = [&fields[..], &[("scope", "orders:read")]].concat();
    let tokens = app.post_as("web", "/token", &with_scope).await.json();
    assert_eq!(
        (&tokens["authorization_details"], &tokens["scope"]),
        (&json!([account()]), &json!("orders:read"))
    );
}

#[tokio::test]
async fn a_device_gets_what_its_user_saw() {
    let app = app().await;
    let asked = json!([payment("5.00")]);
    let began = app
        .post_as("web", "/device_authorization", &[("authorization_details", &asked.to_string())])
        .await
        .json();
    let browser = Browser::new(&app);
    let page = browser.get("/device").await;
    let code = began["user_code"].as_str().expect("a code");
    let page = browser.submit_and_follow(&form(&page), &[("user_code", code)]).await;
    let page = browser.submit_and_follow(&form(&page), &[("username", "ada"), ("password", PASSWORD)]).await;
    for shown in ["payment", "amount", "5.00", "&#60;b&#62;Bob"] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    browser.submit(&form(&page), &[("action", "allow")]).await;
    let code = began["device_code"].as_str().expect("a code");
    let poll = [("grant_type", DEVICE), ("device_code", code)];
    let more = json!([payment("6.00")]).to_string();
    let more = [&poll[..], &[("authorization_details", &more)]].concat();
    assert_eq!(error(&app.post_as("web", "/token", &more).await), "invalid_authorization_details");
    app.hand.step(5);
    let tokens = app.post_as("web", "/token", &poll).await.json();
    assert_eq!(tokens["authorization_details"], asked, "{tokens}");
    assert!(tokens.get("scope").is_none(), "{tokens}");
    assert_eq!(refresh(&app, &tokens, &[]).await.json()["authorization_details"], asked);
}

#[tokio::test]
async fn an_exchange_hands_on_what_the_subject_token_permits_and_the_service_may_have() {
    let app = app().await;
    let exchange = ExchangePolicy {
        targets: vec![PAYMENTS.to_owned(), ACCOUNTS.to_owned()],
        accepts: vec!["https://auth.example".to_owned()],
        actor: ExchangeActor::Client,
    };
    let metadata = json!({
        "grant_types": [EXCHANGE], "scope": "orders:read", "authorization_details_types": ["account"],
    });
    app.add_client_with("service", metadata, ClientPolicy { exchange, ..ClientPolicy::default() }).await;
    let other = json!({"type": "account", "identifier": "DE-18"});
    let subject = tokens(&app, &json!([payment("1.00"), account(), other]), &[]).await;
    let ask = async |resource: &str, more: Option<&Value>| {
        let more = more.map(Value::to_string);
        let mut fields = vec![
            ("grant_type", EXCHANGE),
            ("subject_token", subject["access_token"].as_str().expect("a token")),
            ("subject_token_type", ACCESS),
            ("resource", resource),
        ];
        fields.extend(more.as_deref().map(|more| ("authorization_details", more)));
        app.post_as("service", "/token", &fields).await
    };
    let all = ask(ACCOUNTS, None).await.json();
    assert_eq!(all["authorization_details"], json!([account(), other]), "{all}");
    assert_eq!(claims(&all["access_token"])["authorization_details"], json!([account(), other]));
    assert_eq!(ask(PAYMENTS, None).await.json()["authorization_details"], json!([other]));
    let one = ask(ACCOUNTS, Some(&json!([other]))).await.json();
    assert_eq!(one["authorization_details"], json!([other]));
    for more in [json!([payment("1.00")]), json!([other, other]), json!([{"type": "account"}])] {
        assert_eq!(error(&ask(ACCOUNTS, Some(&more)).await), "invalid_authorization_details", "{more}");
    }
}

#[tokio::test]
async fn discovery_names_the_types_and_says_nothing_where_there_are_none() {
    let with = app().await.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(with["authorization_details_types_supported"], json!(["payment", "account", "unused"]));
    let without = TestApp::new().await.get("/.well-known/oauth-authorization-server").await.json();
    assert!(without.get("authorization_details_types_supported").is_none());
}

#[tokio::test]
async fn a_client_that_registers_itself_keeps_the_types_that_are_to_be_had_so() {
    let app = app().await;
    let description = json!({
        "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "authorization_details_types": ["payment", "account"],
    });
    let registered = app.post("/register", &description).await.json();
    assert_eq!(registered["authorization_details_types"], json!(["account"]), "{registered}");
    let id = registered["client_id"].as_str().expect("an identifier");
    let back =
        redirected(&Browser::new(&app).get(&asking(&json!([payment("1.00")]), &[("client_id", id)])).await);
    assert_eq!(back.get("error"), Some("invalid_authorization_details"));
    let page = Browser::new(&app).sign_in(&asking(&json!([account()]), &[("client_id", id)])).await;
    assert!(page.text().contains("DE-17"), "{}", page.text());
}

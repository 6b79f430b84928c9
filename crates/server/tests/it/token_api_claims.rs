//! What the token API's access tokens say.

use jeton_authority::audit::Actor;
use jeton_authority::password::Password;
use jeton_authority::settings::{AccessAlgorithm, TokenApiAudience};
use jeton_authority::store::{NewUser, UserAddition};
use jeton_authority::user::ClaimMapping;
use jeton_authority::user::{Attributes, Role, UserStatus, Username};
use jeton_authority::{Random, SystemRandom, UserId};
use jeton_jose::{Algorithm, SharedSecret, base64url};
use serde_json::Value;

use crate::app::{PASSWORD, TestApp};

async fn add(app: &TestApp, name: &str, email: Option<&str>, attributes: &str) {
    let mut id = [0; 16];
    SystemRandom.fill(&mut id);
    let password = app.hashing.hash(Password::new(PASSWORD), [3; 16]).await.expect("a hash");
    let user = NewUser {
        id: UserId::from_bytes(id),
        imported_key: Some("7".into()),
        username: Username::parse(name).expect("a name"),
        email: email.map(Into::into),
        password,
        role: Role::Member,
        status: UserStatus::Active,
        created_at: app.service.clock().now(),
        attributes: Attributes::from_json(attributes).expect("attributes"),
    };
    assert_eq!(app.store.add_user(user, Actor::Operator).await.expect("a store"), UserAddition::Added);
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("a part");
    serde_json::from_slice(&base64url::decode(part).expect("base64url")).expect("JSON")
}

fn claims(token: &str) -> Value {
    part(token, 1)
}

const MAPPED: [&str; 5] =
    ["is_staff=is_staff", "groups=groups", "full_name=name", "email=email", "vip=level"];

#[tokio::test]
async fn mapped_claims_are_in_the_first_access_token_and_in_each_refreshed_one() {
    let mapped = ClaimMapping::parse_all(MAPPED).expect("mappings");
    let app = TestApp::with(
        |mut settings| {
            settings.token_api.claims = mapped;
            settings
        },
        |service| service,
    )
    .await;
    let attributes = r#"{"is_staff":true,"groups":["staff","eng"],"name":"Ada","email":"old@example.org"}"#;
    add(&app, "grace", Some("grace@example.org"), attributes).await;
    let first = app.try_sign_in("grace", PASSWORD).await.pair();
    app.hand.step(60);
    let second = app.refresh(&first.refresh).await.pair();
    for access in [&first.access, &second.access] {
        let claims = claims(access);
        assert_eq!(claims["is_staff"], true);
        assert_eq!(claims["groups"], serde_json::json!(["staff", "eng"]));
        assert_eq!((&claims["full_name"], &claims["email"]), (&"Ada".into(), &"grace@example.org".into()));
        assert_eq!((&claims["user_id"], &claims["token_type"]), (&"7".into(), &"access".into()));
        assert!(claims.get("vip").is_none() && claims.get("name").is_none(), "{claims}");
        app.verify(access).await.expect(200, "{}");
    }
    // A change shows in the next token.
    let user = Username::parse("grace").expect("a name");
    let user = app.store.find_user(&user).await.expect("a store").expect("a user");
    let changed = Attributes::from_json(r#"{"is_staff":false}"#).expect("attributes");
    app.store
        .change_attributes(user.id, changed, Actor::Operator, app.service.clock().now())
        .await
        .expect("a store");
    app.hand.step(60);
    let third = claims(&app.refresh(&second.refresh).await.pair().access);
    assert_eq!((&third["is_staff"], third.get("groups")), (&false.into(), None));
    // Nobody's address is made up.
    let ada = claims(&app.sign_in().await.access);
    assert!(ada.get("email").is_none() && ada.get("is_staff").is_none(), "{ada}");
}

#[tokio::test]
async fn without_an_audience_tokens_have_no_aud_and_are_still_the_authoritys() {
    let app = TestApp::with(
        |mut settings| {
            settings.token_api.audience = TokenApiAudience::Absent;
            settings
        },
        |service| service,
    )
    .await;
    let pair = app.sign_in().await;
    let said = claims(&pair.access);
    assert!(said.get("aud").is_none(), "{said}");
    assert_eq!(said["iss"], "https://auth.example");
    app.verify(&pair.access).await.expect(200, "{}");
    app.refresh(&pair.refresh).await.pair();
    app.sign_out(&pair.refresh).await.expect(200, "{}");
}

#[tokio::test]
async fn tokens_are_signed_and_known_again_with_each_length_of_hmac() {
    for (algorithm, length) in [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)] {
        let secret = SharedSecret::new(algorithm, "k7".repeat(length / 2).as_bytes()).expect("a secret");
        let app = TestApp::with(
            |mut settings| {
                settings.access.algorithm = AccessAlgorithm::SharedSecret(secret);
                settings
            },
            |service| service,
        )
        .await;
        let pair = app.sign_in().await;
        assert_eq!(part(&pair.access, 0)["alg"], algorithm.as_str());
        app.verify(&pair.access).await.expect(200, "{}");
        app.refresh(&pair.access)
            .await
            .expect(401, r#"{"detail":"Token has wrong type","code":"token_not_valid"}"#);
        app.refresh(&pair.refresh).await.pair();
    }
}

//! What the tokens of a pair say.

use jeton_authority::settings::AccessAlgorithm;
use jeton_jose::jwk::JwkSet;
use jeton_jose::jwt::{Audience, Issuer, Unverified, Verifier};
use jeton_jose::{Algorithm, KeySet, SharedSecret};

use crate::support::{START, TestAuthority, claims};

#[tokio::test]
async fn an_access_token_verifies_from_the_published_keys_alone() {
    let test = TestAuthority::new().await;
    let pair = test.sign_in("ada").await;
    let set = JwkSet::parse(&test.authority.keys().published().json).expect("a JWK Set");
    let keys = KeySet::from_jwk_set(&set).expect("public keys");
    let issuer = "https://auth.example";
    let verifier = Verifier::new(Issuer::new(issuer), Audience::new(issuer), keys).typ("at+jwt");
    let verified = verifier.verify::<serde_json::Value>(&pair.access, test.now).expect("genuine");
    assert_eq!(verified.registered().sub(), claims(&pair.access)["user_id"].as_str());
}

#[tokio::test]
async fn an_access_token_begins_with_the_claims_of_simplejwt_in_its_order() {
    let test = TestAuthority::new().await;
    let token = Unverified::parse(&test.sign_in("ada").await.access).expect("well-formed");
    assert_eq!(token.typ(), Some("at+jwt"));
    let start = format!(r#"{{"token_type":"access","exp":{},"iat":{START},"jti":""#, START + 300);
    assert!(token.claims_json().starts_with(&start), "{}", token.claims_json());
}

#[tokio::test]
async fn a_refresh_token_names_its_grant_and_generation_and_no_api_can_verify_it() {
    let test = TestAuthority::new().await;
    let pair = test.sign_in("ada").await;
    let refresh = claims(&pair.refresh);
    assert_eq!(refresh["sid"], claims(&pair.access)["sid"]);
    assert_eq!(refresh["sid"], pair.grant.to_string());
    assert_eq!((&refresh["gen"], &refresh["iat"]), (&0.into(), &START.into()));
    let token = Unverified::parse(&pair.refresh).expect("well-formed");
    assert_eq!((token.alg(), token.typ()), ("HS256", Some("rt+jwt")));
    let published = test.authority.keys().published();
    let set = String::from_utf8_lossy(&published.json);
    assert!(!set.contains(token.kid().expect("a kid")), "the refresh key is never published");
}

#[tokio::test]
async fn each_generation_has_a_jti_of_its_own() {
    let mut test = TestAuthority::new().await;
    let first = test.sign_in("ada").await;
    let second = test.refresh(&first.refresh).await;
    test.wait(60);
    let third = test.refresh(&second.refresh).await;
    let jti = |token: &str| claims(token)["jti"].clone();
    let ids = [jti(&first.refresh), jti(&second.refresh), jti(&third.refresh)];
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
    assert!(ids.iter().all(|id| id.as_str().is_some_and(|id| id.len() == 32)), "{ids:?}");
}

#[tokio::test]
async fn a_shared_secret_signs_access_tokens_and_publishes_nothing() {
    let secret = SharedSecret::new(Algorithm::HS256, &[5; 32]).expect("long enough");
    let test =
        TestAuthority::with(|settings| settings.access.algorithm = AccessAlgorithm::SharedSecret(secret))
            .await;
    let pair = test.sign_in("ada").await;
    assert_eq!(Unverified::parse(&pair.access).expect("well-formed").alg(), "HS256");
    assert_eq!(&*test.authority.keys().published().json, br#"{"keys":[]}"#);
    test.authority.tokens().verify(&pair.access, test.now).await.expect("its own token");
}

#[tokio::test]
async fn an_imported_user_keeps_the_key_of_the_system_it_came_from() {
    let test = TestAuthority::new().await;
    let hash = jeton_authority::password::PasswordHash::from_stored(
        "pbkdf2_sha256$1000000$abcdefghijklmnop$K0uU5RVFjBCe301huu3Sx9XVg+WvO/rf952a61AyK14=",
    );
    test.import_user("grace", Some("42"), hash, [9; 16]).await;
    let access = claims(&test.sign_in("grace").await.access);
    assert_eq!((&access["user_id"], &access["sub"]), (&"42".into(), &"42".into()));
}

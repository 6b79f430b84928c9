//! Keys: made at first start, rotated, withdrawn, under the right master key only.

use std::sync::Arc;
use std::time::Duration;

use jeton_authority::audit::Actor;
use jeton_authority::keyring;
use jeton_authority::keyring::KeyChangeError;
use jeton_authority::keys::{KeyState, MasterKey};
use jeton_authority::settings::{AccessAlgorithm, Ed25519Name, Settings};
use jeton_authority::{Authority, OpenError, Ports, TokenError};
use jeton_jose::jwt::Unverified;
use jeton_jose::{Algorithm, SharedSecret};

use crate::support::TestAuthority;

const WAIT: Duration = Duration::from_secs(600);

fn master() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

async fn states(test: &TestAuthority) -> Vec<KeyState> {
    let lifetime = test.authority.settings().access.lifetime;
    let keys = keyring::list(&*test.store, lifetime, test.now).await.expect("the store works");
    keys.into_iter().map(|(_, state)| state).collect()
}

#[tokio::test]
async fn a_rotated_key_is_published_at_once_signs_later_and_no_token_is_refused_meanwhile() {
    let mut test = TestAuthority::new().await;
    let before = test.sign_in("ada").await;
    let new =
        keyring::rotate(&*test.store, &master(), Some(Algorithm::Ed25519), WAIT, Actor::Operator, test.now)
            .await;
    let [new] = &new.expect("rotates")[..] else { panic!("one key") };
    assert!(test.authority.reload(test.now).await.expect("reloads"), "the published set changed");
    let published = test.authority.keys().published();
    assert!(String::from_utf8_lossy(&published.json).contains(new.id.as_str()));
    let alg = |token: &str| Unverified::parse(token).expect("well-formed").alg().to_owned();
    assert_eq!(alg(&test.sign_in("ada").await.access), "ES256");

    test.wait(600);
    test.authority.tick(test.now).await.expect("ticks");
    let after = test.sign_in("ada").await;
    assert_eq!(alg(&after.access), "Ed25519");
    test.authority.tokens().verify(&before.refresh, test.now).await.expect("refresh tokens do not notice");

    test.wait(361);
    assert!(test.authority.tick(test.now).await.expect("ticks"), "the old key retires by itself");
    assert_eq!(states(&test).await, [KeyState::Retired, KeyState::Signing]);
}

#[tokio::test]
async fn the_key_for_id_tokens_is_made_once_rotated_with_the_others_and_made_anew_where_it_was_withdrawn() {
    let mut test = TestAuthority::new().await;
    assert!(!test.authority.keys().published().is_complete);
    let made = tokio::join!(
        test.authority.keys().make_id_token_key(test.now),
        test.authority.keys().make_id_token_key(test.now),
    );
    assert!(made.0.is_ok() && made.1.is_ok(), "{made:?}");
    assert!(test.authority.keys().published().is_complete);
    assert!(
        !test.authority.keys().make_id_token_key(test.now).await.expect("the store works"),
        "it is there"
    );
    assert_eq!(states(&test).await, [KeyState::Signing, KeyState::Signing], "one for each kind of token");

    let new = keyring::rotate(&*test.store, &master(), None, WAIT, Actor::Operator, test.now)
        .await
        .expect("rotates");
    let algorithms: Vec<_> = new.iter().map(|key| key.algorithm).collect();
    assert_eq!(algorithms, [Algorithm::ES256, Algorithm::RS256]);
    use KeyState::{Next, Signing, Superseded};
    assert!(matches!(states(&test).await[..], [Signing, Next { .. }, Signing, Next { .. }]));
    test.wait(600);
    test.authority.tick(test.now).await.expect("ticks");
    assert!(matches!(states(&test).await[..], [Superseded { .. }, Signing, Superseded { .. }, Signing]));
    let listed = keyring::list(&*test.store, Duration::from_secs(300), test.now).await.expect("a list");

    for (key, _) in listed.iter().filter(|(key, _)| key.algorithm == Algorithm::RS256) {
        keyring::retire(&*test.store, &key.id, Duration::from_secs(300), Actor::Operator, test.now)
            .await
            .expect("withdrawn");
    }
    test.authority.reload(test.now).await.expect("reloads");
    assert!(!test.authority.keys().published().is_complete);
    assert!(test.authority.keys().make_id_token_key(test.now).await.expect("a key"));
}

#[tokio::test]
async fn an_authority_that_signs_access_tokens_by_rs256_needs_no_other_key_for_id_tokens() {
    let test = TestAuthority::with(|settings| {
        settings.access.algorithm = AccessAlgorithm::Key(Algorithm::RS256);
    })
    .await;
    assert!(test.authority.keys().published().is_complete);
    assert!(!test.authority.keys().make_id_token_key(test.now).await.expect("the store works"));
    assert_eq!(states(&test).await, [KeyState::Signing]);
}

#[tokio::test]
async fn a_withdrawn_keys_tokens_are_refused_at_once() {
    let test = TestAuthority::new().await;
    let pair = test.sign_in("ada").await;
    keyring::rotate(&*test.store, &master(), None, WAIT, Actor::Operator, test.now).await.expect("rotates");
    let stolen = test.store.list_keys().await.expect("the store works");
    let stolen = stolen.iter().find(|key| key.algorithm == Algorithm::ES256).expect("the first key");
    keyring::retire(&*test.store, &stolen.id, Duration::from_secs(300), Actor::Operator, test.now)
        .await
        .expect("another key is left");
    test.authority.reload(test.now).await.expect("reloads");
    assert!(matches!(
        test.authority.tokens().verify(&pair.access, test.now).await,
        Err(TokenError::Invalid(_))
    ));
    test.authority
        .tokens()
        .verify(&test.sign_in("ada").await.access, test.now)
        .await
        .expect("the next key signs");
}

#[tokio::test]
async fn the_only_key_and_the_refresh_key_cannot_be_withdrawn() {
    let test = TestAuthority::new().await;
    for key in test.store.list_keys().await.expect("the store works") {
        let refused =
            keyring::retire(&*test.store, &key.id, Duration::from_secs(300), Actor::Operator, test.now).await;
        assert!(
            matches!(refused, Err(KeyChangeError::OnlyKey(_) | KeyChangeError::SignsRefreshTokens(_))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_master_key_is_refused_and_nothing_is_touched() {
    let test = TestAuthority::new().await;
    let before = test.store.list_keys().await.expect("the store works");
    let mut settings = Settings::new("https://auth.example");
    settings.access.algorithm = AccessAlgorithm::Key(Algorithm::Ed25519);
    let store = Arc::clone(&test.store);
    let other = MasterKey::from_bytes([8; 32]);
    let opened = Authority::open(store, other, settings, Ports::default(), test.now);
    assert!(matches!(opened.await.err(), Some(OpenError::Keys(_))));
    assert_eq!(test.store.list_keys().await.expect("the store works"), before);
}

#[tokio::test]
async fn a_configured_algorithm_rotates_to_it_once() {
    let mut test = TestAuthority::new().await;
    for _ in 0..2 {
        test.restart(|settings| settings.access.algorithm = AccessAlgorithm::Key(Algorithm::Ed25519)).await;
        assert!(matches!(states(&test).await[..], [KeyState::Signing, KeyState::Next { .. }]));
    }
}

#[tokio::test]
async fn a_store_begun_with_a_shared_secret_takes_a_key_later_and_the_reverse() {
    let secret = || SharedSecret::new(Algorithm::HS256, &[5; 32]).expect("long enough");
    let mut test =
        TestAuthority::with(|settings| settings.access.algorithm = AccessAlgorithm::SharedSecret(secret()))
            .await;
    test.restart(|settings| settings.access.algorithm = AccessAlgorithm::AsStored).await;
    let by_key = test.sign_in("ada").await;
    test.restart(|settings| settings.access.algorithm = AccessAlgorithm::SharedSecret(secret())).await;
    let by_secret = test.sign_in("ada").await;
    test.authority.tokens().verify(&by_key.access, test.now).await.expect("its key is still published");
    test.authority.tokens().verify(&by_secret.access, test.now).await.expect("its own secret");
}

#[tokio::test]
async fn ed25519_goes_by_the_name_that_older_verifiers_know_where_it_is_asked_for() {
    let test = TestAuthority::with(|settings| {
        settings.access.algorithm = AccessAlgorithm::Key(Algorithm::Ed25519);
        settings.access.ed25519_name = Ed25519Name::EdDsa;
    })
    .await;
    let pair = test.sign_in("ada").await;
    assert_eq!(Unverified::parse(&pair.access).expect("well-formed").alg(), "EdDSA");
    let published = test.authority.keys().published();
    assert!(String::from_utf8_lossy(&published.json).contains(r#""alg":"EdDSA""#));
    test.authority.tokens().verify(&pair.access, test.now).await.expect("its own token");
}

#[tokio::test]
async fn an_hmac_algorithm_cannot_be_rotated_to() {
    let test = TestAuthority::new().await;
    let refused =
        keyring::rotate(&*test.store, &master(), Some(Algorithm::HS256), WAIT, Actor::Operator, test.now)
            .await;
    assert!(matches!(refused, Err(KeyChangeError::NeedsSharedSecret(_))), "{refused:?}");
}

//! Keys that are replaced while requests go on.

use http::StatusCode;
use jeton_jose::KeySet;

use crate::world::{Issuer, app, builder, jwk_set, send_token};

#[tokio::test]
async fn replaced_keys_count_at_once_for_every_clone() {
    let (old, new) = (Issuer::new("old"), Issuer::new("new"));
    let guard = builder(&old).0.remember(64).build();
    let app = app(&guard.clone());
    assert_eq!(send_token(&app, &old.token()).await.status, StatusCode::OK);
    assert_eq!(send_token(&app, &new.token()).await.status, StatusCode::UNAUTHORIZED);

    let both = KeySet::from_jwk_set(&jwk_set(&[&old, &new])).expect("two keys");
    guard.replace_keys(both).expect("the keys are the caller's");
    assert_eq!(send_token(&app, &old.token()).await.status, StatusCode::OK);
    assert_eq!(send_token(&app, &new.token()).await.status, StatusCode::OK);

    guard.replace_keys(new.keys()).expect("the keys are the caller's");
    assert_eq!(send_token(&app, &old.token()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(send_token(&app, &new.token()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_guard_without_keys_lets_nobody_pass() {
    let issuer = Issuer::new("k");
    let guard = builder(&issuer).0.build();
    guard.replace_keys(KeySet::default()).expect("the keys are the caller's");
    assert_eq!(send_token(&app(&guard), &issuer.token()).await.status, StatusCode::UNAUTHORIZED);
}

//! A database is bound to the master key that sealed the first thing in it.

use std::sync::Arc;

use jeton_authority::audit::Actor;
use jeton_authority::client::{Client, ClientPolicy, ClientSecret, NewClient};
use jeton_authority::keyring;
use jeton_authority::keys::{MasterKey, StoredKey};
use jeton_authority::store::{ClientChange, ClientStore, KeyStore, Store, StoreError};
use jeton_jose::Algorithm;
use jeton_oauth::client::{ClientId, ClientMetadata};
use jeton_store::{Access, OpenError, OpenMode, SqliteStore};
use tokio::task::JoinSet;

use crate::migrating::make_first;
use crate::scratch::{Scratch, add, at};

fn key(byte: u8) -> MasterKey {
    MasterKey::from_bytes([byte; 32])
}

fn open_under(scratch: &Scratch, key: &MasterKey) -> Result<SqliteStore, OpenError> {
    SqliteStore::open_as(scratch.database(), OpenMode::CreateOrMigrate, Access::Command, Some(key))
}

fn client(id: &str) -> Client {
    let metadata: ClientMetadata =
        serde_json::from_str(r#"{"redirect_uris": ["https://app.example/"]}"#).expect("metadata");
    Client::new(NewClient {
        id: ClientId::parse(id).expect("an identifier"),
        metadata,
        policy: ClientPolicy::default(),
        secret: Some(ClientSecret::new("a client secret that nobody guesses")),
        registration_token: None,
        created_at: at(0),
    })
    .expect("a client")
}

async fn rotate(store: &dyn Store, key: &MasterKey) -> Result<StoredKey, keyring::KeyChangeError> {
    let made = keyring::rotate(
        store,
        key,
        Some(Algorithm::ES256),
        std::time::Duration::ZERO,
        Actor::Operator,
        at(0),
    )
    .await?;
    Ok(made.into_iter().next().expect("a key"))
}

#[tokio::test]
async fn the_first_thing_that_is_sealed_decides_which_key_opens_the_database() {
    for first_is_a_client in [true, false] {
        let scratch = Scratch::new();
        let store = open_under(&scratch, &key(1)).expect("opening");
        add(&store, "ada").await.expect("adding");
        assert!(store.sealed_things().await.expect("reading").is_empty());
        open_under(&scratch, &key(2)).expect("nothing is sealed, so any key fits");
        if first_is_a_client {
            let added =
                store.add_client(client("web").to_stored(&key(1)), Actor::Operator).await.expect("a store");
            assert_eq!(added, ClientChange::Done);
        } else {
            rotate(&store, &key(1)).await.expect("a key");
        }
        assert!(!store.sealed_things().await.expect("reading").is_empty());
        store.close().expect("closing");

        let before = std::fs::read(scratch.database()).expect("reading");
        let refused = open_under(&scratch, &key(2)).expect_err("another key");
        assert!(matches!(refused, OpenError::OtherMasterKey { .. }), "{refused}");
        assert_eq!(std::fs::read(scratch.database()).expect("reading"), before, "nothing was written");
        open_under(&scratch, &key(1)).expect("its own key");
    }
}

#[tokio::test]
async fn nothing_is_sealed_under_another_key_by_who_had_it_open_before() {
    let scratch = Scratch::new();
    let [own, other] = [1, 2].map(|byte| open_under(&scratch, &key(byte)).expect("opening"));
    own.add_client(client("web").to_stored(&key(1)), Actor::Operator).await.expect("a store");
    let refused = other.add_client(client("app").to_stored(&key(2)), Actor::Operator).await;
    assert!(matches!(refused, Err(StoreError::OtherMasterKey)), "{refused:?}");
    let refused = other.change_client(client("web").to_stored(&key(2)), Actor::Operator, at(0)).await;
    assert!(matches!(refused, Err(StoreError::OtherMasterKey)), "{refused:?}");
    assert!(rotate(&other, &key(2)).await.is_err());
    assert_eq!(own.list_clients(None, 10).await.expect("a list").len(), 1);
    assert!(own.list_keys().await.expect("a list").is_empty());
}

#[tokio::test]
async fn of_many_keys_at_once_one_seals() {
    let scratch = Scratch::new();
    drop(scratch.open());
    let mut tasks = JoinSet::new();
    for byte in 1..=8 {
        let store = Arc::new(open_under(&scratch, &key(byte)).expect("opening"));
        tasks.spawn(async move {
            let mut added = 0;
            for number in 0..5 {
                let stored = client(&format!("client-{byte}-{number}")).to_stored(&key(byte));
                added += usize::from(store.add_client(stored, Actor::Operator).await.is_ok());
            }
            added
        });
    }
    let added = tasks.join_all().await;
    assert_eq!(added.iter().filter(|added| **added == 5).count(), 1, "{added:?}");
    assert_eq!(added.iter().sum::<usize>(), 5, "{added:?}");
}

#[tokio::test]
async fn a_database_from_before_is_bound_by_the_key_that_opens_what_is_in_it() {
    let scratch = Scratch::new();
    make_first(&scratch.raw());
    let sealed = {
        // As a program of that time sealed it.
        let other = Scratch::new();
        let store = open_under(&other, &key(1)).expect("opening");
        rotate(&store, &key(1)).await.expect("a key")
    };
    scratch
        .raw()
        .execute(
            "INSERT INTO keys VALUES (1, ?1, 'access', 'ES256', ?2, 0, 0, NULL)",
            (sealed.id.as_str(), sealed.sealed.as_str()),
        )
        .expect("a key");
    let schema = || {
        scratch.raw().pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).expect("a number")
    };
    let refused = open_under(&scratch, &key(2)).expect_err("another key");
    assert!(matches!(refused, OpenError::OtherMasterKey { .. }), "{refused}");
    assert_eq!(schema(), 1, "it was not even brought up to date");
    drop(open_under(&scratch, &key(1)).expect("its own key"));
    scratch.raw().execute("DELETE FROM keys", []).expect("deleting");
    assert!(
        matches!(open_under(&scratch, &key(2)), Err(OpenError::OtherMasterKey { .. })),
        "it is bound by now"
    );
    open_under(&scratch, &key(1)).expect("its own key");
}

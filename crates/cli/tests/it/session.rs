//! `jeton session`.

use std::net::IpAddr;

use jeton_authority::factor::Factor;
use jeton_authority::grant::{GrantDetail, NewGrant};
use jeton_authority::session::{NewSession, SessionSecretHash};
use jeton_authority::store::{GrantOpening, SessionOpening, Store};
use jeton_authority::user::Username;
use jeton_authority::{GrantId, Network, SessionId};
use jeton_jose::Timestamp;
use jeton_store::{Access, DatabaseUrl, OpenMode};

use crate::run::Folder;

#[test]
fn sessions_are_listed_and_ended_one_by_one_or_all_at_once() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    folder.add_user("bob", "correct horse");
    let server = folder.serve(&[]);
    let pairs = [
        server.sign_in("ada", "correct horse"),
        server.sign_in("ada", "correct horse"),
        server.sign_in("bob", "correct horse"),
    ];

    let all = folder.run(&["session", "list", "--json"]).json();
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    let bobs = folder.run(&["session", "list", "--user", "bob", "--json"]).json();
    assert_eq!(bobs.as_array().map(Vec::len), Some(1));
    assert_eq!(bobs[0]["user"], "bob");

    let id = bobs[0]["id"].as_str().expect("an identifier");
    assert_eq!((&bobs[0]["of"], &bobs[0]["client"]), (&"client".into(), &"jeton".into()));
    assert!(bobs[0]["signed_in_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{bobs}");
    assert_eq!(server.refresh(&pairs[2]["refresh"]).0, 200);
    let refreshed = folder.run(&["session", "list", "--user", "bob", "--json"]).json();
    assert_eq!(refreshed[0]["signed_in_at"], bobs[0]["signed_in_at"]);
    folder.run(&["session", "end", id]).done();
    assert_eq!(server.refresh(&pairs[2]["refresh"]).0, 401);
    assert_eq!(server.refresh(&pairs[0]["refresh"]).0, 200);
    assert_eq!(
        folder.run(&["session", "end", id]).refused(),
        format!("error[session_ended]: session {id} has already ended")
    );

    let ended = folder.run(&["session", "end", "--user", "ada", "--json"]).json();
    assert_eq!(ended, serde_json::json!({"sessions_ended": 2}));
    assert_eq!(server.refresh(&pairs[1]["refresh"]).0, 401);
    assert_eq!(folder.run(&["session", "list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn a_session_or_user_that_is_not_there_is_refused() {
    let folder = Folder::new();
    let id = "00000000000000000000000000000000";
    assert_eq!(
        folder.run(&["session", "end", id]).refused(),
        format!("error[session_unknown]: there is no session {id}")
    );
    assert_eq!(
        folder.run(&["session", "list", "--user", "eve"]).refused(),
        "error[user_unknown]: there is no user eve"
    );
    folder.run(&["session", "end", "not-an-id"]).misused();
}

const BROWSER: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";
const SHOP: &str = "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c";
const BANK: &str = "0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d";

fn on_the_store<T>(folder: &Folder, work: impl AsyncFnOnce(&dyn Store) -> T) -> T {
    let database = DatabaseUrl::sqlite(folder.path().join("jeton.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = jeton_store::open(&database, OpenMode::AsIs, Access::Command, None).await;
        work(&*store.expect("a database")).await
    })
}

/// Ada at a browser, and two clients that she reached from there, one of which was given to outlive it.
async fn sign_in_at_a_browser(store: &dyn Store) {
    let ada = store
        .find_user(&Username::parse("ada").expect("a name"))
        .await
        .expect("reading")
        .expect("she exists");
    let now = Timestamp::from_unix(
        std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs().try_into().expect("a number"),
    );
    let later = Timestamp::from_unix(now.unix() + 1_000);
    let network = Network::of(IpAddr::from([192, 0, 2, 7]));
    let session = NewSession {
        id: BROWSER.parse::<SessionId>().expect("an identifier"),
        secret: SessionSecretHash::from_bytes([1; 32]),
        user: ada.id,
        epoch: ada.epoch,
        methods: vec![Factor::Password],
        network,
        device: "".into(),
        authenticated_at: now,
        expires_at: later,
    };
    let opened = store.open_session(session.clone(), None).await.expect("writing");
    assert_eq!(opened, SessionOpening::Opened);
    for (id, client, session) in [(SHOP, "shop", Some(session.id)), (BANK, "bank", None)] {
        let detail = format!(r#"{{"auth_time":{}}}"#, now.unix());
        let grant = NewGrant {
            id: id.parse::<GrantId>().expect("an identifier"),
            user: ada.id,
            epoch: ada.epoch,
            client: client.into(),
            scope: "openid".parse().expect("a scope"),
            session,
            told_of: None,
            detail: GrantDetail::from_json(&detail).map(Box::new),
            network,
            opened_at: now,
            expires_at: later,
        };
        assert_eq!(store.open_grant(grant).await.expect("writing"), GrantOpening::Opened);
    }
}

/// Which grants' ends clients are still to be told of.
async fn to_be_told(store: &dyn Store) -> Vec<String> {
    let due = store.due_logouts(Timestamp::MAX, 9, 9).await.expect("reading");
    due.into_iter().map(|delivery| delivery.sid.to_string()).collect()
}

#[test]
fn a_browsers_session_is_listed_with_those_of_clients_and_whoever_listens_is_told_of_an_end() {
    let folder = Folder::new();
    folder.add_user("ada", "correct horse");
    for client in ["shop", "bank"] {
        let add = ["client", "add", "--id", client, "--redirect-uri", "https://app.example/callback"];
        let add = [&add[..], &["--backchannel-logout-uri", "https://app.example/logout"]].concat();
        folder.run(&add).done();
    }
    on_the_store(&folder, sign_in_at_a_browser);

    let listed = folder.run(&["session", "list", "--json"]).json();
    let member = |name: &str| -> Vec<String> {
        let values = listed.as_array().expect("a list").iter().map(|session| &session[name]);
        values.map(|value| value.as_str().unwrap_or("–").to_owned()).collect()
    };
    assert_eq!(member("id"), [BROWSER, SHOP, BANK]);
    assert_eq!(member("of"), ["browser", "client", "client"]);
    assert_eq!(member("client"), ["–", "shop", "bank"]);
    assert_eq!(member("session"), ["–", BROWSER, "–"]);
    assert!(
        member("signed_in_at").iter().chain(&member("last_used_at")).all(|time| time.len() > 10),
        "{listed}"
    );
    assert_eq!(folder.run(&["session", "list", "--user", "ada", "--json"]).json(), listed);
    let table = folder.run(&["session", "list"]).done();
    assert!(table.contains("browser") && table.contains("client shop"), "{table}");

    let ended = folder.run(&["session", "end", BANK, "--json"]).json();
    assert_eq!(ended, serde_json::json!({"sessions_ended": 1}));
    assert_eq!(on_the_store(&folder, to_be_told), [BANK]);
    // `jeton grant` knows grants alone: what came from the session, and nothing of the session itself.
    let grants = folder.run(&["grant", "list", "--json"]).json();
    assert_eq!((&grants[0]["id"], &grants[0]["session"]), (&SHOP.into(), &BROWSER.into()));
    assert_eq!(grants.as_array().map(Vec::len), Some(1));
    assert_eq!(
        folder.run(&["grant", "end", BROWSER]).refused(),
        format!("error[grant_unknown]: there is no grant {BROWSER}")
    );
    let ended = folder.run(&["session", "end", BROWSER, "--json"]).json();
    assert_eq!(ended, serde_json::json!({"sessions_ended": 2}));
    assert_eq!(on_the_store(&folder, to_be_told), [BANK, SHOP]);
    for id in [BANK, BROWSER, SHOP] {
        let refused = folder.run(&["session", "end", id]).refused();
        assert_eq!(refused, format!("error[session_ended]: session {id} has already ended"));
    }
    assert_eq!(folder.run(&["session", "list", "--json"]).json(), serde_json::json!([]));
}

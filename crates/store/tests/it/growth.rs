//! What a grant costs on disk. `examples/grant_cost.rs` measures it at a size that matters.

use std::sync::Arc;

use jeton_authority::store::{GrantOpening, GrantStore};
use rusqlite::Connection;
use tokio::task::JoinSet;

use crate::migrating::make_first;
use crate::scratch::{Scratch, add, new_grant};

const GRANTS: usize = 5_000;
const TASKS: usize = 50;

/// How many bytes the tables of grants take, with their indexes and nothing unused between.
fn bytes_a_grant(db: &Connection) -> f64 {
    db.execute_batch("VACUUM").expect("packing");
    let pages = |db: &Connection| {
        db.pragma_query_value(None, "page_count", |row| row.get::<_, u32>(0)).expect("counting pages")
    };
    let with = pages(db);
    db.execute_batch("DELETE FROM grants; VACUUM").expect("emptying");
    f64::from(with - pages(db)) * 1024.0 / GRANTS as f64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_later_schemas_need_costs_a_grant_of_the_token_api_next_to_nothing() {
    let scratch = Scratch::new();
    let store = Arc::new(scratch.open());
    add(&*store, "ada").await.expect("adding");
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for number in (task..GRANTS).step_by(TASKS) {
                let opening = store.open_grant(new_grant(&format!("grant {number}"))).await;
                assert_eq!(opening.expect("opening"), GrantOpening::Opened);
            }
        });
    }
    tasks.join_all().await;
    Arc::into_inner(store).expect("nobody else holds it").close().expect("closing");

    // The same grants as schema 1 kept them.
    let old = Scratch::new();
    make_first(&old.raw());
    let db = scratch.raw();
    db.execute("ATTACH ?1 AS old", [old.database().to_string_lossy()]).expect("attaching");
    db.execute_batch(
        "INSERT INTO old.users SELECT number, id, username, imported_key, email, password, epoch, disabled, admin,
                                      created_at FROM main.users;
         INSERT INTO old.grants SELECT id_high, id_low, user, client, scope, generation, minted_at, grace_from, network,
                                       excuses, clean, expires_at, revoked_at FROM main.grants;
         DETACH old;",
    )
    .expect("copying");
    let (now, then) = (bytes_a_grant(&db), bytes_a_grant(&old.raw()));
    // When it was opened, in five bytes; three columns that hold nothing, a byte each; and what of a page of 1,024 bytes is left
    // empty for it.
    assert!(now - then < 13.0, "a grant takes {now:.1} bytes, and took {then:.1}");
    assert!(now < 100.0, "a grant takes {now:.1} bytes");
}

//! SQLite passes the suite.

use jeton_store::conformance::Fresh;
use jeton_store::{OpenMode, SqliteStore};

async fn fresh_sqlite() -> Fresh {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let store =
        SqliteStore::open(folder.path().join("jeton.db"), OpenMode::CreateOrMigrate).expect("a new database");
    Fresh::new(store, folder)
}

jeton_store::conformance!(fresh_sqlite);

//! Puts rows of every kind into every table of an empty database, for `cargo xtask baseline`.
//!
//! `cargo run -p jeton-store --example fill -- sqlite:FILE|postgres://…`

use std::error::Error;

use jeton_store::{Access, DatabaseUrl, OpenMode, conformance, open};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("expected the URL of an empty database")?;
    let url = DatabaseUrl::parse(&url)?;
    let store = open(&url, OpenMode::CreateOrMigrate, Access::Command, None).await?;
    conformance::fill(store).await;
    Ok(())
}

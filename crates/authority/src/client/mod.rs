//! Clients: the applications that people sign in to.

mod policy;
mod registered;
mod secret;

pub use policy::{ClientPolicy, ClientSource, ConsentPolicy, PkcePolicy};
pub use registered::{Client, ClientError, NewClient, StoredClient};
pub use secret::ClientSecret;

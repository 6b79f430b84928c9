//! Clients: the applications that people sign in to.

mod algorithms;
mod policy;
mod registered;
mod remote_keys;
mod secret;

pub(crate) use algorithms::names;
pub use algorithms::{ASSERTION_ALGORITHMS, SIGNING_ALGORITHMS};
pub use policy::{
    ClientPolicy, ClientSource, ConsentPolicy, ExchangeActor, ExchangePolicy, PkcePolicy, TrustedIssuer,
};
pub use registered::{Client, ClientError, NewClient, StoredClient};
pub use remote_keys::ClientKeys;
pub use secret::ClientSecret;

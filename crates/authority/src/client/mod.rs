//! Clients: the applications that people sign in to.

mod algorithms;
mod consent;
mod defaults;
mod permits;
mod policy;
mod profile;
pub(crate) mod public_keys;
mod registered;
mod resources;
mod rule;
mod secret;
mod sector;

use jeton_oauth::client::ClientId;

pub use crate::pkce::{InsteadOfPkce, PkcePolicy};
pub use algorithms::{
    ASSERTION_ALGORITHMS, CONTENT_ENCRYPTION_ALGORITHMS, KEY_ENCRYPTION_ALGORITHMS,
    REQUEST_OBJECT_ALGORITHMS, SIGNING_ALGORITHMS,
};
pub(crate) use algorithms::{ClientAlgorithms, Encryption, names};
pub use consent::{Consent, GivenConsent, withdraw_consent};
pub use defaults::say_id_token_algorithm;
pub use policy::{
    ClientPolicy, ClientSource, ConsentPolicy, ExchangeActor, ExchangePolicy, IdTokenClaims,
    IntrospectionPolicy, SecondFactorPolicy, TrustedIssuer,
};
pub use profile::SecurityProfile;
pub use registered::{
    Client, ClientError, NewClient, StoredClient, Unverified, display_names, mapped_attributes,
};
pub(crate) use resources::known_as;
pub use rule::{ClientChange, ClientRemoval, IdStanding, add, change, outdated, remove, removed};
pub use secret::ClientSecret;

/// Whether a client of this identifier would be taken for the token API's own, which `client_id` of the settings names and which is
/// never stored. None can be added under that name.
pub fn is_token_apis_own(id: &ClientId, client_id: &str) -> bool {
    id.as_str() == client_id
}

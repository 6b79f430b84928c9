//! What a client gets where nobody says otherwise: what unmodified libraries expect.
//!
//! A client that is added says all of it in its own record. What a stored record leaves out means what it meant when the record
//! was written ([`ClientPolicy::default`], [`Client::id_token_algorithm`]), so that no existing client changes with a new version.

use jeton_jose::Algorithm;
use jeton_oauth::client::{ClientMetadata, Written};

use super::{Client, ClientPolicy, ClientSource, ConsentPolicy, IdTokenClaims, PkcePolicy, SecurityProfile};
use crate::settings::{FIRST_ALGORITHM, ID_TOKEN_ALGORITHM};

impl ClientPolicy {
    /// What is decided about a client that is added now. A profile asks for more than others meet, and keeps ID tokens small.
    pub fn of_new_client(profile: Option<SecurityProfile>) -> Self {
        match profile {
            Some(_) => Self { profile, ..Self::default() },
            None => {
                let (pkce, id_token_claims) = (PkcePolicy::Auto, IdTokenClaims::Scopes);
                Self { pkce, id_token_claims, ..Self::default() }
            }
        }
    }

    /// What is decided about a client that nobody vouches for: users are asked before it gets anything.
    pub(crate) fn of_unvouched_client(source: ClientSource, pkce: PkcePolicy) -> Self {
        Self { consent: ConsentPolicy::Asked, source, pkce, ..Self::of_new_client(None) }
    }
}

/// Writes down what ID tokens of a client that is added now are signed with, where it does not say (OpenID Connect Dynamic
/// Client Registration §2). A profile has an algorithm of its own.
pub fn say_id_token_algorithm(metadata: &mut ClientMetadata, profile: Option<SecurityProfile>) {
    let algorithm = profile.map_or(ID_TOKEN_ALGORITHM, |_| FIRST_ALGORITHM);
    metadata.id_token_signed_response_alg.get_or_insert_with(|| Written::of(algorithm));
}

impl Client {
    /// What its ID tokens are signed with: ES256 where its record does not say, which is so of those that were added before
    /// clients said it.
    pub fn id_token_algorithm(&self) -> Algorithm {
        self.algorithms().id_token.unwrap_or(FIRST_ALGORITHM)
    }
}

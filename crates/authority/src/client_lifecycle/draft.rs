//! A client as it is to be written, with the secret that it needs.

use crate::client::{Client, ClientError, ClientSecret, NewClient};
use crate::random::Random;

/// Which secret a client has from now on. One that uses none has none.
#[derive(Debug, Clone, Default)]
pub enum SecretChoice {
    /// The one that it has, or a new one where it needs one and has none.
    #[default]
    AsNeeded,
    /// A new one.
    Fresh,
    /// The one that somebody chose.
    Chosen(ClientSecret),
}

/// A client whose description was checked, to be written.
#[derive(Debug, Clone)]
pub struct Drafted {
    /// The client.
    pub client: Client,
    /// The secret that was drawn for it, to be shown once.
    pub drawn: Option<ClientSecret>,
}

/// Checks a description, of a new client or of one that changes: `new.secret` is the secret that it has.
pub(crate) fn draft(
    new: NewClient,
    choice: SecretChoice,
    random: &dyn Random,
) -> Result<Drafted, ClientError> {
    let method = new.metadata.auth_method();
    let needs_secret = method.needs_secret();
    let draw = || Some(ClientSecret::draw(random));
    let drawn = match &choice {
        SecretChoice::Fresh | SecretChoice::Chosen(_) if !needs_secret => {
            return Err(ClientError::SecretUnused { method });
        }
        SecretChoice::Fresh => draw(),
        SecretChoice::AsNeeded if needs_secret && new.secret.is_none() => draw(),
        SecretChoice::AsNeeded | SecretChoice::Chosen(_) => None,
    };
    let secret = match choice {
        SecretChoice::Chosen(secret) => Some(secret),
        SecretChoice::AsNeeded | SecretChoice::Fresh => drawn.clone().or(new.secret),
    };
    let client = Client::new(NewClient { secret: secret.filter(|_| needs_secret), ..new })?;
    Ok(Drafted { client, drawn })
}

#[cfg(test)]
mod tests {
    use jeton_jose::Timestamp;
    use jeton_oauth::RedirectUri;
    use jeton_oauth::client::{ClientId, ClientMetadata, TokenEndpointAuthMethod};

    use super::*;
    use crate::SystemRandom;
    use crate::client::ClientPolicy;

    fn described(method: TokenEndpointAuthMethod, secret: Option<&str>) -> NewClient {
        let metadata = ClientMetadata {
            redirect_uris: vec![RedirectUri::parse("https://shop.example/callback").expect("a URI")],
            token_endpoint_auth_method: Some(method),
            ..ClientMetadata::default()
        };
        NewClient {
            id: ClientId::parse("web").expect("an identifier"),
            metadata,
            policy: ClientPolicy::default(),
            secret: secret.map(ClientSecret::new),
            registration_token: None,
            created_at: Timestamp::from_unix(1_000),
        }
    }

    fn drafted(new: NewClient, choice: SecretChoice) -> Drafted {
        draft(new, choice, &SystemRandom).expect("a client")
    }

    const BASIC: TokenEndpointAuthMethod = TokenEndpointAuthMethod::ClientSecretBasic;
    const NONE: TokenEndpointAuthMethod = TokenEndpointAuthMethod::None;

    #[test]
    fn a_client_that_needs_a_secret_and_has_none_gets_one_that_is_shown() {
        let Drafted { client, drawn } = drafted(described(BASIC, None), SecretChoice::AsNeeded);
        let drawn = drawn.expect("a secret");
        assert!(client.secret.expect("a secret").is(drawn.expose()));
    }

    #[test]
    fn the_secret_that_a_client_has_stays_until_another_is_asked_for() {
        let Drafted { client, drawn } = drafted(described(BASIC, Some("first")), SecretChoice::AsNeeded);
        assert!(drawn.is_none() && client.secret.expect("a secret").is("first"));
        let fresh = drafted(described(BASIC, Some("first")), SecretChoice::Fresh);
        assert!(fresh.drawn.is_some() && !fresh.client.secret.expect("a secret").is("first"));
        let chosen = SecretChoice::Chosen(ClientSecret::new("second"));
        let Drafted { client, drawn } = drafted(described(BASIC, Some("first")), chosen);
        assert!(drawn.is_none() && client.secret.expect("a secret").is("second"));
    }

    #[test]
    fn a_client_that_uses_no_secret_loses_the_one_that_it_has_and_gets_none() {
        let Drafted { client, drawn } = drafted(described(NONE, Some("first")), SecretChoice::AsNeeded);
        assert!(client.secret.is_none() && drawn.is_none());
        for choice in [SecretChoice::Fresh, SecretChoice::Chosen(ClientSecret::new("second"))] {
            let refused = draft(described(NONE, None), choice, &SystemRandom);
            assert_eq!(refused.map(drop), Err(ClientError::SecretUnused { method: NONE }));
        }
    }
}

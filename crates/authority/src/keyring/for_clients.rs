//! The keys that sign what is for clients: ID tokens above all. They are made beside the requests.

use jeton_jose::jwt::Signer;
use jeton_jose::{Algorithm, Timestamp};

use super::Keys;
use super::{id_token_key, sign_for_clients};
use crate::audit::Actor;
use crate::client::Client;
use crate::keys::newest;
use crate::oauth_error::OAuthError;
use crate::settings::ID_TOKEN_ALGORITHM;
use crate::user::Subject;

/// How often it is tried again when another process adds keys at the same time.
const ATTEMPTS: usize = 4;

impl Keys {
    /// What a client calls a user.
    pub(crate) fn subject_for(&self, client: &Client, subject: &Subject) -> String {
        client.subject_of(subject, |purpose, parts| self.seal(purpose, parts))
    }

    /// Makes the key that ID tokens of new clients are signed with, where there is none: at the first start, and after it was
    /// withdrawn. To be called beside the requests, which wait for it. Answers whether it was made.
    ///
    /// # Errors
    /// When it cannot be made, or not be stored.
    pub async fn make_id_token_key(&self, now: Timestamp) -> Result<bool, OAuthError> {
        if self.signs_for_clients(ID_TOKEN_ALGORITHM) {
            return Ok(false);
        }
        self.make_client_key(ID_TOKEN_ALGORITHM, now).await?;
        Ok(true)
    }

    /// Waits until there is a key for everything that is signed for a client.
    pub(crate) async fn ready_to_sign_for(&self, client: &Client, now: Timestamp) -> Result<(), OAuthError> {
        for algorithm in client.signing_algorithms() {
            self.ready_to_sign_by(algorithm, now).await?;
        }
        Ok(())
    }

    /// Waits until there is a key for the ID tokens of a client, if it gets any: before its code or refresh token is used up.
    pub(crate) async fn ready_for_id_tokens(
        &self,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), OAuthError> {
        if !client.scope().contains("openid") {
            return Ok(());
        }
        self.ready_to_sign_by(client.id_token_algorithm(), now).await
    }

    async fn ready_to_sign_by(&self, algorithm: Algorithm, now: Timestamp) -> Result<(), OAuthError> {
        if self.signs_for_clients(algorithm) { Ok(()) } else { self.make_client_key(algorithm, now).await }
    }

    /// What signs for clients by this algorithm. Where there is no key for it yet, waits until one is made and published.
    pub(crate) async fn client_signer(
        &self,
        algorithm: Algorithm,
        typ: &str,
        now: Timestamp,
    ) -> Result<Signer, OAuthError> {
        if let Some(signer) = self.with_ring(|ring| ring.client_signer(algorithm, typ)) {
            return Ok(signer);
        }
        self.make_client_key(algorithm, now).await?;
        self.with_ring(|ring| ring.client_signer(algorithm, typ)).ok_or_else(|| missing(algorithm))
    }

    fn signs_for_clients(&self, algorithm: Algorithm) -> bool {
        self.with_ring(|ring| ring.signs_for_clients(algorithm))
    }

    /// Sees that there is a key for this algorithm. It is made on a thread of its own, and at most once, however many wait.
    async fn make_client_key(&self, algorithm: Algorithm, now: Timestamp) -> Result<(), OAuthError> {
        // Another node, or another request, may be storing one; whose comes first counts.
        for _ in 0..ATTEMPTS {
            let mut stored = self.store.list_keys().await?;
            if !sign_for_clients(&stored, algorithm) {
                let pair = self.pairs.make(algorithm).await.map_err(OAuthError::Keys)?;
                // Making it took a while.
                stored = self.store.list_keys().await?;
                if !sign_for_clients(&stored, algorithm) {
                    let added = vec![id_token_key(&self.master, &pair, now)];
                    let newest = newest(&stored, &added);
                    self.store.add_keys(added, newest, Actor::Authority).await?;
                }
            }
            self.reload(now).await.map_err(|error| OAuthError::Keys(error.to_string().into()))?;
            if self.signs_for_clients(algorithm) {
                self.pairs.forget(algorithm);
                return Ok(());
            }
        }
        Err(missing(algorithm))
    }
}

fn missing(algorithm: Algorithm) -> OAuthError {
    OAuthError::Keys(format!("there is no key for {algorithm}").into())
}

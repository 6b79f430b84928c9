//! The keys that tokens are signed with.

use std::time::Duration;

use jeton_authority::keyring;
use jeton_authority::keyring::KeyChangeError;
use jeton_authority::keys::{KeyId, KeyPurpose, KeyState, StoredKey};
use jeton_jose::Algorithm;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::call::{Answer, Call, time};
use super::problem::{Problem, Refusal};
use crate::urls::path;

/// A key.
#[derive(Serialize, ToSchema)]
pub(super) struct Key {
    kid: String,
    alg: String,
    purpose: Purpose,
    state: State,
    created_at: String,
    signs_from: String,
    /// When the state changes by time alone: the key begins to sign, or its last token expires.
    changes_at: Option<String>,
    withdrawn_at: Option<String>,
}

/// What a key signs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Purpose {
    AccessTokens,
    IdTokens,
}

/// What a key does at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Published, and does not sign yet.
    Next,
    Signing,
    /// A newer one signs; tokens of this one are accepted until they expire.
    Superseded,
    /// Its last token has expired.
    Retired,
    /// Its tokens are refused.
    Withdrawn,
}

/// Keys.
#[derive(Serialize, ToSchema)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

/// How keys are rotated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    /// Only the key for access tokens is rotated, to this algorithm. Otherwise all are, to their own.
    alg: Option<String>,
    /// The new keys sign at once: APIs that cache the key set refuse their tokens until they fetch it again.
    #[serde(default)]
    at_once: bool,
}

/// What withdrawing a key would cost.
#[derive(Serialize, ToSchema)]
pub(super) struct Cost {
    kid: String,
    /// Whether it can be withdrawn.
    possible: bool,
    /// Whether tokens of this key may be in use.
    has_live_tokens: bool,
    /// When the last of them has expired if the key is left alone; `null` while it signs.
    last_token_expires_at: Option<String>,
    /// How long a client may have to wait until it has got another token by a refresh, in seconds: the lifetime of access tokens.
    access_token_lifetime: u64,
    /// What would happen, in English.
    consequences: Vec<&'static str>,
}

fn key_of((key, state): (StoredKey, KeyState)) -> Key {
    let (state, changes_at) = match state {
        KeyState::Next { signs_from } => (State::Next, Some(signs_from)),
        KeyState::Signing => (State::Signing, None),
        KeyState::Superseded { until } => (State::Superseded, Some(until)),
        KeyState::Retired => (State::Retired, None),
        KeyState::Withdrawn => (State::Withdrawn, None),
    };
    Key {
        kid: key.id.to_string(),
        alg: key.algorithm.as_str().to_owned(),
        purpose: match key.purpose {
            KeyPurpose::IdToken => Purpose::IdTokens,
            _ => Purpose::AccessTokens,
        },
        state,
        created_at: time(key.created_at),
        signs_from: time(key.signs_from),
        changes_at: changes_at.map(time),
        withdrawn_at: key.withdrawn_at.map(time),
    }
}

async fn all(call: &Call<'_>) -> Result<Vec<Key>, Problem> {
    let lifetime = call.app.authority.settings().access.lifetime;
    let keys = keyring::list(call.app.authority.store(), lifetime, call.now).await?;
    Ok(keys.into_iter().map(key_of).collect())
}

pub(super) async fn list(call: &mut Call<'_>) -> Result<Answer, Problem> {
    Ok(Answer::of(&Keys { keys: all(call).await? }))
}

pub(super) async fn rotate(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let rotation: Rotation = call.body()?;
    let algorithm = match &rotation.alg {
        None => None,
        Some(name) => {
            let unknown =
                || Refusal::Member("alg: it is not an algorithm that tokens are signed with".into());
            Some(name.parse::<Algorithm>().map_err(|_| unknown())?)
        }
    };
    let settings = call.app.authority.settings();
    let wait = if rotation.at_once { Duration::ZERO } else { settings.keys.publish_wait };
    let added = call.app.authority.rotate_keys(algorithm, wait, call.actor(), call.now).await?;
    let added: Vec<_> = added.into_iter().map(|key| key.id.to_string()).collect();
    let keys = all(call).await?.into_iter().filter(|key| added.contains(&key.kid)).collect();
    call.log("keys rotated", &added.join(" "));
    Ok(Answer::of(&Keys { keys }).created(call.app.urls.absolute(&format!("{}/keys", path::ADMIN_API))))
}

pub(super) async fn cost(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let id = KeyId::new(call.id());
    let keys = all(call).await?;
    let Some(key) = keys.iter().find(|key| key.kid == id.as_str()) else {
        return Err(KeyChangeError::UnknownKey(id).into());
    };
    let of_access = |key: &&Key| matches!(key.purpose, Purpose::AccessTokens);
    let is_published = |key: &Key| matches!(key.state, State::Next | State::Signing | State::Superseded);
    let another = keys.iter().filter(of_access).any(|other| other.kid != key.kid && is_published(other));
    let is_withdrawn = key.state == State::Withdrawn;
    let has_live_tokens = matches!(key.state, State::Signing | State::Superseded);
    let mut consequences = Vec::new();
    if is_withdrawn {
        consequences.push("The key was withdrawn before.");
    } else if matches!(key.purpose, Purpose::AccessTokens) && !another {
        consequences.push("It is the only key that can sign. Rotate first.");
    } else {
        if has_live_tokens {
            consequences
                .push("This server refuses the key's tokens at once; clients get others by a refresh.");
            consequences.push("APIs that follow the revocation feed refuse them within a second, others once they fetch the key set again.");
        } else {
            consequences.push("No token of the key is in use, so nobody notices.");
        }
        if key.state == State::Signing {
            consequences.push("Another key signs from then on. APIs that cache the key set and have not seen it refuse its tokens until they fetch the set again.");
        }
    }
    Ok(Answer::of(&Cost {
        kid: key.kid.clone(),
        possible: !is_withdrawn && (another || matches!(key.purpose, Purpose::IdTokens)),
        has_live_tokens,
        last_token_expires_at: if key.state == State::Superseded { key.changes_at.clone() } else { None },
        access_token_lifetime: call.app.authority.settings().access.lifetime.as_secs(),
        consequences,
    }))
}

pub(super) async fn withdraw(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let id = KeyId::new(call.id());
    call.app.authority.withdraw_key(&id, call.actor(), call.now).await?;
    call.log("key withdrawn", &id);
    Ok(Answer::nothing())
}

//! Clients.

use async_trait::async_trait;
use jeton_authority::client::{self, StoredClient};
use jeton_authority::client_lifecycle::{
    ClientAdminError, ClientDescription, ClientLifecycle, Drafted, NotOfSector, SecretChoice, SectorCheck,
};
use jeton_authority::user::{Right, may};
use jeton_authority::{ADMIN_API, AdministratorError, ShownDigest, UserId};
use jeton_oauth::Scope;
use jeton_oauth::client::{ClientId, ClientMetadata};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::call::{Answer, Call, time};
use super::problem::{Problem, Refusal};
use crate::outbound::check_sector;
use crate::urls::path;

/// A client.
#[derive(Serialize, ToSchema)]
pub(super) struct Client {
    client_id: String,
    /// Its secret: only in the answer to the request that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    created_at: String,
    /// What it says of itself (RFC 7591 §2).
    metadata: Map<String, Value>,
    /// What is decided about it.
    policy: Map<String, Value>,
}

/// A page of a list of clients.
#[derive(Serialize, ToSchema)]
pub(super) struct Clients {
    clients: Vec<Client>,
    /// The cursor of the next page, if there may be one.
    next: Option<String>,
}

/// A client to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewClient {
    client_id: String,
    /// What it says of itself (RFC 7591 §2). What is left out is what most libraries expect. With the
    /// `token_endpoint_auth_method` `none`, it is a public client, without a secret.
    #[serde(default)]
    metadata: Map<String, Value>,
    /// What is decided about it.
    #[serde(default)]
    policy: Map<String, Value>,
}

/// What is to change of a client. Members that are left out stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientChange {
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(default)]
    policy: Map<String, Value>,
}

/// Whose tokens are previewed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewRequest {
    /// The identifier of the user.
    user: String,
    /// The scope that would be granted; all that the client may have otherwise.
    scope: Option<String>,
}

/// The claims that a client would get. Nothing is signed.
#[derive(Serialize, ToSchema)]
pub(super) struct Preview {
    /// `null` without the scope `openid`.
    id_token: Option<Value>,
    /// `null` without the scope `openid`.
    userinfo: Option<Map<String, Value>>,
    access_token: Value,
}

/// Fetches the sectors that clients name.
struct Sectors<'a>(&'a jeton_fetch::Fetcher);

#[async_trait]
impl SectorCheck for Sectors<'_> {
    async fn check(&self, metadata: &ClientMetadata) -> Result<(), NotOfSector> {
        let outcome = check_sector(self.0, metadata).await;
        outcome.map_err(|error| NotOfSector { code: error.code(), reason: error.to_string().into() })
    }
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn shown(client: &client::Client, secret: Option<String>) -> Client {
    Client {
        client_id: client.id.to_string(),
        client_secret: secret,
        created_at: time(client.created_at),
        metadata: object(&client.metadata),
        policy: object(&client.policy),
    }
}

fn id_of(call: &Call<'_>) -> Result<ClientId, Problem> {
    ClientId::parse(call.id()).map_err(|_| Refusal::UnknownClient.into())
}

async fn stored(call: &Call<'_>, id: &ClientId) -> Result<StoredClient, Problem> {
    let found = call.app.authority.store().find_client(id).await?;
    found.ok_or_else(|| Refusal::UnknownClient.into())
}

/// What is done about clients of this server.
async fn with<T>(
    call: &Call<'_>,
    act: impl AsyncFnOnce(ClientLifecycle<'_>) -> Result<T, ClientAdminError>,
) -> Result<T, Problem> {
    let sectors = Sectors(&call.app.fetcher);
    Ok(act(call.app.authority.client_lifecycle(&sectors)).await?)
}

/// Only owners act on clients that may call this API: whoever sets where such a client's codes go gets the rights of each user who
/// signs in to it.
fn may_change(call: &Call<'_>, resources: &[String]) -> Result<(), Problem> {
    let issuer = call.app.authority.settings().issuer.trim_end_matches('/');
    let api = format!("{issuer}{ADMIN_API}");
    if resources.contains(&api) && !may(call.by.user.role, Right::Own) {
        return Err(AdministratorError::NotAllowed.into());
    }
    Ok(())
}

fn named_resources(policy: &Map<String, Value>) -> Vec<String> {
    let resources = policy.get("resources").and_then(Value::as_array);
    resources.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) async fn list(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let (limit, after) = (call.limit()?, call.asked("cursor"));
    let after = after.map(ClientId::parse).transpose().map_err(|_| Refusal::Cursor)?;
    let store = call.app.authority.store();
    let listed = store.for_lists().unwrap_or(store).list_clients(after.as_ref(), limit).await?;
    let next =
        (listed.len() == limit as usize).then(|| listed.last().map(|last| last.id.to_string())).flatten();
    let clients = with(call, async |lifecycle| {
        let read = |stored: &StoredClient| client::Client::from_stored(stored, lifecycle.master);
        Ok(listed.iter().map(read).collect::<Result<Vec<_>, _>>()?)
    })
    .await?;
    Ok(Answer::of(&Clients { clients: clients.iter().map(|client| shown(client, None)).collect(), next }))
}

pub(super) async fn add(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let new: NewClient = call.body()?;
    let id = ClientId::parse(new.client_id.as_str());
    let id = id.map_err(|error| Refusal::Member(format!("client_id: {error}").into()))?;
    may_change(call, &named_resources(&new.policy))?;
    let description = described(new.metadata, new.policy);
    let (by, now) = (call.actor(), call.now);
    let drafted =
        with(call, async |clients| clients.add(id, &description, SecretChoice::AsNeeded, by, now).await)
            .await?;
    call.app.authority.reload(now).await.ok();
    let id = drafted.client.id.to_string();
    call.log("client added", &id);
    let encoded = percent_encoding::utf8_percent_encode(&id, percent_encoding::NON_ALPHANUMERIC);
    let location = call.app.urls.absolute(&format!("{}/clients/{encoded}", path::ADMIN_API));
    Ok(changed(call, &drafted).await?.created(location))
}

fn described(metadata: Map<String, Value>, policy: Map<String, Value>) -> ClientDescription {
    ClientDescription {
        metadata: (!metadata.is_empty()).then_some(metadata),
        policy: (!policy.is_empty()).then_some(policy),
        ..ClientDescription::default()
    }
}

/// A client as it was written, with the secret that was drawn for it.
async fn changed(call: &Call<'_>, Drafted { client, drawn }: &Drafted) -> Result<Answer, Problem> {
    let secret = drawn.as_ref().map(|secret| secret.expose().to_owned());
    let version = stored(call, &client.id).await?.version();
    Ok(Answer::of(&shown(client, secret)).of_version(version))
}

pub(super) async fn show(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let id = id_of(call)?;
    let version = stored(call, &id).await?.version();
    let client = with(call, async |clients| clients.find(&id).await).await?;
    Ok(Answer::of(&shown(&client, None)).of_version(version))
}

/// The client that the path names, and its version, if whoever asks may change it and names that version.
async fn to_change(call: &Call<'_>) -> Result<(ClientId, ShownDigest), Problem> {
    let id = id_of(call)?;
    let version = stored(call, &id).await?.version();
    call.is_for(version)?;
    let client = with(call, async |clients| clients.find(&id).await).await?;
    may_change(call, &client.policy.resources)?;
    Ok((id, version))
}

pub(super) async fn change(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let change: ClientChange = call.body()?;
    let (id, version) = to_change(call).await?;
    may_change(call, &named_resources(&change.policy))?;
    write(call, &id, version, &described(change.metadata, change.policy), SecretChoice::AsNeeded).await
}

pub(super) async fn rotate_secret(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let (id, version) = to_change(call).await?;
    write(call, &id, version, &ClientDescription::default(), SecretChoice::Fresh).await
}

async fn write(
    call: &Call<'_>,
    id: &ClientId,
    version: ShownDigest,
    description: &ClientDescription,
    secret: SecretChoice,
) -> Result<Answer, Problem> {
    let (by, now) = (call.actor(), call.now);
    let drafted = with(call, async |clients| {
        clients.change_version(id, Some(version), description, secret, by, now).await
    });
    let drafted = drafted.await?;
    call.app.authority.reload(now).await.ok();
    call.log("client changed", id);
    changed(call, &drafted).await
}

pub(super) async fn remove(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let (id, _) = to_change(call).await?;
    let (by, now) = (call.actor(), call.now);
    with(call, async |clients| {
        clients.remove(&id, by, now).await?;
        // The sweep goes on with what is left where this fails.
        Ok(clients.end_removed(&id).await.map(drop)?)
    })
    .await?;
    call.app.authority.reload(now).await.ok();
    call.log("client removed", &id);
    Ok(Answer::nothing())
}

pub(super) async fn preview(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let wanted: PreviewRequest = call.body()?;
    let id = id_of(call)?;
    let client = with(call, async |clients| clients.find(&id).await).await?;
    let user: UserId = wanted.user.parse().map_err(|_| Refusal::UnknownUser)?;
    let user = call.app.authority.store().find_user_by_id(user).await?.ok_or(Refusal::UnknownUser)?;
    let scope = match wanted.scope {
        None => client.scope().clone(),
        Some(scope) => {
            Scope::parse(&scope).map_err(|error| Refusal::Member(format!("scope: {error}").into()))?
        }
    };
    if !client.scope().covers(&scope) {
        return Err(Refusal::Member("scope: the client may not have it".into()).into());
    }
    let preview = call.app.authority.tokens().preview(&client, &user, &scope, call.now);
    Ok(Answer::of(&Preview {
        id_token: preview.id_token,
        userinfo: preview.userinfo,
        access_token: preview.access_token,
    }))
}

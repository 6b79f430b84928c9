//! Users.

use std::collections::BTreeMap;

use jeton_authority::UserId;
use jeton_authority::accounts::{AccountChanged, AccountEdit, NewAccount};
use jeton_authority::password::Password;
use jeton_authority::user::{self, AttributeChange, Attributes, ImportedKey, Role, UserStatus, Username};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::call::{Answer, Call, time};
use super::problem::{Problem, Refusal};
use crate::urls::path;

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct User {
    id: String,
    username: String,
    email: Option<String>,
    status: Status,
    role: RoleName,
    /// What tokens call the user (`sub`).
    subject: String,
    /// The key that the user had in the system that they were imported from.
    imported_key: Option<String>,
    /// The factors of which one is required after the password, as in `amr`.
    second_factors: Vec<String>,
    has_passkey: bool,
    created_at: String,
    /// What claims are taken from: `name`, `roles`, `groups` and others.
    attributes: BTreeMap<String, Value>,
}

/// Whether a user may sign in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Active,
    Disabled,
}

/// What a user may do about the authority.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoleName {
    Member,
    Auditor,
    Operator,
    Owner,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Auditor => Self::Auditor,
            Role::Operator => Self::Operator,
            Role::Owner => Self::Owner,
        }
    }
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::Member => Self::Member,
            RoleName::Auditor => Self::Auditor,
            RoleName::Operator => Self::Operator,
            RoleName::Owner => Self::Owner,
        }
    }
}

/// A page of a list of users.
#[derive(Serialize, ToSchema)]
pub(super) struct Users {
    users: Vec<User>,
    /// The cursor of the next page, if there may be one.
    next: Option<String>,
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewUser {
    username: String,
    password: String,
    email: Option<String>,
    role: Option<RoleName>,
    imported_key: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
}

/// What is to change of a user. Members that are left out stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserChange {
    /// Another address; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    role: Option<RoleName>,
    /// Attributes that change; `null` removes one, and others stay.
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
}

/// A member that is there, and may be `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    password: String,
}

/// How many grants ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Ended {
    pub(super) grants_ended: u64,
}

/// What a user proves their identity with, besides the password.
#[derive(Serialize, ToSchema)]
pub(super) struct Factors {
    has_app: bool,
    passkeys: Vec<PasskeyShown>,
    recovery_codes_left: usize,
}

/// A passkey.
#[derive(Serialize, ToSchema)]
struct PasskeyShown {
    name: String,
    added_at: String,
    last_used_at: Option<String>,
}

impl From<&user::User> for User {
    fn from(user: &user::User) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username.to_string(),
            email: user.email.as_deref().map(str::to_owned),
            status: match user.status {
                UserStatus::Active => Status::Active,
                UserStatus::Disabled => Status::Disabled,
            },
            role: user.role.into(),
            subject: user.subject().to_string(),
            imported_key: user.imported_key.as_deref().map(str::to_owned),
            second_factors: user.enrolled.second().iter().map(|factor| factor.as_str().to_owned()).collect(),
            has_passkey: user.enrolled.has_passkey(),
            created_at: time(user.created_at),
            attributes: user
                .attributes
                .iter()
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect(),
        }
    }
}

fn shown(user: &user::User) -> Answer {
    Answer::of(&User::from(user)).of_version(user.version())
}

/// The user that the path names.
pub(super) async fn named(call: &Call<'_>) -> Result<user::User, Problem> {
    let id: UserId = call.id().parse().map_err(|_| Refusal::UnknownUser)?;
    find(call, id).await?.ok_or_else(|| Refusal::UnknownUser.into())
}

async fn find(call: &Call<'_>, id: UserId) -> Result<Option<user::User>, Problem> {
    Ok(call.app.authority.store().find_user_by_id(id).await?)
}

/// The user that the path names, if whoever asks may act on them.
pub(super) async fn changeable(call: &Call<'_>) -> Result<user::User, Problem> {
    let user = named(call).await?;
    if user.id != call.by.user.id && !call.by.user.role.covers(user.role) {
        return Err(jeton_authority::AdministratorError::NotAllowed.into());
    }
    Ok(user)
}

pub(super) async fn list(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let limit = call.limit()?;
    let store = call.app.authority.store();
    let store = store.for_lists().unwrap_or(store);
    if call.asked("role").is_some() {
        // There are few of them, on one page.
        let role: Role = call.asked_for("role")?.unwrap_or(Role::Owner);
        let mut users = store.list_administrators(super::call::MAX_PAGE).await?;
        users.retain(|user| user.role == role);
        return Ok(Answer::of(&Users { users: users.iter().map(User::from).collect(), next: None }));
    }
    let after = match call.asked_for::<UserId>("cursor")? {
        Some(cursor) => Some(find(call, cursor).await?.ok_or(Refusal::Cursor)?.username),
        None => None,
    };
    let prefix = call.asked("q").unwrap_or_default();
    let users = store.search_users(&user::folded_prefix(prefix), after.as_ref(), limit).await?;
    let next =
        (users.len() == limit as usize).then(|| users.last().map(|user| user.id.to_string())).flatten();
    Ok(Answer::of(&Users { users: users.iter().map(User::from).collect(), next }))
}

pub(super) async fn add(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let new: NewUser = call.body()?;
    let account = NewAccount {
        email: new.email.map(Into::into),
        imported_key: new.imported_key.map(|key| ImportedKey::parse(&key)).transpose()?,
        role: new.role.map_or(Role::Member, Role::from),
        attributes: Attributes::new(checked(new.attributes)?.into_iter().collect())?,
        ..NewAccount::new(Username::parse(&new.username)?, Password::parse(&new.password)?)
    };
    let user = call.app.authority.accounts().add(account, call.actor(), call.now).await?;
    call.log("user added", &user.id);
    Ok(shown(&user).created(call.app.urls.absolute(&format!("{}/users/{}", path::ADMIN_API, user.id))))
}

/// Attributes with names that attributes can have.
fn checked(attributes: BTreeMap<String, Value>) -> Result<BTreeMap<String, Value>, Problem> {
    for name in attributes.keys() {
        AttributeChange::new(name, Value::Null)?;
    }
    Ok(attributes)
}

pub(super) async fn show(call: &mut Call<'_>) -> Result<Answer, Problem> {
    Ok(shown(&named(call).await?))
}

pub(super) async fn change(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let change: UserChange = call.body()?;
    let user = named(call).await?;
    call.is_for(user.version())?;
    let attributes = change.attributes.iter().map(|(name, value)| AttributeChange::new(name, value.clone()));
    let edit = AccountEdit {
        email: change.email.map(|email| email.unwrap_or_default().into()),
        role: change.role.map(Role::from),
        attributes: attributes.collect::<Result<_, _>>()?,
        expected: Some(user.version()),
    };
    let user = call.app.authority.accounts().edit(&user, &edit, call.actor(), call.now).await?;
    call.log("user changed", &user.id);
    Ok(shown(&user))
}

pub(super) async fn remove(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let user = named(call).await?;
    call.is_for(user.version())?;
    call.app.authority.accounts().remove(&user, call.actor(), call.now).await?;
    call.log("user removed", &user.id);
    Ok(Answer::nothing())
}

pub(super) async fn disable(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let user = named(call).await?;
    let changed = call.app.authority.accounts().disable(&user, call.actor(), call.now).await?;
    call.log("user disabled", &user.id);
    Ok(ended(&changed))
}

pub(super) async fn enable(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let user = named(call).await?;
    let changed = call.app.authority.accounts().enable(&user, call.actor(), call.now).await?;
    call.log("user enabled", &user.id);
    Ok(ended(&changed))
}

fn ended(AccountChanged { user, grants_ended }: &AccountChanged) -> Answer {
    Answer::of(&Ended { grants_ended: *grants_ended }).of_version(user.version())
}

pub(super) async fn set_password(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let new: NewPassword = call.body()?;
    let password = Password::parse(&new.password)?;
    // Whoever may not do it does not occupy a place among those that are hashed.
    let user = changeable(call).await?;
    let changed =
        call.app.authority.accounts().change_password(&user, password, call.actor(), call.now).await?;
    call.log("password set", &user.id);
    Ok(ended(&changed))
}

pub(super) async fn factors(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let user = named(call).await?;
    let factors = call.app.authority.accounts().authenticators(&user).await?;
    let passkeys = factors.passkeys.iter().map(|passkey| PasskeyShown {
        name: passkey.name.to_string(),
        added_at: time(passkey.added_at),
        last_used_at: passkey.used_at.map(time),
    });
    Ok(Answer::of(&Factors {
        has_app: factors.totp.is_some(),
        passkeys: passkeys.collect(),
        recovery_codes_left: factors.recovery.as_ref().map_or(0, |recovery| recovery.left.len()),
    }))
}

pub(super) async fn remove_factors(call: &mut Call<'_>) -> Result<Answer, Problem> {
    let user = changeable(call).await?;
    call.app.authority.accounts().remove_authenticators(&user, call.actor(), call.now).await?;
    call.log("factors removed", &user.id);
    Ok(Answer::nothing())
}

//! `jeton user`: who may sign in.

mod attributes;
mod import;

use clap::{Args, Subcommand};
use jeton_authority::UserId;
use jeton_authority::audit::Actor;
use jeton_authority::password::{self, Argon2Params, Password, PasswordHash, Scratch};
use jeton_authority::store::{NewUser, Store, StoreError, UserAddition, UserChange};
use jeton_authority::user::{Attributes, Role, User, UserStatus, Username};
use serde::Serialize;

use crate::data::{self, Data};
use crate::failure::Failure;
use crate::options::StoreOptions;
use crate::output::{self, Style};
use crate::{clock, input, words};

/// Add, change and list users
#[derive(Debug, Args)]
#[command(after_help = "\
These commands work while a server is running, and take effect at once.

Examples:
  jeton user add ada --admin                      prompts for the password
  pass show ada | head -n 1 | jeton user add ada --password-stdin
  jeton user import django users.json             what `manage.py dumpdata auth.user` wrote
  jeton user set ada --email ada@example.org name='Ada Lovelace' admin:=true
  jeton user disable ada                          all sessions and grants of the user end at once")]
pub(crate) struct UserCommand {
    #[command(flatten)]
    store: StoreOptions,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a user
    Add {
        /// The username
        name: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// The user's e-mail address
        #[arg(long)]
        email: Option<String>,
        /// The user's subject in tokens, such as the primary key in another system [default: random]
        #[arg(long, value_parser = key)]
        key: Option<String>,
        /// Mark the user as an administrator (has no effect yet)
        #[arg(long)]
        admin: bool,
    },
    /// List all users
    List,
    /// Show a user
    Show {
        /// The username
        name: String,
    },
    /// Set a user's attributes: name, roles, groups and others
    Set {
        /// The username
        name: String,
        /// The user's e-mail address; an empty value removes it
        #[arg(long)]
        email: Option<String>,
        /// An attribute: text after `=`, JSON after `:=`; `:=null` removes it
        #[arg(value_name = "KEY=VALUE|KEY:=JSON", required_unless_present = "email")]
        attributes: Vec<attributes::Change>,
    },
    /// Disable a user and end all of their sessions and grants
    Disable {
        /// The username
        name: String,
    },
    /// Enable a disabled user
    Enable {
        /// The username
        name: String,
    },
    /// Change a user's password and end all of their sessions and grants
    Passwd {
        /// The username
        name: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Remove a user and end all of their sessions and grants; the username and key become available again
    Remove {
        /// The username
        name: String,
    },
    Import(import::Import),
}

/// What tokens call a user.
fn key(text: &str) -> Result<String, String> {
    if import::is_key(text) { Ok(text.to_owned()) } else { Err(import::NOT_A_KEY.to_owned()) }
}

impl UserCommand {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let config = self.store.load()?.config;
        match self.action {
            Action::Add { name, password_stdin, email, key, admin } => {
                let username = username(&name)?;
                let password = new_password(&username, password_stdin)?;
                let role = if admin { Role::Admin } else { Role::Member };
                let email = email.filter(|email| !email.is_empty());
                let mut user = new_user(username, hash(&password), email, role);
                user.imported_key = key.map(Into::into);
                data::run(async {
                    let store = Data::open(&config).await?.store;
                    add(&*store, user, style).await
                })
            }
            Action::List => data::run(async {
                let store = Data::open(&config).await?.store;
                list(&*store, style).await
            }),
            Action::Show { name } => data::run(async {
                let store = Data::open(&config).await?.store;
                let user = Shown::of(&find(&*store, &name).await?);
                style.print(&user, || user.lines())
            }),
            Action::Set { name, email, attributes } => data::run(async {
                let store = Data::open(&config).await?.store;
                attributes::set(&*store, &name, email.as_deref(), &attributes, style).await
            }),
            Action::Remove { name } => data::run(async {
                let store = Data::open(&config).await?.store;
                remove(&*store, &name, style).await
            }),
            Action::Disable { name } => data::run(async {
                let store = Data::open(&config).await?.store;
                change(&*store, &name, Change::Disable, style).await
            }),
            Action::Enable { name } => data::run(async {
                let store = Data::open(&config).await?.store;
                change(&*store, &name, Change::Enable, style).await
            }),
            Action::Passwd { name, password_stdin } => {
                let username = username(&name)?;
                data::run(async {
                    let store = Data::open(&config).await?.store;
                    find(&*store, &name).await?;
                    let password = new_password(&username, password_stdin)?;
                    change(&*store, &name, Change::Password(password), style).await
                })
            }
            Action::Import(import) => {
                let users = import.read()?;
                data::run(async {
                    let store = Data::open(&config).await?.store;
                    import::run(&*store, users, style).await
                })
            }
        }
    }
}

enum Change {
    Disable,
    Enable,
    Password(Password),
}

/// A user as it is shown.
#[derive(Serialize)]
struct Shown {
    username: String,
    id: String,
    /// What tokens call the user.
    subject: String,
    email: Option<String>,
    status: &'static str,
    role: &'static str,
    imported_key: Option<String>,
    created_at: String,
    attributes: Attributes,
}

impl Shown {
    fn of(user: &User) -> Self {
        Self {
            username: user.username.to_string(),
            id: user.id.to_string(),
            subject: user.subject().to_string(),
            email: user.email.as_deref().map(str::to_owned),
            status: match user.status {
                UserStatus::Active => "active",
                UserStatus::Disabled => "disabled",
            },
            role: match user.role {
                Role::Member => "member",
                Role::Admin => "admin",
            },
            imported_key: user.imported_key.as_deref().map(str::to_owned),
            created_at: words::date(user.created_at),
            attributes: user.attributes.clone(),
        }
    }

    fn lines(&self) -> String {
        let none = "–".to_owned();
        let printable = |text: &Option<String>| text.as_deref().map_or(none.clone(), output::printable);
        [
            ("name", output::printable(&self.username)),
            ("id", self.id.clone()),
            ("subject", output::printable(&self.subject)),
            ("email", printable(&self.email)),
            ("status", self.status.to_owned()),
            ("role", self.role.to_owned()),
            ("imported key", printable(&self.imported_key)),
            ("created", self.created_at.clone()),
        ]
        .into_iter()
        .map(|(name, value)| format!("{name:<13} {value}"))
        .chain(self.attributes.iter().map(|(name, value)| attributes::line(name, value)))
        .collect::<Vec<_>>()
        .join("\n")
    }
}

async fn add(store: &dyn Store, user: NewUser, style: Style) -> Result<(), Failure> {
    let shown = user.username.to_string();
    let key = user.imported_key.clone();
    match store.add_user(user, Actor::Operator).await.map_err(failed)? {
        UserAddition::Added => {
            let user = find(store, &shown).await?;
            style.print(&Shown::of(&user), || format!("added {}", output::printable(&shown)))
        }
        UserAddition::NameTaken => Err(Failure::coded(
            "username_taken",
            format!("user {} already exists", output::printable(&shown)),
        )),
        UserAddition::SimilarNameTaken => {
            let name = username(&shown)?;
            let others = store.find_users_alike(&name).await.map_err(failed)?;
            let other = others.first().map_or_else(String::new, |other| other.username.to_string());
            Err(Failure::coded(
                "username_similar",
                format!(
                    "user {} already exists, and {} differs only in case or in how letters are composed",
                    output::printable(&other),
                    output::printable(&shown)
                ),
            ))
        }
        UserAddition::ImportedKeyTaken => {
            let key = output::printable(key.as_deref().unwrap_or_default());
            Err(Failure::coded("user_key_taken", format!("another user already has the key {key}")))
        }
    }
}

async fn remove(store: &dyn Store, name: &str, style: Style) -> Result<(), Failure> {
    let user = find(store, name).await?;
    let UserChange::Done { grants_ended } =
        store.remove_user(user.id, Actor::Operator, clock::now()).await.map_err(failed)?
    else {
        return Err(unknown(name));
    };
    let document =
        serde_json::json!({"removed": name, "grants_ended": grants_ended, "sessions_ended": grants_ended});
    style.print(&document, || {
        words::with_ended_grants(&format!("removed {}", output::printable(name)), grants_ended)
    })
}

/// A user to be added now.
pub(crate) fn new_user(
    username: Username,
    password: PasswordHash,
    email: Option<String>,
    role: Role,
) -> NewUser {
    let mut id = [0; 16];
    jeton_jose::random::fill(&mut id);
    NewUser {
        id: UserId::from_bytes(id),
        imported_key: None,
        username,
        email: email.map(Into::into),
        password,
        role,
        status: UserStatus::Active,
        created_at: clock::now(),
        attributes: Attributes::default(),
    }
}

/// Hashes a password with the parameters that the authority itself uses.
pub(crate) fn hash(password: &Password) -> PasswordHash {
    let mut salt = [0; 16];
    jeton_jose::random::fill(&mut salt);
    password::hash(password, salt, &Argon2Params::default(), &mut Scratch::default())
}

async fn list(store: &dyn Store, style: Style) -> Result<(), Failure> {
    let mut shown = Vec::new();
    each(store, |user| shown.push(Shown::of(user))).await?;
    style.print(&shown, || {
        let rows: Vec<_> = shown
            .iter()
            .map(|user| {
                [
                    output::printable(&user.username),
                    user.status.to_owned(),
                    user.role.to_owned(),
                    user.email.as_deref().map_or("–".to_owned(), output::printable),
                    user.created_at.clone(),
                    output::printable(&user.subject),
                ]
            })
            .collect();
        output::table(["NAME", "STATUS", "ROLE", "EMAIL", "CREATED", "SUBJECT"], &rows)
    })
}

/// Calls `see` for every user, in the order of their names.
async fn each(store: &dyn Store, mut see: impl FnMut(&User)) -> Result<(), Failure> {
    const PAGE: u32 = 1_000;
    let mut after = None;
    loop {
        let page = store.list_users(after.as_ref(), PAGE).await.map_err(failed)?;
        page.iter().for_each(&mut see);
        match page.into_iter().next_back() {
            Some(last) => after = Some(last.username),
            None => return Ok(()),
        }
    }
}

async fn change(store: &dyn Store, name: &str, change: Change, style: Style) -> Result<(), Failure> {
    let user = find(store, name).await?;
    let now = clock::now();
    let (done, outcome) = match change {
        Change::Disable => ("disabled", store.disable_user(user.id, Actor::Operator, now).await),
        Change::Enable => ("enabled", store.enable_user(user.id, Actor::Operator, now).await),
        Change::Password(password) => (
            "changed the password of",
            store.change_password(user.id, hash(&password), None, Actor::Operator, now).await,
        ),
    };
    let UserChange::Done { grants_ended } = outcome.map_err(failed)? else { return Err(unknown(name)) };
    let user = find(store, name).await?;
    let mut document = serde_json::to_value(Shown::of(&user))
        .map_err(|error| Failure::coded("internal", error.to_string()))?;
    document["grants_ended"] = grants_ended.into();
    // Its name in earlier versions.
    document["sessions_ended"] = grants_ended.into();
    style.print(&document, || {
        words::with_ended_grants(&format!("{done} {}", output::printable(name)), grants_ended)
    })
}

/// The user of this name.
pub(super) async fn find(store: &dyn Store, name: &str) -> Result<User, Failure> {
    // A text that can be nobody's name is nobody's name.
    let Ok(username) = Username::parse(name) else { return Err(unknown(name)) };
    store.find_user(&username).await.map_err(failed)?.ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Failure {
    Failure::coded("user_unknown", format!("there is no user {}", output::printable(name)))
}

fn username(name: &str) -> Result<Username, Failure> {
    Username::parse(name).map_err(|error| Failure::coded(error.code(), error.to_string()))
}

fn new_password(username: &Username, from_stdin: bool) -> Result<Password, Failure> {
    let text = if from_stdin {
        input::line_of_stdin()?
    } else {
        input::new_password(&output::printable(username.as_str()))?
    };
    Password::parse(&text).map_err(|error| Failure::coded(error.code(), error.to_string()))
}

pub(super) fn failed(error: StoreError) -> Failure {
    Failure::coded(error.code(), error.to_string())
}

//! `jeton user`: who may sign in.

mod attributes;
mod factors;
mod import;

use clap::{Args, Subcommand};
use jeton_authority::accounts::{self, AccountChanged, AccountEdit, AccountError, Accounts, NewAccount};
use jeton_authority::audit::Actor;
use jeton_authority::password::Password;
use jeton_authority::store::{Store, StoreError};
use jeton_authority::user::{Attributes, ImportedKey, Role, User, UserStatus, Username};
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
  jeton user factors ada --remove                 ada has lost the authenticator app and the recovery codes
  jeton user set ada --role owner                 ada may do everything at /admin
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
        #[arg(long)]
        key: Option<ImportedKey>,
        /// Make the user an owner, who may do everything at /admin: the same as --role owner
        #[arg(long, conflicts_with = "role")]
        admin: bool,
        /// What the user may do at /admin: owner, operator, auditor or member [default: member]
        #[arg(long)]
        role: Option<Role>,
    },
    /// List all users
    List,
    /// Show a user
    Show {
        /// The username
        name: String,
    },
    /// Set a user's role, e-mail address and attributes: name, roles, groups and others
    Set {
        /// The username
        name: String,
        /// The user's e-mail address; an empty value removes it
        #[arg(long)]
        email: Option<String>,
        /// What the user may do at /admin: owner, operator, auditor or member
        #[arg(long)]
        role: Option<Role>,
        /// An attribute: text after `=`, JSON after `:=`; `:=null` removes it
        #[arg(value_name = "KEY=VALUE|KEY:=JSON", required_unless_present_any = ["email", "role"])]
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
    /// Show a user's passkeys and second factors, or remove them if they are lost
    Factors {
        /// The username
        name: String,
        /// Remove all of them, recovery codes included: the password alone signs the user in again
        #[arg(long)]
        remove: bool,
    },
    /// Remove a user and end all of their sessions and grants; the username and key become available again
    Remove {
        /// The username
        name: String,
    },
    Import(import::Import),
}

impl UserCommand {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let style = self.store.style();
        let config = self.store.load()?.config;
        let accounts = async || Ok::<_, Failure>(Accounts::of_store(Data::open(&config).await?.store));
        match self.action {
            Action::Add { name, password_stdin, email, key, admin, role } => {
                let username = username(&name)?;
                let password = new_password(&username, password_stdin)?;
                let account = NewAccount {
                    email: email.map(Into::into),
                    imported_key: key,
                    role: if admin { Role::Owner } else { role.unwrap_or(Role::Member) },
                    ..NewAccount::new(username, password)
                };
                data::run(async { add(&accounts().await?, account, style).await })
            }
            Action::List => data::run(async {
                let store = Data::open(&config).await?.store;
                list(&*store, style).await
            }),
            Action::Show { name } => data::run(async {
                let user = Shown::of(&accounts().await?.find(&name).await.map_err(refused)?);
                style.print(&user, || user.lines())
            }),
            Action::Set { name, email, role, attributes } => {
                let attributes = attributes.into_iter().map(|change| change.0).collect();
                let edit =
                    AccountEdit { email: email.map(Into::into), role, attributes, ..AccountEdit::default() };
                data::run(async { set(&accounts().await?, &name, &edit, style).await })
            }
            Action::Factors { name, remove } => data::run(async {
                let accounts = accounts().await?;
                if remove {
                    factors::remove(&accounts, &name, style).await
                } else {
                    factors::show(&accounts, &name, style).await
                }
            }),
            Action::Remove { name } => data::run(async { remove(&accounts().await?, &name, style).await }),
            Action::Disable { name } => {
                data::run(async { change(&accounts().await?, &name, Change::Disable, style).await })
            }
            Action::Enable { name } => {
                data::run(async { change(&accounts().await?, &name, Change::Enable, style).await })
            }
            Action::Passwd { name, password_stdin } => {
                let username = username(&name)?;
                data::run(async {
                    let accounts = accounts().await?;
                    accounts.find(&name).await.map_err(refused)?;
                    let password = new_password(&username, password_stdin)?;
                    change(&accounts, &name, Change::Password(password), style).await
                })
            }
            Action::Import(import) => {
                let users = import.read()?;
                data::run(async { import::run(&accounts().await?, users, style).await })
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
    second_factors: Vec<&'static str>,
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
            role: user.role.as_str(),
            imported_key: user.imported_key.as_deref().map(str::to_owned),
            second_factors: user.enrolled.second().iter().map(|factor| factor.as_str()).collect(),
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
            (
                "second factor",
                if self.second_factors.is_empty() { none.clone() } else { self.second_factors.join(" ") },
            ),
            ("created", self.created_at.clone()),
        ]
        .into_iter()
        .map(|(name, value)| format!("{name:<13} {value}"))
        .chain(self.attributes.iter().map(|(name, value)| attributes::line(name, value)))
        .collect::<Vec<_>>()
        .join("\n")
    }
}

async fn add(accounts: &Accounts, account: NewAccount, style: Style) -> Result<(), Failure> {
    let user = accounts.add(account, Actor::Operator, clock::now()).await.map_err(refused)?;
    style.print(&Shown::of(&user), || format!("added {}", output::printable(user.username.as_str())))
}

async fn set(accounts: &Accounts, name: &str, edit: &AccountEdit, style: Style) -> Result<(), Failure> {
    let user = accounts.find(name).await.map_err(refused)?;
    let user = accounts.edit(&user, edit, Actor::Operator, clock::now()).await.map_err(refused)?;
    style.print(&Shown::of(&user), || format!("changed {}", output::printable(name)))
}

async fn remove(accounts: &Accounts, name: &str, style: Style) -> Result<(), Failure> {
    let user = accounts.find(name).await.map_err(refused)?;
    let grants_ended = accounts.remove(&user, Actor::Operator, clock::now()).await.map_err(refused)?;
    let document =
        serde_json::json!({"removed": name, "grants_ended": grants_ended, "sessions_ended": grants_ended});
    style.print(&document, || {
        words::with_ended_grants(&format!("removed {}", output::printable(name)), grants_ended)
    })
}

async fn change(accounts: &Accounts, name: &str, change: Change, style: Style) -> Result<(), Failure> {
    let user = accounts.find(name).await.map_err(refused)?;
    let (by, now) = (Actor::Operator, clock::now());
    let (done, changed) = match change {
        Change::Disable => ("disabled", accounts.disable(&user, by, now).await),
        Change::Enable => ("enabled", accounts.enable(&user, by, now).await),
        Change::Password(password) => {
            ("changed the password of", accounts.change_password(&user, password, by, now).await)
        }
    };
    let AccountChanged { user, grants_ended } = changed.map_err(refused)?;
    let mut document = serde_json::to_value(Shown::of(&user))
        .map_err(|error| Failure::coded("internal", error.to_string()))?;
    document["grants_ended"] = grants_ended.into();
    // Its name in earlier versions.
    document["sessions_ended"] = grants_ended.into();
    style.print(&document, || {
        words::with_ended_grants(&format!("{done} {}", output::printable(name)), grants_ended)
    })
}

async fn list(store: &dyn Store, style: Style) -> Result<(), Failure> {
    let mut shown = Vec::new();
    let store = store.for_lists().unwrap_or(store);
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

/// The user of this name.
pub(super) async fn find(store: &dyn Store, name: &str) -> Result<User, Failure> {
    accounts::find(store, name).await.map_err(refused)
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

pub(super) fn refused(error: AccountError) -> Failure {
    Failure::coded(error.code(), output::printable(&error.to_string()))
}

pub(super) fn failed(error: StoreError) -> Failure {
    Failure::coded(error.code(), error.to_string())
}

//! `jeton user import`: users from elsewhere, with their password hashes.
//!
//! A file is read and judged whole before anything is written: one row that cannot be imported refuses it, unless such rows are to be
//! left out, and every one is named. Nothing of a password hash is ever repeated.

mod csv;
mod django;
mod json;
mod judge;
mod report;
mod text;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jeton_authority::accounts::{Accounts, Incoming, KnownUsers};
use jeton_authority::audit::Actor;
use serde_json::{Map, Value};

use super::failed;
use crate::clock;
use crate::failure::Failure;
use crate::input;
use crate::key_file::name_of;
use crate::output::{Style, printable};
use judge::Judged;
use report::Report;

/// Import users with their password hashes, from Django, CSV or JSON
#[derive(Debug, Args)]
#[command(after_help = "\
Password hashes are imported unchanged: Django's pbkdf2, argon2, bcrypt, scrypt
and md5 formats, or argon2 in PHC format. Each hash is upgraded when its user
signs in. Users whose hash is empty, unusable or in another format are imported
without a password and listed. If a row cannot be imported, nothing is;
--skip-bad skips and lists such rows.

Users that were imported before (recognized by their key) are left unchanged.
With --update, whatever has changed in the other system since is imported:
names, e-mail addresses, groups, passwords, and who may sign in. Changes made
here are kept. A user's sessions and grants end only if the password has changed,
or if the user may no longer sign in.

CSV needs a header line; JSON is an array of objects, or one object per line.
The fields are `username`, `password_hash` and, optionally, `email`, `active`,
`admin` (true or false) and `key` (the user's subject in tokens). CSV may also
have the columns of Django's table, as psql's \\copy writes them.

Examples:
  python manage.py dumpdata auth.group auth.user > users.json && jeton user import django users.json
  jeton user import django --model accounts.user --username-field email users.json
  jeton user import django --update users.json        again, some weeks later
  jeton user import csv users.csv                     \\copy auth_user TO 'users.csv' CSV HEADER
  jeton user import json - < users.json")]
pub(super) struct Import {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    format: Format,
}

/// What holds for all formats.
#[derive(Debug, Args)]
struct Options {
    /// Update users that were imported before
    #[arg(long, global = true)]
    update: bool,
    /// Skip and list rows that cannot be imported
    #[arg(long, global = true)]
    skip_bad: bool,
    /// The field or column that holds the username, such as email
    #[arg(long, global = true, value_name = "NAME", default_value = "username")]
    username_field: String,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// What `manage.py dumpdata auth.group auth.user` writes; the primary key becomes the user's key in tokens
    Django {
        /// The user model: AUTH_USER_MODEL of the project's settings
        #[arg(long, value_name = "APP.MODEL", default_value = "auth.user")]
        model: String,
        /// The file, or `-` for standard input
        file: PathBuf,
    },
    /// Comma-separated values with a header line
    Csv {
        /// The file, or `-` for standard input
        file: PathBuf,
    },
    /// A JSON array of objects, or one object a line
    Json {
        /// The file, or `-` for standard input
        file: PathBuf,
    },
}

/// What a row says, before it has been judged.
#[derive(Default)]
struct Raw {
    username: String,
    password_hash: String,
    email: Option<String>,
    active: Option<bool>,
    admin: Option<bool>,
    key: Option<Value>,
    /// What is said of the user besides; `null` for what there is no value of.
    attributes: Map<String, Value>,
}

/// Rows with their places, each read or not, and what there is to say of the file as a whole.
#[derive(Default)]
struct Rows {
    rows: Vec<(String, Result<Raw, String>)>,
    notes: Vec<String>,
}

/// Reads the text of a file.
type Parse<'p> = dyn Fn(&str) -> Result<Rows, String> + 'p;

/// A file that was read and judged.
pub(super) struct Ready {
    judged: Judged,
    update: bool,
    skip_bad: bool,
}

impl Import {
    /// Reads and judges the file.
    pub(super) fn read(&self) -> Result<Ready, Failure> {
        let field = &*self.options.username_field;
        let (file, parse): (_, &Parse<'_>) = match &self.format {
            Format::Django { model, file } => (file, &|text| django::rows(text, model, field)),
            Format::Csv { file } => (file, &|text| csv::rows(text, field)),
            Format::Json { file } => (file, &|text| json::rows(text, field)),
        };
        let refused =
            |problem: String| Failure::coded("import_unreadable", format!("{}: {problem}", name_of(file)));
        let bytes = input::file_or_stdin(file)?;
        let text = text::decoded(&bytes).map_err(refused)?;
        let judged = judge::judge(parse(&text).map_err(refused)?);
        if !judged.bad.is_empty() && !self.options.skip_bad {
            return Err(refused_rows(file, &judged.bad));
        }
        Ok(Ready { judged, update: self.options.update, skip_bad: self.options.skip_bad })
    }
}

/// A row that cannot be imported, and why.
struct Bad {
    place: String,
    problem: String,
}

fn refused_rows(file: &Path, bad: &[Bad]) -> Failure {
    let file = name_of(file);
    let lines: Vec<_> = bad.iter().map(|bad| format!("{file}, {}: {}", bad.place, bad.problem)).collect();
    Failure::coded(
        "import_rows_refused",
        format!("{}\nnothing was imported; skip such rows with --skip-bad", lines.join("\n")),
    )
}

/// Adds the users that are not there yet, and brings the others up to date if that is wanted.
pub(super) async fn run(accounts: &Accounts, ready: Ready, style: Style) -> Result<(), Failure> {
    let Ready { judged: Judged { rows, mut bad, mut notes }, update, skip_bad } = ready;
    let known_users = if update { KnownUsers::Updated } else { KnownUsers::Left };
    let incoming: Vec<Incoming> = rows.iter().map(|row| row.incoming.clone()).collect();
    let plan = accounts.plan_import(&incoming, known_users).await.map_err(failed)?;
    bad.extend(plan.taken.iter().map(|position| Bad {
        place: rows[*position].place.clone(),
        problem: format!("another user {} already exists", printable(rows[*position].name())),
    }));
    if !bad.is_empty() && !skip_bad {
        let lines: Vec<_> = bad.iter().map(|bad| format!("{}: {}", bad.place, bad.problem)).collect();
        return Err(Failure::coded(
            "import_rows_refused",
            format!("{}\nnothing was imported; skip such rows with --skip-bad", lines.join("\n")),
        ));
    }
    notes.extend(plan.alike.iter().map(|names| {
        let names: Vec<_> = names.iter().map(|name| printable(name.as_str())).collect();
        format!("{} look alike: each user signs in with exactly this name", names.join(", "))
    }));
    let came = accounts.import(plan, &incoming, Actor::Operator, clock::now()).await;
    let came = came.map_err(|error| Failure::coded(error.code(), printable(&error.to_string())))?;
    let mut report = Report::new(bad, notes);
    for (position, imported) in came {
        report.came(&rows[position], imported);
    }
    report.print(update, style)
}

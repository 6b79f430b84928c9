//! One module a command; each takes its arguments apart, calls what does the work, and prints.

mod audit;
mod backup;
mod certificates;
mod check;
mod client;
mod completions;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod grant;
mod header;
mod jwe;
mod jwk;
mod jws;
mod jwt;
mod key;
mod mail;
mod man;
mod migrate;
mod moving;
mod peek;
mod restore;
mod serve;
mod session;
mod user;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// A token authority in one binary: people sign in once, applications get short-lived tokens, APIs verify them offline.
#[derive(Debug, Parser)]
#[command(name = "jeton", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Jeton {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  jeton demo                           try it: an authority with a demo user and a protected API
  jeton user add ada --admin           add the first user; prompts for the password
  jeton client add --id web --redirect-uri URI   add an application
  jeton serve                          run the authority with its data in ./jeton-data
  jeton jwt decode eyJhbGciOi…         show what is in a token, without checking it
  jeton jws sign --key key.jwk FILE    sign a file; `jeton jwe` encrypts one

Exit status: 0 success or valid, 1 refused or invalid (the reason is on standard error), 2 usage error.";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    User(user::UserCommand),
    Client(client::ClientCommand),
    Key(key::KeyCommand),
    Session(session::SessionCommand),
    Grant(grant::GrantCommand),
    Mail(mail::MailCommand),
    Audit(audit::AuditCommand),
    Backup(backup::BackupCommand),
    Restore(restore::RestoreCommand),
    Check(check::CheckCommand),
    Migrate(migrate::MigrateCommand),
    Jwt(jwt::JwtCommand),
    Jws(jws::JwsCommand),
    Jwe(jwe::JweCommand),
    Jwk(jwk::JwkCommand),
    Config(config::ConfigCommand),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Jeton {
    /// Does what the command line asks for.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Serve(command) => command.run(),
            #[cfg(feature = "demo")]
            Command::Demo(command) => command.run(),
            Command::User(command) => command.run(),
            Command::Client(command) => command.run(),
            Command::Key(command) => command.run(),
            Command::Session(command) => command.run(),
            Command::Grant(command) => command.run(),
            Command::Mail(command) => command.run(),
            Command::Audit(command) => command.run(),
            Command::Backup(command) => command.run(),
            Command::Restore(command) => command.run(),
            Command::Check(command) => command.run(),
            Command::Migrate(command) => command.run(),
            Command::Jwt(command) => command.run(),
            Command::Jws(command) => command.run(),
            Command::Jwe(command) => command.run(),
            Command::Jwk(command) => command.run(),
            Command::Config(command) => command.run(),
            Command::Doctor(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        }
    }
}

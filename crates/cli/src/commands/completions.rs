//! `jeton completions`: what a shell needs to complete commands and flags.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Jeton;
use crate::failure::Failure;
use crate::output;

/// Print the completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jeton completions bash > ~/.local/share/bash-completion/completions/jeton
  jeton completions zsh > ~/.zfunc/_jeton
  jeton completions fish > ~/.config/fish/completions/jeton.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Jeton::command(), "jeton", &mut script);
        output::bytes(&script)
    }
}

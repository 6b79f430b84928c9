//! `jeton man`: the manual pages.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::Jeton;
use crate::failure::Failure;
use crate::output;

/// Write the manual pages to a folder, one per command
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jeton man ~/.local/share/man/man1 && man jeton-serve")]
pub(crate) struct Man {
    /// The folder; created if missing
    dir: PathBuf,
}

impl Man {
    pub(super) fn run(self) -> Result<(), Failure> {
        let refused = |error| {
            Failure::coded(
                "output_unwritable",
                format!("cannot write manual pages to {}: {error}", self.dir.display()),
            )
        };
        std::fs::create_dir_all(&self.dir).map_err(refused)?;
        clap_mangen::generate_to(Jeton::command(), &self.dir).map_err(refused)?;
        output::note(&format!("the manual pages are in {}", self.dir.display()));
        Ok(())
    }
}

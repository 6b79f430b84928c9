//! Options that several commands share.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config;
use crate::config::{FlagValue, Flags, Loaded, Problems};

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigOptions {
    /// Read this configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "JETON_CONFIG", global = true)]
    config: Option<PathBuf>,
}

impl ConfigOptions {
    /// The file, if one is named.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The flags of a command that has these options, and `values` by key and flag.
    pub(crate) fn flags(
        self,
        values: impl IntoIterator<Item = (&'static str, &'static str, Option<String>)>,
    ) -> Flags {
        let values =
            values.into_iter().filter_map(|(key, flag, text)| Some(FlagValue { key, flag, text: text? }));
        Flags { file: self.config, values: values.collect(), command_defaults: Vec::new() }
    }
}

/// Where the data is, and how to print: the options of every command that works on the store.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Data and output")]
pub(crate) struct StoreOptions {
    #[command(flatten)]
    config: ConfigOptions,
    /// The data folder; created if missing [default: ./jeton-data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<String>,
    /// The database [default: SQLite in the data folder]
    #[arg(long, value_name = "URL", global = true)]
    database: Option<String>,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
}

impl StoreOptions {
    /// How to print.
    pub(crate) fn style(&self) -> crate::output::Style {
        crate::output::Style::of(self.json)
    }

    /// Reads the configuration.
    pub(crate) fn load(self) -> Result<Loaded, Problems> {
        let values = [("data", "--data", self.data), ("database", "--database", self.database)];
        config::load(&self.config.flags(values))
    }
}

/// Options of the commands that start a server, and of those that look at what it would be started with.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    pub(crate) config: ConfigOptions,
    /// The data folder; created if missing [default: ./jeton-data]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<String>,
    /// The database [default: SQLite in the data folder]
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) database: Option<String>,
    /// The address to listen on; port 0 picks a free port [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR", global = true)]
    pub(crate) listen: Option<String>,
    /// The issuer URL [default: http:// and the address]
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) issuer: Option<String>,
}

impl ServeOptions {
    /// Reads the configuration.
    pub(crate) fn load(self) -> Result<Loaded, Problems> {
        config::load(&self.config.flags([
            ("data", "--data", self.data),
            ("database", "--database", self.database),
            ("listen", "--listen", self.listen),
            ("issuer", "--issuer", self.issuer),
        ]))
    }
}

//! A real Django project with djangorestframework-simplejwt, from `xtask/django`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::http::Client;
use super::process::{self, Running};
use crate::{cargo, machine};

const REQUIREMENTS: &str = include_str!("../../django/requirements.txt");

/// The project with a database of its own and settings.
#[derive(Debug, Clone)]
pub(crate) struct Django {
    python: PathBuf,
    folder: PathBuf,
    settings: Vec<(String, String)>,
}

/// The project, served by gunicorn.
#[derive(Debug)]
pub(crate) struct Peer {
    client: Client,
    _process: Running,
}

impl Django {
    /// Installs what it needs under `scratch`, and makes an empty database in `folder`.
    ///
    /// # Errors
    /// When the packages cannot be installed, or Django cannot migrate.
    pub(crate) fn new(scratch: &Path, folder: &Path) -> Result<Self> {
        Self::with_settings(scratch, folder, &[])
    }

    /// The same with settings that hold from the beginning, by the names of their variables.
    ///
    /// # Errors
    /// As [`Django::new`].
    pub(crate) fn with_settings(scratch: &Path, folder: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let python = machine::python(scratch, "python", REQUIREMENTS)?;
        let django = Self { python, folder: folder.to_owned(), settings: Vec::new() };
        let django = settings.iter().fold(django, |django, (variable, value)| django.with(variable, value));
        let database = folder.join("django.sqlite3").display().to_string();
        let django = django.with("PEER_DATABASE", &database);
        django.manage(&["migrate", "--verbosity=0"])?;
        Ok(django)
    }

    /// The same with a setting, by the name of its variable.
    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// Adds the people of `people.py`: one for each hasher, all with this password.
    ///
    /// # Errors
    /// When Django refuses.
    pub(crate) fn add_people(&self, password: &str, hashers: &[&str]) -> Result<()> {
        process::output("people.py", self.python(&["people.py", password]).args(hashers)).map(drop)
    }

    /// Runs one of Django's own commands and answers its standard output.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) fn manage(&self, arguments: &[&str]) -> Result<String> {
        process::output("manage.py", self.python(&["manage.py"]).args(arguments))
    }

    /// Serves the project on a free port and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up.
    pub(crate) fn serve(&self) -> Result<Peer> {
        let address = format!("127.0.0.1:{}", process::free_port()?);
        let mut command = self.python(&["-m", "gunicorn", "--workers=1", "--threads=4", "--bind", &address]);
        let log = self.folder.join("django.log");
        let mut process = Running::start("gunicorn", command.arg("peer.wsgi"), &log)?;
        let client = Client::new(format!("http://{address}"));
        process
            .wait_until("it answers", || client.fetch("/hello/").is_ok_and(|answer| answer.status == 401))?;
        Ok(Peer { client, _process: process })
    }

    fn python(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        command.current_dir(cargo::root().join("xtask/django")).args(arguments);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Peer {
    /// A client of this server.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

//! The files that a configuration names: whether they hold what they should.

use std::path::PathBuf;

use jeton_server::Fetcher;
use jeton_server::mail::MailServer;
use jeton_server::tls::{Tls, TlsError, TlsFiles};
use jeton_store::cause;
use zeroize::Zeroizing;

use super::problem::Problem;
use super::rules::culprit;
use super::{Config, Loaded, Problems};
use crate::{clock, input, words};

impl Config {
    /// The certificate that the server shows, where it speaks TLS itself.
    ///
    /// # Errors
    /// [`TlsError`] names the file and what is wrong with it.
    pub(crate) fn tls(&self) -> Result<Option<Tls>, TlsError> {
        let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) else { return Ok(None) };
        let (certificate, key) = (certificate.clone(), key.clone());
        Tls::load(TlsFiles { certificate, key, client_roots: self.tls_client_roots.clone() }).map(Some)
    }

    /// The key that names the file at fault.
    fn key_of(&self, error: &TlsError) -> &'static str {
        let is =
            |file: &Option<PathBuf>| error.file().is_some_and(|at_fault| file.as_deref() == Some(at_fault));
        if is(&self.tls_key) {
            "tls.key"
        } else if is(&self.tls_client_roots) {
            "tls.client_roots"
        } else {
            "tls.certificate"
        }
    }

    /// What fetches the documents that clients name.
    ///
    /// # Errors
    /// What is wrong with the file of `fetch.roots`.
    pub(crate) fn fetcher(&self) -> Result<Fetcher, String> {
        let fetcher = self.fetch_allow.0.iter().fold(Fetcher::new(), |fetcher, reach| fetcher.allow(*reach));
        let Some(file) = &self.fetch_roots else { return Ok(fetcher) };
        let pem = std::fs::read(file)
            .map_err(|error| format!("{} cannot be read: {}", file.display(), cause(file, &error)))?;
        fetcher.trust_also(&pem).map_err(|error| format!("{}: {error}", file.display()))
    }
}

impl Config {
    /// The mail server, where mail is sent.
    ///
    /// # Errors
    /// The key at fault, and what is wrong with its file.
    pub(crate) fn mail_server(&self) -> Result<Option<MailServer>, (&'static str, String)> {
        let (Some(host), Some(from)) = (&self.mail_host, &self.mail_from) else { return Ok(None) };
        let mut server =
            MailServer::new(host.as_str(), self.mail_port(), self.mail_encryption, from.0.clone());
        if let Some(name) = &self.mail_from_name {
            server = server.with_name(name.as_str());
        }
        if let Some(username) = &self.mail_username {
            let password = match (&self.mail_password, &self.mail_password_file) {
                (Some(password), _) => Zeroizing::new(password.expose().to_owned()),
                (None, Some(file)) => {
                    let at = |text: String| ("mail.password_file", text);
                    let read = input::file_or_stdin(file).map_err(|error| at(error.to_string()))?;
                    let text = std::str::from_utf8(input::without_line_break(&read));
                    let text =
                        text.map_err(|_| at(format!("{}: the password is not text", file.display())))?;
                    Zeroizing::new(text.to_owned())
                }
                (None, None) => Zeroizing::default(),
            };
            server = server.with_credentials(username.as_str(), password);
        }
        if let Some(file) = &self.mail_roots {
            let at = |text: String| ("mail.roots", text);
            let pem = std::fs::read(file)
                .map_err(|error| at(format!("{} cannot be read: {}", file.display(), cause(file, &error))))?;
            server = server.trust_also(&pem).map_err(|error| at(format!("{}: {error}", file.display())))?;
        }
        Ok(Some(server))
    }
}

impl Loaded {
    /// Looks into the files that the configuration names. `others` are problems that were found elsewhere, by key.
    ///
    /// # Errors
    /// All problems.
    pub(crate) fn check_files<'p>(
        &self,
        others: impl IntoIterator<Item = (&'static str, &'p str)>,
    ) -> Result<(), Problems> {
        let mut problems = vec![];
        let mut report = |key: &str, text: String| {
            problems.push(Problem::new(culprit(&[key], &self.values), format!("{key}: {text}")));
        };
        match self.config.tls() {
            Ok(Some(tls)) if tls.not_after() < clock::now() => {
                report(
                    "tls.certificate",
                    format!("the certificate expired at {}", words::date(tls.not_after())),
                );
            }
            Ok(_) => {}
            Err(error) => report(self.config.key_of(&error), error.to_string()),
        }
        if let Err(text) = self.config.fetcher() {
            report("fetch.roots", text);
        }
        if let Err((key, text)) = self.config.mail_server() {
            report(key, text);
        }
        if let Err(text) = self.config.shared_secret() {
            report("access.shared_secret_file", text);
        }
        for (key, text) in others {
            report(key, text.to_owned());
        }
        if problems.is_empty() { Ok(()) } else { Err(Problems::new(problems)) }
    }
}

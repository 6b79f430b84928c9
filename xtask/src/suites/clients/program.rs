//! A program that is a client: it says in lines of JSON what it does, and the suite is the person in front of it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde::Deserialize;

use super::{Authority, USERNAME, visitor};
use crate::report::Report;
use crate::rig::page::text_of;
use crate::rig::process::Running;
use crate::rig::redact::redact;
use crate::rig::visitor::Visitor;
use crate::rig::wait_for;

/// How long a step of a program may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A line that a program says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    /// A step went as it should: a sentence of what holds.
    Done(String),
    /// A step did not.
    Failed { step: String, why: String },
    /// Something went over the wire.
    Exchange(String),
    /// The person is to follow this link.
    Visit(String),
}

/// Who the client is.
pub(super) struct Identity<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
    /// The port that it hears its user's browser on.
    pub(super) port: u16,
}

/// Runs a program to its end, a check for each of its steps. It learns who it is by variables.
pub(super) fn follow(
    name: &str,
    command: &mut Command,
    identity: &Identity<'_>,
    authority: &Authority,
    report: &mut Report,
) -> Result<()> {
    command
        .env("ISSUER", authority.issuer())
        .env("CLIENT_ID", identity.id)
        .env("CLIENT_SECRET", identity.secret)
        .env("PORT", identity.port.to_string())
        .env("USERNAME", USERNAME);
    let log = authority.folder.join("client.log");
    let process = Running::start(name, command, &log)?;
    let issuer = authority.issuer().to_owned();
    Conversation { name, issuer, process, heard: 0, exchanges: Vec::new() }.hold(&mut visitor(), report)
}

struct Conversation<'a> {
    name: &'a str,
    issuer: String,
    process: Running,
    heard: usize,
    exchanges: Vec<String>,
}

impl Conversation<'_> {
    fn hold(mut self, visitor: &mut Visitor, report: &mut Report) -> Result<()> {
        while let Some(event) = self.next()? {
            match event {
                Event::Exchange(line) => self.exchanges.push(redact(&line)),
                Event::Done(step) => {
                    self.exchanges.clear();
                    report.check(&step, || Ok(()));
                }
                Event::Failed { step, why } => {
                    report.check(&step, || Err(self.failure(&redact(&why))));
                    return Ok(());
                }
                Event::Visit(link) => {
                    let arrived = visitor.visit(&link);
                    self.exchanges.extend(visitor.take_exchanges());
                    let page = arrived.map_err(|error| self.failure(&format!("{error:#}")))?;
                    if page.answer.status != 200 || page.url.starts_with(&self.issuer) {
                        let shown = text_of(&page.answer.body);
                        return Err(self.failure(&format!("the browser is shown: {}", redact(&shown))));
                    }
                }
            }
        }
        Ok(())
    }

    /// The next thing that it says; nothing when it has ended well.
    fn next(&mut self) -> Result<Option<Event>> {
        let (process, heard) = (&mut self.process, self.heard);
        let next = wait_for(&format!("{} to go on", self.name), PATIENCE, || {
            let ended = process.ended()?;
            let log = process.log();
            let line =
                log.get(heard..).and_then(|rest| rest.split_once('\n')).map(|(line, _)| line.to_owned());
            Ok(line.map(Next::Line).or_else(|| ended.map(Next::End)))
        });
        match next.map_err(|error| self.failure(&error.to_string()))? {
            Next::End(status) if status.success() => Ok(None),
            Next::End(status) => {
                Err(self.failure(&format!("it ended with {status}: {}", redact(&self.process.log()))))
            }
            Next::Line(line) => {
                self.heard += line.len() + 1;
                // What is no event is a library's warning; it stays in the log.
                serde_json::from_str(&line).map_or_else(|_| self.next(), |event| Ok(Some(event)))
            }
        }
    }

    fn failure(&self, why: &str) -> anyhow::Error {
        anyhow!("{why}\n{}", self.exchanges.join("\n"))
    }
}

enum Next {
    Line(String),
    End(std::process::ExitStatus),
}

/// Puts these files into a folder.
pub(super) fn write_files(folder: &Path, files: &[(&str, &str)]) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in files {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

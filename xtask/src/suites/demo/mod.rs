//! `jeton demo` as a newcomer meets it: the four lines pasted into a shell, the front page and the two sample applications in a
//! browser.

mod applications;
mod curls;
mod page;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Stage;
use crate::machine;
use crate::report::Report;
use crate::rig::http::Client;
use crate::rig::process::{self, Running};
use crate::rig::{empty_folder, wait_for};

/// A running demo.
#[derive(Debug)]
pub(super) struct Demo {
    process: Running,
    client: Client,
    username: String,
    password: String,
    lines: Vec<String>,
    folder: PathBuf,
}

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let mut started = None;
    let up = report.check("`jeton demo` starts and prints four curl lines", || {
        started = Some(Demo::start(stage, &[])?);
        Ok(())
    });
    let (true, Some(demo)) = (up, started) else { return Ok(()) };
    machine::need_program("curl", &["curl"])?;
    curls::check(&demo, report)?;
    page::check(&demo, stage, report)?;
    applications::check(&demo, stage, report)?;
    report.check("it ends when asked to, and leaves nothing behind", || demo.stop());
    Ok(())
}

impl Demo {
    /// Starts the demo on a free port, with these settings, and waits until it has said what it says.
    ///
    /// # Errors
    /// When it does not come up, or does not print four curl lines.
    pub(super) fn start(stage: &Stage, settings: &[(&str, &str)]) -> Result<Self> {
        let folder = empty_folder(&stage.scratch, "demo")?;
        let port = process::free_port()?;
        let address = format!("127.0.0.1:{port}");
        let log = stage.scratch.join("demo.log");
        std::fs::write(&log, "").context("cannot empty the demo's log")?;
        let mut command = Command::new(&stage.binary);
        command.args(["demo", "--listen", &address]).env("TMPDIR", &folder).envs(settings.iter().copied());
        let mut process = Running::start("jeton demo", &mut command, &log)?;
        // What it is known as: browsers make passkeys for a name only.
        let client = Client::new(format!("http://localhost:{port}"));
        process.wait_until("it answers", || {
            client.fetch("/startupz").is_ok_and(|answer| answer.status == 200)
        })?;
        let lines = wait_for("four curl lines", Duration::from_secs(10), || {
            let lines = curls::printed(&process.log());
            Ok((lines.len() >= 4).then_some(lines))
        })
        .with_context(|| format!("it printed:\n{}", process.log()))?;
        let (username, password) = credentials(&lines[0])?;
        Ok(Self { process, client, username, password, lines, folder })
    }

    /// A client of it.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The name of its user.
    pub(super) fn username(&self) -> &str {
        &self.username
    }

    /// The password of its user.
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    fn stop(self) -> Result<()> {
        let status = self.process.stop()?;
        crate::rig::expect(status.success(), || format!("it ended with {status}"))?;
        let left: Vec<_> =
            std::fs::read_dir(&self.folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        crate::rig::expect(left.is_empty(), || format!("it left {left:?}"))
    }
}

/// The user name and the password in the first curl line.
fn credentials(line: &str) -> Result<(String, String)> {
    let start = line.find('{').context("the first curl line has no JSON body")?;
    let end = line.rfind('}').context("the first curl line has no whole JSON body")?;
    let body: Value =
        serde_json::from_str(&line[start..=end]).with_context(|| format!("not JSON: {line}"))?;
    let text =
        |name: &str| body[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {body}"));
    Ok((text("username")?, text("password")?))
}

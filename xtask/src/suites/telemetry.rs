//! The metrics of a running server as Prometheus reads them, and the alert rules with their tests.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::Stage;
use crate::cargo;
use crate::machine;
use crate::report::Report;
use crate::rig::http::Client;
use crate::rig::jeton::sign_in;
use crate::rig::process::free_port;

pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    machine::need_program("promtool", &["prometheus"])?;
    let rules = cargo::root().join("deploy/prometheus");
    report.check("promtool accepts the alert rules", || {
        promtool(&rules, &["check", "rules", "alerts.yml"], "")
    });
    report.check("each alert fires when it should and is silent otherwise", || {
        promtool(&rules, &["test", "rules", "alerts_test.yml"], "")
    });
    let port = free_port()?;
    let jeton = stage.jeton("telemetry")?.with("JETON_METRICS_LISTEN", &port.to_string());
    jeton.add_user("ada", "correct horse")?;
    let server = jeton.serve()?;
    sign_in(server.client(), "ada", "correct horse")?.expect(200)?;
    let metrics = Client::new(format!("http://127.0.0.1:{port}")).fetch("/metrics")?.expect(200)?;
    report.check("promtool accepts the metrics of a running server", || {
        promtool(&rules, &["check", "metrics"], &metrics.body)
    });
    server.stop()
}

/// Runs promtool in this folder, with a text as its input.
fn promtool(folder: &Path, arguments: &[&str], input: &str) -> Result<()> {
    let mut command = Command::new("promtool");
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot run promtool")?;
    child.stdin.take().context("no standard input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

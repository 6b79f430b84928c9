//! The operator at the command line, while the server dies and comes back: users added and disabled.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::PASSWORD;
use crate::rig::expect;
use crate::rig::jeton::Jeton;

/// The running operator.
#[derive(Debug)]
pub(super) struct Operator {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Acts>,
}

/// What was acknowledged by a command that exited with success.
#[derive(Debug, Default)]
pub(super) struct Acts {
    /// The users added.
    pub(super) added: BTreeSet<String>,
    disabled: BTreeSet<String>,
    /// Users about whom a command was killed or refused: either outcome is right.
    open: BTreeSet<String>,
    failures: Vec<String>,
}

impl Operator {
    /// Starts adding and disabling users in the data folder of `jeton`.
    ///
    /// # Errors
    /// When the first command fails, while nothing is being killed yet.
    pub(super) fn start(jeton: &Jeton) -> Result<Self> {
        jeton
            .add_user("operated-first", PASSWORD)
            .context("the operator cannot work beside a running server")?;
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (stop, jeton) = (Arc::clone(&stop), jeton.clone());
            std::thread::spawn(move || operate(&jeton, &stop))
        };
        Ok(Self { stop, thread })
    }

    /// Stops it and answers what it did.
    pub(super) fn stop(self) -> Acts {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn operate(jeton: &Jeton, stop: &AtomicBool) -> Acts {
    let mut acts = Acts::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("operated-{number}");
        match jeton.add_user(&name, PASSWORD) {
            Ok(()) => _ = acts.added.insert(name.clone()),
            Err(failure) => acts.failures.push(format!("{failure:#}")),
        }
        match number % 3 {
            0 if acts.added.contains(&name) => match jeton.run(&["user", "disable", &name]) {
                Ok(_) => _ = acts.disabled.insert(name),
                Err(failure) => acts.failures.push(format!("{failure:#}")),
            },
            1 => {
                disable_and_be_killed(jeton, &name);
                acts.open.insert(name);
            }
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    acts
}

/// Starts to disable a user and is killed at some moment of it.
fn disable_and_be_killed(jeton: &Jeton, name: &str) {
    let mut command = jeton.command(&["user", "disable", name, "--data"]);
    command.arg(jeton.data()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Ok(mut child) = command.spawn() {
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..40)));
        // It may have ended before, which is as good.
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Acts {
    /// That what was acknowledged is so.
    ///
    /// # Errors
    /// With the first user that is not as acknowledged, or the first command that failed.
    pub(super) fn hold(&self, jeton: &Jeton) -> Result<()> {
        if let Some(failure) = self.failures.first() {
            bail!("{} commands failed, the first: {failure}", self.failures.len());
        }
        let listed: Value = serde_json::from_str(&jeton.run(&["user", "list", "--json"])?)?;
        let users = listed.as_array().or_else(|| listed["users"].as_array()).context("no list of users")?;
        for name in &self.added {
            let user = users.iter().find(|user| user["username"] == name.as_str());
            let user = user.with_context(|| format!("{name} was added and is gone"))?;
            if self.open.contains(name) {
                continue;
            }
            let disabled = user["status"] == "disabled";
            let wanted = self.disabled.contains(name);
            expect(disabled == wanted, || {
                format!("{name} was acknowledged as disabled: {wanted}, and is: {disabled}")
            })?;
        }
        Ok(())
    }
}

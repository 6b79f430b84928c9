//! Clocks that a suite sets, for processes that load a library of ours before the C library.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::machine;
use crate::rig::process;

const STEPPED_CLOCK: &str = include_str!("stepped_clock.c");

/// The library, in a folder that everybody may read: PostgreSQL runs as another user.
#[derive(Debug)]
pub(super) struct Clocks {
    folder: PathBuf,
}

impl Clocks {
    /// Builds the library.
    pub(super) fn new() -> Result<Self> {
        machine::need_program("cc", &["gcc", "libc6-dev"])?;
        let folder = std::env::temp_dir().join(format!("jeton-clocks-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let this = Self { folder };
        let source = this.folder.join("stepped_clock.c");
        fs::write(&source, STEPPED_CLOCK)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(this.library()).arg(&source);
        process::output("cc", &mut compiler)?;
        Ok(this)
    }

    /// A clock that is right until it is set.
    pub(super) fn clock(&self, name: &str) -> Result<Clock> {
        let clock = Clock { library: self.library(), step: self.folder.join(name) };
        clock.step(0)?;
        Ok(clock)
    }

    fn library(&self) -> PathBuf {
        self.folder.join("stepped_clock.so")
    }
}

impl Drop for Clocks {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The clock of one or more processes.
#[derive(Debug)]
pub(super) struct Clock {
    library: PathBuf,
    step: PathBuf,
}

impl Clock {
    /// Sets it to so many seconds ahead of the machine's.
    pub(super) fn step(&self, seconds: i64) -> Result<()> {
        // At once: nobody may read half a number.
        let next = self.step.with_extension("next");
        fs::write(&next, seconds.to_string())?;
        fs::set_permissions(&next, fs::Permissions::from_mode(0o644))?;
        Ok(fs::rename(&next, &self.step)?)
    }

    /// What a process has to find in its environment to follow it.
    pub(super) fn environment(&self) -> [(&'static str, String); 2] {
        let text = |path: &PathBuf| path.display().to_string();
        [("LD_PRELOAD", text(&self.library)), ("CLOCK_STEP", text(&self.step))]
    }
}

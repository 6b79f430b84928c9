//! What the suites need of the machine: installed where we may, named where we may not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

use crate::cargo::finish;
use crate::console;

/// Held while Debian packages are installed, and whether their list is up to date: apt-get locks out another one.
static LIST_IS_NEW: Mutex<bool> = Mutex::new(false);

/// Held while the packages of another language are installed: two suites may want the same folder.
static FOLDERS: Mutex<()> = Mutex::new(());

/// Whether this process may install packages and mount filesystems.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether a program is found on the `PATH`.
pub(crate) fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Makes sure of a program, installing the Debian packages that bring it when running as root.
///
/// # Errors
/// When it is missing and cannot be installed; the error names the packages.
pub(crate) fn need_program(name: &str, packages: &[&str]) -> Result<()> {
    if has_program(name) {
        return Ok(());
    }
    install(name, packages)?;
    if !has_program(name) {
        bail!("{name} is still missing after installing {}", packages.join(" "));
    }
    Ok(())
}

/// Makes sure of a C library that pkg-config knows by this name, installing the Debian packages that bring it when running
/// as root.
///
/// # Errors
/// When it is missing and cannot be installed; the error names the packages.
pub(crate) fn need_library(name: &str, packages: &[&str]) -> Result<()> {
    let mut known = Command::new("pkg-config");
    if known.args(["--exists", name]).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    install(name, packages)
}

/// Installs Debian packages, for `wanted`.
fn install(wanted: &str, packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !is_root() || !has_program("apt-get") {
        bail!("{wanted} is missing: install {list} (on Debian: sudo apt-get install {list})");
    }
    let mut list_is_new = LIST_IS_NEW.lock().unwrap_or_else(PoisonError::into_inner);
    console::say(&format!("  installing {list}"));
    if !*list_is_new {
        finish(apt_get(&["update", "-qq"]).stdout(Stdio::null()), "apt-get update")?;
        *list_is_new = true;
    }
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    finish(apt_get(&arguments).stdout(Stdio::null()), &format!("apt-get install {list}"))
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
    command
}

/// Makes sure of a file, as [`need_program`] does of a program.
///
/// # Errors
/// When it is missing and cannot be installed; the error names the packages.
pub(crate) fn need_file(file: &Path, packages: &[&str]) -> Result<()> {
    let name = file.display().to_string();
    if !file.exists() {
        install(&name, packages)?;
    }
    if !file.exists() {
        bail!("{name} is still missing after installing {}", packages.join(" "));
    }
    Ok(())
}

/// A folder in which Node finds exactly the npm packages of this lock file. It is kept under `scratch` for the next run.
///
/// # Errors
/// When Node is missing and cannot be installed, or the packages cannot be had.
pub(crate) fn node(scratch: &Path, package: &str, lock: &str) -> Result<PathBuf> {
    let _alone = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = scratch.join("node");
    let installed = folder.join("installed.json");
    if std::fs::read_to_string(&installed).is_ok_and(|text| text == lock) {
        return Ok(folder);
    }
    need_program("node", &["nodejs", "npm"])?;
    need_program("npm", &["npm"])?;
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::write(folder.join("package.json"), package)?;
    std::fs::write(folder.join("package-lock.json"), lock)?;
    console::say("  installing the npm packages of xtask/clients/node");
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]);
    finish(npm.stdout(Stdio::null()), "npm ci")?;
    std::fs::write(&installed, lock)?;
    Ok(folder)
}

/// A Python with exactly these packages (`requirements`, one `name==version` a line), in a virtual environment of this name
/// under `scratch` that is kept for the next run.
///
/// # Errors
/// When Python is missing and cannot be installed, or the packages cannot be had.
pub(crate) fn python(scratch: &Path, name: &str, requirements: &str) -> Result<PathBuf> {
    let _alone = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = scratch.join(name);
    let python = folder.join("bin/python");
    let installed = folder.join("installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|text| text == requirements) {
        return Ok(python);
    }
    need_program("python3", &["python3", "python3-venv"])?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    if make_environment(&folder).is_err() {
        // Debian's python3 comes without the module that a virtual environment is made with.
        install("python3 -m venv", &["python3-venv"])?;
        make_environment(&folder)?;
    }
    console::say(&format!("  installing {}", requirements.split_whitespace().collect::<Vec<_>>().join(" ")));
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip.args(requirements.split_whitespace());
    finish(&mut pip, "pip install")?;
    std::fs::write(&installed, requirements)?;
    Ok(python)
}

fn make_environment(folder: &Path) -> Result<()> {
    let mut command = Command::new("python3");
    finish(command.args(["-m", "venv"]).arg(folder).stdout(Stdio::null()), "python3 -m venv")
}

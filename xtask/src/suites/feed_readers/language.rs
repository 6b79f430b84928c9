//! What each language needs: its files, its packages, and how it is built and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::page::{Page, with};
use crate::cargo;
use crate::machine;
use crate::rig::process;
use crate::suites::Stage;

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Node,
    Python,
    Go,
    Java,
}

impl Language {
    pub(super) const ALL: &[Self] = &[Self::Node, Self::Python, Self::Go, Self::Java];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::Java => "Java",
        }
    }

    /// What is missing on this machine and is not installed for a suite.
    pub(super) fn missing(self) -> Option<&'static str> {
        let has_all = |programs: &[&str]| programs.iter().all(|name| machine::has_program(name));
        match self {
            Self::Node | Self::Python => None,
            Self::Go => (!has_all(&["go"])).then_some("Go is missing: install Go 1.24 or later"),
            Self::Java => (!has_all(&["java", "javac", "mvn"]))
                .then_some("Java is missing: install a JDK of version 17 or later, and Maven"),
        }
    }

    /// The reader on the page, the API on the page, and what serves it.
    const fn files(self) -> [&'static str; 3] {
        match self {
            Self::Node => ["revocations.mjs", "api.mjs", "serve.mjs"],
            Self::Python => ["revocations.py", "api.py", "serve.py"],
            Self::Go => ["revocations.go", "api.go", "serve.go"],
            Self::Java => ["Revocations.java", "Api.java", "Serve.java"],
        }
    }

    /// How the reader says how long it waits for a heartbeat, and how it would say four seconds, for a suite that cannot wait as long.
    const fn silence(self) -> (&'static str, &'static str) {
        match self {
            Self::Node => ("SILENCE = 31_000;", "SILENCE = 4_000;"),
            Self::Python => ("SILENCE = 31\n", "SILENCE = 4\n"),
            Self::Go => ("silence = 31 * time.Second", "silence = 4 * time.Second"),
            Self::Java => ("ofSeconds(31)", "ofSeconds(4)"),
        }
    }

    /// Writes the files, and builds them where that is needed. Answers what runs them.
    pub(super) fn build(self, stage: &Stage, page: &Page, issuer: &str) -> Result<Command> {
        match self {
            Self::Node => {
                let node = machine::node(
                    &stage.scratch,
                    include_str!("../../../clients/node/package.json"),
                    include_str!("../../../clients/node/package-lock.json"),
                )?;
                self.write(&node, page, issuer)?;
                let mut command = Command::new("node");
                command.arg(node.join("serve.mjs"));
                Ok(command)
            }
            Self::Python => {
                let requirements = include_str!("../../../clients/authlib/requirements.txt");
                let python = machine::python(&stage.scratch, "authlib-python", requirements)?;
                let folder = self.folder(stage)?;
                self.write(&folder, page, issuer)?;
                let mut command = Command::new(python);
                command.arg(folder.join("serve.py"));
                Ok(command)
            }
            Self::Go => {
                let folder = self.folder(stage)?;
                self.write(&folder, page, issuer)?;
                for name in ["go.mod", "go.sum"] {
                    fs::copy(ours(name), folder.join(name)).with_context(|| format!("cannot copy {name}"))?;
                }
                let mut build = Command::new("go");
                build.current_dir(&folder).args(["build", "-o", "api", "."]);
                process::output("go build", &mut build)?;
                Ok(Command::new(folder.join("api")))
            }
            Self::Java => {
                let folder = self.folder(stage)?;
                self.write(&folder, page, issuer)?;
                let packages = folder.join("lib/*");
                maven(&folder)?;
                let mut compile = Command::new("javac");
                compile.current_dir(&folder).args(["-d", "classes", "-Xlint:all", "-Werror", "-cp"]);
                compile.arg(&packages).args(self.files());
                process::output("javac", &mut compile)?;
                let mut command = Command::new("java");
                command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"]);
                command.arg(format!("{}:{}", folder.join("classes").display(), packages.display()));
                command.arg("Serve");
                Ok(command)
            }
        }
    }

    fn folder(self, stage: &Stage) -> Result<PathBuf> {
        let folder = stage.scratch.join(format!("feed-reader-{}", self.name()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder)
    }

    fn write(self, folder: &Path, page: &Page, issuer: &str) -> Result<()> {
        let [reader, api, serve] = self.files();
        let (long, short) = self.silence();
        let texts = [
            (reader, with(&page.file(reader, issuer)?, long, short)?),
            (api, page.file(api, issuer)?),
            (serve, fs::read_to_string(ours(serve))?),
        ];
        for (name, text) in texts {
            fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
        }
        Ok(())
    }
}

/// A file of `xtask/clients/feed-readers`.
fn ours(name: &str) -> PathBuf {
    cargo::root().join("xtask/clients/feed-readers").join(name)
}

/// Has Maven put the packages into `lib`, unless they are there from the run before.
fn maven(folder: &Path) -> Result<()> {
    let wanted = fs::read_to_string(ours("pom.xml"))?;
    let installed = folder.join("pom.xml");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) && folder.join("lib").exists() {
        return Ok(());
    }
    let mut command = Command::new("mvn");
    command.args(["--quiet", "--batch-mode", "--file"]).arg(ours("pom.xml"));
    command
        .arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", folder.join("lib").display()));
    process::output("mvn dependency:copy-dependencies", &mut command)?;
    fs::write(&installed, wanted).context("cannot write pom.xml")
}

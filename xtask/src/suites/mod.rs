//! The suites: what only the real command and its real peers can show.

mod account;
mod clients;
mod clocks;
pub(crate) mod crash;
mod database_tls;
mod debugger;
mod demo;
mod disk;
mod django;
mod examples;
mod failover;
mod feed_readers;
mod flood;
pub(crate) mod ha;
mod nodes;
mod packages;
mod passkeys;
mod pgbouncer;
mod telemetry;
mod wire;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::cargo;
use crate::report::Report;
use crate::rig::jeton::Jeton;

/// One suite.
#[derive(Debug)]
pub(crate) struct Suite {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it shows, in a few words.
    pub(crate) about: &'static str,
    /// Whether no other suite may run beside it: it measures, or puts load on the machine.
    pub(crate) alone: bool,
    /// Carries it out. An error is for what hinders it; what it finds goes into the report.
    pub(crate) run: fn(&Stage, &mut Report) -> Result<()>,
}

/// All suites, the quick ones first.
pub(crate) const ALL: &[Suite] = &[
    Suite {
        name: "examples",
        about: "the library's examples, one of them with an HSM",
        alone: false,
        run: examples::run,
    },
    Suite {
        name: "demo",
        about: "the four curl lines, and the front page in Chromium",
        alone: false,
        run: demo::run,
    },
    Suite {
        name: "debugger",
        about: "the token debugger in Chromium: published tokens, pasted as found, and a saved copy",
        alone: false,
        run: debugger::run,
    },
    Suite { name: "flood", about: "a flood of sign-ins starves nobody", alone: true, run: flood::run },
    Suite {
        name: "disk",
        about: "a full, read-only or broken disk stops writes alone",
        alone: false,
        run: disk::run,
    },
    Suite {
        name: "telemetry",
        about: "promtool accepts the metrics and the alert rules",
        alone: false,
        run: telemetry::run,
    },
    Suite {
        name: "wire",
        about: "the same requests to simplejwt's server and to Jeton",
        alone: false,
        run: wire::run,
    },
    Suite {
        name: "openid-client",
        about: "npm openid-client on Node signs in and out",
        alone: false,
        run: clients::openid_client,
    },
    Suite {
        name: "oidc-client-ts",
        about: "npm oidc-client-ts in Chromium, from another site, signs in and out",
        alone: false,
        run: clients::oidc_client_ts,
    },
    Suite {
        name: "account",
        about: "the account in Chromium, and axe-core on the pages",
        alone: false,
        run: account::run,
    },
    Suite {
        name: "passkeys",
        about: "Chromium adds passkeys and signs in with them",
        alone: false,
        run: passkeys::run,
    },
    Suite {
        name: "form-redirects",
        about: "Chromium follows an application's redirects behind the authority's forms",
        alone: false,
        run: clients::form_redirects,
    },
    Suite {
        name: "authlib",
        about: "Python's Authlib signs in with a key of its own",
        alone: false,
        run: clients::authlib,
    },
    Suite {
        name: "apache",
        about: "mod_auth_openidc protects a page of Apache's",
        alone: false,
        run: clients::apache,
    },
    Suite {
        name: "nginx",
        about: "an issuer with a path behind nginx, which passes it on or takes it away, and compresses",
        alone: false,
        run: clients::nginx,
    },
    Suite {
        name: "openidconnect",
        about: "the Rust crate signs in as a native app",
        alone: false,
        run: clients::openidconnect,
    },
    Suite {
        name: "feed-readers",
        about: "the guide's readers of the revocation feed, in Node, Python, Go and Java",
        alone: false,
        run: feed_readers::run,
    },
    Suite {
        name: "django",
        about: "Django REST framework takes Jeton's tokens and users",
        alone: false,
        run: django::run,
    },
    Suite {
        name: "database-tls",
        about: "a database is reached over TLS, verified as the URL says, or not at all",
        alone: false,
        run: database_tls::run,
    },
    Suite {
        name: "nodes",
        about: "every flow of single sign-on with each step at another node, and nodes replaced under load",
        alone: true,
        run: nodes::run,
    },
    Suite {
        name: "pgbouncer",
        about: "a pooler that gives each transaction another connection, and the same answers as from SQLite",
        alone: false,
        run: pgbouncer::run,
    },
    Suite {
        name: "failover",
        about: "PostgreSQL fails over and nodes die under load, and no session is lost",
        alone: true,
        run: failover::run,
    },
    Suite {
        name: "clocks",
        about: "clocks that step by an hour and back, of one node and of all, sign nobody out",
        alone: true,
        run: clocks::run,
    },
    Suite {
        name: "packages",
        about: "the unit, the Debian package in a system of its own, and the chart",
        alone: false,
        run: packages::run,
    },
    Suite {
        name: "crash",
        about: "killed in the middle of the work, again and again",
        alone: true,
        run: crash::run,
    },
];

/// Where the suites play: the command, and a folder for what they write.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The `jeton` command, as built for development.
    pub(crate) binary: PathBuf,
    /// The scratch folder. What is dear to install stays there for the next run.
    pub(crate) scratch: PathBuf,
    /// Whether to take fewer rounds of what is repeated.
    pub(crate) quick: bool,
    /// Whether the tests of the crates have been built just now.
    tested: bool,
}

impl Stage {
    /// Builds the command, or takes the one that `JETON_TEST_BINARY` names: a release, a package.
    ///
    /// # Errors
    /// When it does not build.
    pub(crate) fn new(quick: bool) -> Result<Self> {
        let given = std::env::var_os("JETON_TEST_BINARY").map(PathBuf::from);
        Self::with(given.map_or_else(cargo::build_jeton, Ok)?, quick, false)
    }

    /// The same after the tests of the crates, which have built the command: by itself it has other features of its
    /// dependencies, and nearly everything would be built again.
    ///
    /// # Errors
    /// As [`Stage::new`].
    pub(crate) fn after_the_tests(quick: bool) -> Result<Self> {
        match cargo::tested_jeton()? {
            Some(tested) if std::env::var_os("JETON_TEST_BINARY").is_none() => {
                Self::with(tested, quick, true)
            }
            _ => Self::new(quick),
        }
    }

    fn with(binary: PathBuf, quick: bool, tested: bool) -> Result<Self> {
        Ok(Self { binary, scratch: cargo::scratch()?, quick, tested })
    }

    /// Runs tests of a crate: those with one of these words in their names. What was built for all crates is used again.
    pub(crate) fn crate_tests(&self, package: &str, words: &[&str]) -> Command {
        let mut tests = match self.tested {
            // All tests rather than those of one target: fewer crates would have other features, and be built again.
            true => cargo::command(&["test", "--workspace", "--tests"]),
            false => cargo::command(&["test", "--package", package, "--test", "it"]),
        };
        tests.args(["--", "--quiet"]).args(words);
        tests
    }

    /// The command with an empty data folder of this name.
    ///
    /// # Errors
    /// When the folder cannot be emptied.
    pub(crate) fn jeton(&self, name: &str) -> Result<Jeton> {
        let folder = crate::rig::empty_folder(&self.scratch, name)?;
        Ok(Jeton::new(&self.binary, &folder.join("data")))
    }
}

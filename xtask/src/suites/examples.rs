//! The examples of the library: each is the answer to a question, and has to be right. One of them signs with an HSM.

use anyhow::{Context, Result};

use super::Stage;
use crate::report::Report;
use crate::{cargo, machine};

/// Runs the suite.
pub(super) fn run(_: &Stage, report: &mut Report) -> Result<()> {
    // The HSM in software that `sign_with_an_hsm` makes its key in.
    machine::need_program("softhsm2-util", &["softhsm2"])?;
    let folder = cargo::root().join("crates/jose/examples");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort_unstable();
    for name in &names {
        let arguments = ["run", "--quiet", "--package=jeton-jose", "--all-features", "--example", name];
        report.check(&format!("the example {name} does what it says"), || cargo::run(&arguments));
    }
    Ok(())
}

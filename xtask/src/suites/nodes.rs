//! Two nodes behind a balancer without affinity: the server's own tests of single sign-on, with each request at the other node than the one
//! before.

use anyhow::Result;

use super::Stage;
use crate::cargo;
use crate::report::Report;

/// Runs the suite.
pub(super) fn run(_: &Stage, report: &mut Report) -> Result<()> {
    report.check("sign-in, consent, devices, registration, sign-out and DPoP do not need one node", || {
        let mut tests =
            cargo::command(&["test", "-p", "jeton-server", "--test", "it", "--", "--quiet", "sso::"]);
        cargo::finish(tests.env("JETON_TEST_NODES", "2"), "cargo test")
    });
    Ok(())
}

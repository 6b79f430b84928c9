//! Two nodes behind a balancer without affinity: the server's own tests of single sign-on, with each request at the other node than the one
//! before; and replaced one after the other behind a balancer that notices late.

mod rolling;

use anyhow::Result;

use super::Stage;
use crate::cargo;
use crate::report::Report;

/// The tests of what people and clients do in several steps. Others are about what each node counts or remembers for itself.
const FLOWS: [&str; 12] = [
    "sso::code_flow::",
    "sso::consent_page::",
    "sso::pushed::",
    "sso::long_requests::",
    "sso::device_page::",
    "sso::dpop::",
    "sso::conformance_fapi::",
    "sso::conformance_logout::",
    "sso::logout_delivery::",
    "sso::sign_out::",
    "sso::refresh_tokens::",
    "sso::sessions_replaced::",
];

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    report.check(
        "sign-in, consent, pushed requests, devices, DPoP, refresh and sign-out need no particular node",
        || {
            let mut tests = stage.crate_tests("jeton-server", &FLOWS);
            cargo::finish(tests.env("JETON_TEST_NODES", "2"), "cargo test")
        },
    );
    report.check(
        "both nodes are replaced behind a balancer that asks every two seconds, and no request fails",
        || rolling::roll(stage),
    );
    Ok(())
}

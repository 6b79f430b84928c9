//! JOSE libraries against the limit of their cryptography: runs the programs of `bench/peers` and reads what they find.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::contender::{BenchError, run_command};

/// The library that the findings are about.
pub const OURS: &str = "jeton-jose";
/// What stands in the place of a library for the cryptography alone.
pub const LIMIT: &str = "limit";

/// Processes that are timed. One process can place its memory badly for its whole life, so the best of several counts.
const PROCESSES: usize = 3;

/// What is done with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Claims become a token.
    Sign,
    /// A token becomes claims.
    Verify,
    /// A token whose signature is wrong is refused.
    Refuse,
}

/// One step of one library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The library, or [`LIMIT`].
    pub library: String,
    /// The algorithm.
    pub algorithm: String,
    /// The step.
    pub step: Step,
    /// Nanoseconds or allocations a call.
    pub value: f64,
}

/// What all processes found.
#[derive(Debug, Clone, Serialize)]
pub struct Findings {
    /// Nanoseconds a call: the fastest batch of the best process.
    pub nanoseconds: Vec<Finding>,
    /// Allocations a call.
    pub allocations: Vec<Finding>,
}

impl Findings {
    /// Builds the programs and runs them.
    ///
    /// # Errors
    /// When they cannot be built, or a library does not do what it should.
    pub fn collect() -> Result<Self, BenchError> {
        let allocations = run_program("allocations")?;
        let mut nanoseconds = run_program("times")?;
        for _ in 1..PROCESSES {
            for (best, again) in nanoseconds.iter_mut().zip(run_program("times")?) {
                best.value = best.value.min(again.value);
            }
        }
        Ok(Self { nanoseconds, allocations })
    }

    /// Algorithms, in their order.
    pub fn algorithms(&self) -> Vec<&str> {
        in_order(self.nanoseconds.iter().map(|finding| finding.algorithm.as_str()))
    }

    /// Libraries, in their order, without the limit.
    pub fn libraries(&self) -> Vec<&str> {
        let libraries = self.nanoseconds.iter().map(|finding| finding.library.as_str());
        in_order(libraries.filter(|library| *library != LIMIT))
    }

    /// Nanoseconds of a step.
    pub fn time(&self, library: &str, algorithm: &str, step: Step) -> Option<f64> {
        value(&self.nanoseconds, library, algorithm, step)
    }

    /// A step's time as a multiple of the limit. Refusing is measured against the limit of verifying.
    pub fn ratio(&self, library: &str, algorithm: &str, step: Step) -> Option<f64> {
        let limit = if step == Step::Refuse { Step::Verify } else { step };
        Some(self.time(library, algorithm, step)? / self.time(LIMIT, algorithm, limit)?)
    }

    /// Allocations of a step.
    pub fn allocations(&self, library: &str, algorithm: &str, step: Step) -> Option<f64> {
        value(&self.allocations, library, algorithm, step)
    }
}

fn value(findings: &[Finding], library: &str, algorithm: &str, step: Step) -> Option<f64> {
    let wanted = |finding: &&Finding| {
        finding.library == library && finding.algorithm == algorithm && finding.step == step
    };
    findings.iter().find(wanted).map(|finding| finding.value)
}

fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Runs a program of `bench/peers`, whose findings are lines of JSON.
fn run_program(name: &str) -> Result<Vec<Finding>, BenchError> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join("Cargo.toml");
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--release", "--bin", name, "--manifest-path"]).arg(manifest);
    let output = run_command("cargo run", &mut command, "")?;
    let findings = output.lines().map(|line| serde_json::from_str(line).map_err(std::io::Error::from));
    Ok(findings.collect::<Result<_, _>>()?)
}

//! JOSE libraries against the limit of their cryptography: runs the programs of `bench/peers` and reads what they find.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::contender::{BenchError, run_command};

/// The library that the findings are about.
pub const OURS: &str = "jeton";
/// What stands in the place of a library for the cryptography alone.
pub const LIMIT: &str = "limit";

/// Processes that are timed. One process can place its memory badly for its whole life, so the best of several counts.
const PROCESSES: usize = 5;

/// What is done with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Claims become a token.
    Sign,
    /// A token becomes claims.
    Verify,
    /// A token becomes claims, of which the registered ones stay where they are.
    VerifyInPlace,
    /// A token whose signature is wrong is refused.
    Refuse,
    /// What is no token, and as long as one, is refused.
    Garbage,
    /// Claims become an encrypted token.
    Encrypt,
    /// An encrypted token becomes claims.
    Decrypt,
    /// A token that was verified before is recognised.
    Remember,
}

/// How fast a step of ours is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// A multiple of the limit.
    Ratio(f64),
    /// Nanoseconds, on a processor that signs HS256 in 262 ns.
    Nanoseconds(f64),
}

/// What this library wants to reach.
pub fn target(algorithm: &str, step: Step) -> Option<Target> {
    use Step::{Decrypt, Encrypt, Garbage, Refuse, Remember, Sign, Verify};
    use Target::{Nanoseconds, Ratio};
    Some(match (algorithm, step) {
        ("HS256", Sign) => Ratio(1.5),
        ("HS256", Verify) => Ratio(1.8),
        ("HS256", Refuse) => Nanoseconds(300.0),
        ("HS256", Garbage) => Nanoseconds(10.0),
        ("HS256", Remember) => Nanoseconds(70.0),
        ("RS256" | "PS256" | "ES384", Sign) | ("ES384", Verify) => Ratio(1.01),
        ("RS256" | "PS256", Verify) => Ratio(1.04),
        ("ES256", Sign) => Ratio(1.07),
        ("ES256", Verify) => Ratio(1.05),
        ("EdDSA", Sign) => Ratio(1.05),
        ("EdDSA", Verify) => Ratio(1.03),
        ("dir+A256GCM", Encrypt) => Nanoseconds(750.0),
        ("dir+A256GCM", Decrypt) => Nanoseconds(600.0),
        ("RSA-OAEP-256+A256GCM", Encrypt) => Ratio(1.05),
        ("RSA-OAEP-256+A256GCM", Decrypt) => Ratio(1.01),
        ("ECDH-ES+A256KW+A256GCM", Encrypt) => Ratio(1.03),
        ("ECDH-ES+A256KW+A256GCM", Decrypt) => Ratio(1.04),
        _ => return None,
    })
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

    /// What was measured: algorithms and steps, in their order.
    pub fn operations(&self) -> Vec<(&str, Step)> {
        const ORDER: [Step; 8] = [
            Step::Sign,
            Step::Verify,
            Step::VerifyInPlace,
            Step::Refuse,
            Step::Garbage,
            Step::Remember,
            Step::Encrypt,
            Step::Decrypt,
        ];
        let all = self.algorithms().into_iter().flat_map(|name| ORDER.map(|step| (name, step)));
        // Garbage has no algorithm: once will do.
        all.filter(|(name, step)| {
            self.time(OURS, name, *step).is_some() && (*step != Step::Garbage || *name == "HS256")
        })
        .collect()
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

    /// The time of the cryptography alone, which refusing a signature takes as well as verifying it.
    pub fn limit(&self, algorithm: &str, step: Step) -> Option<f64> {
        let alike = match step {
            Step::Refuse | Step::VerifyInPlace => Step::Verify,
            step => step,
        };
        self.time(LIMIT, algorithm, alike)
    }

    /// A step's time as a multiple of the limit.
    pub fn ratio(&self, library: &str, algorithm: &str, step: Step) -> Option<f64> {
        Some(self.time(library, algorithm, step)? / self.limit(algorithm, step)?)
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

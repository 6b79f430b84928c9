//! What both programs do: go through the algorithms, or those that are named as arguments, and print what they find.

use std::time::{SystemTime, UNIX_EPOCH};

use jeton_jose::jwe::KeyManagement;

use crate::Finding;
use crate::keys::{ALGORITHMS, common_name};
use crate::library::{Case, EncryptionTask, Failure, Task};

/// Measures the cases of each algorithm, which run as one group, and prints a line of JSON for each.
///
/// # Errors
/// When a library does not take its key.
pub fn run(mut measure: impl FnMut(&mut [Case]) -> Vec<f64>) -> Result<(), Failure> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let mut report = |name: &'static str, mut cases: Vec<Case>| {
        for (value, case) in measure(&mut cases).into_iter().zip(&cases) {
            let finding = Finding { library: case.library, algorithm: name, step: case.step, value };
            println!("{}", serde_json::to_string(&finding)?);
        }
        Ok::<_, Failure>(())
    };
    for algorithm in ALGORITHMS.into_iter().filter(|algorithm| is_wanted(common_name(*algorithm))) {
        report(common_name(algorithm), Task::new(algorithm, now)?.cases()?)?;
    }
    for (algorithm, name) in [
        (KeyManagement::Dir, "dir+A256GCM"),
        (KeyManagement::RsaOaep256, "RSA-OAEP-256+A256GCM"),
        (KeyManagement::EcdhEsA256Kw, "ECDH-ES+A256KW+A256GCM"),
    ] {
        if is_wanted(name) {
            report(name, EncryptionTask::new(algorithm, now)?.cases()?)?;
        }
    }
    Ok(())
}

//! `times`: nanoseconds of each step of each library, one JSON line each.

use std::time::{SystemTime, UNIX_EPOCH};

use jeton_bench_peers::Finding;
use jeton_bench_peers::keys::{ALGORITHMS, common_name};
use jeton_bench_peers::library::{Failure, Task};
use jeton_bench_peers::timing;

/// Batches of each step.
const ROUNDS: u32 = 80;

fn main() -> Result<(), Failure> {
    timing::settle();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for algorithm in ALGORITHMS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == common_name(algorithm)) {
            continue;
        }
        let mut cases = Task::new(algorithm, now)?.cases()?;
        let times = timing::fastest(&mut cases, ROUNDS);
        for (case, value) in cases.iter().zip(times) {
            let finding =
                Finding { library: case.library, algorithm: common_name(algorithm), step: case.step, value };
            println!("{}", serde_json::to_string(&finding)?);
        }
    }
    Ok(())
}

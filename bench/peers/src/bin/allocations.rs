//! `allocations`: how often each step of each library allocates, one JSON line each.
//!
//! A program of its own, because the allocator that counts would slow down what `times` measures.

use std::time::{SystemTime, UNIX_EPOCH};

use jeton_bench_peers::Finding;
use jeton_bench_peers::keys::{ALGORITHMS, common_name};
use jeton_bench_peers::library::{Failure, Task};

fn main() -> Result<(), Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    for algorithm in ALGORITHMS {
        for mut case in Task::new(algorithm, now)?.cases()? {
            // The first call may fill caches.
            (case.once)();
            let value = allocation_counter::measure(|| (case.once)()).count_total as f64;
            let finding =
                Finding { library: case.library, algorithm: common_name(algorithm), step: case.step, value };
            println!("{}", serde_json::to_string(&finding)?);
        }
    }
    Ok(())
}

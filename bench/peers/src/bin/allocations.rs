//! `allocations [ALGORITHM...]`: how often each step of each library allocates, one JSON line each.
//!
//! A program of its own, because the allocator that counts would slow down what `times` measures.

use jeton_bench_peers::library::{Case, Failure};
use jeton_bench_peers::program;

fn main() -> Result<(), Failure> {
    program::run(|cases| cases.iter_mut().map(count).collect())
}

fn count(case: &mut Case) -> f64 {
    // The first call may fill caches.
    (case.once)();
    allocation_counter::measure(|| (case.once)()).count_total as f64
}

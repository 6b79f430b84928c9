//! `times [ALGORITHM...]`: nanoseconds of each step of each library, one JSON line each.

use jeton_bench_peers::library::Failure;
use jeton_bench_peers::{program, timing};

/// Batches of each step.
const ROUNDS: u32 = 80;

fn main() -> Result<(), Failure> {
    timing::settle();
    program::run(|cases| timing::fastest(cases, ROUNDS))
}

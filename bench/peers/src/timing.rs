//! How long a call takes, on a machine that others use too.
//!
//! All cases take turns in batches of about a millisecond, and the fastest batch of each is quoted: what others do to the
//! machine only ever adds, and it adds to every case alike.

use std::time::{Duration, Instant};

use crate::library::Case;

/// How long a batch takes.
const BATCH: Duration = Duration::from_millis(1);

/// Nanoseconds a call of each case, in their order.
pub fn fastest(cases: &mut [Case], rounds: u32) -> Vec<f64> {
    let batches: Vec<u32> = cases.iter_mut().map(calls_per_batch).collect();
    let mut fastest = vec![f64::INFINITY; cases.len()];
    for _ in 0..rounds {
        for ((case, calls), fastest) in cases.iter_mut().zip(&batches).zip(&mut fastest) {
            *fastest = fastest.min(time(case, *calls));
        }
    }
    fastest
}

/// How many calls make a batch.
fn calls_per_batch(case: &mut Case) -> u32 {
    let mut calls = 1;
    loop {
        let nanoseconds = time(case, calls);
        if nanoseconds * f64::from(calls) > BATCH.as_nanos() as f64 / 4.0 {
            return (BATCH.as_nanos() as f64 / nanoseconds).max(1.0) as u32;
        }
        calls *= 4;
    }
}

fn time(case: &mut Case, calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        (case.once)();
    }
    start.elapsed().as_nanos() as f64 / f64::from(calls)
}

/// Binds this thread to one core and asks for it before others do; without the right to, it runs as it is.
pub fn settle() {
    let mut cores = rustix::thread::CpuSet::new();
    if rustix::thread::sched_getaffinity(None).is_ok_and(|allowed| allowed.is_set(1)) {
        cores.set(1);
        let _ = rustix::thread::sched_setaffinity(None, &cores);
    }
    let _ = rustix::process::setpriority_process(None, -20);
}

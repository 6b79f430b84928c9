//! CPU time per request: the floor and its contender in alternating windows.

use std::time::Duration;

use super::{Effort, median};
use crate::contender::BenchError;
use crate::load::{self, Measurement, Pace, Plan, Request};
use crate::operation::Operation;
use crate::proc::Memory;
use crate::site::Site;

/// The windows of one contender.
#[derive(Debug, Clone)]
pub struct Series {
    windows: Vec<Measurement>,
    half: Measurement,
}

impl Series {
    /// CPU milliseconds per request: the median window's.
    pub fn median_ms(&self) -> f64 {
        median(self.windows.iter().map(Measurement::server_ms_per_request))
    }

    /// CPU milliseconds per request: the best window's.
    pub fn best_ms(&self) -> f64 {
        self.windows.iter().map(Measurement::server_ms_per_request).fold(f64::INFINITY, f64::min)
    }

    /// Requests a second that saturate the machine together with the load tool: the median window's.
    pub fn per_second(&self) -> f64 {
        median(self.windows.iter().map(Measurement::per_second))
    }

    /// The latency, in milliseconds, at half that rate, that this share of the requests did not exceed.
    pub fn latency_at_half(&self, share: f64) -> f64 {
        self.half.latencies.quantile(share)
    }

    /// Cores that others used meanwhile: the median window's.
    pub fn foreign_cores(&self) -> f64 {
        median(self.windows.iter().map(Measurement::foreign_cores))
    }

    /// The most memory at the end of a window.
    pub fn memory(&self) -> Memory {
        let most = |left: Memory, right: Memory| if right.rss > left.rss { right } else { left };
        self.windows.iter().map(|window| window.memory).fold(self.half.memory, most)
    }
}

/// An operation's windows on both sides.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What was asked.
    pub operation: Operation,
    /// The floor's windows.
    pub floor: Series,
    /// Its contender's.
    pub ours: Series,
}

impl Comparison {
    /// Median over median.
    pub fn ratio(&self) -> f64 {
        self.ours.median_ms() / self.floor.median_ms()
    }

    /// Best window over best window: what is left when the neighbours are quiet.
    pub fn best_ratio(&self) -> f64 {
        self.ours.best_ms() / self.floor.best_ms()
    }
}

/// Measures an operation: window by window the floor, then its contender.
///
/// # Errors
/// When requests fail: what was measured then is something else.
pub fn compare(
    operation: Operation,
    floor: &Site,
    ours: &Site,
    effort: &Effort,
) -> Result<Comparison, BenchError> {
    let requests = [(floor, floor.request(operation)?), (ours, ours.request(operation)?)];
    compare_requests(operation, requests, effort)
}

/// Measures two requests against each other, the first in the place of the floor.
///
/// # Errors
/// When requests fail.
pub(super) fn compare_requests(
    operation: Operation,
    requests: [(&Site, Request); 2],
    effort: &Effort,
) -> Result<Comparison, BenchError> {
    let mut sides = requests.map(|(site, request)| Side { site, request, windows: Vec::new() });
    for _ in 0..effort.windows {
        for side in &mut sides {
            let window = side.window(operation, Pace::Saturating, effort)?;
            side.windows.push(window);
        }
    }
    let [floor, ours] = sides;
    Ok(Comparison {
        operation,
        floor: floor.finish(operation, effort)?,
        ours: ours.finish(operation, effort)?,
    })
}

struct Side<'a> {
    site: &'a Site,
    request: Request,
    windows: Vec<Measurement>,
}

impl Side<'_> {
    fn window(&self, operation: Operation, pace: Pace, effort: &Effort) -> Result<Measurement, BenchError> {
        self.site.stock(operation, &self.request)?;
        // Hundreds of milliseconds of queue stand before a sign-in, and a hash takes long: a short window is coarse.
        let stretch = if operation == Operation::SignIn { 2 } else { 1 };
        measure(self.site, &self.request, operation, pace, effort.warm_up, effort.window * stretch)
    }

    /// The latency at half the rate, after the windows that found the rate.
    fn finish(self, operation: Operation, effort: &Effort) -> Result<Series, BenchError> {
        let rate = median(self.windows.iter().map(Measurement::per_second)) / 2.0;
        let half = self.window(operation, Pace::PerSecond(rate.max(1.0)), effort)?;
        Ok(Series { windows: self.windows, half })
    }
}

/// One window of an operation on a site.
///
/// # Errors
/// When requests fail.
pub(super) fn measure(
    site: &Site,
    request: &Request,
    operation: Operation,
    pace: Pace,
    warm_up: Duration,
    window: Duration,
) -> Result<Measurement, BenchError> {
    let plan = Plan {
        server: site.contender.address(),
        processes: site.contender.processes(),
        request: request.clone(),
        connections: operation.connections(),
        pace,
        warm_up,
        window,
    };
    let measurement = load::run(&plan)?;
    match measurement.first_error.clone() {
        None => Ok(measurement),
        Some(first) => Err(BenchError::Failures {
            operation: operation.name(),
            name: site.contender.name(),
            errors: measurement.errors,
            first,
        }),
    }
}

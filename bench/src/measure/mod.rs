//! Contenders run against each other in one run, so that what the machine does meanwhile touches both.

mod feed;
mod footprint;
mod many_grants;
mod requests;

use std::time::Duration;

pub use feed::{FeedFindings, GUARDS, PER_SECOND, feed};
pub use footprint::{Footprint, StartUp, binary_bytes, start_up};
pub use many_grants::{FEW, MANY, ManyGrants, many_grants};
pub use requests::{Comparison, Series, compare};

use requests::compare_requests;

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Windows of each contender.
    pub windows: usize,
    /// The length of a window.
    pub window: Duration,
    /// Load before a window is counted.
    pub warm_up: Duration,
    /// Grants of the large store, at least 100,000.
    pub grants: u64,
    /// Sessions that are refreshed in turn.
    pub sessions: usize,
    /// Starts of which the median is taken.
    pub starts: usize,
}

/// The middle of these; the upper one of two.
fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(median([]).is_nan());
    }
}

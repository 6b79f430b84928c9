//! How long requests took.

use std::time::Duration;

/// The durations of a window's requests.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    microseconds: Vec<u32>,
}

impl Latencies {
    /// Adds one.
    pub(crate) fn record(&mut self, took: Duration) {
        self.microseconds.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// Sorts them; quantiles are read afterwards.
    pub(crate) fn sort(&mut self) {
        self.microseconds.sort_unstable();
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.microseconds.len()
    }

    /// The duration, in milliseconds, that this share of the requests did not exceed; 0 when there were none.
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = (self.count() as f64 * share) as usize;
        let index = rank.min(self.count().saturating_sub(1));
        self.microseconds.get(index).map_or(0.0, |microseconds| f64::from(*microseconds) / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_read_from_the_sorted_durations() {
        let mut latencies = Latencies::default();
        (1..=100).rev().for_each(|milliseconds| latencies.record(Duration::from_millis(milliseconds)));
        latencies.sort();
        assert!((latencies.quantile(0.5) - 51.0).abs() < f64::EPSILON);
        assert!((latencies.quantile(0.99) - 100.0).abs() < f64::EPSILON);
        assert!((latencies.quantile(1.0) - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn no_requests_have_no_duration() {
        assert!(Latencies::default().quantile(0.5).abs() < f64::EPSILON);
    }
}

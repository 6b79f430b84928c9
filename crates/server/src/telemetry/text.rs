//! The text format of Prometheus (version 0.0.4).

use std::fmt::{Display, Write};

use jeton_authority::tally::{DURATION_BOUNDS, DurationsRead};

/// The media type of the format.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A kind of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows, and its name ends with `_total`.
    Counter,
    Gauge,
    Histogram,
}

/// The names and values of labels.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// Metrics as text.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// Begins a metric, whose samples follow.
    pub(super) fn metric(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Metric<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
        Metric { text: self, name }
    }

    /// A metric with one value.
    pub(super) fn single(&mut self, name: &'static str, kind: Kind, help: &'static str, value: impl Display) {
        self.metric(name, kind, help).sample(&[], value);
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn labels(&mut self, labels: Labels<'_>, last: Option<(&str, &dyn Display)>) {
        if labels.is_empty() && last.is_none() {
            return;
        }
        let mut separator = '{';
        for (name, value) in labels {
            let _ = write!(self.0, "{separator}{name}=\"");
            for character in value.chars() {
                match character {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    other => self.0.push(other),
                }
            }
            self.0.push('"');
            separator = ',';
        }
        if let Some((name, value)) = last {
            let _ = write!(self.0, "{separator}{name}=\"{value}\"");
        }
        self.0.push('}');
    }
}

/// A metric whose samples are being written.
pub(super) struct Metric<'a> {
    text: &'a mut Text,
    name: &'static str,
}

impl Metric<'_> {
    pub(super) fn sample(&mut self, labels: Labels<'_>, value: impl Display) -> &mut Self {
        self.write("", labels, None, &value);
        self
    }

    /// The samples of a histogram in seconds.
    pub(super) fn durations(&mut self, labels: Labels<'_>, read: &DurationsRead) -> &mut Self {
        let mut below = 0;
        for (bound, number) in DURATION_BOUNDS.iter().zip(read.buckets) {
            below += number;
            self.write("_bucket", labels, Some(&Seconds(*bound)), &below);
        }
        let all: u64 = read.buckets.iter().sum();
        self.write("_bucket", labels, Some(&"+Inf"), &all);
        self.write("_sum", labels, None, &Seconds(read.sum));
        self.write("_count", labels, None, &all);
        self
    }

    fn write(&mut self, suffix: &str, labels: Labels<'_>, bound: Option<&dyn Display>, value: &dyn Display) {
        let _ = write!(self.text.0, "{}{suffix}", self.name);
        self.text.labels(labels, bound.map(|bound| ("le", bound)));
        let _ = writeln!(self.text.0, " {value}");
    }
}

/// Microseconds, shown as seconds without rounding.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let part = format!("{part:06}");
        write!(f, "{whole}.{}", part.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jeton_authority::tally::Durations;

    use super::*;

    #[test]
    fn labels_are_escaped_and_times_are_exact() {
        let mut text = Text::default();
        text.single("up", Kind::Gauge, "Whether it is up.", 1);
        text.metric("seen_total", Kind::Counter, "What was seen.")
            .sample(&[("kid", "a\"b\\c\nd"), ("use", "access")], 2);
        let expected = "# HELP up Whether it is up.\n# TYPE up gauge\nup 1\n\
            # HELP seen_total What was seen.\n# TYPE seen_total counter\n\
            seen_total{kid=\"a\\\"b\\\\c\\nd\",use=\"access\"} 2\n";
        assert_eq!(text.into_string(), expected);
        for (micros, seconds) in [(0, "0"), (250, "0.00025"), (1_500_000, "1.5"), (10_000_000, "10")] {
            assert_eq!(Seconds(micros).to_string(), seconds);
        }
    }

    #[test]
    fn the_buckets_of_a_histogram_add_up() {
        let durations = Durations::default();
        for millis in [1, 3, 20_000] {
            durations.add(Duration::from_millis(millis));
        }
        let mut text = Text::default();
        text.metric("took_seconds", Kind::Histogram, "How long it took.").durations(&[], &durations.read());
        let text = text.into_string();
        for line in [
            "took_seconds_bucket{le=\"0.0005\"} 0\n",
            "took_seconds_bucket{le=\"0.001\"} 1\n",
            "took_seconds_bucket{le=\"10\"} 2\n",
            "took_seconds_bucket{le=\"+Inf\"} 3\n",
            "took_seconds_sum 20.004\n",
            "took_seconds_count 3\n",
        ] {
            assert!(text.contains(line), "{line} {text}");
        }
    }
}

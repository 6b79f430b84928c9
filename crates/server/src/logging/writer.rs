//! The writer thread of the log, and the lines about the log itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tracing::Level;

use super::output::{Lines, Output};
use super::own_line::{Shape, own_line};
use super::queue::{Next, Queue};
use super::summary::{Said, SharedSummary};

/// How often a failed log is tried again, and how often summaries are checked.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Writes lines while the queue is open. Lines that cannot be written are counted, and the count is written as soon as
/// writing works again.
pub(super) struct Writer<O> {
    queue: Arc<Queue>,
    summary: Arc<SharedSummary>,
    lines: Lines<O>,
    shape: Shape,
    /// How many lines were lost since the last report.
    lost: u64,
    looked: Instant,
}

impl<O: Output> Writer<O> {
    pub(super) fn new(queue: Arc<Queue>, summary: Arc<SharedSummary>, output: O, shape: Shape) -> Self {
        Self { queue, summary, lines: Lines::new(output), shape, lost: 0, looked: Instant::now() }
    }

    /// Writes until the queue is closed and empty.
    pub(super) fn run(&mut self) {
        loop {
            match self.queue.next(LOOK_EVERY) {
                Next::Line { lost_before, line } => {
                    self.lost = self.lost.saturating_add(lost_before);
                    self.write(&line);
                }
                Next::Nothing { lost } => {
                    self.lost = self.lost.saturating_add(lost);
                    self.report();
                }
                Next::Closed { lost } => {
                    self.lost = self.lost.saturating_add(lost);
                    for said in self.summary.take() {
                        self.say(&said);
                    }
                    self.report();
                    self.queue.finish();
                    return;
                }
            }
            let now = Instant::now();
            if now.duration_since(self.looked) >= LOOK_EVERY {
                self.looked = now;
                for said in self.summary.due(now) {
                    self.say(&said);
                }
            }
        }
    }

    fn write(&mut self, line: &[u8]) {
        // What is missing is said where it is missing. While not even that can be written, nothing can.
        if !self.report() || self.lines.write(line).is_err() {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// Writes how many lines were lost, if any. Returns whether nothing is left to report.
    fn report(&mut self) -> bool {
        if self.lost == 0 {
            return true;
        }
        let message = match self.lost {
            1 => "1 log line was lost".to_owned(),
            lost => format!("{lost} log lines were lost"),
        };
        let fields = [("code", Value::from("log_lines_lost")), ("lost", self.lost.into())];
        let reported = self.lines.write(&own_line(self.shape, Level::WARN, &message, &fields)).is_ok();
        if reported {
            self.lost = 0;
        }
        reported
    }

    fn say(&mut self, said: &Said) {
        let mut fields = vec![("code", Value::from(&*said.code))];
        if let Some(network) = &said.network {
            fields.push(("network", Value::from(&**network)));
        }
        fields.extend(said.counts());
        self.write(&own_line(self.shape, said.level, &said.message(), &fields));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind, Write};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Fails until it is told to work.
    #[derive(Clone, Default)]
    struct Disk {
        works: Arc<AtomicBool>,
        holds: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !self.works.load(Ordering::Relaxed) {
                return Err(ErrorKind::StorageFull.into());
            }
            self.holds.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Output for Disk {
        fn wait(&self) {}
    }

    #[test]
    fn lines_that_a_full_disk_cost_are_counted_and_reported_once_it_has_room() {
        let (queue, disk) = (Arc::new(Queue::default()), Disk::default());
        let mut writer =
            Writer::new(Arc::clone(&queue), Arc::new(SharedSummary::default()), disk.clone(), Shape::Json);
        for _ in 0..41 {
            queue.add(b"lost\n");
            let Next::Line { line, .. } = queue.next(Duration::ZERO) else { panic!("a line was added") };
            writer.write(&line);
        }
        disk.works.store(true, Ordering::Relaxed);
        queue.add(b"kept\n");
        queue.close(Duration::ZERO);
        writer.run();
        let text = String::from_utf8(disk.holds.lock().expect("no panic").clone()).expect("UTF-8");
        let (report, rest) = text.split_once('\n').expect("two lines");
        let report: Value = serde_json::from_str(report).expect("JSON");
        assert_eq!(report["code"], "log_lines_lost");
        assert_eq!(report["lost"], 41);
        assert_eq!(report["message"], "41 log lines were lost");
        assert_eq!(rest, "kept\n");
    }
}

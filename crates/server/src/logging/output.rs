//! The output of the log: a descriptor that may be full, slow, or closed at its other end.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long the writer waits at a time for room in a non-blocking pipe.
const WAIT: Duration = Duration::from_secs(1);
/// The pause when it is not possible to wait for room.
const PAUSE: Duration = Duration::from_millis(20);

/// An output that can be waited for when it is full.
pub(super) trait Output: Write {
    /// Waits for a while for room.
    fn wait(&self);
}

/// Standard error with a separate descriptor, so that no buffer and no lock of the standard library is involved.
///
/// # Errors
/// The system has no descriptor left.
pub(super) fn standard_error() -> io::Result<File> {
    Ok(io::stderr().as_fd().try_clone_to_owned()?.into())
}

impl Output for File {
    fn wait(&self) {
        let limit = Timespec { tv_sec: WAIT.as_secs().cast_signed(), tv_nsec: 0 };
        let mut waited_for = [PollFd::new(self, PollFlags::OUT)];
        if poll(&mut waited_for, Some(&limit)).is_err() {
            thread::sleep(PAUSE);
        }
    }
}

/// Writes whole lines, and keeps a line apart from one that was only partly written.
#[derive(Debug)]
pub(super) struct Lines<O> {
    output: O,
    /// An error cut off the last line.
    cut: bool,
}

impl<O: Output> Lines<O> {
    pub(super) fn new(output: O) -> Self {
        Self { output, cut: false }
    }

    /// Writes a line, which ends with a line break. Waits while there is no room; any other error loses the line.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.cut {
            self.write_all(b"\n")?;
            self.cut = false;
        }
        self.write_all(line)
    }

    fn write_all(&mut self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            match self.output.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = &rest[written..];
                    self.cut = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.output.wait(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::VecDeque;

    use super::*;

    /// Answers writes as scripted, and accepts everything afterwards.
    #[derive(Default)]
    struct Scripted {
        script: VecDeque<io::Result<usize>>,
        taken: Vec<u8>,
        waits: Cell<usize>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = self.script.pop_front().unwrap_or(Ok(bytes.len()))?.min(bytes.len());
            self.taken.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Output for Scripted {
        fn wait(&self) {
            self.waits.set(self.waits.get() + 1);
        }
    }

    fn lines(script: impl IntoIterator<Item = io::Result<usize>>) -> Lines<Scripted> {
        Lines::new(Scripted { script: script.into_iter().collect(), ..Scripted::default() })
    }

    #[test]
    fn a_line_that_fits_in_part_goes_on_where_it_stopped() {
        let mut lines = lines([
            Ok(2),
            Err(ErrorKind::WouldBlock.into()),
            Ok(1),
            Err(ErrorKind::Interrupted.into()),
            Err(ErrorKind::WouldBlock.into()),
        ]);
        lines.write(b"first\n").expect("written");
        lines.write(b"second\n").expect("written");
        assert_eq!(lines.output.taken, b"first\nsecond\n");
        assert_eq!(lines.output.waits.get(), 2);
    }

    #[test]
    fn a_line_that_was_cut_off_does_not_run_into_the_next() {
        let mut lines =
            lines([Ok(3), Err(ErrorKind::StorageFull.into()), Err(ErrorKind::StorageFull.into())]);
        lines.write(b"first\n").expect_err("there is no room");
        lines.write(b"second\n").expect_err("there is still no room");
        lines.write(b"third\n").expect("written");
        assert_eq!(lines.output.taken, b"fir\nthird\n");
    }
}

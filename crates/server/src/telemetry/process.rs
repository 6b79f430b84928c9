//! What the process uses, as the operating system says.

use std::fs;

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::text::{Kind, Text};

/// Writes the metrics of the process under the names that client libraries of Prometheus use. What the system does not say is left out.
pub(super) fn write(text: &mut Text, started_at: i64) {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    text.single(
        "process_cpu_seconds_total",
        Kind::Counter,
        "CPU time that the process has used.",
        format_args!("{}.{:09}", used.tv_sec, used.tv_nsec),
    );
    text.single(
        "process_start_time_seconds",
        Kind::Gauge,
        "When the server started, in seconds since 1970.",
        started_at,
    );
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(bytes) = kibibytes(&status, "VmRSS:") {
        text.single(
            "process_resident_memory_bytes",
            Kind::Gauge,
            "Memory that the process has in RAM.",
            bytes,
        );
    }
    if let Some(bytes) = kibibytes(&status, "VmSize:") {
        text.single("process_virtual_memory_bytes", Kind::Gauge, "Address space of the process.", bytes);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // One of them lists the others.
        let open = open.count().saturating_sub(1);
        text.single("process_open_fds", Kind::Gauge, "File descriptors that the process has open.", open);
    }
    if let Some(limit) = getrlimit(Resource::Nofile).current {
        text.single(
            "process_max_fds",
            Kind::Gauge,
            "File descriptors that the process may have open.",
            limit,
        );
    }
}

/// A line of `/proc/self/status` in bytes.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tjeton\nVmSize:\t  200 kB\nVmRSS:\t      20 kB\n";
        assert_eq!(kibibytes(status, "VmRSS:"), Some(20 * 1024));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
    }
}

//! How much memory the process may use: limited by its control group, its own limits, or the machine.

use std::fmt;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use rustix::process::{Resource, getrlimit};
use tracing::field::display;

/// Values from here on mean that a version 1 control group has no limit.
const V1_UNLIMITED: u64 = 1 << 62;

/// How much memory the process may use, and what limits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimit {
    /// In bytes.
    pub bytes: u64,
    /// What sets the limit.
    pub set_by: SetBy,
}

/// What limits the memory of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetBy {
    /// Its control group, or a parent group.
    ControlGroup,
    /// Its own limit of address space or data (`RLIMIT_AS`, `RLIMIT_DATA`).
    ResourceLimit,
    /// The memory of the machine.
    Machine,
}

impl fmt::Display for SetBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlGroup => "control group",
            Self::ResourceLimit => "resource limit",
            Self::Machine => "machine",
        })
    }
}

/// The lowest limit of this process, if one is known.
pub fn limit() -> Option<MemoryLimit> {
    let read = |path: &Path| fs::read_to_string(path).ok();
    let by_group =
        fs::read_to_string("/proc/self/cgroup").ok().and_then(|groups| of_control_groups(&groups, read));
    let by_process = [Resource::As, Resource::Data].into_iter().filter_map(|it| getrlimit(it).current).min();
    let by_machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| of_machine(&text));
    let limits = [
        by_group.map(|bytes| MemoryLimit { bytes, set_by: SetBy::ControlGroup }),
        by_process.map(|bytes| MemoryLimit { bytes, set_by: SetBy::ResourceLimit }),
        by_machine.map(|bytes| MemoryLimit { bytes, set_by: SetBy::Machine }),
    ];
    limits.into_iter().flatten().min_by_key(|limit| limit.bytes)
}

/// The default number of passwords hashed at once, from the resources of this process. The log states it.
pub fn default_hash_threads(bytes_per_hash: u64) -> usize {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let limit = limit();
    let threads = hash_threads(cores, limit.map(|limit| limit.bytes), bytes_per_hash);
    let (bytes, set_by) = (limit.map(|limit| limit.bytes), limit.map(|limit| display(limit.set_by)));
    tracing::info!(threads, cores, memory_bytes = bytes, memory_set_by = set_by, "password-hashing threads");
    threads
}

/// How many passwords may be hashed at once: one per core, but no more than fit into half of the memory, and at least
/// one.
fn hash_threads(cores: NonZeroUsize, memory: Option<u64>, bytes_per_hash: u64) -> usize {
    let fitting = memory.map_or(u64::MAX, |memory| memory / 2 / bytes_per_hash.max(1));
    cores.get().min(usize::try_from(fitting).unwrap_or(usize::MAX)).max(1)
}

/// The lowest limit of the control groups in `groups` (`/proc/self/cgroup`) and their parents, of either version.
///
/// Within a container, the path may be the host's, of which only the root is visible. The root then has the
/// container's limit.
fn of_control_groups(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let mut lowest = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(group)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (root, file) = if controllers.is_empty() {
            ("/sys/fs/cgroup", "memory.max")
        } else if controllers.split(',').any(|controller| controller == "memory") {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            continue;
        };
        for above in Path::new(group.trim_start_matches('/')).ancestors() {
            let text = read(&Path::new(root).join(above).join(file));
            // Where there is no limit, version 2 says `max`, which is no number.
            let limit = text.and_then(|text| text.trim().parse().ok()).filter(|limit| *limit < V1_UNLIMITED);
            lowest = lowest.into_iter().chain(limit).min();
        }
    }
    lowest
}

/// The memory of the machine, from `/proc/meminfo`.
fn of_machine(meminfo: &str) -> Option<u64> {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn limit_of(groups: &str, files: &[(&str, &str)]) -> Option<u64> {
        of_control_groups(groups, |path| {
            files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn passwords_hashed_at_once_fit_into_half_of_the_memory() {
        let cores = |number| NonZeroUsize::new(number).expect("more than none");
        for (cores, memory, expected) in [
            (cores(16), None, 16),
            (cores(16), Some(64 * 1024 * MIB), 16),
            (cores(16), Some(256 * MIB), 6),
            (cores(4), Some(256 * MIB), 4),
            (cores(16), Some(32 * MIB), 1),
            (cores(16), Some(0), 1),
        ] {
            assert_eq!(hash_threads(cores, memory, 19 * MIB), expected, "{memory:?}");
        }
    }

    #[test]
    fn the_lowest_limit_of_a_group_and_those_above_it_counts() {
        let files = [
            ("/sys/fs/cgroup/system.slice/jeton.service/memory.max", "max\n"),
            ("/sys/fs/cgroup/system.slice/memory.max", "268435456\n"),
            ("/sys/fs/cgroup/memory.max", "536870912\n"),
        ];
        assert_eq!(limit_of("0::/system.slice/jeton.service\n", &files), Some(256 * MIB));
        assert_eq!(limit_of("0::/\n", &files), Some(512 * MIB));
        assert_eq!(
            limit_of("0::/docker/of-the-host\n", &files),
            Some(512 * MIB),
            "all that a container sees"
        );
        assert_eq!(limit_of("0::/\n", &[]), None);
    }

    #[test]
    fn version_1_has_a_hierarchy_for_memory() {
        let groups = "12:cpu,cpuacct:/x\n4:memory:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n";
        let root = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
        assert_eq!(limit_of(groups, &[(root, "268435456\n")]), Some(256 * MIB));
        assert_eq!(limit_of(groups, &[(root, "9223372036854771712\n")]), None);
        let own = "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes";
        assert_eq!(limit_of(groups, &[(root, "9223372036854771712\n"), (own, "1048576\n")]), Some(MIB));
    }

    #[test]
    fn the_machine_has_a_limit_too() {
        assert_eq!(of_machine("MemTotal:         262144 kB\nMemFree: 1 kB\n"), Some(256 * MIB));
        assert_eq!(of_machine("nothing"), None);
    }
}

//! CPU time and memory of a process tree, read from `/proc` (proc(5)).

use std::collections::HashMap;
use std::fs;
use std::io::{Error, ErrorKind, Result};

use serde::Serialize;

/// A process, by its number.
pub type Pid = u32;

/// CPU seconds used until one moment, or between two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CpuSample {
    /// The process trees', user and system, with children that have ended and been waited for.
    pub tree: f64,
    /// This process's own.
    pub own: f64,
    /// The whole machine's, idle time aside.
    pub machine: f64,
    /// What the hypervisor gave to others.
    pub stolen: f64,
}

impl CpuSample {
    /// The CPU time used until now by the trees under `roots`, by this process and by the machine.
    ///
    /// # Errors
    /// When one of `roots` has ended.
    pub fn take(roots: &[Pid]) -> Result<Self> {
        let mut ticks = 0;
        for root in roots {
            ticks += cpu_ticks(*root)?;
            for pid in tree(*root)?.into_iter().filter(|pid| pid != root) {
                // A child that has ended meanwhile is in its parent's time.
                ticks += cpu_ticks(pid).unwrap_or(0);
            }
        }
        let [machine, stolen] = machine_ticks()?;
        let [tree, own, machine, stolen] =
            [ticks, cpu_ticks(std::process::id())?, machine, stolen].map(seconds);
        Ok(Self { tree, own, machine, stolen })
    }

    /// What was used since an earlier sample.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            tree: self.tree - earlier.tree,
            own: self.own - earlier.own,
            machine: self.machine - earlier.machine,
            stolen: self.stolen - earlier.stolen,
        }
    }

    /// What neither the tree nor this process used.
    pub fn foreign(&self) -> f64 {
        (self.machine - self.tree - self.own).max(0.0)
    }
}

/// Memory of a process tree, in MiB.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize)]
pub struct Memory {
    /// Resident pages, those that are shared counted for each process.
    pub rss: f64,
    /// Resident pages, those that are shared counted once.
    pub pss: f64,
    /// The most that was ever resident.
    pub peak_rss: f64,
}

impl Memory {
    /// The memory of the tree under `root`.
    ///
    /// # Errors
    /// When `root` has ended.
    pub fn of_tree(root: Pid) -> Result<Self> {
        let mut memory = Self::default();
        for pid in tree(root)? {
            memory.rss += mebibytes(pid, "status", "VmRSS:")?;
            memory.peak_rss += mebibytes(pid, "status", "VmHWM:")?;
            memory.pss += mebibytes(pid, "smaps_rollup", "Pss:")?;
        }
        Ok(memory)
    }
}

/// The parent of a process.
///
/// # Errors
/// When the process has ended.
pub fn parent(process: Pid) -> Result<Pid> {
    stat(process)?.get(PARENT).and_then(|field| field.parse().ok()).ok_or_else(unreadable)
}

/// A process and all its descendants.
fn tree(root: Pid) -> Result<Vec<Pid>> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // Processes may end while they are being listed.
        let Ok(fields) = stat(pid) else { continue };
        if let Some(parent) = fields.get(PARENT).and_then(|field| field.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(children.remove(pid).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}

/// Positions in `/proc/PID/stat` after the name.
const PARENT: usize = 1;
const CPU: std::ops::Range<usize> = 11..15;

fn stat(pid: Pid) -> Result<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold spaces and parentheses; the fields begin after its last one.
    let (_, fields) = text.rsplit_once(") ").ok_or_else(unreadable)?;
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

fn cpu_ticks(pid: Pid) -> Result<u64> {
    stat(pid)?.get(CPU).ok_or_else(unreadable)?.iter().map(|field| parse(field)).sum()
}

/// Busy and stolen ticks of all cores.
fn machine_ticks() -> Result<[u64; 2]> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().ok_or_else(unreadable)?;
    let ticks = line.split_whitespace().skip(1).map(parse).collect::<Result<Vec<u64>>>()?;
    match ticks[..] {
        [user, nice, system, _idle, _wait, interrupt, soft_interrupt, stolen, ..] => {
            Ok([user + nice + system + interrupt + soft_interrupt, stolen])
        }
        _ => Err(unreadable()),
    }
}

fn mebibytes(pid: Pid, file: &str, key: &str) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}"))?;
    let line = text.lines().find(|line| line.starts_with(key)).ok_or_else(unreadable)?;
    let kibibytes: u64 = parse(line.split_whitespace().nth(1).ok_or_else(unreadable)?)?;
    Ok(kibibytes as f64 / 1024.0)
}

fn parse(field: &str) -> Result<u64> {
    field.parse().map_err(|_| unreadable())
}

fn unreadable() -> Error {
    Error::new(ErrorKind::InvalidData, "/proc says what proc(5) does not")
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_cpu_time_and_memory() {
        let own = std::process::id();
        let sample = CpuSample::take(&[own]).expect("we are running");
        assert!(sample.machine >= sample.own && sample.own >= 0.0);
        assert!(Memory::of_tree(own).expect("we are running").rss > 0.0);
    }

    #[test]
    fn a_process_that_has_ended_is_an_error() {
        assert!(CpuSample::take(&[Pid::MAX]).is_err());
    }
}

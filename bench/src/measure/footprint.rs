//! What a server takes before anybody asks it anything: time to start, memory at rest, space on disk.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use serde::Serialize;

use super::{Effort, median};
use crate::contender::{BenchError, Contender};
use crate::place::Place;
use crate::proc::Memory;
use crate::site::{Kind, Workshop};

/// How long a server rests before its memory is read.
const REST: Duration = Duration::from_secs(1);

/// From spawning a server to its first answer, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StartUp {
    /// On a store that exists.
    pub existing_ms: f64,
    /// On one that it makes, keys included.
    pub new_ms: f64,
}

/// A server's memory and start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Footprint {
    /// How fast it starts.
    pub start_up: StartUp,
    /// Memory a second after its start.
    pub idle: Memory,
}

/// Starts a server again and again on new and on existing data.
///
/// # Errors
/// When it does not start.
pub fn start_up(workshop: &Workshop, kind: Kind, effort: &Effort) -> Result<Footprint, BenchError> {
    let mut new = Vec::with_capacity(effort.starts);
    for index in 0..effort.starts {
        new.push(start(workshop, kind, &workshop.place(&format!("new-{kind:?}-{index}")))?);
    }
    let existing_data = workshop.place(&format!("new-{kind:?}-0"));
    let mut existing = Vec::with_capacity(effort.starts);
    for _ in 0..effort.starts {
        existing.push(start(workshop, kind, &existing_data)?);
    }
    let contender = Contender::start(&workshop.launch(kind, &existing_data))?;
    sleep(REST);
    let idle = Memory::of_tree(contender.process())?;
    contender.stop()?;
    Ok(Footprint { start_up: StartUp { existing_ms: median(existing), new_ms: median(new) }, idle })
}

fn start(workshop: &Workshop, kind: Kind, data: &Place) -> Result<f64, BenchError> {
    let contender = Contender::start(&workshop.launch(kind, data))?;
    let milliseconds = contender.started_in().as_secs_f64() * 1000.0;
    contender.stop()?;
    Ok(milliseconds)
}

/// Bytes of a binary as it is built for release.
///
/// # Errors
/// When it is not there.
pub fn binary_bytes(binary: &Path) -> Result<u64, BenchError> {
    Ok(std::fs::metadata(binary)?.len())
}

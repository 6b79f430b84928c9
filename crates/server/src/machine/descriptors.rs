//! How many descriptors the process may have, and how many connections they permit.

use rustix::process::{Resource, getrlimit, setrlimit};

/// How many descriptors are reserved for other uses than clients' connections: the database, fetches, the log.
pub const RESERVED_DESCRIPTORS: u64 = 256;

/// Raises the soft limit for open files as far as `wanted` connections require, and returns how many connections it
/// permits. If there are fewer, the log says so.
pub fn make_room_for(wanted: u32) -> u32 {
    let mut limits = getrlimit(Resource::Nofile);
    let needed = u64::from(wanted).saturating_add(RESERVED_DESCRIPTORS);
    if limits.current.is_some_and(|soft| soft < needed) {
        let raised = limits.maximum.map_or(needed, |hard| hard.min(needed));
        let mut asked = limits;
        asked.current = Some(raised);
        match setrlimit(Resource::Nofile, asked) {
            Ok(()) => limits = getrlimit(Resource::Nofile),
            Err(error) => {
                tracing::warn!(code = "descriptors_few", "cannot raise the limit for open files: {error}");
            }
        }
    }
    let fitting = that_fit(wanted, limits.current);
    if fitting < wanted {
        tracing::warn!(
            code = "descriptors_few",
            connections = fitting,
            wanted,
            open_files = limits.current,
            "serving fewer connections at once than limits.connections, because the limit for open files is too low (LimitNOFILE=, ulimit -Hn)"
        );
    }
    fitting
}

/// How many connections a limit for open files permits. At least half of a small limit is for connections.
fn that_fit(wanted: u32, limit: Option<u64>) -> u32 {
    let Some(limit) = limit else { return wanted };
    let room = limit - RESERVED_DESCRIPTORS.min(limit / 2);
    wanted.min(u32::try_from(room).unwrap_or(u32::MAX)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_what_fits_beside_everything_else() {
        for (wanted, limit, expected) in [
            (4096, None, 4096),
            (4096, Some(1_048_576), 4096),
            (4096, Some(4096 + 256), 4096),
            (4096, Some(4096), 3840),
            (4096, Some(1024), 768),
            (4096, Some(64), 32),
            (4096, Some(0), 1),
            (10, Some(1024), 10),
        ] {
            assert_eq!(that_fit(wanted, limit), expected, "{wanted} into {limit:?}");
        }
    }
}

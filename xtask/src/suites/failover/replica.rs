//! A replica that lags: lists are read there, and nothing else.

use std::time::Duration;

use anyhow::Result;

use super::{Nodes, PASSWORD};
use crate::rig::jeton::{TokenPair, refresh, sign_in};
use crate::rig::postgres::Postgres;
use crate::rig::{expect, wait_for};

/// Comes first in lists: an empty page is asked of the primary, so what comes last would be seen.
const LATE: &str = "aaron";

/// Has a standby apply nothing for a while.
pub(super) fn lags(nodes: &Nodes, url: &str, standby: &Postgres) -> Result<()> {
    let reader = nodes.command().clone();
    let reader = reader.with("JETON_DATABASE", &format!("{url}?replica=127.0.0.1:{}", standby.port()));
    let lists = |command: &crate::rig::jeton::Jeton| -> Result<bool> {
        Ok(command.run(&["user", "list", "--json"])?.contains(LATE))
    };
    standby.sql("SELECT pg_wal_replay_pause()")?;
    let seen = (|| {
        wait_for("the standby to apply nothing", Duration::from_secs(5), || {
            let state = standby.sql("SELECT pg_get_wal_replay_pause_state()")?;
            Ok((state == "paused").then_some(()))
        })?;
        reader.add_user(LATE, PASSWORD)?;
        let clients = nodes.clients();
        let pair = TokenPair::of(sign_in(&clients[0], LATE, PASSWORD)?)?;
        refresh(&clients[1], &pair.refresh)?.expect(200)?;
        expect(reader.run(&["user", "show", LATE, "--json"])?.contains(LATE), || "a user is old".to_owned())?;
        expect(!lists(&reader)?, || "the list was not read from the replica".to_owned())?;
        expect(lists(nodes.command())?, || "the primary does not list a user".to_owned())?;
        // What the replica has nothing of is asked of the primary.
        let grants = reader.run(&["grant", "list", "--user", LATE, "--json"])?;
        expect(grants.contains(LATE), || format!("a miss at the replica was believed: {grants}"))
    })();
    standby.sql("SELECT pg_wal_replay_resume()")?;
    seen?;
    wait_for("the replica to list it", Duration::from_secs(10), || Ok(lists(&reader)?.then_some(())))
}

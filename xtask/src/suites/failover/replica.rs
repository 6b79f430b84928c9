//! A replica that lags: lists are read there, userinfo if told so, and nothing else.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::endings::Application;
use super::{Nodes, PASSWORD};
use crate::console;
use crate::rig::http::Client;
use crate::rig::jeton::{TokenPair, refresh, sign_in};
use crate::rig::postgres::Postgres;
use crate::rig::visitor::Visitor;
use crate::rig::{expect, process, wait_for};

/// Comes first in lists: an empty page is asked of the primary, so what comes last would be seen.
const LATE: &str = "aaron";

/// Has a standby apply nothing for a while.
pub(super) fn lags(nodes: &Nodes, url: &str, standby: &Postgres) -> Result<()> {
    let reader = nodes.command().clone();
    let reader = reader.with("JETON_DATABASE", &format!("{url}?replica=127.0.0.1:{}", standby.port()));
    let lists = |command: &crate::rig::jeton::Jeton| -> Result<bool> {
        Ok(command.run(&["user", "list", "--json"])?.contains(LATE))
    };
    let seen: Result<()> = (|| {
        pause(standby)?;
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

fn pause(standby: &Postgres) -> Result<()> {
    standby.sql("SELECT pg_wal_replay_pause()")?;
    wait_for("the standby to apply nothing", Duration::from_secs(5), || {
        let state = standby.sql("SELECT pg_get_wal_replay_pause_state()")?;
        Ok((state == "paused").then_some(()))
    })
}

/// Reads userinfo at a node that is told to read it from a standby, which applies nothing for a while.
pub(super) fn shows_userinfo(
    nodes: &Nodes,
    url: &str,
    standby: &Postgres,
    application: &Application,
) -> Result<()> {
    const OLD: &str = "old@example.org";
    const NEW: &str = "new@example.org";
    let operator = nodes.command();
    operator.run(&["user", "set", "ada", "--email", OLD])?;
    let lagging = operator
        .clone()
        .in_folder(&operator.data().with_file_name("lagging"))
        .with("JETON_DATABASE", &format!("{url}?replica=127.0.0.1:{}", standby.port()))
        .with("JETON_USERINFO_FROM_REPLICA", "true")
        .with("JETON_METRICS_LISTEN", "");
    let port = process::free_port()?;
    let server = lagging.serve_on(port)?;
    let (here, there) = (Client::new(format!("http://127.0.0.1:{port}")), &nodes.clients()[0]);
    let mut visitor = Visitor::new("ada", PASSWORD);
    let mut signed_in = || -> Result<(String, String)> {
        let tokens = application.exchange(there, &application.code(&mut visitor, there)?)?.expect(200)?;
        Ok((tokens.text("access_token")?, tokens.text("refresh_token")?))
    };
    let (leaving, staying) = (signed_in()?, signed_in()?);
    let newest = standby_has_all(nodes, standby)?;
    let seen: Result<()> = (|| {
        pause(standby)?;
        operator.run(&["user", "set", "ada", "--email", NEW])?;
        let email = |token: &str| here.fetch_with("/userinfo", token)?.expect(200)?.text("email");
        let shown = email(&leaving.0)?;
        expect(shown == OLD, || format!("{shown}: it was not read from the replica ({newest} grants)"))?;
        application.revoke(there, &leaving.1)?.expect(200)?;
        let ended = Instant::now();
        wait_for("the sign-out to count", Duration::from_secs(1), || {
            Ok((here.fetch_with("/userinfo", &leaving.0)?.status == 401).then_some(()))
        })?;
        console::say(&format!(
            "        signed out at another node; refused {} ms later",
            ended.elapsed().as_millis()
        ));
        expect(email(&staying.0)? == OLD, || "the replica is not asked any more".to_owned())
    })();
    standby.sql("SELECT pg_wal_replay_resume()")?;
    seen?;
    wait_for("the replica to show the address", Duration::from_secs(10), || {
        Ok((here.fetch_with("/userinfo", &staying.0)?.text("email")? == NEW).then_some(()))
    })?;
    server.stop()
}

/// Waits until a standby has all grants of ada, and says how many those are.
fn standby_has_all(nodes: &Nodes, standby: &Postgres) -> Result<usize> {
    let listed = nodes.command().run(&["grant", "list", "--user", "ada", "--json"])?;
    let wanted = serde_json::from_str::<serde_json::Value>(&listed)?.as_array().map_or(0, Vec::len);
    let sql = "SELECT count(*) FROM grants g JOIN users u ON u.id = g.user_id WHERE u.username = 'ada'";
    wait_for("the standby to have all grants", Duration::from_secs(5), || {
        Ok((standby.sql(sql)?.parse::<usize>()? >= wanted).then_some(wanted))
    })
}

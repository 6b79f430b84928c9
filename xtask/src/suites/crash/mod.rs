//! Killed in the middle of the work, again and again.
//!
//! Many sessions refresh as fast as they can, people sign in and out, users are added and disabled. The server is killed
//! at random moments and started again on the same folder. Every client goes on from the last answer that it holds, as a
//! real one would, and sends again what was not answered. What was acknowledged must hold for ever.

mod load;
mod operator;

use std::time::Duration;

use anyhow::{Context, Result};

use super::Stage;
use crate::console;
use crate::report::Report;
use crate::rig::jeton::{Jeton, Server, TokenPair, refresh, sign_in};
use crate::rig::session::Session;
use crate::rig::{expect, process};
use load::Load;
use operator::Operator;

/// How often the server is killed when nobody says otherwise.
pub(crate) const KILLS: usize = 50;

const QUICK_KILLS: usize = 5;
const SESSIONS: usize = 24;
const USERS: [&str; 4] = ["ada", "bela", "chao", "dana"];
const PASSWORD: &str = "correct horse battery";

/// Runs the suite with the usual number of kills.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    run_with(stage, if stage.quick { QUICK_KILLS } else { KILLS }, report)
}

/// Runs the suite with so many kills.
///
/// # Errors
/// When it cannot be set up: a server that does not start, users that cannot be added.
pub(crate) fn run_with(stage: &Stage, kills: usize, report: &mut Report) -> Result<()> {
    let jeton = stage.jeton("crash")?;
    for user in USERS {
        jeton.add_user(user, PASSWORD)?;
    }
    let port = process::free_port()?;
    let server = life(&jeton, 0).serve_on(port)?;
    let sessions = open_sessions(&server)?;
    let client = server.client().clone();
    let operator = Operator::start(&jeton)?;
    let load = Load::start(&client, sessions, PASSWORD);

    let mut last = None;
    let survived =
        report.check(&format!("the server is killed {kills} times and comes back each time"), || {
            last = Some(kill_again_and_again(&jeton, port, server, &load, kills)?);
            Ok(())
        });
    let seen = load.stop();
    let acts = operator.stop();
    console::say(&format!(
        "        {} answers in {} sessions, {} requests without one, {} users added",
        seen.answers(),
        seen.sessions.len(),
        seen.unanswered(),
        acts.added.len()
    ));

    report.check("no session is lost, none is forked, no generation goes back", || seen.no_violation());
    report.check("who signed out stays signed out", || seen.sign_outs_hold(&client));
    report.check("users that were added and disabled stay so", || acts.hold(&jeton));
    if !survived {
        return Ok(());
    }
    let server = last.context("no server is left")?;
    report.check("the store never had to be caught up with", || {
        // The audit trail names it when a client's token is ahead of the store. Excuses are named there as well, which
        // shows that the looking finds what is there.
        let trail = everything_stored(&jeton)?;
        let stored = |event: &str| trail.windows(event.len()).any(|window| window == event.as_bytes());
        expect(stored("refresh_excused"), || "no answer was lost in all these crashes".to_owned())?;
        expect(!stored("refresh_caught_up"), || "a client's token was ahead of the store".to_owned())
    });
    server.kill()?;
    // So that a token minted again would differ in its `iat`.
    std::thread::sleep(Duration::from_millis(1100));
    let server = life(&jeton, 0).serve_on(port)?;
    report
        .check("after the last kill the token before last still leads to the last one acknowledged", || {
            seen.sessions.iter().try_for_each(|session| session.retry_once_more(&client))
        });
    report.check("after the last kill every session refreshes", || {
        for session in &seen.sessions {
            let answer = refresh(&client, session.refresh_token())?;
            expect(answer.status == 200, || format!("{}: {}", session.name(), answer.line()))?;
        }
        Ok(())
    });
    server.stop()
}

/// The settings of one life of the server. Most are without a grace, so that each refresh advances and writes; every
/// fifth stands still for a second, so that retries are answered by the other rule.
fn life(jeton: &Jeton, number: usize) -> Jeton {
    let grace = if number % 5 == 4 { "1s" } else { "0s" };
    jeton.clone().with("JETON_REFRESH_GRACE", grace).with("JETON_REFRESH_EXCUSES", "3")
}

fn open_sessions(server: &Server) -> Result<Vec<Session>> {
    let open = |number: usize| {
        let user = USERS[number % USERS.len()];
        let pair = TokenPair::of(sign_in(server.client(), user, PASSWORD)?)?;
        Session::open(format!("session {number} of {user}"), pair.refresh)
    };
    (0..SESSIONS).map(open).collect()
}

fn kill_again_and_again(
    jeton: &Jeton,
    port: u16,
    first: Server,
    load: &Load,
    kills: usize,
) -> Result<Server> {
    let mut server = first;
    for number in 1..=kills {
        // A lost answer costs an excuse, and two clean advances give it back: without them the next kill would not
        // test a crash but the limit of leniency.
        let advances = if number % 5 == 0 { 1 } else { 3 };
        load.wait_for_advances(advances, &mut server)?;
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..60)));
        server.kill()?;
        if number % 7 == 0 {
            kill_while_starting(jeton, port)?;
        }
        server = life(jeton, number).serve_on(port).with_context(|| format!("after kill {number}"))?;
    }
    // So that all excuses are back for what is checked next.
    load.wait_for_advances(3, &mut server)?;
    Ok(server)
}

/// The bytes of every file in the data folder.
fn everything_stored(jeton: &Jeton) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(jeton.data())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            bytes.extend(std::fs::read(entry.path())?);
        }
    }
    Ok(bytes)
}

/// Kills a server that has just been started, wherever it is in opening its store.
fn kill_while_starting(jeton: &Jeton, port: u16) -> Result<()> {
    let starting = life(jeton, 0).start_on(port)?;
    std::thread::sleep(Duration::from_millis(fastrand::u64(0..40)));
    starting.kill()
}

//! PgBouncer in transaction mode: the suite that every store passes, and a server. A server on SQLite is asked the same, above all with
//! texts that PostgreSQL does not take.

mod texts;

use anyhow::{Context, Result};
use serde_json::json;

use super::Stage;
use crate::cargo;
use crate::report::Report;
use crate::rig::expect;
use crate::rig::jeton::{TokenPair, refresh, sign_in};
use crate::rig::pgbouncer::PgBouncer;
use crate::rig::postgres::Postgres;

const PASSWORD: &str = "correct horse battery";

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let postgres = Postgres::start()?;
    let pooler = PgBouncer::before(&postgres)?;
    report.check("the store passes the suite of all stores through it", || {
        let mut tests = stage.crate_tests("jeton-store", &["behind_a_pooler"]);
        tests.env("JETON_TEST_POSTGRES", postgres.url());
        cargo::finish(tests.env("JETON_TEST_POOLER", pooler.url()), "cargo test")
    });

    let url = format!("{}?prepared_statements=off", pooler.url());
    let jeton = stage.jeton("pgbouncer")?.with("JETON_DATABASE", &url).with("JETON_REFRESH_GRACE", "0s");
    jeton.add_user("ada", PASSWORD)?;
    let server = jeton.serve()?;
    report.check("people sign in, refresh and sign out, and more than one connection serves them", || {
        let client = server.client();
        std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| come_and_go(client))).collect();
            callers.into_iter().try_for_each(|caller| caller.join().ok().context("a caller died")?)
        })?;
        let used = postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jeton'")?;
        expect(used.parse::<u32>()? > 1, || format!("{used} connections of the pooler were used"))
    });
    report.check("nothing is left of a session at the server's connections", || {
        let locks = postgres.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")?;
        let open =
            postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")?;
        expect((locks.as_str(), open.as_str()) == ("0", "0"), || {
            format!("{locks} advisory locks, {open} open transactions")
        })
    });
    let embedded = stage.jeton("pgbouncer-sqlite")?.with("JETON_REFRESH_GRACE", "0s");
    embedded.add_user("ada", PASSWORD)?;
    let other = embedded.serve()?;
    report.check("odd texts are answered as they are from SQLite, and never with a failure", || {
        texts::compare(server.client(), other.client())
    });
    other.stop()?;
    server.stop()
}

fn come_and_go(client: &crate::rig::http::Client) -> Result<()> {
    for _ in 0..5 {
        let mut pair = TokenPair::of(sign_in(client, "ada", PASSWORD)?)?;
        for _ in 0..5 {
            pair = TokenPair::of(refresh(client, &pair.refresh)?)?;
        }
        client.post("/api/token/blacklist/", &json!({ "refresh": pair.refresh }))?.expect(200)?;
        refresh(client, &pair.refresh)?.expect(401)?;
    }
    Ok(())
}

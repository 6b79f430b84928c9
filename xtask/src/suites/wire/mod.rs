//! The same requests to djangorestframework-simplejwt's own server and to Jeton: the answers must be the same, but for
//! what Jeton mends on purpose, which has no row here.

mod claims;
mod comparison;
mod rows;
mod side;

use anyhow::{Context, Result};

use super::Stage;
use crate::report::Report;
use crate::rig::django::Django;
use rows::{PROTECTED, Row, TOKENS};
use side::Side;

const PASSWORD: &str = "correct horse battery";

/// For how long every token holds on both sides, in seconds: so that expired ones need no forging.
const LIFETIME: u64 = 6;

/// Runs the suite.
pub(super) fn run(stage: &Stage, report: &mut Report) -> Result<()> {
    let lifetime = format!("{LIFETIME}s");
    let jeton = stage
        .jeton("wire")?
        .with("JETON_ACCESS_LIFETIME", &lifetime)
        .with("JETON_REFRESH_IDLE_LIFETIME", &lifetime)
        .with("JETON_REFRESH_GRACE", "1s");
    let folder = jeton.data().parent().context("the data folder has a parent")?.to_owned();

    let django = Django::new(&stage.scratch, &folder)?.with("PEER_LIFETIME", &LIFETIME.to_string());
    django.add_people(PASSWORD, &[])?;
    let file = folder.join("users.json").display().to_string();
    django.manage(&["dumpdata", "auth.user", "--output", &file])?;
    jeton.run(&["user", "import", "django", &file])?;

    let peer = django.serve()?;
    let server = jeton.serve()?;
    let switch = |name: &str, state: &str| jeton.run(&["user", state, name]).map(drop);
    let theirs = Side::new(
        peer.client(),
        Box::new(|name, state| {
            peer.client().send("POST", &format!("/people/{name}/{state}/"), &[], "")?.expect(200).map(drop)
        }),
    );
    let ours = Side::new(server.client(), Box::new(switch));

    report.check("both sides have tokens that expire meanwhile", || {
        theirs.let_tokens_expire()?;
        ours.let_tokens_expire()?;
        std::thread::sleep(std::time::Duration::from_secs(LIFETIME + 1));
        Ok(())
    });
    for row in TOKENS {
        check(row, &theirs, &ours, report);
    }
    report.check("the claims are simplejwt's, in their order", || claims::same(&theirs, &ours));
    drop(ours);
    server.stop()?;
    protected(stage, &theirs, report)
}

/// The protected view: Jeton's is the demo's.
fn protected(stage: &Stage, theirs: &Side<'_>, report: &mut Report) -> Result<()> {
    let demo = super::demo::Demo::start(stage, &[("JETON_ACCESS_LIFETIME", "6s")])?;
    let ours = Side::of_demo(demo.client(), demo.username(), demo.password());
    report.check("the demo has a token that expires meanwhile", || {
        ours.let_tokens_expire()?;
        std::thread::sleep(std::time::Duration::from_secs(LIFETIME + 1));
        Ok(())
    });
    for row in PROTECTED {
        check(row, theirs, &ours, report);
    }
    Ok(())
}

fn check(row: &Row, theirs: &Side<'_>, ours: &Side<'_>, report: &mut Report) {
    report.check(&format!("{} {}: {}", row.method, row.path, row.situation), || {
        let wanted = comparison::essence(row, &theirs.ask(row).context("simplejwt")?);
        let found = comparison::essence(row, &ours.ask(row).context("Jeton")?);
        crate::rig::expect(wanted == found, || format!("simplejwt: {wanted}\nJeton:     {found}"))
    });
}

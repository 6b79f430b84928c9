//! What a store full of grants costs: a refresh among ten million of them against one among ten thousand, and what is done with all of them.

use std::process::Command;
use std::time::Instant;

use super::{Comparison, Effort, compare_requests};
use crate::contender::{BenchError, run_command};
use crate::grants::{master_key_setting, open_grants, sweep_expired};
use crate::load::Request;
use crate::operation::Operation;
use crate::place::{Place, bytes, settle};
use crate::site::{Kind, Site, Workshop};

/// Grants of the small store.
pub const FEW: u64 = 10_000;
/// Grants of the large store, unless said.
pub const MANY: u64 = 10_000_000;
/// Sessions that are refreshed in the large store, spread over all of it: more than a window gets round to, so that each
/// refresh finds its grant where it was left long ago.
const ACTIVE: u64 = 100_000;

/// What was found on one backend.
#[derive(Debug, Clone)]
pub struct ManyGrants {
    /// Which.
    pub backend: &'static str,
    /// Grants of the large store.
    pub grants: u64,
    /// Refreshes in the small store, in the place of the floor, and in the large one.
    pub comparison: Comparison,
    /// Growth of the data per grant.
    pub bytes_per_grant: f64,
    /// Seconds of `jeton backup` of the large store.
    pub backup_seconds: f64,
    /// Seconds of `jeton migrate` into the large store; none where it was filled otherwise.
    pub migrate_seconds: Option<f64>,
    /// Seconds that the sweep needs to remove the large store's grants, all of them expired, as fast as it can.
    pub sweep_seconds: f64,
}

/// Fills two data folders and refreshes in both by turns; then the same on PostgreSQL, where everything is moved to.
///
/// # Errors
/// When the stores cannot be filled or requests fail.
pub fn many_grants(workshop: &Workshop, effort: &Effort) -> Result<Vec<ManyGrants>, BenchError> {
    let places = ["few", "many"].map(|name| workshop.place(name));
    let mut tokens = Vec::new();
    let many = effort.grants.max(ACTIVE);
    for (place, count, nth) in [(&places[0], FEW, 1), (&places[1], many, many / ACTIVE)] {
        workshop.add_user(place)?;
        let pairs = open_grants(place, count, nth)?;
        tokens.push(pairs.into_iter().map(|pair| pair.refresh).collect());
    }
    let mut found = vec![refresh(workshop, "SQLite", &places, &mut tokens, effort)?];
    if let Some(postgres) = &workshop.postgres {
        let moved = [postgres.make("few", &workshop.scratch)?, postgres.make("many", &workshop.scratch)?];
        let mut seconds = 0.0;
        for (from, to) in places.iter().zip(&moved) {
            seconds = migrate(workshop, from, to)?;
            settle(to)?;
        }
        let on_postgres = refresh(workshop, "PostgreSQL", &moved, &mut tokens, effort)?;
        found.push(ManyGrants { migrate_seconds: Some(seconds), ..on_postgres });
        found[1].sweep_seconds = sweep(&moved[1], many)?;
    }
    found[0].sweep_seconds = sweep(&places[1], many)?;
    Ok(found)
}

/// Refreshes in a small and a large store by turns. The tokens are afterwards those that are then current.
fn refresh(
    workshop: &Workshop,
    backend: &'static str,
    places: &[Place; 2],
    tokens: &mut [Vec<String>],
    effort: &Effort,
) -> Result<ManyGrants, BenchError> {
    let [few, many] = places;
    let growth = bytes(many)?.saturating_sub(bytes(few)?);
    let sites = [few, many].map(|place| Site::start(workshop, Kind::Serve, place));
    let [few_site, many_site] = sites;
    let (few_site, many_site) = (few_site?, many_site?);
    let [few_tokens, many_tokens] = tokens else { return Err(BenchError::Other("two stores".to_owned())) };
    let few_request = few_site.refresh_of(std::mem::take(few_tokens));
    let many_request = many_site.refresh_of(std::mem::take(many_tokens));
    let requests = [(&few_site, few_request.clone()), (&many_site, many_request.clone())];
    let comparison = compare_requests(Operation::Refresh, requests, effort)?;
    (*few_tokens, *many_tokens) = (current(&few_request), current(&many_request));
    few_site.contender.stop()?;
    many_site.contender.stop()?;
    Ok(ManyGrants {
        backend,
        grants: effort.grants.max(ACTIVE),
        comparison,
        bytes_per_grant: growth as f64 / (effort.grants.max(ACTIVE) - FEW) as f64,
        backup_seconds: backup(workshop, many)?,
        migrate_seconds: None,
        sweep_seconds: 0.0,
    })
}

fn current(request: &Request) -> Vec<String> {
    request.presented().map(|presented| presented.texts.borrow().clone()).unwrap_or_default()
}

fn backup(workshop: &Workshop, place: &Place) -> Result<f64, BenchError> {
    let file = workshop.scratch.join("many.backup");
    let mut command = Command::new(workshop.jeton());
    command.arg("backup").args(place.arguments()).arg(&file);
    let seconds = timed("jeton backup", command)?;
    std::fs::remove_file(file)?;
    Ok(seconds)
}

fn migrate(workshop: &Workshop, from: &Place, to: &Place) -> Result<f64, BenchError> {
    let (Place::Folder(folder), Place::Database { url, .. }) = (from, to) else {
        return Err(BenchError::Other("a folder is moved to a database".to_owned()));
    };
    let mut command = Command::new(workshop.jeton());
    command.arg("migrate").arg("--from").arg(folder).arg("--to").arg(url);
    timed("jeton migrate", command)
}

fn timed(name: &'static str, mut command: Command) -> Result<f64, BenchError> {
    command.env("JETON_KEYS_MASTER_KEY", master_key_setting());
    let begun = Instant::now();
    run_command(name, &mut command, "")?;
    Ok(begun.elapsed().as_secs_f64())
}

fn sweep(place: &Place, grants: u64) -> Result<f64, BenchError> {
    let begun = Instant::now();
    let removed = sweep_expired(place)?;
    if removed < grants {
        return Err(BenchError::Other(format!("the sweep removed {removed} of {grants} grants")));
    }
    Ok(begun.elapsed().as_secs_f64())
}

//! What a store full of grants costs: a refresh among a million of them against one among a thousand.

use super::{Comparison, Effort, compare_requests};
use crate::contender::{BenchError, folder_bytes};
use crate::grants::open_grants;
use crate::operation::Operation;
use crate::site::{Kind, Site, Workshop};

/// Grants of the small store.
pub const FEW: u64 = 1_000;
/// Grants of the large store.
pub const MANY: u64 = 1_000_000;
/// Sessions that are refreshed in the large store, spread over all of it: more than a window gets round to, so that each
/// refresh finds its grant where it was left long ago.
const ACTIVE: u64 = 100_000;

/// What was found.
#[derive(Debug, Clone)]
pub struct ManyGrants {
    /// Refreshes in the small store, in the place of the floor, and in the large one.
    pub comparison: Comparison,
    /// Growth of the data folder per grant, after a clean stop.
    pub bytes_per_grant: f64,
}

/// Fills two data folders and refreshes in both by turns.
///
/// # Errors
/// When the folders cannot be filled or requests fail.
pub fn many_grants(workshop: &Workshop, effort: &Effort) -> Result<ManyGrants, BenchError> {
    let [few, many] = ["few", "many"].map(|name| workshop.place(name));
    for data in [&few, &many] {
        workshop.add_user(data)?;
    }
    let few_tokens = open_grants(&few, FEW, 1)?;
    let many_tokens = open_grants(&many, MANY, MANY / ACTIVE)?;
    let growth = folder_bytes(&many)?.saturating_sub(folder_bytes(&few)?);
    let bytes_per_grant = growth as f64 / (MANY - FEW) as f64;
    let few = Site::start(workshop, Kind::Serve, &few)?;
    let many = Site::start(workshop, Kind::Serve, &many)?;
    let requests = [(&few, few.refresh_of(few_tokens)), (&many, many.refresh_of(many_tokens))];
    let comparison = compare_requests(Operation::Refresh, requests, effort)?;
    Ok(ManyGrants { comparison, bytes_per_grant })
}

//! What a server counts, for whoever watches it.

mod requests;
mod sweeps;

pub(crate) use requests::{Endpoint, Outcome, RequestTally};
pub(crate) use sweeps::SweepTally;

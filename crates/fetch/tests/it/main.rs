//! What is fetched and posted, and what a host can do about it. JWK Sets and metadata are tested where they are used, with
//! the guard.

mod admission;
mod host;
mod posting;
mod reach;

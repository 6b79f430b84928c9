//! The administration API, as scripts call it.

mod documented;
mod roles;
mod things;
mod users;
mod world;

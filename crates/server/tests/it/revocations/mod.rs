//! The revocation feed, read as its readers read it, and guards that follow it.

mod feed;
mod guards;
mod reader;
mod sockets;

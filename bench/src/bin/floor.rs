//! `floor`: the least that a server on this stack must do, to measure against.

use std::net::SocketAddr;

use clap::Parser;
use jeton_bench::floor::{self, FloorError, Settings};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Serves the floor on loopback.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1:9100")]
    listen: SocketAddr,
    /// The SQLite file of its sessions, or the URL of their PostgreSQL database
    #[arg(long)]
    database: String,
}

fn main() -> Result<(), FloorError> {
    let Arguments { listen, database } = Arguments::parse();
    floor::serve(&Settings { listen, database })
}

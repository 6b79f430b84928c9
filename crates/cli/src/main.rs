//! The command `jeton`: the authority, its sample, and the tools around it.

mod clock;
mod commands;
mod config;
mod data;
mod failure;
mod input;
mod key_file;
mod master_key;
mod options;
mod output;
mod remote;
mod serving;
mod words;

use std::process::ExitCode;

use clap::Parser;

use commands::Jeton;
use failure::Failure;

// A token authority allocates small and often on every core, which is what mimalloc is good at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Jeton::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::ClosedPipe) {
                for line in failure.to_string().lines() {
                    output::note(&format!("error: {line}"));
                }
            }
            failure.status()
        }
    }
}

//! The command `jeton`: the authority, its sample, and the tools around it.

mod algorithm;
mod clock;
mod commands;
mod config;
mod data;
mod failure;
mod input;
mod key_choice;
mod key_file;
mod master_key;
mod members;
mod options;
mod output;
mod remote;
mod secret;
mod served;
mod serving;
mod tracing;
mod words;

use std::process::ExitCode;

use clap::Parser;

use commands::Jeton;
use failure::Failure;

// A token authority allocates small and often on every core, which is what mimalloc is good at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let status = match Jeton::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, Failure::ClosedPipe) {
                let code = failure.code().map_or_else(String::new, |code| format!("[{code}]"));
                for line in failure.to_string().lines() {
                    output::note(&format!("error{code}: {line}"));
                }
            }
            failure.status()
        }
    };
    output::close();
    status
}

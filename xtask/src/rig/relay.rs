//! A relay before a server: a network that can go silent.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result};

/// Passes connections on to a port of this machine, for as long as the process lives.
#[derive(Debug)]
pub(crate) struct Relay {
    port: u16,
    network: Arc<Network>,
}

#[derive(Debug, Default)]
struct Network {
    /// How many connections there have been.
    connections: AtomicU64,
    /// The connections before this one are silent.
    silent: AtomicU64,
}

impl Relay {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When the system has no port.
    pub(crate) fn start(upstream: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
        let port = listener.local_addr()?.port();
        let network = Arc::new(Network::default());
        let shared = Arc::clone(&network);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                // Where nobody listens, the client's connection ends, as it would without the relay.
                let Ok(server) = TcpStream::connect(("127.0.0.1", upstream)) else { continue };
                pass_both_ways(client, server, number, &shared);
            }
        });
        Ok(Self { port, network })
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Drops what comes over the connections of now, in both directions, and leaves them open. Later ones are passed on.
    pub(crate) fn go_silent(&self) {
        self.network.silent.store(self.network.connections.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

fn pass_both_ways(client: TcpStream, server: TcpStream, number: u64, network: &Arc<Network>) {
    let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else { return };
    for (from, to) in [(from_client, server), (from_server, client)] {
        let network = Arc::clone(network);
        thread::spawn(move || pass(from, to, || network.silent.load(Ordering::SeqCst) > number));
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, is_silent: impl Fn() -> bool) {
    let mut piece = [0; 16 * 1024];
    loop {
        match from.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(_) if is_silent() => {}
            Ok(length) => {
                if to.write_all(&piece[..length]).is_err() {
                    break;
                }
            }
        }
    }
    // Not even the end of a connection is heard over a silent one.
    if !is_silent() {
        let _ = to.shutdown(Shutdown::Both);
    }
}

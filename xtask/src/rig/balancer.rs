//! A load balancer that is slow to notice: it asks each node whether it is ready every now and then, and sends requests to those that were, in
//! turn. It tries no second node.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::http::Client;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A balancer on a free port. It serves until the suites end.
#[derive(Debug)]
pub(crate) struct Balancer {
    address: SocketAddr,
    nodes: Arc<[Node]>,
    stopped: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Node {
    port: u16,
    is_ready: AtomicBool,
    requests: AtomicUsize,
}

impl Balancer {
    /// Before the nodes on these ports, each of which is asked so often, and is taken to be ready at first.
    ///
    /// # Errors
    /// When there is no port.
    pub(crate) fn before(ports: &[u16], every: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
        let address = listener.local_addr()?;
        let node =
            |port: &u16| Node { port: *port, is_ready: AtomicBool::new(true), requests: AtomicUsize::new(0) };
        let nodes: Arc<[Node]> = ports.iter().map(node).collect();
        let stopped = Arc::new(AtomicBool::new(false));
        let (asked, until) = (Arc::clone(&nodes), Arc::clone(&stopped));
        thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                asked.iter().for_each(Node::ask);
                thread::sleep(every);
            }
        });
        let turn = Arc::new(AtomicUsize::new(0));
        let serving = Arc::clone(&nodes);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (nodes, turn) = (Arc::clone(&serving), Arc::clone(&turn));
                // A client that has gone wants no answer.
                thread::spawn(move || carry(&client, &nodes, &turn));
            }
        });
        Ok(Self { address, nodes, stopped })
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Client {
        Client::new(format!("http://{}", self.address))
    }

    /// How many requests each node was sent.
    pub(crate) fn requests(&self) -> Vec<usize> {
        self.nodes.iter().map(|node| node.requests.load(Ordering::Relaxed)).collect()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

impl Node {
    fn ask(&self) {
        let answer = Client::new(format!("http://127.0.0.1:{}", self.port)).fetch("/readyz");
        self.is_ready.store(answer.is_ok_and(|answer| answer.status == 200), Ordering::Relaxed);
    }
}

/// Carries one request to the next node that is taken to be ready, and the answer back.
fn carry(mut client: &TcpStream, nodes: &[Node], turn: &AtomicUsize) -> Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    let request = request(client)?;
    let first = turn.fetch_add(1, Ordering::Relaxed);
    let ready = nodes.iter().cycle().skip(first % nodes.len()).take(nodes.len());
    let Some(node) = ready.into_iter().find(|node| node.is_ready.load(Ordering::Relaxed)) else {
        client.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
        return Ok(());
    };
    node.requests.fetch_add(1, Ordering::Relaxed);
    let answer = TcpStream::connect(("127.0.0.1", node.port)).and_then(|mut node| {
        node.set_read_timeout(Some(PATIENCE))?;
        node.write_all(&request)?;
        let mut answer = Vec::new();
        node.read_to_end(&mut answer)?;
        Ok(answer)
    });
    let answer = answer.unwrap_or_else(|_| {
        b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()
    });
    client.write_all(&answer)?;
    Ok(())
}

/// A request as it is sent on, over a connection that ends with it.
fn request(client: &TcpStream) -> Result<Vec<u8>> {
    let mut reader = BufReader::new(client);
    let (mut request, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "\r\n" => break,
            "" => anyhow::bail!("the client has gone"),
            "connection" => continue,
            "content-length" => length = value.trim().parse()?,
            _ => {}
        }
        request += &line;
    }
    request += "connection: close\r\n\r\n";
    let mut request = request.into_bytes();
    reader.take(length).read_to_end(&mut request)?;
    Ok(request)
}

//! An application's site, as far as a browser that is sent there sees it: it sends the browser on, or says that it arrived.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// How long a browser may take for a request.
const PATIENCE: Duration = Duration::from_secs(5);

/// A site on a free port. It serves until the suites end.
#[derive(Debug)]
pub(crate) struct Site {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
}

impl Site {
    /// A site at this address of the machine. It answers whatever it is asked with a redirect to `next`, or with a page that says
    /// `#arrived`.
    ///
    /// # Errors
    /// When the machine has no such address.
    pub(crate) fn start(host: IpAddr, next: Option<&str>) -> Result<Self> {
        let listener = TcpListener::bind((host, 0)).with_context(|| format!("cannot listen at {host}"))?;
        let address = listener.local_addr()?;
        let answer = match next {
            Some(next) => format!(
                "HTTP/1.1 302 Found\r\nlocation: {next}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            ),
            None => {
                let page = "<!doctype html><title>Application</title><p id=\"arrived\">arrived</p>";
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
                    page.len()
                )
            }
        };
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&visits);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A connection that the browser opened ahead is no reason to wait for others.
                let (answer, visits) = (answer.clone(), Arc::clone(&counted));
                thread::spawn(move || {
                    serve(stream, &answer).map(|()| visits.fetch_add(1, Ordering::Relaxed))
                });
            }
        });
        Ok(Self { address, visits })
    }

    /// How often it answered.
    pub(crate) fn visits(&self) -> usize {
        self.visits.load(Ordering::Relaxed)
    }

    /// Its address, by a name or a number of the machine.
    pub(crate) fn at(&self, host: &str) -> String {
        format!("http://{host}:{}", self.address.port())
    }
}

fn serve(stream: TcpStream, answer: &str) -> Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(&stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    (&stream).write_all(answer.as_bytes())?;
    Ok(())
}

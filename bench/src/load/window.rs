//! A window of load: the connections' tasks, and what is counted meanwhile.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::sleep_until;

use super::connection::{Answer, Connection};
use super::latency::Latencies;
use super::request::{Presented, Request, string_member};
use super::{LoadError, Pace, Plan, Reply};
use crate::proc::{CpuSample, Memory};

/// How long after a window its last requests may still start.
const OVERRUN: Duration = Duration::from_secs(2);

/// What a window of load showed.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// Successful answers within the window, and how long each took.
    pub latencies: Latencies,
    /// Refusals and broken connections, those of the warm-up too.
    pub errors: usize,
    /// The first of them.
    pub first_error: Option<String>,
    /// The window's length in seconds, as it was.
    pub seconds: f64,
    /// CPU seconds of the server's process tree, and its database's.
    pub server_cpu: f64,
    /// CPU seconds of this tool.
    pub tool_cpu: f64,
    /// CPU seconds of everybody else on the machine.
    pub foreign_cpu: f64,
    /// CPU seconds that the hypervisor gave to others.
    pub stolen_cpu: f64,
    /// The server's memory at the end of the window.
    pub memory: Memory,
}

impl Measurement {
    /// CPU milliseconds of the server for each successful answer.
    pub fn server_ms_per_request(&self) -> f64 {
        self.server_cpu * 1000.0 / self.latencies.count().max(1) as f64
    }

    /// Successful answers a second.
    pub fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.seconds
    }

    /// CPU of everybody else, in cores.
    pub fn foreign_cores(&self) -> f64 {
        (self.foreign_cpu + self.stolen_cpu) / self.seconds
    }
}

/// What the connections' tasks share.
#[derive(Default)]
struct Tally {
    counting: bool,
    /// What can be presented once is used up: the load is over.
    used_up: bool,
    told: Rc<Notify>,
    latencies: Latencies,
    errors: usize,
    first_error: Option<String>,
}

impl Tally {
    fn succeed(&mut self, took: Duration) {
        if self.counting {
            self.latencies.record(took);
        }
    }

    fn use_up(&mut self) {
        self.used_up = true;
        self.told.notify_one();
    }

    fn fail(&mut self, error: &LoadError) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| error.to_string());
    }
}

/// When a load begins and ends, and when each request is due.
#[derive(Clone, Copy)]
struct Schedule {
    start: Instant,
    end: Instant,
    /// Between two requests of one connection.
    gap: Option<Duration>,
    connections: u32,
}

impl Schedule {
    fn new(plan: &Plan) -> Self {
        let start = Instant::now();
        let connections = u32::try_from(plan.connections).unwrap_or(u32::MAX);
        let gap = match plan.pace {
            Pace::Saturating => None,
            Pace::PerSecond(rate) => Some(Duration::from_secs_f64(f64::from(connections) / rate)),
        };
        Self { start, end: start + plan.warm_up + plan.window, gap, connections }
    }

    /// Waits until a connection's next request is due and answers from when it is timed; `None` when the load is over.
    async fn next(&self, connection: u32, requests: u32) -> Option<Instant> {
        let mut timed_from = Instant::now();
        if let Some(gap) = self.gap {
            let due = self.start + gap * requests + gap * connection / self.connections;
            // A late wake-up is the timer's fault; a connection that is still busy is the server's.
            if due > timed_from {
                sleep_until(due.into()).await;
                timed_from = Instant::now();
            } else {
                timed_from = due;
            }
        }
        (timed_from < self.end && Instant::now() < self.end + OVERRUN).then_some(timed_from)
    }
}

/// Runs a plan.
pub(super) fn run(plan: &Plan) -> Result<Measurement, LoadError> {
    let mut shares = take_shares(plan)?;
    let tally = Rc::new(RefCell::new(Tally::default()));
    let measured = LocalSet::new().block_on(&runtime()?, async {
        let mut connections = Vec::with_capacity(plan.connections);
        for _ in 0..plan.connections {
            connections.push(Connection::open(plan.server).await?);
        }
        let schedule = Schedule::new(plan);
        let tasks: Vec<JoinHandle<Vec<String>>> = (0..)
            .zip(connections.into_iter().zip(shares.drain(..)))
            .map(|(index, (connection, texts))| {
                let client = Client { index, connection, request: plan.request.clone(), texts, schedule };
                spawn_local(client.run(Rc::clone(&tally)))
            })
            .collect();
        sleep_until((schedule.start + plan.warm_up).into()).await;
        if tally.borrow().used_up {
            return Err(LoadError::UsedUp);
        }
        let (before, opened) = (CpuSample::take(&plan.processes)?, Instant::now());
        tally.borrow_mut().counting = true;
        let used_up = Rc::clone(&tally.borrow().told);
        tokio::select! {
            () = sleep_until(schedule.end.into()) => {}
            () = used_up.notified() => {}
        }
        tally.borrow_mut().counting = false;
        let (after, closed) = (CpuSample::take(&plan.processes)?, Instant::now());
        let memory = plan.processes.first().copied().map(Memory::of_tree).transpose()?.unwrap_or_default();
        let mut kept = Vec::new();
        for task in tasks {
            kept.extend(task.await.map_err(std::io::Error::from)?);
        }
        if let Some(presented) = plan.request.presented() {
            presented.texts.borrow_mut().append(&mut kept);
        }
        Ok::<_, LoadError>((after.since(&before), closed - opened, memory))
    });
    let (cpu, window, memory) = measured?;
    let tally = Rc::try_unwrap(tally).ok().expect("the tasks have ended").into_inner();
    let mut latencies = tally.latencies;
    latencies.sort();
    Ok(Measurement {
        latencies,
        errors: tally.errors,
        first_error: tally.first_error,
        seconds: window.as_secs_f64(),
        server_cpu: cpu.tree,
        tool_cpu: cpu.own,
        foreign_cpu: cpu.foreign(),
        stolen_cpu: cpu.stolen,
        memory,
    })
}

/// Each connection's share of the texts that answers renew; empty shares without such.
fn take_shares(plan: &Plan) -> Result<Vec<Vec<String>>, LoadError> {
    let mut shares = vec![Vec::new(); plan.connections];
    if let Some(Presented { renewed_by: Some(_), texts, .. }) = plan.request.presented() {
        let mut texts = texts.borrow_mut();
        if texts.len() < plan.connections {
            return Err(LoadError::TooFewTexts { connections: plan.connections, texts: texts.len() });
        }
        for (index, text) in texts.drain(..).enumerate() {
            shares[index % plan.connections].push(text);
        }
    }
    Ok(shares)
}

/// One connection's part of the load.
struct Client {
    index: u32,
    connection: Connection,
    request: Request,
    /// Texts that only this connection presents, in turn, each renewed by the answer.
    texts: Vec<String>,
    schedule: Schedule,
}

impl Client {
    /// Makes requests until the load is over; answers the texts it then holds.
    async fn run(mut self, tally: Rc<RefCell<Tally>>) -> Vec<String> {
        let fixed = self.request.encode();
        let presented = self.request.presented().cloned();
        let renewed_by = presented.as_ref().and_then(|presented| presented.renewed_by);
        let mut requests = 0;
        while let Some(timed_from) = self.schedule.next(self.index, requests).await {
            let turn = (requests as usize) % self.texts.len().max(1);
            requests += 1;
            let outcome = match &presented {
                None => call(&mut self.connection, &fixed, None).await,
                Some(_) if renewed_by.is_some() => {
                    let bytes = self.request.encode_presenting(&self.texts[turn]);
                    call(&mut self.connection, &bytes, renewed_by).await
                }
                Some(once) => {
                    let Some(text) = once.texts.borrow_mut().pop() else {
                        tally.borrow_mut().use_up();
                        break;
                    };
                    call(&mut self.connection, &self.request.encode_presenting(&text), None).await
                }
            };
            let took = timed_from.elapsed();
            match outcome {
                Ok(next) => {
                    if let (Some(text), Some(slot)) = (next, self.texts.get_mut(turn)) {
                        *slot = text;
                    }
                    tally.borrow_mut().succeed(took);
                }
                Err(error) => {
                    tally.borrow_mut().fail(&error);
                    let answered = matches!(error, LoadError::Refused { .. });
                    if !answered && self.connection.reopen().await.is_err() {
                        break;
                    }
                }
            }
        }
        self.texts
    }
}

/// One request; the text of its answer that is asked for, if one is.
async fn call(
    connection: &mut Connection,
    request: &[u8],
    member: Option<&'static str>,
) -> Result<Option<String>, LoadError> {
    let answer = connection.call(request).await?;
    if !(200..300).contains(&answer.status) {
        return Err(refused(&answer));
    }
    match member {
        None => Ok(None),
        Some(name) => match string_member(answer.body, name) {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(LoadError::NoMember(name)),
        },
    }
}

fn refused(answer: &Answer<'_>) -> LoadError {
    LoadError::Refused { status: answer.status, body: answer.body.to_owned() }
}

/// The same request so many times.
pub(super) fn send_many(
    server: SocketAddr,
    request: &Request,
    times: usize,
    connections: usize,
) -> Result<Vec<Reply>, LoadError> {
    let bytes: Rc<[u8]> = request.encode().into();
    let left = Rc::new(RefCell::new(times));
    LocalSet::new().block_on(&runtime()?, async {
        let tasks: Vec<JoinHandle<Result<Vec<Reply>, LoadError>>> = (0..connections.min(times))
            .map(|_| spawn_local(send_share(server, Rc::clone(&bytes), Rc::clone(&left))))
            .collect();
        let mut replies = Vec::with_capacity(times);
        for task in tasks {
            replies.extend(task.await.map_err(std::io::Error::from)??);
        }
        Ok(replies)
    })
}

async fn send_share(
    server: SocketAddr,
    request: Rc<[u8]>,
    left: Rc<RefCell<usize>>,
) -> Result<Vec<Reply>, LoadError> {
    let mut connection = Connection::open(server).await?;
    let mut replies = Vec::new();
    while take_one(&left) {
        let answer = connection.call(&request).await?;
        if !(200..400).contains(&answer.status) {
            return Err(refused(&answer));
        }
        let cookies = answer.header("set-cookie").filter_map(|cookie| cookie.split(';').next());
        replies.push(Reply {
            location: answer.header("location").next().map(str::to_owned),
            cookies: cookies.map(str::to_owned).collect(),
            body: answer.body.to_owned(),
        });
    }
    Ok(replies)
}

fn take_one(left: &RefCell<usize>) -> bool {
    let mut left = left.borrow_mut();
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}

fn runtime() -> Result<Runtime, LoadError> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

//! A constant load on a platform from outside, that keeps account of every single request.
//!
//! Requests leave at their times, whether earlier ones were answered or not, so that a stall is seen at its full length. None
//! is ever tried again: what a client would have to repeat counts as lost.

mod dns;
mod https;
mod tally;

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval};

use https::Tls;
pub use tally::{Answer, Tally};

/// An answer that takes longer is lost; slow ones are counted apart, because a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is asked of one service of one host.
#[derive(Debug, Clone)]
pub struct Target {
    /// As the figures name it.
    pub name: String,
    /// Where.
    pub at: SocketAddr,
    /// How.
    pub way: Way,
    /// Requests a second.
    pub rate: u32,
}

/// How something is asked.
#[derive(Debug, Clone)]
pub enum Way {
    /// HTTPS, each request over a connection of its own: server name and path.
    NewConnections(String, String),
    /// HTTPS, one connection for as long as the server keeps it.
    KeepAlive(String, String),
    /// DNS over UDP for the IPv4 address of a name, each query from a port of its own.
    Dns(String),
    /// DNS over UDP, all queries from one port.
    DnsOnePort(String),
}

/// A load that runs until it is stopped.
pub struct Load {
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<Tally>>>,
}

impl Load {
    /// Starts asking; certificates are checked against the CA in a file.
    pub fn start(targets: Vec<Target>, ca: &Path) -> Self {
        let tls = Tls::trusting(&fs::read(ca).unwrap());
        let ending = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ending);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(all(targets, tls, seen))
        });
        Self { ending, thread: Some(thread) }
    }

    /// Stops asking and waits for what is still to be answered.
    pub fn stop(mut self) -> Vec<Tally> {
        self.ending.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
    }
}

async fn all(targets: Vec<Target>, tls: Tls, ending: Arc<AtomicBool>) -> Vec<Tally> {
    let start = Instant::now();
    let askers: Vec<_> = targets
        .into_iter()
        .map(|target| tokio::spawn(ask(target, tls.clone(), start, Arc::clone(&ending))))
        .collect();
    let mut tallies = Vec::new();
    for asker in askers {
        tallies.push(asker.await.unwrap());
    }
    tallies
}

async fn ask(target: Target, tls: Tls, start: Instant, ending: Arc<AtomicBool>) -> Tally {
    let tally = Tally::new(&target.name, start);
    let mut ticks = interval(Duration::from_secs(1) / target.rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut kept = None;
    let socket = dns::socket(target.at).await;
    let mut asked = Vec::new();
    while !ending.load(Ordering::Relaxed) {
        ticks.tick().await;
        let sent = Instant::now();
        let at = target.at;
        match &target.way {
            Way::NewConnections(name, path) => {
                let (tls, tally, name, path) = (tls.clone(), tally.clone(), name.clone(), path.clone());
                asked.push(tokio::spawn(async move {
                    tally.count(sent, within(https::once(&tls, at, &name, &path)).await);
                }));
            }
            Way::KeepAlive(name, path) => {
                tally.count(sent, within(https::kept(&mut kept, &tls, at, name, path)).await);
            }
            Way::Dns(name) => {
                let (tally, name) = (tally.clone(), name.clone());
                asked.push(tokio::spawn(async move {
                    let socket = dns::socket(at).await;
                    tally.count(sent, within(dns::ask(&socket, &name)).await);
                }));
            }
            Way::DnsOnePort(name) => tally.count(sent, within(dns::ask(&socket, name)).await),
        }
    }
    for answer in asked {
        answer.await.unwrap();
    }
    tally
}

async fn within(answer: impl Future<Output = Result<Answer, String>>) -> Result<Answer, String> {
    let silent = || Err(format!("no answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| silent())
}

//! A daemon that is killed while it writes: nothing that was kept is lost.

use std::{
    fs, iter,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use pryvctl::watch::{history::History, now};
use rand::RngExt as _;

use super::{
    addresses::{Addresses, idle},
    sshd::Sshd,
};

/// How often each of the daemons is killed.
const ROUNDS: u32 = 10;

/// How many daemons live at the same time.
const DAEMONS: u32 = 5;

/// How many hosts each of them watches.
const HOSTS: usize = 5;

/// What is older than this, in seconds, is kept.
const KEPT: i64 = 10;

/// Longer than a daemon takes to its first sample on a busy machine.
const BOUND: Duration = Duration::from_secs(120);

#[test]
#[ignore = "fifty lives of a daemon; `make trials` runs it"]
fn no_sample_older_than_ten_seconds_is_lost_in_fifty_deaths() {
    let addresses = (1..=HOSTS).map(|last| format!("198.18.8.{last}"));
    let listen: String = addresses.clone().map(|address| format!("ListenAddress {address}\n")).collect();
    let _taken = Addresses::take("198.18.8.0/24");
    let sshd = Sshd::start(&format!("{listen}MaxStartups 100"));
    idle(&sshd.folder.join(""));
    let hosts: String = addresses
        .zip(1..)
        .map(|(address, number)| format!("  h{number}: {{ address: {address}, zone: eu, roles: [idle] }}\n"))
        .collect();
    let inventory = format!(
        "platform: killed\ndomain: killed.example.org\nadmin_networks: [198.18.8.0/24]\nzones: {{ eu: {{}} }}\n\
         roles: roles\nssh: {{ port: {}, identities: [id], known_hosts: met }}\nhosts:\n{hosts}",
        sshd.port
    );
    fs::write(sshd.folder.join("inventory.yaml"), inventory).unwrap();
    let longest_loss = (0..ROUNDS)
        .flat_map(|_| {
            let lives: Vec<_> = (0..DAEMONS).map(|number| Life::begin(&sshd, number)).collect();
            lives.into_iter().map(Life::end).collect::<Vec<_>>()
        })
        .max();
    println!("killed {} times; at most the last {longest_loss:?} s were lost", ROUNDS * DAEMONS);
}

/// A daemon from its start to its death.
struct Life {
    child: Child,
    history: PathBuf,
    begun: i64,
}

impl Life {
    fn begin(sshd: &Sshd, number: u32) -> Self {
        let history = sshd.folder.join(&format!("{number}.db"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_pryvctl"));
        command.args(["watch", "--accept-new-host-keys", "--sample", "1s", "--look", "1h", "--history"]);
        command.arg(&history).arg(sshd.folder.join("inventory.yaml"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        Self { child, history, begun: now() }
    }

    /// Kills it at a moment when it has lived for a little longer than what may be lost, and gives how much was.
    fn end(mut self) -> i64 {
        let given_up = Instant::now() + BOUND;
        let lived = iter::repeat_with(|| {
            thread::sleep(Duration::from_millis(100));
            assert!(self.child.try_wait().unwrap().is_none(), "it ended by itself");
            assert!(Instant::now() < given_up, "it keeps no samples");
            first_sample(&self.history, self.begun)
        });
        let first = lived.flatten().next().unwrap();
        let wait = rand::rng().random_range(KEPT * 1000..KEPT * 1300);
        let wait = wait - (now() - first) * 1000;
        thread::sleep(Duration::from_millis(wait.max(0).unsigned_abs()));
        let before = samples(&self.history, self.begun);
        let killed = now();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let found = samples(&self.history, self.begun);
        assert!(is_whole(&self.history), "the database is damaged");
        assert_eq!(found.len(), HOSTS, "a host is missing");
        for (host, times) in &found {
            let known = before.iter().find(|(before, _)| before == host);
            assert!(
                known.is_some_and(|(_, known)| times.starts_with(known)),
                "what was read of {host} is gone"
            );
        }
        let loss = found.iter().map(|(_, times)| killed - times.last().unwrap()).max().unwrap();
        assert!(loss <= KEPT, "the last {loss} s were lost");
        loss
    }
}

/// When the last of the hosts was sampled for the first time in this life.
fn first_sample(history: &Path, since: i64) -> Option<i64> {
    let found = samples(history, since);
    (found.len() == HOSTS).then(|| found.iter().filter_map(|(_, times)| times.first().copied()).max())?
}

/// When each host was sampled in this life.
fn samples(history: &Path, since: i64) -> Vec<(String, Vec<i64>)> {
    let Ok(history) = History::read(history) else { return Vec::new() };
    let curves = history.curves(&["load1"], None, since, now()).unwrap_or_default();
    curves
        .into_iter()
        .map(|curve| (curve.host, curve.points.iter().map(|point| point.at).collect()))
        .collect()
}

fn is_whole(history: &Path) -> bool {
    let database = rusqlite::Connection::open(history).unwrap();
    let said: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    said == "ok"
}

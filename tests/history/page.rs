//! The page of a daemon that has a long history: how long somebody waits for it.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::ssh::addresses::idle;

/// What pages are asked for.
const SPANS: [&str; 4] = ["1h", "24h", "7d", "90d"];

/// A daemon that reads a large history answers within this.
const BOUND: Duration = Duration::from_secs(60);

/// How often each is asked for; the machine may have something else to do in between.
const TRIES: usize = 3;

/// Asks for the pages of some hosts with all their plots over every span, for the same as JSON, and for what happened, and gives
/// the slowest.
pub fn slowest(history: &Path, hosts: u32) -> Duration {
    let daemon = Daemon::start(history, hosts);
    let mut slowest = Duration::ZERO;
    for span in SPANS {
        let of_hosts = ["host000", "host050", "host099"].into_iter().flat_map(|host| {
            [format!("/hosts/{host}?span={span}"), format!("/api/v1/hosts/{host}/curves?span={span}")]
        });
        let paths = of_hosts.chain([format!("/api/v1/events?span={span}"), format!("/?span={span}")]);
        let (longest, path) = paths.map(|path| (daemon.fastest(&path), path)).max().unwrap();
        println!("{span:>5}: the slowest page is {path} with {} ms", longest.as_millis());
        slowest = slowest.max(longest);
    }
    slowest
}

/// A daemon whose hosts do not answer.
struct Daemon {
    child: Child,
    address: SocketAddr,
}

impl Daemon {
    fn start(history: &Path, count: u32) -> Self {
        let mut inventory =
            "platform: past\ndomain: past.example.org\nadmin_networks: [192.0.2.0/24]\nzones: { eu: {} }\n\
                             roles: roles\nssh: { port: 1, identities: [id], known_hosts: met }\nhosts:\n"
                .to_owned();
        for host in 0..count {
            writeln!(
                inventory,
                "  host{host:03}: {{ address: 192.0.2.{}, zone: eu, roles: [idle] }}",
                host + 1
            )
            .unwrap();
        }
        let file = history.with_extension("yaml");
        fs::write(&file, inventory).unwrap();
        idle(history.parent().unwrap());
        let mut key = Command::new("ssh-keygen");
        key.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(history.with_file_name("id"));
        assert!(key.status().unwrap().success());
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_pryvctl"));
        command.args([
            "watch",
            "--sample",
            "1h",
            "--look",
            "24h",
            "--listen",
            &free.to_string(),
            "--history",
        ]);
        let child = command.arg(history).arg(file).stdout(Stdio::null()).spawn().unwrap();
        let daemon = Self { child, address: free };
        let given_up = Instant::now() + BOUND;
        while daemon.ask("/healthz").is_none() {
            assert!(Instant::now() < given_up, "the page does not come");
            thread::sleep(Duration::from_millis(100));
        }
        daemon
    }

    fn fastest(&self, path: &str) -> Duration {
        let ask = |_| {
            let begun = Instant::now();
            let answer = self.ask(path).unwrap();
            let took = begun.elapsed();
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
            assert!(!path.starts_with("/hosts/") || answer.contains("<svg"), "no plot in {path}: {answer}");
            took
        };
        (0..TRIES).map(ask).min().unwrap()
    }

    fn ask(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

//! `make bench`: a thousand hosts watched by one daemon. They are addresses of one sshd; the samples are real.

use std::{
    fmt::Write as _,
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use pryvctl::watch::{history::History, now};

use super::{
    addresses::{Addresses, idle},
    sshd::Sshd,
};

/// How many hosts are sampled.
const HOSTS: usize = 1000;

/// How many more take the connection and say nothing.
const HANGING: usize = 20;

/// The rhythm of samples, seconds.
const RHYTHM: i64 = 60;

/// How long it is measured.
const MEASURED: Duration = Duration::from_secs(300);

/// What a host may cost of memory, bytes; of processor time for each sample; how late a sample may be, seconds.
const MEMORY: u64 = 100_000;
const PROCESSOR: Duration = Duration::from_micros(500);
const LATE: i64 = 5;

/// How long it may take until all hosts were sampled once.
const BOUND: Duration = Duration::from_secs(600);

#[test]
#[ignore = "a thousand connections and several minutes; `make bench` runs it"]
fn a_thousand_hosts() {
    let _taken = Addresses::take("198.18.16.0/21");
    let sshd = Sshd::start("ListenAddress 0.0.0.0\nMaxStartups 2000\nUseDNS no");
    idle(&sshd.folder.join(""));
    let silent = TcpListener::bind("0.0.0.0:0").unwrap();
    let base = Daemon::start(&sshd, "base", &hosts(1));
    base.until_sampled(1);
    let (base_memory, ..) = base.measured();
    drop(base);

    let mut all = hosts(HOSTS);
    let port = silent.local_addr().unwrap().port();
    for hanging in 0..HANGING {
        writeln!(all, "  hanging{hanging}: {{ address: 198.18.23.{hanging}, zone: eu, roles: [idle], ssh: {{ port: {port} }} }}")
            .unwrap();
    }
    let daemon = Daemon::start(&sshd, "all", &all);
    daemon.until_sampled(HOSTS);
    let (_, before, since) = daemon.measured();
    thread::sleep(MEASURED);
    let (memory, after, until) = daemon.measured();
    let times = daemon.times(since, until);
    let samples = times.iter().map(Vec::len).sum::<usize>();
    let of_one = memory.saturating_sub(base_memory) / u64::try_from(HOSTS + HANGING).unwrap();
    let cost = (after - before) / u32::try_from(samples).unwrap();
    let late =
        times.iter().flat_map(|times| times.windows(2)).map(|pair| pair[1] - pair[0] - RHYTHM).max().unwrap();
    println!(
        "{HOSTS} hosts, and {HANGING} that hang: {} kB of memory each above the {} kB of one; {samples} samples in {} s at {} us of \
         processor time each; the latest was {late} s late",
        of_one / 1000,
        base_memory / 1000,
        until - since,
        cost.as_micros(),
    );
    assert_eq!(times.len(), HOSTS);
    assert!(of_one <= MEMORY, "{of_one} bytes for a host");
    assert!(cost <= PROCESSOR, "{cost:?} for a sample");
    assert!(late <= LATE, "{late} s late");
}

fn hosts(count: usize) -> String {
    let address = |host: usize| format!("198.18.{}.{}", 16 + host / 250, host % 250 + 1);
    (0..count)
        .map(|host| format!("  h{host}: {{ address: {}, zone: eu, roles: [idle] }}\n", address(host)))
        .collect()
}

/// A daemon that samples, and does not look.
struct Daemon {
    child: Child,
    history: std::path::PathBuf,
    begun: i64,
}

impl Daemon {
    fn start(sshd: &Sshd, name: &str, hosts: &str) -> Self {
        let inventory = format!(
            "platform: thousand\ndomain: thousand.example.org\nadmin_networks: [198.18.16.0/21]\nzones: {{ eu: {{}} }}\n\
             roles: roles\nssh: {{ port: {}, identities: [id], known_hosts: met }}\nhosts:\n{hosts}",
            sshd.port
        );
        let file = sshd.folder.join(&format!("{name}.yaml"));
        fs::write(&file, inventory).unwrap();
        let history = sshd.folder.join(&format!("{name}.db"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_pryvctl"));
        command.args(["watch", "--accept-new-host-keys", "--sample", "60s", "--look", "24h", "--history"]);
        let child =
            command.arg(&history).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, history, begun: now() }
    }

    fn until_sampled(&self, hosts: usize) {
        let given_up = Instant::now() + BOUND;
        while self.times(self.begun, now()).len() < hosts {
            assert!(Instant::now() < given_up, "not all hosts are sampled");
            thread::sleep(Duration::from_secs(2));
        }
        // The first looks are over.
        thread::sleep(Duration::from_secs(60));
    }

    /// Its memory in bytes, its processor time so far, and when that was.
    fn measured(&self) -> (u64, Duration, i64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kilobytes: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // Hundredths of a second (proc(5)): the 14th and 15th field, in programs and in the kernel.
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
        (kilobytes * 1024, Duration::from_millis(ticks * 10), now())
    }

    /// When each host was sampled.
    fn times(&self, since: i64, until: i64) -> Vec<Vec<i64>> {
        let Ok(history) = History::read(&self.history) else { return Vec::new() };
        let curves = history.curves(&["load1"], None, since, until).unwrap_or_default();
        curves.iter().map(|curve| curve.points.iter().map(|point| point.at).collect()).collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

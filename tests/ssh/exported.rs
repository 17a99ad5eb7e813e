//! Samples arrive in real stores, and are what the page says: Debian's Prometheus by remote write, Debian's collectd by StatsD.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::UdpSocket,
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    addresses::{Addresses, idle},
    sshd::{Sshd, free_port},
};

/// How often hosts are sampled.
const SAMPLE: i64 = 2;

/// Longer than anything here takes on a busy machine.
const BOUND: Duration = Duration::from_secs(90);

/// A program that ends with the test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[track_caller]
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let given_up = Instant::now() + BOUND;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < given_up, "{what}");
        thread::sleep(Duration::from_millis(200));
    }
}

fn curl(arguments: &[&str]) -> Option<String> {
    let ran = Command::new("curl").args(["-sS", "--fail", "-m", "10"]).args(arguments).output().unwrap();
    ran.status.success().then(|| String::from_utf8(ran.stdout).unwrap())
}

/// Rows of metrics, each by its name with its labels in their order.
type Rows = BTreeMap<String, f64>;

/// Prometheus, with what it was told.
struct Store {
    port: u16,
    _running: Running,
}

impl Store {
    fn start(folder: &Path, port: u16) -> Self {
        fs::write(folder.join("prometheus.yml"), "global: {}\n").unwrap();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", folder.join("prometheus.yml").display()));
        command.arg(format!("--storage.tsdb.path={}", folder.join("store").display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        command.args(["--web.enable-remote-write-receiver", "--log.level=error"]);
        Self { port, _running: Running::start(&mut command) }
    }

    fn ask(&self, query: &str, at: Option<i64>) -> Vec<Value> {
        let (query, url) = (format!("query={query}"), format!("http://127.0.0.1:{}/api/v1/query", self.port));
        let at = format!("time={}", at.map(|at| at.to_string()).unwrap_or_default());
        let mut arguments = vec![url.as_str(), "--data-urlencode", &query];
        if at != "time=" {
            arguments.extend(["--data-urlencode", &at]);
        }
        let Some(answer) = curl(&arguments) else { return Vec::new() };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["data"]["result"].as_array().unwrap().clone()
    }

    /// What it has of a host at a moment.
    fn rows(&self, host: &str, at: i64) -> Rows {
        let all = self.ask(&format!("{{__name__=~\"pryvctl_host_.+\",host=\"{host}\"}}"), Some(at));
        let row = |one: &Value| {
            let labels = one["metric"].as_object().unwrap().iter();
            let name = one["metric"]["__name__"].as_str().unwrap();
            let labels: BTreeSet<String> = labels
                .filter(|(key, _)| *key != "__name__")
                .map(|(key, value)| format!("{key}={}", value.as_str().unwrap()))
                .collect();
            (format!("{name}{labels:?}"), one["value"][1].as_str().unwrap().parse().unwrap())
        };
        all.iter().map(row).collect()
    }
}

/// The sampled rows of a host at `/metrics`, and when they were.
fn page(port: u16, host: &str) -> Option<(i64, Rows)> {
    let text = curl(&[&format!("http://127.0.0.1:{port}/metrics")])?;
    let (mut at, mut rows) = (None, Rows::new());
    for line in text.lines().filter(|line| line.contains(&format!("host=\"{host}\""))) {
        let (name, rest) = line.split_once('{').unwrap();
        let (labels, value) = rest.rsplit_once("} ").unwrap();
        let value: f64 = value.parse().unwrap();
        match name {
            #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
            "pryvctl_host_sample_timestamp_seconds" => at = Some(value as i64),
            "pryvctl_host_state" | "pryvctl_host_look_timestamp_seconds" => {}
            _ => {
                let labels: BTreeSet<String> =
                    labels.split("\",").map(|label| label.replace('"', "")).collect();
                rows.insert(format!("{name}{labels:?}"), value);
            }
        }
    }
    Some((at?, rows))
}

/// collectd's figure of a gauge.
fn gauge(socket: &Path, name: &str) -> Option<f64> {
    let mut stream = UnixStream::connect(socket).ok()?;
    writeln!(stream, "GETVAL \"here/statsd/gauge-{name}\"").unwrap();
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    if !first.starts_with("1 ") {
        return None;
    }
    lines.next()?.ok()?.strip_prefix("value=")?.parse().ok()
}

fn collectd(folder: &Path, port: u16) -> Running {
    let (conf, socket) = (folder.join("collectd.conf"), folder.join("collectd.sock"));
    let text = format!(
        "Hostname here\nFQDNLookup false\nInterval 1\nBaseDir \"{0}\"\nPIDFile \"{0}/collectd.pid\"\n\
         TypesDB \"/usr/share/collectd/types.db\"\nLoadPlugin statsd\nLoadPlugin unixsock\n\
         <Plugin statsd>\n Host 127.0.0.1\n Port {port}\n</Plugin>\n\
         <Plugin unixsock>\n SocketFile \"{1}\"\n</Plugin>\n",
        folder.display(),
        socket.display()
    );
    fs::write(&conf, text).unwrap();
    Running::start(Command::new("collectd").arg("-f").arg("-C").arg(&conf))
}

#[test]
#[ignore = "needs Debian's prometheus and collectd; `make trials` runs it"]
fn stores_have_what_the_page_says_also_after_they_were_away() {
    let _taken = Addresses::take("198.18.9.0/24");
    let sshd = Sshd::start("ListenAddress 198.18.9.1\nListenAddress 198.18.9.2");
    let folder = sshd.folder.join("");
    idle(&folder);
    let (web, own) = (free_port(), free_port());
    let lines = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let inventory = format!(
        "platform: exported\ndomain: exported.example.org\nadmin_networks: [198.18.9.0/24]\nzones: {{ eu: {{}} }}\n\
         roles: roles\nssh: {{ port: {}, identities: [id], known_hosts: met }}\nhosts:\n  \
         h1: {{ address: 198.18.9.1, zone: eu, roles: [idle] }}\n  h2: {{ address: 198.18.9.2, zone: eu, roles: [idle] }}\n\
         watch:\n  listen: 127.0.0.1:{own}\n  export:\n    - statsd: {{ address: \"localhost:{lines}\" }}\n    \
         - remote_write: {{ url: \"http://127.0.0.1:{web}/api/v1/write\" }}\n",
        sshd.port
    );
    fs::write(folder.join("inventory.yaml"), inventory).unwrap();
    let store = Store::start(&folder, web);
    let _collectd = collectd(&folder, lines);
    until("Prometheus does not start", || curl(&[&format!("http://127.0.0.1:{web}/-/ready")]));
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_pryvctl"));
    daemon.args(["watch", "--accept-new-host-keys", "--look", "1h", "--sample", &format!("{SAMPLE}s")]);
    daemon.arg("--history").arg(folder.join("history.db")).arg(folder.join("inventory.yaml"));
    let _daemon = Running::start(&mut daemon);

    for host in ["h1", "h2"] {
        // The page goes on while Prometheus is asked, so each is compared at the moment of the page.
        let (at, shown) = until("the page has no sample", || page(own, host));
        assert!(shown.len() > 30, "{shown:?}");
        let stored = until("Prometheus has no sample", || {
            let stored = store.rows(host, at);
            (stored.len() >= shown.len()).then_some(stored)
        });
        assert_eq!(stored, shown, "{host}");
        let size =
            shown.iter().find(|(name, _)| name.starts_with("pryvctl_host_memory_size_bytes")).unwrap().1;
        let name = format!("pryvctl.eu.{host}.memory_total_bytes");
        let gauge = until("collectd has no figure", || gauge(&folder.join("collectd.sock"), &name));
        assert!((gauge / size - 1.0).abs() < 1e-6, "{gauge} instead of {size}");
    }

    drop(store);
    thread::sleep(Duration::from_secs(10));
    let store = Store::start(&folder, web);
    let (back, _) = until("the page has no sample", || page(own, "h1"));
    let moments = until("nothing arrives any more", || {
        let all = store.ask("pryvctl_host_uptime_seconds{host=\"h1\"}[5m]", None);
        let values = all.first()?["values"].as_array().unwrap().clone();
        let moments: Vec<f64> = values.iter().map(|value| value[0].as_f64().unwrap()).collect();
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        (*moments.last()? >= back as f64).then_some(moments)
    });
    let longest = moments.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    assert!(longest < 5.0, "nothing for {longest} s: {moments:?}");
    println!("{} samples of h1, at most {longest} s between two, Prometheus away for 10 s", moments.len());
}

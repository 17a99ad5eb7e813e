//! The daemon: what somebody does to a host is said, and that it is put right again, too.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use super::{guard::until, world::World};

const INVENTORY: &str = "
platform: watched
domain: watched.example.org
admin_networks: [192.0.2.0/24]
hardening: $NO_PACKAGES
zones: { eu: {} }
roles: roles
hosts:
  one: { address: 192.0.2.11, zone: eu, roles: [web] }
  two: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13 } }
";

/// Longer than anything takes on a busy machine.
const BOUND: Duration = Duration::from_secs(120);

#[test]
fn what_happens_to_a_host_is_said_and_kept() {
    let world = World::up("watch", INVENTORY);
    let lab = world.lab();
    world
        .run(&["watch", "inventory.yaml", &lab, "--once"])
        .ends_with(6)
        .says("one drifted:")
        .says("two drifted:");
    world.run(&["install", "inventory.yaml", &lab, "--yes"]).ends_with(0);
    let hosts = ["one", "two"];
    for host in hosts {
        world.on(host, "touch /run/begun");
    }
    world.run(&["watch", "inventory.yaml", &lab, "--once"]).ends_with(0).says("one well:").says("two well:");
    let written = "find /etc /usr /root /home /var/lib/pryvctl /run/pryvctl -newer /run/begun";
    assert_eq!(hosts.map(|host| world.on(host, written)), [""; 2], "watching has changed a host");

    // What was said before is not said again.
    let mut daemon = Daemon::start(&world);
    let page = daemon.says("page is at").rsplit(' ').next().unwrap().to_owned();
    what_drifts_is_said_until_it_is_put_right(&world, &mut daemon, &page);
    for host in hosts {
        let metrics = get(&page, "metrics");
        assert!(
            metrics.contains(&format!("pryvctl_host_state{{host=\"{host}\",zone=\"eu\",state=\"well\"}} 1")),
            "{metrics}"
        );
        assert!(metrics.contains("container=\"watched_web_a\"}"), "{metrics}");
        let shown = get(&page, &format!("hosts/{host}?span=1h"));
        assert!(shown.contains("watched_web_a") && shown.contains("<path class=\"line c0\""), "{shown}");
    }
    one_that_hangs_delays_no_other(&world, &mut daemon);
    the_inventory_is_read_again(&world, &mut daemon);
    killed_and_started_anew(&world, daemon);
    the_past_is_shown(&world);
}

/// A daemon under test, and the lines that it says.
pub struct Daemon {
    child: Child,
    lines: Receiver<String>,
    unread: Vec<String>,
}

impl Daemon {
    pub fn start(world: &World) -> Self {
        let rhythm = ["--sample", "1s", "--look", "5s", "--listen", "127.0.0.1:0"];
        let mut command = world.command(&[&["watch", "inventory.yaml", &world.lab()][..], &rhythm].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let other = sender.clone();
        thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).try_for_each(|line| other.send(line))
        });
        Self { child, lines, unread: Vec::new() }
    }

    /// Waits for a line with this text, which begins with the host or the thing that the line is about, and gives it. Lines
    /// about others stay: which of two hosts is heard first is chance.
    #[track_caller]
    pub fn says(&mut self, text: &str) -> String {
        let about = text.split(' ').next();
        let (end, mut heard) = (Instant::now() + BOUND, Vec::new());
        let mut waiting: VecDeque<String> = std::mem::take(&mut self.unread).into();
        loop {
            let line = waiting
                .pop_front()
                .map_or_else(|| self.lines.recv_timeout(end.saturating_duration_since(Instant::now())), Ok);
            match line {
                Ok(line) if line.split(' ').nth(1) != about => self.unread.push(line),
                Ok(line) if line.contains(text) => {
                    self.unread.extend(waiting);
                    return line;
                }
                Ok(line) => heard.push(line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no `{text}` in {heard:#?} and {:#?}", self.unread)
                }
            }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

/// What the page answers.
fn get(page: &str, path: &str) -> String {
    let ran = Command::new("curl").args(["-fsS", &format!("{page}{path}")]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

fn what_drifts_is_said_until_it_is_put_right(world: &World, daemon: &mut Daemon, page: &str) {
    world.on("one", "nft delete table inet pryvctl");
    assert!(daemon.says("one drifted").contains("firewall.table"));
    let shown: serde_json::Value = serde_json::from_str(&get(page, "api/v1/hosts/one")).unwrap();
    assert_eq!(
        (&shown["host"]["state"], &shown["look"]["plan"][0]["id"]),
        (&"drifted".into(), &"firewall.table".into())
    );
    world.on("two", "docker stop watched_web_a");
    assert!(daemon.says("two drifted").contains("service.web."));
    world.run(&["install", "inventory.yaml", &world.lab(), "--yes"]).ends_with(0);
    daemon.says("one well");
    daemon.says("two well");
}

fn one_that_hangs_delays_no_other(world: &World, daemon: &mut Daemon) {
    world.docker("pause", "one");
    // While nobody hears of the first host, the second is watched as before.
    world.on("two", "nft delete table inet pryvctl");
    daemon.says("two drifted");
    daemon.says("one away");
    world.docker("unpause", "one");
    daemon.says("one well");
    world.run(&["install", "inventory.yaml", &world.lab(), "--yes"]).ends_with(0);
    daemon.says("two well");
}

fn the_inventory_is_read_again(world: &World, daemon: &mut Daemon) {
    world.write("inventory.yaml", &INVENTORY.replace("zone: eu, roles: [web] }", "zone: us, roles: [web] }"));
    daemon.says("inventory has changed, and stays out of force");
    world.on("one", "nft delete table inet pryvctl");
    daemon.says("one drifted");
    world.write("inventory.yaml", &INVENTORY.replace("- one", "- two"));
    daemon.says("inventory has changed and is in force");
    daemon.signal("-HUP");
    daemon.says("inventory has changed and is in force");
    world.run(&["install", "inventory.yaml", &world.lab(), "--yes"]).ends_with(0);
    daemon.says("one well");
}

fn killed_and_started_anew(world: &World, daemon: Daemon) {
    daemon.signal("-KILL");
    drop(daemon);
    world.on("one", "nft delete table inet pryvctl");
    let mut daemon = Daemon::start(world);
    daemon.says("one drifted");
    assert!(!daemon.unread.iter().any(|line| line.contains("two ")), "{:#?}", daemon.unread);
    let begun = Instant::now();
    daemon.signal("-TERM");
    while daemon.child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(5), "it does not end");
        thread::sleep(Duration::from_millis(50));
    }
    assert!(daemon.child.wait().unwrap().success());
    // The scripts of a daemon that was killed end with its connection.
    for host in ["one", "two"] {
        until(BOUND, || world.on(host, "pgrep -fc '[p]roc/loadavg' || true").trim() == "0");
    }
}

fn the_past_is_shown(world: &World) {
    let events = world.run(&["history", "-o", "json"]).ends_with(0);
    let events: serde_json::Value = serde_json::from_str(&events.stdout).unwrap();
    let of_two: Vec<_> = events.as_array().unwrap().iter().filter(|event| event["host"] == "two").collect();
    let mut states: Vec<_> = of_two.iter().map(|event| event["state"].as_str().unwrap()).collect();
    // What is left to do changes while somebody mends it, and each time that is said, as is that he is at work.
    states.retain(|state| *state != "locked");
    states.dedup();
    assert_eq!(states[..4], ["drifted", "well", "drifted", "well"], "{states:?}");
    for metric in
        ["memory_available_bytes", "cpu_user_ratio", "container_memory_bytes", "container_cpu_ratio"]
    {
        let ran = world.run(&["history", "--metric", metric, "--csv"]).ends_with(0);
        for host in ["one", "two"] {
            let values = ran.stdout.lines().filter(|line| line.split(',').nth(1) == Some(host)).count();
            assert!(values > 5, "{metric} of {host}:\n{}", ran.stdout);
        }
    }
    world.run(&["history", "--metric", "load1", "--host", "one"]).ends_with(0).says("OVER TIME");
    world.run(&["history", "--metric", "lode1"]).ends_with(2).says("there is no metric `lode1`");
}

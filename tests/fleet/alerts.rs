//! Alerts: what somebody does to a host arrives once at a webhook and a mailbox, and that it is over, too.

mod by_hand;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::world::World;
use by_hand::{DEEDS, LATER, a_certificate_is_renewed, each_is_said_and_over, serve_certificate};

const INVENTORY: &str = "
platform: alerted
domain: alerted.example.org
admin_networks: [192.0.2.0/24]
hardening: $NO_PACKAGES
zones: { eu: {} }
roles: roles
secrets: { hook: { file: hook-secret }, mail: { file: mail-password } }
hosts:
  one: { address: 192.0.2.11, zone: eu, roles: [web, tls] }
  two: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13 } }
";

const WATCH: &str = "
watch:
  alerts:
    host-away: { for: 0s, gather: 1s }
    drift: { for: 0s, gather: 1s }
    control: { for: 0s, gather: 1s }
    service-stopped: { for: 0s, gather: 1s }
    service-unhealthy: { for: 0s, gather: 1s, clear_for: 0s }
    restart-loop: { gather: 1s, clear_for: 0s }
    docker-stopped: { for: 0s, gather: 1s }
    foreign-port: { gather: 1s }
    silent-port: { for: 0s, gather: 1s }
    certificate: { gather: 1s }
    certificate-soon: { gather: 1s }
    disk-full: { for: 0s, gather: 1s, clear_for: 0s }
    host-key: { gather: 1s }
    lock: { gather: 1s }
  notify:
    - webhook: { url: 'https://localhost:$HOOK/alerts', secret: hook, ca: receivers.pem }
    - mail:
        server: localhost
        port: $MAIL
        from: Watch <watch@alerted.example.org>
        to: [ops@alerted.example.org]
        username: watch
        password: mail
        ca: receivers.pem
    - command: [/bin/sh, -c, 'cat >>commanded']
";

/// Longer than anything takes on a busy machine.
const BOUND: Duration = Duration::from_secs(120);

#[test]
fn what_happens_to_a_host_arrives_once_and_is_over() {
    let world = World::up("alerts", &INVENTORY.replace(", tls]", "]"));
    serve_certificate(&world, 10);
    let mut receivers = Receivers::start(&world);
    let lab = world.lab();
    world.run(&["install", "inventory.yaml", &lab, "--yes"]).ends_with(0);
    each_notifier_is_tried(&world, &mut receivers);

    let watch = ["watch", "inventory.yaml", &lab, "--real-secrets", "--sample", "1s", "--look", "5s"];
    let mut daemon = Daemon(world.command(&watch).stdout(Stdio::null()).spawn().unwrap());
    world.on("one", "nft delete table inet pryvctl");
    receivers.says("firing", "one", &["drift"]);
    world.on("two", "docker stop alerted_web_a");
    receivers.says("firing", "two", &["drift", "service-stopped"]);
    receivers.says_of("firing", "two", "8080/tcp", &["silent-port"]);
    world
        .run(&["alerts", "inventory.yaml", &lab, "--real-secrets"])
        .ends_with(0)
        .says("firing")
        .says("drift");
    // A daemon that is killed says nothing twice.
    drop(daemon);
    daemon = Daemon(world.command(&watch).stdout(Stdio::null()).spawn().unwrap());
    world.run(&["install", "inventory.yaml", &lab, "--yes"]).ends_with(0);
    receivers.says("over", "one", &["drift"]);
    receivers.says("over", "two", &["drift", "service-stopped"]);
    receivers.says_of("over", "two", "8080/tcp", &["silent-port"]);
    a_certificate_is_renewed(&world, &mut receivers, &daemon);

    world.docker("pause", "one");
    receivers.says("firing", "one", &["host-away"]);
    world.docker("unpause", "one");
    receivers.says("over", "one", &["host-away"]);

    let drop_in = "/etc/ssh/sshd_config.d/00-by-hand.conf";
    world.on("two", &format!("echo 'PasswordAuthentication yes' >{drop_in} && systemctl reload ssh"));
    receivers.says("firing", "two", &["drift", "control"]);
    world.on("two", &format!("rm {drop_in} && systemctl reload ssh"));
    receivers.says("over", "two", &["drift", "control"]);

    each_is_said_and_over(&world, &mut receivers, DEEDS);
    each_is_said_and_over(&world, &mut receivers, LATER);
    drop(daemon);
    receivers.all_came_once();
    world
        .run(&["alerts", "inventory.yaml", &lab, "--real-secrets", "-o", "json"])
        .ends_with(0)
        .says("\"alerts\"");
}

fn each_notifier_is_tried(world: &World, receivers: &mut Receivers) {
    let test = ["alerts", "test", "inventory.yaml", &world.lab(), "--real-secrets"];
    let ran = world.run(&test).ends_with(0).says("204 No Content").says("250 taken").says("exit status: 0");
    assert!(!ran.said().contains("failed"), "{}", ran.said());
    receivers.says("test", "", &["test"]);
    let document: Value =
        serde_json::from_str(&fs::read_to_string(world.path("commanded")).unwrap()).unwrap();
    assert_eq!((document["event"].as_str(), document["platform"].as_str()), (Some("test"), Some("alerted")));
    // A wrong password is nobody's secret.
    world.write("mail-password", "wrong");
    let ran = world.run(&test).ends_with(8).says("failed");
    assert!(!ran.said().contains("wrong\n"), "{}", ran.said());
    world.write("mail-password", PASSWORD);
    // In a lab alone nobody is told.
    world.run(&["alerts", "test", "inventory.yaml", &world.lab()]).ends_with(2).says("has no notifier");
    receivers.arrived.clear();
}

const PASSWORD: &str = "correct horse";

const SECRET: &str = "battery staple";

/// A daemon that is killed in the end.
struct Daemon(Child);

impl Daemon {
    /// Has it read its inventory again.
    fn rereads(&self) {
        assert!(Command::new("kill").args(["-HUP", &self.0.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}

/// A webhook and a mail server, and what arrived there.
struct Receivers {
    child: Child,
    lines: Receiver<Value>,
    arrived: Vec<Value>,
}

impl Receivers {
    /// Starts them, and writes an inventory that names them.
    fn start(world: &World) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        world.write("receivers.pem", &made.cert.pem());
        world.write("receivers.key", &made.signing_key.serialize_pem());
        world.write("hook-secret", SECRET);
        world.write("mail-password", PASSWORD);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/receivers.py");
        let mut child = Command::new("/usr/bin/python3")
            .args([script, "receivers.pem", "receivers.key", SECRET, PASSWORD])
            .current_dir(world.path(""))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            lines.map(|line| serde_json::from_str(&line).unwrap()).try_for_each(|line| sender.send(line))
        });
        let ports: Value = lines.recv_timeout(BOUND).expect("no receivers; is python3-aiosmtpd installed?");
        let watch = WATCH
            .replace("$HOOK", &ports["webhook"].to_string())
            .replace("$MAIL", &ports["mail"].to_string());
        world.write("inventory.yaml", &format!("{INVENTORY}{watch}"));
        Self { child, lines, arrived: Vec::new() }
    }

    /// Waits until both have a message of this event about a host, of one of these alerts.
    #[track_caller]
    fn says(&mut self, event: &str, host: &str, alerts: &[&str]) {
        self.says_of(event, host, "", alerts);
    }

    /// The same about one part of the host.
    #[track_caller]
    fn says_of(&mut self, event: &str, host: &str, part: &str, alerts: &[&str]) {
        let end = Instant::now() + BOUND;
        loop {
            let bodies = self.arrived.iter().filter(|one| one["by"] == "webhook");
            let wanted = bodies.filter(|one| {
                let body = &one["body"];
                let hosts = body["hosts"].as_array().unwrap();
                let is_about = host.is_empty()
                    || hosts
                        .iter()
                        .any(|one| one["host"] == host && (part.is_empty() || one["part"] == part));
                is_about && body["event"] == event && alerts.iter().any(|alert| body["alert"] == *alert)
            });
            let ids: Vec<&Value> = wanted.map(|one| &one["id"]).collect();
            let mailed =
                |id: &&Value| self.arrived.iter().any(|one| one["by"] == "mail" && one["id"] == **id);
            if ids.iter().any(mailed) {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    assert_eq!(line["genuine"], true, "{line}");
                    self.arrived.push(line);
                }
                Err(_) => panic!("no {event} of {alerts:?} about {host} in {:#?}", self.arrived),
            }
        }
    }

    /// Holds that each message came once to each, and that no alert fired twice without an end.
    fn all_came_once(&mut self) {
        self.arrived.extend(self.lines.try_iter());
        let mut ids: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for one in &self.arrived {
            ids.entry(one["by"].as_str().unwrap()).or_default().push(one["id"].as_str().unwrap());
        }
        for (by, ids) in &ids {
            let each: BTreeSet<_> = ids.iter().collect();
            assert_eq!(each.len(), ids.len(), "{by}: {:#?}", self.arrived);
        }
        let mut firing = BTreeSet::new();
        for body in self.arrived.iter().filter(|one| one["by"] == "webhook").map(|one| &one["body"]) {
            for part in body["hosts"].as_array().unwrap() {
                let key = format!("{} {} {}", body["alert"], part["host"], part["part"]);
                let is_new = match body["event"].as_str().unwrap() {
                    "firing" => firing.insert(key),
                    "over" => firing.remove(&key),
                    other => panic!("{other}"),
                };
                assert!(is_new, "{:#?}", self.arrived);
            }
        }
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

//! The daemon repairs what somebody spoiled on a host, with nobody typing: once, and not for ever, and not beside others.

use std::{
    collections::BTreeSet,
    fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{watch::Daemon, world::World};

const INVENTORY: &str = "
platform: mended
domain: mended.example.org
admin_networks: [192.0.2.0/24]
hardening: $NO_PACKAGES
zones: { eu: {}, us: {} }
roles: roles
watch:
  repair: [services, firewall, controls]
  repair_pause: 1s
  alerts: { unrepaired: { gather: 1s } }
hosts:
  one: { address: 192.0.2.11, zone: eu, roles: [web] }
  two: { address: 192.0.2.12, zone: us, roles: [web], lab: { image: debian13 } }
";

/// Longer than anything takes on a busy machine.
const BOUND: Duration = Duration::from_secs(120);

/// Deletes the rule for ICMP.
const RULE: &str = "nft delete rule inet pryvctl input handle \
                    $(nft -a list chain inet pryvctl input | sed -n '/icmp type/s/.*# handle //p' | head -n1)";

#[test]
fn what_is_spoiled_is_repaired_with_nobody_typing() {
    let world = World::up("mend", INVENTORY);
    let lab = world.lab();
    world.run(&["install", "inventory.yaml", &lab, "--yes"]).ends_with(0);
    // One round only looks.
    world.on("one", RULE);
    world.run(&["watch", "inventory.yaml", &lab, "--once"]).ends_with(6).says("would do firewall.table");
    let mut daemon = Daemon::start(&world);
    assert!(daemon.says("one repaired").contains("firewall.table"));
    daemon.says("one well");

    let load = Load::on(&world, "two");
    world.on("two", RULE);
    daemon.says("two repaired");
    daemon.says("two well");
    world.on("two", "sed -i 's/^UMASK.*/UMASK 022/' /etc/login.defs");
    assert!(daemon.says("two repaired").contains("control./etc/login.defs"));
    daemon.says("two well");
    assert_eq!(load.lost(), Vec::<String>::new());
    world.on("one", "docker stop mended_web_a");
    assert!(daemon.says("one repaired").contains("service.web.start"));
    daemon.says("one well");
    world.run(&["status", "inventory.yaml", &lab]).ends_with(0);
    every_repair_is_in_the_journal(&world);

    somebody_else_is_at_work(&world, &mut daemon);
    what_comes_back_is_reported(&world, &mut daemon);
}

/// Requests to a host that serves, ten a second.
struct Load {
    ends: Arc<AtomicBool>,
    thread: thread::JoinHandle<Vec<String>>,
}

impl Load {
    fn on(world: &World, host: &str) -> Self {
        let url = format!("http://{}:8080/status", world.addresses(host).0);
        let ends = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            let mut lost = Vec::new();
            while !end.load(Ordering::SeqCst) {
                let answer = Command::new("curl").args(["-sS", "--fail", "--max-time", "30", &url]).output();
                let answer = answer.unwrap();
                lost.extend((!answer.status.success()).then(|| format!("{answer:?}")));
                thread::sleep(Duration::from_millis(100));
            }
            lost
        });
        Self { ends, thread }
    }

    /// Those that were not answered.
    fn lost(self) -> Vec<String> {
        self.ends.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

fn every_repair_is_in_the_journal(world: &World) {
    let journal = fs::read_to_string(world.path("journal.jsonl")).unwrap();
    let lines: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_repairs = |what: &str| {
        lines.iter().filter(|line| line["command"] == "repair" && line["what"] == what).collect::<Vec<_>>()
    };
    assert_eq!(of_repairs("begun").len(), 4, "{journal}");
    assert!(of_repairs("finished").iter().all(|line| line["outcome"] == "changed"), "{journal}");
    assert!(of_repairs("confirmed").len() >= 2, "the firewall was not changed under guard:\n{journal}");
    world.run(&["audit", "inventory.yaml", &world.lab()]).ends_with(0);
}

fn somebody_else_is_at_work(world: &World, daemon: &mut Daemon) {
    world.on("one", "setsid flock /run/pryvctl/lock sleep 600 >/dev/null 2>&1 &");
    world.on("one", "until ! flock -n /run/pryvctl/lock true; do sleep 0.1; done");
    world.on("one", RULE);
    let said = daemon.says("one not-repaired");
    assert!(said.contains("another controller has the host"), "{said}");
    world.on("one", "! nft list chain inet pryvctl input | grep -q 'icmp type'");
    world.on("one", "pkill -f '[s]leep 600'");
    daemon.says("one repaired");
    daemon.says("one well");
    // A pause keeps everybody from beginning anything.
    world.run(&["pause", "inventory.yaml", &world.lab()]).ends_with(0);
    world.on("two", RULE);
    let said = daemon.says("two not-repaired");
    assert!(said.contains("paused by"), "{said}");
    world.run(&["resume", "inventory.yaml", &world.lab()]).ends_with(0);
    daemon.says("two repaired");
    daemon.says("two well");
}

fn what_comes_back_is_reported(world: &World, daemon: &mut Daemon) {
    world.on("two", "setsid sh -c 'while sleep 1; do nft delete table inet pryvctl; done' >/dev/null 2>&1 &");
    // Those that held until somebody spoiled it again count, too.
    let runs = || {
        let journal = fs::read_to_string(world.path("journal.jsonl")).unwrap();
        let lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of_table = |line: &Value| {
            let is_step = line["what"] == "step" && line["id"] == "firewall.table";
            line["command"] == "repair" && line["host"] == "two" && is_step
        };
        lines.filter(of_table).map(|line| line["run"].to_string()).collect::<BTreeSet<_>>().len()
    };
    let end = Instant::now() + BOUND;
    while !daemon.says("two not-repaired").contains("came back after each of three repairs") {
        assert!(Instant::now() < end, "it is not reported");
    }
    assert!(daemon.says("alert unrepaired firing").contains("two"));
    assert_eq!(runs(), 3);
    world.on("two", "pkill -f '[w]hile sleep 1'");
    world.run(&["install", "inventory.yaml", &world.lab(), "--yes"]).ends_with(0);
    daemon.says("two well");
    daemon.says("alert unrepaired over");
    assert_eq!(runs(), 3, "it went on");
}

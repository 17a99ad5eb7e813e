//! One controller at a time, also when one of them was stopped, cut off or killed inside a step. Requests go on meanwhile,
//! and none is lost.

use std::{
    fs,
    io::{Read as _, Write as _},
    process::{Command, Stdio},
    thread,
    time::SystemTime,
};

use super::{
    direct::Direct,
    rolling::{Load, NEW, OLD, at, other},
    trouble::served,
    world::{Ran, World, tool},
};

const INVENTORY: &str = "
platform: trial
domain: trial.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
hardening: $NO_PACKAGES
roles: roles
hosts:
  one: { address: 192.0.2.11, zone: eu, roles: [web] }
  two: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13 } }
";
const HOSTS: [&str; 2] = ["one", "two"];

/// Drops every packet between the controller and sshd.
const CUT: &str = "
table inet cut {
    chain input { type filter hook input priority -400; tcp dport 22 drop; }
    chain output { type filter hook output priority -400; tcp sport 22 drop; }
}
";

/// How many steps of an upgrade are killed on each host; which ones differs from day to day.
const SAMPLE: usize = 5;

/// How long after its begin a step is killed, milliseconds.
const MOMENTS: [u32; 5] = [0, 150, 20, 400, 60];

#[test]
fn one_controller_at_a_time_and_none_killed_inside_a_step_spoils_it() {
    let world = World::up("t-fence", INVENTORY);
    for version in [OLD, NEW] {
        Direct::new(&world, &format!("to-{version}"), version).run(&["plan"]).ends_with(0);
    }
    world.run(&["install", "to-1.9.2.yaml", "--yes"]).ends_with(0);
    world.write("cut.nft", CUT);
    let load = Load::on(&world, &HOSTS);
    let world = &world;
    // Forward and back once: both versions are pulled and kept, and every run has the same steps from then on.
    let steps: Vec<_> = on_both(|host| [NEW, OLD, NEW].map(|version| steps(world, host, version)))
        .map(|[.., last]| last)
        .into();
    on_both(|host| if host == "one" { stopped_at_the_prompt(world, host) } else { stalled(world, host) });
    on_both(|host| lock_lost_in_the_middle(world, host));
    let today = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() as usize / (24 * 3600);
    on_both(|host| {
        let steps = &steps[usize::from(host == "two")];
        let first = today * SAMPLE + if host == "two" { steps.len() / 2 } else { 0 };
        for (number, after) in MOMENTS.iter().enumerate().take(SAMPLE) {
            killed_inside(world, host, &steps[(first + number) % steps.len()], *after);
        }
        killed_inside_a_guarded_step(world, host);
    });
    armed_by_somebody_else(world, "one");
    println!("0 of {} requests lost", load.none_lost());
}

fn on_both<T: Send>(work: impl Fn(&'static str) -> T + Sync) -> [T; 2] {
    let work = &work;
    thread::scope(|threads| {
        HOSTS.map(|host| threads.spawn(move || work(host))).map(|thread| thread.join().unwrap())
    })
}

/// The version that is not served now.
fn target(world: &World, host: &str) -> &'static str {
    other(&served(world, host).version)
}

/// The arguments of an upgrade of one host, with its own journal.
fn arguments(world: &World, host: &str, version: &str) -> Vec<String> {
    let journal = world.path(&format!("{host}.jsonl")).display().to_string();
    let file = format!("to-{version}.yaml");
    ["upgrade", &file, "--rolling", "--yes", "--host", host, "--journal", &journal].map(str::to_owned).into()
}

fn upgrade(world: &World, host: &str, version: &str, environment: &[(&str, &str)]) -> Ran {
    let arguments = arguments(world, host, version);
    world.run_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), environment)
}

#[track_caller]
fn converge(world: &World, host: &str, version: &str) {
    upgrade(world, host, version, &[]).ends_with(0);
    at(world, &[host], version);
}

/// The steps of a whole upgrade.
fn steps(world: &World, host: &str, version: &str) -> Vec<String> {
    converge(world, host, version);
    let journal = fs::read_to_string(world.path(&format!("{host}.jsonl"))).unwrap();
    let lines: Vec<serde_json::Value> =
        journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.last().unwrap()["run"].clone();
    let steps = lines.iter().filter(|line| line["run"] == last && line["what"] == "step");
    let steps: Vec<_> = steps.map(|line| line["id"].as_str().unwrap().to_owned()).collect();
    assert!(steps.len() > SAMPLE, "{steps:?}");
    steps
}

/// Somebody closes the lid of a laptop, another one upgrades the host, the lid is opened again and the answer is yes.
fn stopped_at_the_prompt(world: &World, host: &str) {
    let version = target(world, host);
    // `script` would stop itself with a child of its own that is stopped; of a grandchild it does not know.
    let line = format!(
        "timeout --foreground -s KILL 300 \
         sh -c 'echo $$ >first.pid; exec {} install to-{version}.yaml --window 20 --host {host}'; exit $?",
        env!("CARGO_BIN_EXE_pryvctl")
    );
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(world.path(""));
    script.env("PRYVCTL_JOURNAL", world.path("journal.jsonl"));
    let mut first = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = Vec::new();
    let mut out = first.stdout.take().unwrap();
    while !String::from_utf8_lossy(&said).contains("[y/N]") {
        let mut byte = [0];
        assert_eq!(out.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
        said.extend(byte);
    }
    let pid = fs::read_to_string(world.path("first.pid")).unwrap();
    let signal = |name: &str| assert_eq!(tool("kill", &[name, pid.trim()]), "");
    signal("-STOP");
    world.on(host, "until [ $(($(date +%s) - $(stat -c %Y /run/pryvctl/lock))) -gt 9 ]; do sleep 0.2; done");
    converge(world, host, version);
    let serves = served(world, host);
    signal("-CONT");
    first.stdin.take().unwrap().write_all(b"y\n").unwrap();
    out.read_to_end(&mut said).unwrap();
    let said = String::from_utf8_lossy(&said);
    assert_eq!(first.wait().unwrap().code(), Some(7), "{said}");
    assert!(said.contains("lock-lost") && said.contains("nothing more was changed here"), "{said}");
    assert_eq!(served(world, host), serves);
    at(world, &[host], version);
}

/// As long as the connection may come back, the host keeps the lock.
fn stalled(world: &World, host: &str) {
    let version = target(world, host);
    let cut = world.path("cut.nft").display().to_string();
    let script = format!("docker exec -i {} nft -f - <{cut}", world.container(host));
    let inside = [
        ("PRYVCTL_FAIL_INSIDE", "service.web.start"),
        ("PRYVCTL_FAIL_AFTER_MS", "0"),
        ("PRYVCTL_FAIL_DO", &script),
    ];
    let arguments = arguments(world, host, version);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = world.start_with(&arguments, &inside);
    world.on(host, "timeout 60 sh -c 'until nft list table inet cut >/dev/null 2>&1; do sleep 0.1; done'");
    world.on(host, "until [ $(($(date +%s) - $(stat -c %Y /run/pryvctl/lock))) -ge 19 ]; do sleep 0.2; done");
    world.on(host, "! flock -n /run/pryvctl/lock true");
    world.on(host, "nft delete table inet cut");
    let ran = run.finish();
    assert!([0, 5].contains(&ran.code), "{}\n{}", ran.code, ran.said());
    converge(world, host, version);
}

/// What the host releases while a container is being made, nobody goes on with.
fn lock_lost_in_the_middle(world: &World, host: &str) {
    let (before, version) = (served(world, host), target(world, host));
    let holders = "find /proc/[0-9]*/fd -lname /run/pryvctl/lock 2>/dev/null | cut -d/ -f3 | sort -u";
    let script = format!(
        "docker exec {} sh -c 'kill $({holders}); flock -w 10 /run/pryvctl/lock true'",
        world.container(host)
    );
    let inside = [
        ("PRYVCTL_FAIL_INSIDE", "service.web.start"),
        ("PRYVCTL_FAIL_AFTER_MS", "0"),
        ("PRYVCTL_FAIL_DO", &script),
    ];
    let ran = upgrade(world, host, version, &inside).ends_with(7);
    ran.says(&format!("{host} lock-lost")).says("the host released our lock");
    assert_eq!(served(world, host), before);
    converge(world, host, version);
}

/// A guard whose undo does not work is not replaced: it is the only way back from what it guards.
fn armed_by_somebody_else(world: &World, host: &str) {
    world.on(host, "mkdir /var/lib/pryvctl/guard && echo exit 1 >/var/lib/pryvctl/guard/undo");
    world.on(host, "touch /var/lib/pryvctl/guard/armed");
    let (good, more) = (format!("to-{}.yaml", served(world, host).version), format!("more-{host}.yaml"));
    let ran = world.run(&["harden", &more, "--yes", "--host", host]).ends_with(5);
    ran.says("a change of another run on this host is waiting for its confirmation");
    world.on(host, "rm -r /var/lib/pryvctl/guard");
    world.run(&["harden", &good, "--yes", "--host", host]).ends_with(0);
}

fn kill(world: &World, host: &str, step: &str, after: u32) -> [(&'static str, String); 3] {
    let mark = world.path(&format!("{host}.mark"));
    fs::remove_file(&mark).unwrap_or_default();
    [
        ("PRYVCTL_FAIL_INSIDE", step.to_owned()),
        ("PRYVCTL_FAIL_AFTER_MS", after.to_string()),
        ("PRYVCTL_FAIL_DO", format!("touch {}; kill -9 $PPID", mark.display())),
    ]
}

#[track_caller]
fn was_killed(world: &World, host: &str, ran: &Ran) {
    assert!(world.path(&format!("{host}.mark")).exists(), "the step was not reached:\n{}", ran.said());
    assert_eq!(ran.code, -1, "{}", ran.said());
}

fn killed_inside(world: &World, host: &str, step: &str, after: u32) {
    let version = target(world, host);
    println!("{host}: killed inside {step} after {after} ms");
    let fault = kill(world, host, step, after);
    let ran = upgrade(world, host, version, &fault.each_ref().map(|(key, value)| (*key, value.as_str())));
    was_killed(world, host, &ran);
    converge(world, host, version);
}

/// The next run takes back what was not confirmed, and does it again.
fn killed_inside_a_guarded_step(world: &World, host: &str) {
    let good = format!("to-{}.yaml", served(world, host).version);
    let text = fs::read_to_string(world.path(&good)).unwrap();
    let (more, at_first) = (format!("more-{host}.yaml"), text.clone());
    world.write(&more, &at_first.replacen("admin_networks: [", "admin_networks: [192.0.2.0/24, ", 1));
    let harden = |file: &str, environment: &[(&str, &str)]| {
        world.run_with(&["harden", file, "--yes", "--host", host], environment)
    };
    let fault = kill(world, host, "firewall.table", 40);
    let ran = harden(&more, &fault.each_ref().map(|(key, value)| (*key, value.as_str())));
    was_killed(world, host, &ran);
    harden(&more, &[]).ends_with(0).says("change confirmed over a new login");
    harden(&good, &[]).ends_with(0).says("change confirmed over a new login");
    at(world, &[host], &served(world, host).version);
}

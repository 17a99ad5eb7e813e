//! An upgrade that is interrupted at every line that a host writes into its journal: the controller is killed, the link is
//! cut, the host restarts. One more run, and all is as if nothing had happened.

use std::{fs, sync::Mutex, thread};

use super::{
    direct::Direct,
    rolling::{HOSTS, INVENTORY, Load, NEW, OLD, at, other, what_is_next},
    tenth::Tenth,
    trouble::served,
    world::{Ran, World},
};

/// Hosts that are upgraded by one run.
const PAIRS: [[&str; 2]; 2] = [["four", "one"], ["three", "two"]];

/// Drops every packet between the controller and sshd.
const CUT: &str = "
table inet cut {
    chain input { type filter hook input priority -400; tcp dport 22 drop; }
    chain output { type filter hook output priority -400; tcp sport 22 drop; }
}
";

/// Longer than both sides need to give the other up.
const CUT_SECONDS: u32 = 22;

#[test]
fn interrupted_at_a_tenth_of_the_steps() {
    let tenth = Tenth::of_this_commit();
    interrupted("t-matrix-tenth", |lines| tenth.of(lines).collect());
}

#[test]
#[ignore = "a quarter of an hour on two processors; `make trials` runs it"]
fn interrupted_at_every_step() {
    interrupted("t-matrix", |lines| lines.collect());
}

/// Interrupts upgrades at those lines that are chosen of all.
fn interrupted(name: &str, choose: impl Fn(&mut dyn Iterator<Item = usize>) -> Vec<usize>) {
    let world = World::up(name, INVENTORY);
    for version in [OLD, NEW] {
        Direct::new(&world, &format!("to-{version}"), version).run(&["plan"]).ends_with(0);
    }
    world.run(&["install", "to-1.9.2.yaml", "--yes"]).ends_with(0);
    world.write("cut.nft", CUT);

    let load = Load::on(&world, &HOSTS);
    // Forward and back once: both versions are pulled and kept, and every run has the same lines from then on.
    at_once(PAIRS, |pair| [NEW, OLD].map(|version| lines(&world, &pair, version)));
    let [of_pair, _] = at_once(PAIRS, |pair| lines(&world, &pair, NEW));
    let [of_one, ..] = at_once(HOSTS, |host| lines(&world, &[host], OLD));
    let of_first = of_one - 1;
    // The first host has the same lines as the second, where it is seen that a finished host is not done twice.
    let of_second = choose(&mut (1..=1).chain(of_first + 1..=of_pair));
    let of_one = choose(&mut (1..=of_one));
    assert!(!of_second.is_empty() && !of_one.is_empty(), "no line was chosen");
    let killed = matrix(PAIRS, &of_second, |pair, line| {
        killed(&world, pair, line, line > of_first + 1);
    });
    let cut_off = matrix(HOSTS, &of_one, |host, line| cut_off(&world, host, line));
    let answered = load.none_lost();
    println!("killed at {killed} lines, cut off at {cut_off} lines: 0 of {answered} requests lost");
    let restarted = matrix(HOSTS, &of_one, |host, line| restarted(&world, host, line));
    println!("restarted at {restarted} lines");
}

/// Does the same at several places.
fn at_once<P: Copy + Send, T: Send, const N: usize>(places: [P; N], work: impl Fn(P) -> T + Sync) -> [T; N] {
    let work = &work;
    thread::scope(|threads| {
        places.map(|place| threads.spawn(move || work(place))).map(|thread| thread.join().unwrap())
    })
}

/// Goes through lines, each at whatever place is free; gives how many were gone through.
fn matrix<P: Copy + Send, const N: usize>(
    places: [P; N],
    lines: &[usize],
    cell: impl Fn(P, usize) + Sync,
) -> usize {
    let lines = Mutex::new(lines.iter().copied());
    let gone = at_once(places, |place| {
        let taken = std::iter::from_fn(|| lines.lock().unwrap().next());
        taken.map(|line| cell(place, line)).count()
    });
    gone.into_iter().sum()
}

/// The version that is not served now.
fn target(world: &World, host: &str) -> &'static str {
    other(&served(world, host).version)
}

/// An upgrade of some hosts, with its own journal.
fn upgrade(world: &World, hosts: &[&str], version: &str, fault: Option<(usize, &str)>) -> Ran {
    let (file, hosts) = (format!("to-{version}.yaml"), hosts.join(","));
    let journal = world.path(&format!("{hosts}.jsonl")).display().to_string();
    let arguments = ["upgrade", &file, "--rolling", "--yes", "--host", &hosts, "--journal", &journal];
    let Some((line, script)) = fault else { return world.run(&arguments) };
    let (line, mark) = (line.to_string(), world.path(&format!("{hosts}.mark")));
    fs::remove_file(&mark).unwrap_or_default();
    let script = format!("touch {}; {script}", mark.display());
    let ran = world.run_with(&arguments, &[("PRYVCTL_FAIL_AT", &line), ("PRYVCTL_FAIL_DO", &script)]);
    assert!(mark.exists(), "line {line} was not reached:\n{}", ran.said());
    ran
}

/// The number of lines of a whole run that say what is done next. Between what was done and what is next nothing happens.
fn lines(world: &World, hosts: &[&str], version: &str) -> usize {
    upgrade(world, hosts, version, None).ends_with(0);
    let journal = fs::read_to_string(world.path(&format!("{}.jsonl", hosts.join(",")))).unwrap();
    let lines = what_is_next(&journal);
    let last = lines.last().unwrap();
    lines.iter().filter(|line| line["run"] == last["run"]).count()
}

/// One more run, and the hosts are where they should be with nothing left over.
#[track_caller]
fn converge(world: &World, hosts: &[&str], version: &str) -> Ran {
    let ran = upgrade(world, hosts, version, None).ends_with(0);
    at(world, hosts, version);
    ran
}

fn killed(world: &World, pair: [&str; 2], line: usize, first_is_done: bool) {
    let [first, _] = pair;
    let version = target(world, first);
    let ran = upgrade(world, &pair, version, Some((line, "kill -9 $PPID")));
    assert_eq!(ran.code, -1, "it was not killed at line {line}:\n{}", ran.said());
    let ran = converge(world, &pair, version);
    if first_is_done {
        ran.says(&format!("{first} unchanged"));
    }
}

fn cut_off(world: &World, host: &str, line: usize) {
    let version = target(world, host);
    let container = world.container(host);
    let cut = world.path("cut.nft").display().to_string();
    let script = format!(
        "docker exec -i {container} nft -f - < {cut}; \
         (sleep {CUT_SECONDS}; docker exec {container} nft delete table inet cut) >/dev/null 2>&1 &"
    );
    let ran = upgrade(world, &[host], version, Some((line, &script)));
    assert!([0, 5, 8].contains(&ran.code), "cut off at line {line}: {}\n{}", ran.code, ran.said());
    world.on(host, "timeout 60 sh -c 'while nft list table inet cut >/dev/null 2>&1; do sleep 0.2; done'");
    converge(world, &[host], version);
}

fn restarted(world: &World, host: &str, line: usize) {
    let version = target(world, host);
    let script = format!("docker restart --time 0 {} >/dev/null", world.container(host));
    let ran = upgrade(world, &[host], version, Some((line, &script)));
    assert!([0, 5, 8].contains(&ran.code), "restarted at line {line}: {}\n{}", ran.code, ran.said());
    // In its first moments systemd does not answer, and so does not wait either.
    let booted = "until systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; do sleep 0.1; done";
    world.on(host, &format!("timeout 90 sh -c \"{booted}\""));
    clean_of_twins(world, host);
    converge(world, &[host], version);
}

/// Two containers may run for a while; a port leads to one of them only.
fn clean_of_twins(world: &World, host: &str) {
    let led = world.on(host, "nft list map inet pryvctl_services services | grep -c 'tcp . 8080' || true");
    assert_eq!(led.trim(), "1", "on {host}");
}

//! Looking into containers from outside: their logs, and commands in them; over both logins and on both distributions.

mod exec;

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use super::{direct::Direct, guard::until, rolling::OLD, trouble_login::sudo_password_file, world::World};
use crate::terminal::harmless;

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

/// Two services that say what they are told to say.
const ROLE: &str = r#"
x-talk: &talk
  image: ${REGISTRY}/pryvio/core:1.9.2
  entrypoint: ["sh", "-c", "echo here; exec sleep infinity"]
  networks: [frontend]
  init: true
  healthcheck: { test: ["CMD", "true"], interval: 1s, timeout: 5s, retries: 9 }
  stop_grace_period: 2s
  deploy: { update_config: { order: start-first, monitor: 0s } }
services:
  left: *talk
  right: *talk
networks: { frontend: {} }
x-pryvctl:
  title: Two who talk
  needs: { memory: 100MB, cpus: 1 }
"#;

/// Longer than anything takes on a busy machine.
const BOUND: Duration = Duration::from_secs(60);

#[test]
fn containers_are_looked_into() {
    let world = World::up("logs", INVENTORY);
    world.write("roles/talk/compose.yaml", ROLE);
    let sudo = format!("user: admin, {}", sudo_password_file(&world));
    let talk = Direct::new(&world, "talk", OLD).roles("talk").ssh("two", &sudo);
    talk.install().ends_with(0);
    let swapped = Direct::new(&world, "swapped", OLD).roles("talk").ssh("one", &sudo);
    swapped.write();
    for inventory in ["talk.yaml", "swapped.yaml"] {
        for host in ["one", "two"] {
            exec::streams_and_code_are_passed_on(&world, inventory, host);
        }
    }
    logs_are_merged_in_order_of_time(&world);
    what_is_not_wanted_is_left_out(&world);
    long_and_hostile_lines(&world);
    new_lines_are_followed(&world);
    exec::a_terminal_is_lent(&world, "one");
    exec::a_terminal_is_lent(&world, "two");
    exec::whoever_leaves_ends_it(&world);
    what_does_not_run_is_named(&world);
}

/// Lets a service say something.
fn say(world: &World, host: &str, service: &str, what: &str) {
    world.on(host, &format!("docker exec trial_{service}_a sh -c '{what} >/proc/1/fd/1'"));
}

/// The lines of a log but for the first words of each service.
fn log(world: &World, arguments: &[&str]) -> Vec<String> {
    let ran = world.run(&[&["logs", "talk.yaml"], arguments].concat()).ends_with(0);
    ran.stdout.lines().filter(|line| !line.ends_with("here")).map(ToOwned::to_owned).collect()
}

fn logs_are_merged_in_order_of_time(world: &World) {
    say(world, "one", "left", "echo first");
    say(world, "two", "right", "echo second");
    say(world, "one", "right", "echo third");
    say(world, "two", "left", "echo fourth");
    say(world, "one", "left", "echo fifth");
    let expected = [
        "one left  | first",
        "two right | second",
        "one right | third",
        "two left  | fourth",
        "one left  | fifth",
    ];
    assert_eq!(log(world, &["*"]), expected);
    assert_eq!(log(world, &["one,two", "l*"]), ["one left | first", "two left | fourth", "one left | fifth"]);
    assert_eq!(log(world, &["t?o"]), ["two right | second", "two left  | fourth"]);
    assert_eq!(log(world, &["one", "left"]), ["first", "fifth"]);
    let said = world.run(&["logs", "talk.yaml", "one", "left"]).ends_with(0).stdout;
    assert!(said.starts_with("here\n"), "{said}");
    // A busy sshd says how the script ended before it sends the last of what it printed.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..10).for_each(|_| assert_eq!(log(world, &["*"]), expected)));
        }
    });
}

fn what_is_not_wanted_is_left_out(world: &World) {
    assert_eq!(log(world, &["one", "left", "--tail", "1"]), ["fifth"]);
    let now = world.on("one", "date -u +%Y-%m-%dT%H:%M:%S.%NZ");
    say(world, "one", "right", "echo sixth");
    assert_eq!(log(world, &["one", "--since", now.trim()]), ["one right | sixth"]);
    assert_eq!(log(world, &["one", "--since", "1h"]).len(), 4);
    let timed = log(world, &["one", "right", "--tail", "1", "-t"]);
    let (time, _) = timed[0].split_once(' ').unwrap();
    assert!(now.trim() < time && time.len() == "2026-11-29T10:00:00.000000000Z".len(), "{timed:?}");
    // What is kept for the way back has a label, and does not serve.
    let image = "$(docker inspect --format '{{.Config.Image}}' trial_left_a)";
    let labels = "--label pryvctl.platform=trial --label pryvctl.service=left --label pryvctl.slot=b";
    world.on("one", &format!("docker run --name trial_left_b {labels} --entrypoint echo {image} kept"));
    assert_eq!(log(world, &["one", "left", "--since", now.trim()]), [""; 0]);
    assert_eq!(log(world, &["one", "left", "--since", now.trim(), "--all"]), ["one left_b | kept"]);
    world.on("one", "docker rm trial_left_b; docker run --rm --name stranger --entrypoint echo $(docker inspect --format '{{.Config.Image}}' trial_left_a) strange");
}

fn long_and_hostile_lines(world: &World) {
    for host in ["one", "two"] {
        // Docker's `tail` would count the parts of a line.
        let now = world.on(host, "date -u +%Y-%m-%dT%H:%M:%S.%NZ");
        say(world, host, "left", "(printf \"%0100000d\" 1; printf \"\\033[2K\\r\\n\")");
        let lines = log(world, &[host, "left", "--since", now.trim()]);
        let expected = format!("{}... (100005 bytes)", "0".repeat(16 << 10));
        assert!(lines == [expected], "{host}: {} lines, the last is {:?}", lines.len(), lines.last());
        say(world, host, "left", "printf \"a\\033[2Kb\\n\"");
        let ran = world.run(&["logs", "talk.yaml", host, "--tail", "1"]).ends_with(0);
        harmless(host, ran.stdout.as_bytes());
        assert!(ran.stdout.contains("left  | a\\x1b[2Kb"), "{}", ran.stdout);
    }
}

/// A run whose stdout is read as it comes.
struct Reading {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Reading {
    fn start(world: &World, arguments: &[&str]) -> Self {
        let mut child = world.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "it ended");
        line.trim_end().to_owned()
    }

    /// Ctrl-C.
    fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

fn new_lines_are_followed(world: &World) {
    let mut log = Reading::start(world, &["logs", "talk.yaml", "*", "right", "-f", "--tail", "1"]);
    assert_eq!([log.line(), log.line()].map(|line| line.contains(" right | ")), [true, true]);
    for (host, what) in [("two", "seventh"), ("one", "eighth"), ("two", "ninth")] {
        say(world, host, "right", &format!("echo {what}"));
        assert_eq!(log.line(), format!("{host} right | {what}"));
    }
    assert_eq!(log.interrupt(), None, "Ctrl-C ends it");
    // Of the second nothing more is said, so that only the closed pipe can tell.
    for order in ["'*'", "one right -f --tail 1"] {
        let line = format!(
            "'{}' logs talk.yaml {order} | head -n 1; exit ${{PIPESTATUS[0]}}",
            env!("CARGO_BIN_EXE_pryvctl")
        );
        let mut bash = Command::new("timeout");
        bash.args(["60", "bash", "-c", &line]).current_dir(world.path("")).stdin(Stdio::null());
        let output = bash.output().unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
        assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1);
    }
    for host in ["one", "two"] {
        until(BOUND, || world.on(host, "grep -lsx perl /proc/[0-9]*/comm || true").is_empty());
    }
}

fn what_does_not_run_is_named(world: &World) {
    let exec = |host: &str| world.run(&["exec", "talk.yaml", host, "right", "--", "true"]);
    world.on("one", "docker stop trial_right_a; docker rename trial_right_a away");
    exec("one").ends_with(5).says("one: no container of `right` runs: away is exited");
    assert!(log(world, &["one", "right", "--tail", "1"])[0].contains("eighth"));
    world.on("one", "docker rm away");
    exec("one").ends_with(5).says("one: there is no container of `right`").says("pryvctl install");
    world
        .run(&["logs", "talk.yaml", "*", "right", "--tail", "1"])
        .ends_with(5)
        .says("two right | ninth")
        .says("there is no container of `right`");
    world.on("two", "systemctl stop docker.socket docker.service");
    exec("two").ends_with(8).says("two: docker: dockerd is not running").says("systemctl status docker");
    world.run(&["logs", "talk.yaml", "two"]).ends_with(8).says("two: docker: dockerd is not running");
}

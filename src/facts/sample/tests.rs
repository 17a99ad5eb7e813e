use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use super::*;
use crate::model::size::Bytes;

const QUIET: &str = include_str!("tests/quiet.txt");

#[test]
fn a_sample_is_read() {
    let sample = read(QUIET).unwrap();
    assert_eq!(sample.load, [3.02, 3.15, 2.99]);
    assert_eq!(sample.cpu, Ticks { user: 203_118, system: 94_508, idle: 604_225, iowait: 2816, steal: 171 });
    assert_eq!(sample.memory.available, Bytes(22_256_016 * 1024));
    assert_eq!(sample.pressure["io"], Pressure { some: 36_806_242, full: 18_409_570 });
    assert_eq!(sample.disks["vda"].written, Bytes(65_604_440 * 512));
    assert_eq!(sample.disks["vda"].busy, 69_152);
    assert_eq!(sample.interfaces.keys().collect::<Vec<_>>(), ["eth0"]);
    assert_eq!(sample.interfaces["eth0"].sent.packets, 11_525);
    let odd = &sample.filesystems[&PathBuf::from("/mnt/a b")];
    assert_eq!((odd.size, odd.free, odd.inodes), (Bytes(1000), Bytes(400), 0));
}

#[test]
fn a_container_is_known_by_its_name() {
    let containers = read(QUIET).unwrap().containers.unwrap();
    let serving = &containers["acme_core_a"];
    assert_eq!((serving.health.as_deref(), serving.cpu), (Some("healthy"), Some(1_500_000)));
    assert_eq!(serving.memory, Some(Bytes(52_428_800)));
    let kept = &containers["acme_core_b"];
    assert_eq!((kept.state.as_str(), kept.health.as_ref(), kept.cpu), ("exited", None, None));
}

#[test]
fn control_groups_of_version_1_say_the_same() {
    let group = "system.slice/docker-4f1c";
    let old = QUIET
        .replace(&format!("/sys/fs/cgroup/{group}"), &format!("/sys/fs/cgroup/cpuacct/{group}"))
        .replace("/cpu.stat:usage_usec 1500000", "/cpuacct.usage:1500000999")
        .replace("/memory.current", "/memory.usage_in_bytes");
    assert_eq!(read(&old).unwrap().containers, read(QUIET).unwrap().containers);
}

#[test]
fn a_host_without_docker_or_pressure_is_read() {
    let bare = |line: &&str| !line.starts_with("docker:") && !line.starts_with("/proc/pressure");
    let text = QUIET.lines().filter(bare).collect::<Vec<_>>().join("\n");
    let sample = read(&text).unwrap();
    assert_eq!((sample.containers, sample.pressure.len()), (None, 0));
}

#[test]
fn what_is_not_understood_or_missing_is_said() {
    let without =
        |part: &str| QUIET.lines().filter(|line| !line.contains(part)).collect::<Vec<_>>().join("\n");
    assert_eq!(read(&without("uptime")).unwrap_err(), "the host did not say its uptime");
    assert_eq!(read(&without("meminfo")).unwrap_err(), "the host did not say its memory");
    let odd = QUIET.replace("MemTotal:", "MemTotol:");
    insta::assert_snapshot!(read(&odd).unwrap_err(), @"/proc/meminfo is not understood: `MemTotol:       24684092 kB`");
}

#[test]
fn docker_is_asked_for_containers_of_the_platform_alone() {
    let script = script(&"acme".parse().unwrap());
    assert!(script.contains("pryvctl.platform%3Dacme"), "{script}");
}

#[test]
fn restarts_are_those_that_docker_counts() {
    let id = "4f1c000000000000000000000000000000000000000000000000000000000000";
    let text = format!("{QUIET}restarts:{id} 7\n");
    let containers = read(&text).unwrap().containers.unwrap();
    assert_eq!((containers["acme_core_a"].restarts, containers["acme_core_b"].restarts), (Some(7), None));
}

/// Which containers are asked for is decided on the host.
#[test]
fn a_container_that_began_a_moment_ago_is_asked_for_its_restarts() {
    let id = |digit: char| digit.to_string().repeat(64);
    let container = |digit, status: &str| {
        format!(
            r#"{{"Id":"{}","Names":["/x"],"State":"running","Labels":{{"a":"\"Status\":\"Restarting"}},"Status":"{status}"}}"#,
            id(digit)
        )
    };
    let listed = [
        container('a', "Up 5 minutes (healthy)"),
        container('b', "Restarting (1) 2 seconds ago"),
        container('c', "Up Less than a second"),
        container('d', "Exited (0) 3 seconds ago"),
        container('e', "Up 59 seconds (health: starting)"),
    ];
    let listed = format!("[{}]", listed.join(","));
    let functions = SCRIPT.split("while read -r _; do").next().unwrap();
    let fake = r#"api() { case $1 in list) cat;; *) echo '{"Id":"x","RestartCount":4,"x":1}';; esac; }"#;
    let script = format!("{functions}\n{fake}\ncontainers=list\nof_docker");
    let mut sh = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    sh.stdin.take().unwrap().write_all(listed.as_bytes()).unwrap();
    let said = String::from_utf8(sh.wait_with_output().unwrap().stdout).unwrap();
    let (list, restarts) = said.split_once('\n').unwrap();
    assert_eq!(list, format!("docker:{listed}"));
    let wanted = ['b', 'c', 'e'].map(|digit| format!("restarts:{} 4\n", id(digit)));
    assert_eq!(restarts, wanted.concat());
}

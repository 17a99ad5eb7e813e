//! What is on a host, so that two moments can be compared: files, ruleset, containers.

use std::collections::BTreeSet;

use super::world::World;

/// Everything but what a running system writes by itself.
const FILES: &str = "find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /dev \
    -o -path /var/log -o -path /var/lib/docker -o -path /var/lib/containerd -o -path /var/lib/systemd \
    -o -path /var/cache -o -path /var/tmp -o -path /var/lib/apt \\) -prune \
    -o -printf '%p %y %m %U:%G %s %T@ %l\\n' | sort";

/// All files with mode, owner, size and time.
pub fn files(world: &World, host: &str) -> Vec<String> {
    world.on(host, FILES).lines().map(str::to_owned).collect()
}

/// Where dpkg and its helpers write down what they did, whatever came of it.
const BOOKS: [&str; 3] = ["/var/lib/dpkg", "/var/lib/ucf", "/var/lib/pam"];

/// All files, those of /etc by what is in them and not by when that was written; folders without their times. Packages and
/// accounts have listings of their own.
pub fn settings(world: &World, host: &str) -> Vec<String> {
    let mut listing: Vec<String> = files(world, host)
        .into_iter()
        .filter(|line| !line.starts_with("/etc/") && !BOOKS.iter().any(|books| line.starts_with(books)))
        .map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [path, "d", rights, owner, ..] => format!("{path} d {rights} {owner}"),
            _ => line,
        })
        .collect();
    let etc = "find /etc -printf '%p %y %m %U:%G %l\\n'
        find /etc -type f -not -regex '/etc/g?\\(passwd\\|shadow\\|group\\)-?' -exec sha256sum {} +";
    listing.extend(world.on(host, etc).lines().map(str::to_owned));
    listing
}

/// The whole ruleset, without counters and without who logged in lately.
pub fn ruleset(world: &World, host: &str) -> String {
    world.on(host, "command -v nft >/dev/null && nft -s list ruleset | sed '/set ssh_rate/,/^\\t}/d' || true")
}

/// Containers with their ids and starting times.
pub fn containers(world: &World, host: &str) -> String {
    let script = "command -v docker >/dev/null || exit 0; \
        docker ps -aq --no-trunc | sort | xargs -r docker inspect -f '{{.Id}} {{.Name}} {{.State.StartedAt}}'";
    world.on(host, script)
}

/// What is in one listing and not in the other, with a sign.
pub fn difference(before: &[String], after: &[String]) -> Vec<String> {
    let [old, new] = [before, after].map(BTreeSet::from_iter);
    let gone = old.difference(&new).map(|line| format!("- {line}"));
    gone.chain(new.difference(&old).map(|line| format!("+ {line}"))).collect()
}

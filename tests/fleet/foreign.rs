//! Things on a host that are not ours, so that it can be seen whether they are left alone.

use super::world::World;

/// Puts a container, a table, a file of sshd and a key of `daemon.json` on a host. `note` is in the container's labels,
/// log and environment.
pub fn plant(world: &World, host: &str, note: &str) {
    world.on(host, "echo '{ \"shutdown-timeout\": 21 }' >/etc/docker/daemon.json && systemctl reload docker");
    world.on(host, "echo 'LoginGraceTime 77' >/etc/ssh/sshd_config.d/50-site.conf");
    let rules = "add table inet site; add set inet site seen { type ipv4_addr; }; \
        add element inet site seen { 192.0.2.7 }; \
        add chain inet site watch { type filter hook input priority 5; policy accept; }; \
        add rule inet site watch ip saddr @seen counter drop";
    world.on(host, &format!("nft '{rules}'"));
    let libraries = "$(ldd /bin/sleep | grep -o '/[^ ]*' | sed s,^/,,)";
    world.on(
        host,
        &format!(
            "set -e; tar -chC / bin/sh bin/sleep {libraries} | docker import - site/sleeper:1; \
             docker run -d --name sleeper -e NOTE={note} --label note={note} site/sleeper:1 \
             sh -c 'echo {note}; exec sleep 100000'"
        ),
    );
}

/// All of it as it is now; also that the container was neither replaced nor restarted.
pub fn picture(world: &World, host: &str) -> String {
    let of_container = "{{.Id}} {{.State.StartedAt}} {{.State.Pid}} {{json .Config}} {{json .HostConfig}} \
        {{json .Mounts}} {{json .NetworkSettings.Networks}}";
    let daemon: serde_json::Value =
        serde_json::from_str(&world.on(host, "cat /etc/docker/daemon.json")).unwrap();
    let rest = world.on(
        host,
        &format!(
            "set -e; docker inspect -f '{of_container}' sleeper; docker inspect -f '{{{{.Id}}}}' site/sleeper:1; \
             nft -s list table inet site; \
             cd /etc/ssh/sshd_config.d; stat -c '%n %a %u %g %y' 50-site.conf; cat 50-site.conf"
        ),
    );
    format!("{rest}shutdown-timeout {}", daemon["shutdown-timeout"])
}

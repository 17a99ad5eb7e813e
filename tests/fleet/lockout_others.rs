//! What somebody else did to the login: pryvctl says what, and what to do about it, and changes nothing.

use super::{
    guard::{gateways, inventory},
    lockout::{Cause, Place, Trial},
};

/// What somebody did to a host, how it is undone, and how `harden` ends there.
#[derive(Clone, Copy)]
pub struct Deed {
    done: &'static str,
    undone: &'static str,
    /// Who logs in.
    user: &'static str,
    code: i32,
    says: [&'static str; 2],
}

/// Nobody gets in any more: it is said why.
const fn cut(done: &'static str, undone: &'static str, says: [&'static str; 2]) -> Deed {
    Deed { done, undone, user: "root", code: 8, says }
}

const DEEDS: [(&str, Deed); 9] = [
    (
        "somebody stopped sshd",
        cut("systemctl stop ssh", "systemctl start ssh", ["nothing listens on port 22", "that sshd runs"]),
    ),
    (
        "somebody drops our packets",
        cut(
            "nft 'table inet site { chain c { type filter hook input priority 5; policy drop; }; }'",
            "nft delete table inet site",
            ["gave no answer to the TCP connection within 5 s", "let this machine reach port 22"],
        ),
    ),
    (
        "somebody removed our key",
        cut(
            "cp -p /root/.ssh/authorized_keys /run/keys; rm /root/.ssh/authorized_keys",
            "cp -p /run/keys /root/.ssh/authorized_keys",
            ["login as `root` refused", "~/.ssh/authorized_keys"],
        ),
    ),
    (
        "somebody opened the home to everyone",
        cut(
            "stat -c %a /root > /run/mode; chmod 777 /root",
            "chmod $(cat /run/mode) /root",
            ["login as `root` refused", "nobody else may write there"],
        ),
    ),
    (
        "somebody let the account expire",
        cut(
            "cp -p /etc/shadow /run/shadow; chage -E 1 root",
            "cp -p /run/shadow /etc/shadow",
            ["login as `root` refused", "`chage -l`"],
        ),
    ),
    (
        "somebody let the password expire",
        cut(
            "cp -p /etc/shadow /run/shadow; chage -d 0 root",
            "cp -p /run/shadow /etc/shadow",
            ["Your password has expired", "`chage -M 99999"],
        ),
    ),
    (
        "somebody gave us nologin as a shell",
        cut(
            "cp -p /etc/passwd /run/passwd; sed -i '/^root:/s,[^:]*$,/usr/sbin/nologin,' /etc/passwd",
            "cp -p /run/passwd /etc/passwd",
            ["This account is currently not available", "POSIX login shell"],
        ),
    ),
    (
        "somebody wrote into hosts.deny",
        cut(
            "cp -p /etc/hosts.deny /run/deny; echo sshd: ALL >> /etc/hosts.deny",
            "cp -p /run/deny /etc/hosts.deny",
            ["broke off the SSH handshake", "/etc/hosts.deny"],
        ),
    ),
    (
        "somebody broke the configuration of sshd",
        Deed {
            code: 4,
            ..cut(
                "echo NoSuchWord > /etc/ssh/sshd_config.d/50-site.conf",
                "rm /etc/ssh/sshd_config.d/50-site.conf",
                ["sshd: found unreadable: /etc/ssh/sshd_config.d/50-site.conf", "names the line"],
            )
        },
    ),
];

/// All of them.
pub fn trials() -> Vec<Trial> {
    DEEDS.map(|(name, deed)| Trial { name, cause: Cause::Others(deed) }).into()
}

/// Somebody does it; `harden` says so and leaves the host alone.
pub fn run(Place { world, host }: Place, deed: &Deed) -> String {
    world.on(host, deed.done);
    let file = format!("{host}.yaml");
    inventory(world, &file, &gateways(world), &[(host, world.addresses(host).0)]);
    let text = std::fs::read_to_string(world.path(&file)).unwrap();
    world.write(&file, &text.replace("ssh: {", &format!("ssh: {{ user: {},", deed.user)));
    let ran = world.run(&["harden", &file, "--yes", "--window", "10s"]);
    world.on(host, deed.undone);
    let [what, way_out] = deed.says;
    ran.ends_with(deed.code).says(what).says(way_out);
    format!("named: {what}")
}

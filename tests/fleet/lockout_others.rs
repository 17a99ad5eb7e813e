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

/// sshd was told and does not know it yet: our own reload would be what locks us out.
const fn told(done: &'static str, says: [&'static str; 2]) -> Deed {
    Deed { done, undone: "rm /etc/ssh/sshd_config.d/50-site.conf", user: "root", code: 4, says }
}

const DEEDS: [(&str, Deed); 15] = [
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
        told(
            "echo NoSuchWord > /etc/ssh/sshd_config.d/50-site.conf",
            ["sshd: found unreadable: /etc/ssh/sshd_config.d/50-site.conf", "names the line"],
        ),
    ),
    (
        "another tool's drop-in allows others only, from the next reload on",
        told(
            "echo 'AllowUsers nobodyhere' > /etc/ssh/sshd_config.d/50-site.conf",
            ["found AllowUsers nobodyhere", "add root to AllowUsers"],
        ),
    ),
    (
        "another tool's drop-in denies us, from the next reload on",
        told(
            "echo 'DenyUsers r*' > /etc/ssh/sshd_config.d/50-site.conf",
            ["found DenyUsers r*", "take root out of DenyUsers"],
        ),
    ),
    (
        "somebody moved sshd to another port, from the next reload on",
        told(
            "echo 'Port 2222' > /etc/ssh/sshd_config.d/50-site.conf",
            ["configured to listen on port 2222, not on 22", "`Port 22`"],
        ),
    ),
    (
        "somebody made sshd listen inside only, from the next reload on",
        told(
            "echo 'ListenAddress 127.0.0.1' > /etc/ssh/sshd_config.d/50-site.conf",
            ["configured to listen only on 127.0.0.1:22", "take `ListenAddress` out"],
        ),
    ),
    (
        "a Match block forces a command on us, from the next reload on",
        told(
            "printf 'Match User root\\n ForceCommand /bin/false\\n' > /etc/ssh/sshd_config.d/50-site.conf",
            ["found ForceCommand /bin/false", "keep ForceCommand away from root"],
        ),
    ),
    (
        "somebody switched sshd off at boot",
        Deed {
            code: 4,
            ..cut(
                "systemctl disable -q ssh.service ssh.socket",
                "systemctl enable -q ssh.service",
                ["sshd is not started at boot", "systemctl enable ssh"],
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
    let ran = world.run(&["harden", &file, "--yes", "--window", "24s"]);
    world.on(host, deed.undone);
    let [what, way_out] = deed.says;
    ran.ends_with(deed.code).says(what).says(way_out);
    format!("named: {what}")
}

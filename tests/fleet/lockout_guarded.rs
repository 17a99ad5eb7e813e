//! Changes that cut the login, made by the guard over a real connection.

use std::{
    thread,
    time::{Duration, Instant},
};

use pryvctl::{
    change::{self, RoleRun, sshd::RELOAD},
    host::{
        Session as _,
        guard::{GuardError, Moment},
    },
    model::command::Command,
    plan::step::{SshdStep, Step, StepId, Undo},
};

use super::{
    guard::{WINDOW, late},
    guard_by_hand::{by_hand, open},
    lockout::{Cause, Place, Trial},
    outside::Family,
};

/// A change with its way back. `save` and `undo` run in the guard's folder.
#[derive(Clone, Copy)]
pub struct Cut {
    /// Who logs in.
    user: &'static str,
    save: &'static str,
    change: Change,
    undo: &'static str,
    /// The login that it must cut, whatever it does to the other.
    family: Family,
}

/// What is changed.
#[derive(Clone, Copy)]
pub enum Change {
    /// By a script.
    Script(&'static str),
    /// A drop-in of sshd that comes first.
    Sshd(&'static str),
    /// The rules of one chain in a table of its own.
    Rules(&'static str),
}

impl Change {
    fn script(self) -> String {
        match self {
            Self::Script(script) => script.to_owned(),
            Self::Sshd(lines) => {
                let file = "/etc/ssh/sshd_config.d/00-trial.conf";
                format!("printf '{lines}\\n' > {file}; chmod 600 {file}\n{RELOAD}")
            }
            Self::Rules(rules) => {
                format!(
                    "printf 'table inet trial {{\\nchain c {{\\n{rules}\\n}}\\n}}\\n' | /usr/sbin/nft -f -"
                )
            }
        }
    }
}

const fn script(save: &'static str, change: &'static str, undo: &'static str) -> Cut {
    Cut { user: "root", save, change: Change::Script(change), undo, family: Family::Four }
}

const fn sshd(lines: &'static str) -> Cut {
    let undo = "rm -f /etc/ssh/sshd_config.d/00-trial.conf; systemctl reload ssh";
    Cut { user: "root", save: "true", change: Change::Sshd(lines), undo, family: Family::Four }
}

const fn rules(rules: &'static str) -> Cut {
    Cut {
        user: "root",
        save: "true",
        change: Change::Rules(rules),
        undo: "/usr/sbin/nft delete table inet trial",
        family: Family::Four,
    }
}

const fn v6(cut: Cut) -> Cut {
    Cut { family: Family::Six, ..cut }
}

const fn admin(cut: Cut) -> Cut {
    Cut { user: "admin", ..cut }
}

const SAVE_USERS: &str = "cp -p /etc/passwd /etc/shadow /etc/group /etc/gshadow .";
const USERS_BACK: &str = "for file in passwd shadow group gshadow; do cp -p $file /etc/$file.trial && mv /etc/$file.trial /etc/$file; done";
const SAVE_KEYS: &str = "cp -a /root/.ssh keys";
const KEYS_BACK: &str = "rm -rf /root/.ssh; cp -a keys /root/.ssh";

const CUTS: [(&str, Cut); 56] = [
    // Packet filter and network.
    ("the port of SSH is not opened", rules("type filter hook input priority 0; policy drop; ct state established accept; iif lo accept")),
    ("a drop stands before the accept", rules("type filter hook input priority 0; tcp dport 22 ct state new drop; tcp dport 22 accept")),
    ("another table drops later", rules("type filter hook input priority 200; tcp dport 22 drop")),
    ("packets are dropped before any table of ours", rules("type filter hook prerouting priority -300; tcp dport 22 drop")),
    ("answers are not let out", rules("type filter hook output priority 0; tcp sport 22 drop")),
    ("new connections are dropped, as by a full connection table", rules("type filter hook input priority 0; ct state new drop")),
    ("large packets vanish (MTU)", rules("type filter hook input priority 0; meta length > 500 drop")),
    ("connections are reset", rules("type filter hook input priority 0; tcp dport 22 ct state new reject with tcp reset")),
    ("the port of SSH is closed to IPv6 alone", v6(rules("type filter hook input priority 0; meta nfproto ipv6 tcp dport 22 drop"))),
    ("the address of IPv6 is gone", v6(script("ip -o -6 address show dev eth0 scope global | awk \"{print \\$4}\" > address6; ip -6 route save > routes6", "ip -6 address flush dev eth0 scope global", "ip address add $(cat address6) dev eth0 nodad; ip route restore < routes6 2>/dev/null; ip -6 route | grep -q default"))),
    ("the port is redirected to another", rules("type nat hook prerouting priority -100; tcp dport 22 redirect to :9")),
    ("the way back to the admin network is a black hole", script("true", "ip route add blackhole $(echo $SSH_CLIENT | cut -d\" \" -f1)/32; true", "ip route del $(ip route | sed -n s/^blackhole.//p)")),
    ("no route is left, the default one neither", script("ip route save > routes", "ip route flush dev eth0", "ip route restore < routes")),
    ("the address is gone", script("ip -o -4 address show dev eth0 | awk \"{print \\$4, \\$6}\" > address; ip route save > routes", "ip -4 address flush dev eth0 scope global", "read address broadcast < address; ip address add $address broadcast $broadcast dev eth0; ip route restore < routes 2>/dev/null; ip route | grep -q default")),
    // sshd's directives.
    ("AllowUsers without us", sshd("AllowUsers nobodyhere")),
    ("AllowGroups without us", sshd("AllowGroups nobodyhere")),
    ("DenyUsers with us", sshd("DenyUsers root")),
    ("DenyGroups with us", sshd("DenyGroups root")),
    ("root may not log in", sshd("PermitRootLogin no")),
    ("keys are switched off", sshd("PubkeyAuthentication no")),
    ("keys are looked for elsewhere", sshd("AuthorizedKeysFile /nope/%%u")),
    ("a Match block switches keys off for us alone", sshd("Match User root\\n  PubkeyAuthentication no")),
    ("a Match block for our address wants a password", sshd("Match Address 0.0.0.0/0,::/0\\n  AuthenticationMethods password")),
    ("a second factor is asked for", sshd("AuthenticationMethods publickey,password")),
    ("sshd moves to another port", sshd("Port 2222")),
    ("sshd listens on IPv4 only", v6(sshd("AddressFamily inet"))),
    ("sshd listens inside only", sshd("ListenAddress 127.0.0.1")),
    ("our kind of key is not taken", sshd("PubkeyAcceptedAlgorithms rsa-sha2-512")),
    ("no key exchange in common", sshd("KexAlgorithms sntrup761x25519-sha512@openssh.com")),
    ("no cipher in common", sshd("Ciphers aes128-cbc")),
    ("a forced command", sshd("ForceCommand /bin/false")),
    ("a root folder that is not there", sshd("ChrootDirectory /nope")),
    ("sessions are not opened", sshd("MaxSessions 0")),
    ("one half-open login fills sshd", Cut { user: "root", save: "true", change: Change::Script("printf 'MaxStartups 1\\nLoginGraceTime 600\\nPerSourceMaxStartups none\\n' > /etc/ssh/sshd_config.d/00-trial.conf; systemctl reload ssh; sleep 0.5
        setsid bash -c 'exec 3<>/dev/tcp/127.0.0.1/22; echo $$ > /run/trial.pid; exec sleep 600' >/dev/null 2>&1 </dev/null &
        until [ -s /run/trial.pid ]; do sleep 0.1; done"), undo: "kill $(cat /run/trial.pid); rm -f /run/trial.pid /etc/ssh/sshd_config.d/00-trial.conf; systemctl reload ssh", family: Family::Four }),
    // sshd itself.
    ("a broken configuration and a restart", script("true", "echo NoSuchWord > /etc/ssh/sshd_config.d/00-trial.conf; systemctl restart ssh || true", "rm -f /etc/ssh/sshd_config.d/00-trial.conf; systemctl reset-failed ssh; systemctl restart ssh")),
    ("sshd is stopped", script("true", "systemctl stop ssh", "systemctl start ssh")),
    ("sshd is masked and stopped", script("true", "systemctl mask -q --now ssh", "systemctl unmask -q ssh; systemctl start ssh")),
    ("sshd may not be executed", script("true", "chmod 000 /usr/sbin/sshd; systemctl restart ssh || true", "chmod 755 /usr/sbin/sshd; systemctl reset-failed ssh; systemctl restart ssh")),
    ("the host keys are gone", script("mkdir hostkeys; cp -p /etc/ssh/ssh_host_* hostkeys", "rm /etc/ssh/ssh_host_*; systemctl restart ssh || true", "cp -p hostkeys/* /etc/ssh; systemctl reset-failed ssh; systemctl restart ssh")),
    ("the host keys are other ones", script("mkdir hostkeys; cp -p /etc/ssh/ssh_host_* hostkeys", "rm /etc/ssh/ssh_host_*; ssh-keygen -A; systemctl restart ssh", "cp -p hostkeys/* /etc/ssh; systemctl restart ssh")),
    // The account.
    ("our key is removed", script(SAVE_KEYS, "rm /root/.ssh/authorized_keys", KEYS_BACK)),
    ("another key stands in its place", script(SAVE_KEYS, "echo ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA > /root/.ssh/authorized_keys", KEYS_BACK)),
    ("our key is tied to another address", script(SAVE_KEYS, "sed -i \"s/^/from=\\\"198.51.100.7\\\" /\" /root/.ssh/authorized_keys", KEYS_BACK)),
    ("our key has expired", script(SAVE_KEYS, "sed -i \"s/^/expiry-time=\\\"20200101\\\" /\" /root/.ssh/authorized_keys", KEYS_BACK)),
    ("authorized_keys may be written by everyone (StrictModes)", script(SAVE_KEYS, "chmod 666 /root/.ssh/authorized_keys", KEYS_BACK)),
    ("authorized_keys belongs to another user", script(SAVE_KEYS, "chown -R nobody /root/.ssh", KEYS_BACK)),
    ("the home may be written by everyone (StrictModes)", script("stat -c %a /root > mode", "chmod 777 /root", "chmod $(cat mode) /root")),
    ("the home is missing", admin(script("true", "mv /home/admin /home/away", "mv /home/away /home/admin"))),
    ("the shell is nologin", script(SAVE_USERS, "sed -i \"/^root:/s,[^:]*$,/usr/sbin/nologin,\" /etc/passwd", USERS_BACK)),
    ("the shell is not there", script(SAVE_USERS, "sed -i \"/^root:/s,[^:]*$,/bin/nosuch,\" /etc/passwd", USERS_BACK)),
    ("the shell ends before it begins", script("cp -p /root/.bashrc bashrc", "sed -i \"1i exit 7\" /root/.bashrc", "cp -p bashrc /root/.bashrc.trial && mv /root/.bashrc.trial /root/.bashrc")),
    ("the account has expired", script(SAVE_USERS, "chage -E 1 root", USERS_BACK)),
    ("the password has expired (chage -d 0)", script(SAVE_USERS, "chage -d 0 root", USERS_BACK)),
    ("the account is gone", admin(script(SAVE_USERS, "sed -i /^admin:/d /etc/passwd /etc/shadow", USERS_BACK))),
    ("/etc/nologin", admin(script("true", "echo closed > /etc/nologin", "rm /etc/nologin"))),
    ("pam_access lets nobody in", script("cp -p /etc/pam.d/sshd /etc/security/access.conf .", "sed -i \"1i account required pam_access.so\" /etc/pam.d/sshd; echo -:ALL:ALL >> /etc/security/access.conf", "cp -p sshd /etc/pam.d/sshd; cp -p access.conf /etc/security/access.conf")),
];

/// More of the account, and what stands between login and root.
const RIGHTS: [(&str, Cut); 5] = [
    (
        "faillock has tripped",
        admin(script(
            "cp -p /etc/pam.d/sudo .",
            "{ echo 'auth required pam_faillock.so preauth deny=1 unlock_time=600'
            echo 'auth [success=1 default=bad] pam_unix.so'
            echo 'auth [default=die] pam_faillock.so authfail deny=1 unlock_time=600'
            echo 'auth required pam_permit.so'
            echo '@include common-account'; } > /etc/pam.d/sudo
            runuser -u admin -- sh -c 'echo wrong | sudo -S -k true' || true",
            "cp -p sudo /etc/pam.d/sudo; faillock --user admin --reset",
        )),
    ),
    (
        "hosts.deny",
        script(
            "[ ! -e /etc/hosts.deny ] || cp -p /etc/hosts.deny .",
            "echo sshd: ALL >> /etc/hosts.deny",
            "if [ -e hosts.deny ]; then cp -p hosts.deny /etc/hosts.deny; else rm -f /etc/hosts.deny; fi",
        ),
    ),
    ("sudo rights are gone", admin(script(SAVE_USERS, "gpasswd -d admin sudo", USERS_BACK))),
    (
        "sudo wants a terminal",
        admin(script("true", "echo Defaults requiretty > /etc/sudoers.d/trial", "rm /etc/sudoers.d/trial")),
    ),
    (
        "sudo is not there",
        admin(script("true", "mv /usr/bin/sudo /usr/bin/sudo.away", "mv /usr/bin/sudo.away /usr/bin/sudo")),
    ),
];

/// All of them.
pub fn trials() -> Vec<Trial> {
    let all = CUTS.iter().chain(&RIGHTS);
    all.map(|(name, cut)| Trial { name, cause: Cause::Guarded(*cut) }).collect()
}

/// Makes the change under guard; it must cut the login, and be taken back in time.
#[tokio::main(flavor = "current_thread")]
pub async fn run(Place { world, host }: Place<'_>, cut: &Cut) -> String {
    let connection = open(world, host, cut.user).await;
    let (moments, armed) = (std::cell::RefCell::new(Vec::new()), std::cell::Cell::new(Instant::now()));
    let ended = by_hand(world, host, &connection, &[cut.step()], |moment| {
        if moment == Moment::Armed {
            armed.set(Instant::now());
        }
        moments.borrow_mut().push(moment);
    })
    .await;
    let took = armed.get().elapsed();
    let reason = match ended.map(drop) {
        Err(GuardError::Healed { reason }) => reason,
        Ok(()) => panic!("it did not cut us off"),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(moments.into_inner(), [Moment::Armed, Moment::CutOff]);
    assert!(took <= WINDOW + late(), "{took:?}");
    format!("back after {:.1} s ({reason})", took.as_secs_f32())
}

/// Makes the change without the guard: the login stays cut.
#[tokio::main(flavor = "current_thread")]
pub async fn run_unguarded(Place { world, host }: Place<'_>, cut: &Cut) {
    let connection = open(world, host, cut.user).await;
    let begun = Instant::now();
    // It may cut its own answer off.
    let change = Command::root(cut.change.script());
    drop(tokio::time::timeout(Duration::from_secs(5), connection.exec(&change)).await);
    thread::sleep((WINDOW + late()).saturating_sub(begun.elapsed()));
    let reconnected = match cut.family {
        Family::Four => connection.reconnect().await,
        Family::Six => connection.reconnect6().await.unwrap(),
    };
    let usable = match &reconnected {
        Ok(fresh) => fresh.exec(&Command::root("true")).await.is_ok_and(|output| output.ok()),
        Err(_) => false,
    };
    assert!(!usable, "who took it back on {host}?");
}

impl Cut {
    fn step(&self) -> Step {
        let run = |script| change::Change::RoleRun(RoleRun::new(script));
        Step::safe(
            StepId::Sshd(SshdStep::Block),
            run(self.change.script()),
            Undo::change(run(self.undo.to_owned())),
        )
        .guarded(Command::root(self.save))
    }
}

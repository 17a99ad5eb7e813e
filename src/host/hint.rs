//! The way out of each fault, in words for an administrator.

use std::{io, net::SocketAddr};

use super::{
    error::{Fault, Stage},
    login::HUNG_UP,
};
use crate::model::inventory::TRIES;

impl Fault {
    pub(super) fn hint(&self) -> Option<String> {
        let text = match self {
            Self::HostKey(fault) => return Some(fault.hint()),
            Self::Identity(fault) => return Some(fault.hint()),
            Self::Sudo(fault) => return Some(fault.hint()),
            Self::Connect { address, source } => return Some(connect(*address, source)),
            Self::Silent { stage, address } => return Some(silent(*stage, *address)),
            Self::Flood { .. } => return None,
            Self::Handshake { .. } => {
                "a host that resets connections may be punishing failed logins (PerSourcePenalties, fail2ban): wait a \
                 minute; otherwise look at /etc/hosts.deny, and that sshd offers curve25519-sha256"
            }
            Self::Login { held_back, .. } if !held_back.is_empty() => return Some(one_key()),
            Self::Login { reason, .. } if reason.starts_with(HUNG_UP) => {
                "the key may be good and the account closed: look at `chage -l`, /etc/nologin and /etc/security/access.conf \
                 on the host; where several keys were tried, name only the one that is in ~/.ssh/authorized_keys in \
                 `ssh.identities`"
            }
            Self::Login { .. } => {
                "check `ssh.user` and `ssh.identities`, that the public key is in the user's ~/.ssh/authorized_keys, that \
                 nobody else may write there, and that AllowUsers, AllowGroups and the like let the user in"
            }
            Self::NotStarted { reason, .. } if reason.contains("expired") => {
                "on the host: `chage -M 99999 -E -1` and a new password for the user, or `usermod -p '*'`"
            }
            Self::NotStarted { .. } => {
                "give the user a POSIX login shell (`usermod -s /bin/sh`) and remove any ForceCommand"
            }
            Self::Channel { .. } => "raise `MaxSessions` in sshd_config to at least 10",
            Self::Lost { .. } => "run the same command again: it continues where it stopped",
            Self::TooLong { .. } => {
                "the host hangs or is overloaded; look at its load and disks, then run again"
            }
            Self::NoDocker => {
                "install the package docker-cli (Debian 13) or docker.io (Debian 12), or let `pryvctl install` do it"
            }
            Self::Docker { .. } => "look at `systemctl status docker` and `journalctl -u docker` on the host",
            Self::Sample { .. } => "the host needs the kernel's /proc, and `grep` and `df` of GNU",
            Self::Lock { .. } => "the host needs util-linux (`flock`) and a writable /run",
            Self::Locked { .. } => "wait until that run has ended; its lock ends with it",
            Self::StillRunning { .. } => {
                "wait until they have ended, then run the same command again; `ps -ef` on the host shows them"
            }
            Self::LockLost(_) => {
                "when no other run works on this host, run the same command again; it reads the host again"
            }
        };
        Some(text.to_owned())
    }
}

fn one_key() -> String {
    format!(
        "put the right key first in `ssh.identities`, because a hardened host hangs up after {TRIES} wrong keys; of a key that \
         only the ssh-agent has, name the public key file"
    )
}

fn connect(address: SocketAddr, source: &io::Error) -> String {
    if source.kind() != io::ErrorKind::ConnectionRefused {
        return "check the address in the inventory and the route to it".to_owned();
    }
    let port = address.port();
    format!(
        "the host is up, but nothing listens on port {port}: check `ssh.port` and that sshd runs; where `harden` is to move \
         sshd there, `ssh.initial_port` says from where"
    )
}

fn silent(stage: Stage, address: SocketAddr) -> String {
    let text = match stage {
        Stage::Connect => {
            let port = address.port();
            return format!(
                "check that the host is up and that firewalls on the way let this machine reach port {port}"
            );
        }
        Stage::Handshake => {
            "something accepts connections but does not speak SSH: a hanging host, a wrong port or a load balancer"
        }
        Stage::Login => {
            "slow logins come from DNS (`UseDNS`), PAM or a directory server; an agent may wait for a touch"
        }
        Stage::Start => {
            "the login shell's startup files (~/.bashrc) hang, or sudo waits for DNS: check that the host can resolve \
             its own name (/etc/hosts)"
        }
        Stage::Channel => "the host is overloaded or its disk is full; try a plain `ssh` login",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::{HostError, Loss};
    use super::*;

    /// What a person reads.
    fn told(fault: Fault) -> String {
        let error = HostError::new(&"core-1".parse().unwrap(), fault);
        format!("{error}\n  {}", error.hint().unwrap_or_default())
    }

    #[test]
    fn every_stage_names_the_host_and_the_way_out() {
        let address = "10.0.0.5:22".parse().unwrap();
        let stages = [Stage::Connect, Stage::Handshake, Stage::Login, Stage::Channel, Stage::Start];
        let told: Vec<_> = stages.map(|stage| told(Fault::Silent { stage, address })).into();
        insta::assert_snapshot!(told.join("\n"), @r#"
        core-1: 10.0.0.5:22 gave no answer to the TCP connection within 5 s
          check that the host is up and that firewalls on the way let this machine reach port 22
        core-1: 10.0.0.5:22 gave no answer in the SSH handshake within 10 s
          something accepts connections but does not speak SSH: a hanging host, a wrong port or a load balancer
        core-1: 10.0.0.5:22 gave no answer to the login within 15 s
          slow logins come from DNS (`UseDNS`), PAM or a directory server; an agent may wait for a touch
        core-1: 10.0.0.5:22 gave no answer to a new session channel within 30 s
          the host is overloaded or its disk is full; try a plain `ssh` login
        core-1: 10.0.0.5:22 gave no answer from the login shell or sudo within 30 s
          the login shell's startup files (~/.bashrc) hang, or sudo waits for DNS: check that the host can resolve its own name (/etc/hosts)
        "#);
    }

    #[test]
    fn every_refusal_names_the_way_out() {
        let (user, reason) = ("ann".to_owned(), "why".to_owned());
        let login = |held_back: &[&str]| Fault::Login {
            user: user.clone(),
            tried: "~/.ssh/id".to_owned(),
            held_back: held_back.iter().map(ToString::to_string).collect(),
            reason: String::new(),
        };
        let told = [
            login(&[]),
            login(&["~/.ssh/fourth", "~/.ssh/fifth"]),
            Fault::NotStarted { user: user.clone(), reason: reason.clone() },
            Fault::Lost { doing: "sending".to_owned(), reason: reason.clone() },
            Fault::NoDocker,
            Fault::Docker { reason: reason.clone() },
            Fault::Lock { reason },
            Fault::Locked { owner: "anna@laptop".to_owned(), since: "2026-11-21T10:00:00Z".to_owned() },
            Fault::StillRunning { what: vec!["apt-get -y install chrony (process 4711)".to_owned()] },
            Fault::LockLost(Loss::LetGo),
        ]
        .map(told);
        insta::assert_snapshot!(told.join("\n"), @r#"
        core-1: login as `ann` refused; tried ~/.ssh/id
          check `ssh.user` and `ssh.identities`, that the public key is in the user's ~/.ssh/authorized_keys, that nobody else may write there, and that AllowUsers, AllowGroups and the like let the user in
        core-1: login as `ann` refused; tried ~/.ssh/id, and did not try the keys ~/.ssh/fourth, ~/.ssh/fifth
          put the right key first in `ssh.identities`, because a hardened host hangs up after 3 wrong keys; of a key that only the ssh-agent has, name the public key file
        core-1: the login shell of `ann` ran nothing: why
          give the user a POSIX login shell (`usermod -s /bin/sh`) and remove any ForceCommand
        core-1: connection lost while sending: why
          run the same command again: it continues where it stopped
        core-1: the host has no `docker` command
          install the package docker-cli (Debian 13) or docker.io (Debian 12), or let `pryvctl install` do it
        core-1: docker: why
          look at `systemctl status docker` and `journalctl -u docker` on the host
        core-1: cannot use the lock /run/pryvctl/lock: why
          the host needs util-linux (`flock`) and a writable /run
        core-1: locked by anna@laptop since 2026-11-21T10:00:00Z
          wait until that run has ended; its lock ends with it
        core-1: commands of an earlier run still run on this host: apt-get -y install chrony (process 4711)
          wait until they have ended, then run the same command again; `ps -ef` on the host shows them
        core-1: the host released our lock because the connection was silent for too long; nothing more was changed here
          when no other run works on this host, run the same command again; it reads the host again
        "#);
    }
}

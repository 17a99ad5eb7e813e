//! The way out of each fault, in words for an administrator.

use std::{io, net::SocketAddr};

use super::error::{Fault, Stage};

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
                 minute; otherwise check that sshd offers curve25519-sha256"
            }
            Self::Login { .. } => {
                "check `ssh.user` and `ssh.identities`, and that the public key is in the user's ~/.ssh/authorized_keys"
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
            Self::Lock { .. } => "the host needs util-linux (`flock`) and a writable /run",
            Self::Locked { .. } => "wait until it is done; the lock ends with its session",
        };
        Some(text.to_owned())
    }
}

fn connect(address: SocketAddr, source: &io::Error) -> String {
    if source.kind() != io::ErrorKind::ConnectionRefused {
        return "check the address in the inventory and the route to it".to_owned();
    }
    let port = address.port();
    format!("the host is up, but nothing listens on port {port}: check `ssh.port` and that sshd runs")
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
            "sudo may be waiting for DNS: check that the host can resolve its own name (/etc/hosts)"
        }
        Stage::Channel => "the host is overloaded or its disk is full; try a plain `ssh` login",
    };
    text.to_owned()
}

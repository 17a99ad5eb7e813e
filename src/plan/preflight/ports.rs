//! Whether the ports of the services are free.

use std::collections::BTreeSet;

use crate::{
    facts::{Fact, Facts, port::Listener},
    model::desired::{Desired, Protocol},
    plan::finding::Finding,
};

pub(super) fn ports(desired: &Desired, facts: &Facts) -> Vec<Finding> {
    let endpoints = desired.services.iter().flat_map(|service| &service.endpoints);
    let wanted: BTreeSet<_> = endpoints.map(|endpoint| (endpoint.protocol, endpoint.port)).collect();
    wanted.into_iter().map(|(protocol, port)| port_free(desired, facts, protocol, port)).collect()
}

fn port_free(desired: &Desired, facts: &Facts, protocol: Protocol, port: u16) -> Finding {
    let name = format!("{port}/{}", protocol.as_str());
    let needed = format!("{name} free");
    let listeners = match &facts.listeners {
        Fact::Known(listeners) => listeners,
        Fact::Absent | Fact::Unreadable(_) => {
            let found = format!("listeners {}", unknown(&facts.listeners));
            return Finding::ok("port", found, needed).failure("run `ss -lntup` on the host");
        }
    };
    let published = facts.containers.known().is_some_and(|found| found.published.contains(&(protocol, port)));
    let clashes = |listener: &&Listener| {
        listener.protocol == protocol
            && listener.port == port
            && (listener.address.is_unspecified() || listener.address == desired.address)
            && !(published && listener.program.as_deref() == Some("docker-proxy"))
    };
    match listeners.iter().find(clashes) {
        None => Finding::ok("port", &needed, &needed),
        Some(listener) => {
            let program = listener.program.as_deref().unwrap_or("an unknown program");
            Finding::ok("port", format!("{name} held by {program}"), needed)
                .failure(remedy(program, &name, port))
        }
    }
}

fn unknown(listeners: &Fact<Vec<Listener>>) -> String {
    match listeners {
        Fact::Unreadable(why) => format!("unreadable: {why}"),
        Fact::Known(_) | Fact::Absent => "unknown".to_owned(),
    }
}

/// The kernel keeps 15 characters of a program's name.
fn remedy(program: &str, name: &str, port: u16) -> String {
    match program {
        "systemd-resolve" => {
            "put `DNSStubListener=no` into /etc/systemd/resolved.conf.d/stub.conf below `[Resolve]`, \
                              then `systemctl restart systemd-resolved`"
                .to_owned()
        }
        "docker-proxy" => format!("`docker ps --filter publish={name}` names the container; stop it"),
        "nginx" | "apache2" | "haproxy" | "caddy" | "named" | "dnsmasq" | "unbound" => {
            format!("`systemctl disable --now {program}`")
        }
        _ => format!("`ss -lntup 'sport = :{port}'` names the process; stop it and keep it from starting"),
    }
}

//! Whether a host can become what it must be: from facts to findings, and to the state the planner works on.

mod access;
pub mod break_glass;
mod capacity;
mod conntrack;
pub mod door;
mod engine;
mod judge;
mod others;
mod ports;
mod software;
mod stop;
mod system;
mod way;
mod written;

pub use system::ControllerClock;

use super::finding::{Finding, Verdict};
use crate::{
    facts::{
        Fact, Facts,
        docker::Docker,
        state::{Asleep, EngineState, HostState},
    },
    model::{desired::Desired, place},
};

/// What came out of looking at one host.
#[derive(Debug, Clone, PartialEq)]
pub struct Preflight {
    /// Everything that was checked, always in the same order.
    pub findings: Vec<Finding>,
    /// The host as the planner needs it; `None`: something it rests on is not known, and a finding says what.
    pub state: Option<HostState>,
}

impl Preflight {
    /// Adds what was found elsewhere; where a check fails, it is not called well any more.
    pub fn add(&mut self, finding: Finding) {
        self.findings.retain(|before| before.check != finding.check || before.verdict != Verdict::Ok);
        self.findings.push(finding);
    }
}

/// Judges a host. Without root's rights nothing else can be judged, so only that is said.
pub fn preflight(desired: &Desired, facts: &Facts, clock: &ControllerClock) -> Preflight {
    let rights = access::rights(desired, facts);
    if facts.rights.known().is_none_or(|rights| rights.uid != 0) {
        return Preflight { findings: vec![rights], state: None };
    }
    let mut findings = vec![
        rights,
        system::distribution(facts),
        system::kernel(facts),
        system::architecture(facts),
        system::systemd(facts),
        system::cgroup(facts),
        system::restart(facts),
        system::clock(facts, clock),
        capacity::cpus(desired, facts),
        capacity::memory(desired, facts),
    ];
    findings.extend(capacity::disks(desired, facts));
    findings.extend(ports::ports(desired, facts));
    findings.extend([access::sshd(facts), access::login(desired, facts)]);
    findings.extend(door::door(desired, facts));
    findings.extend([software::commands(facts), software::packages(facts), software::firewall(facts)]);
    findings.extend(conntrack::conntrack(facts));
    findings.extend(engine::checks(desired, facts));
    findings.extend(unknown(facts));
    findings.extend(written::written(desired, facts));
    let state = state(facts);
    findings.extend(state.iter().map(|state| way::uplink(desired, state)));
    findings.extend(state.iter().flat_map(|state| others::rules(desired, facts, state)));
    findings.extend(state.iter().flat_map(others::networks));
    Preflight { findings, state }
}

/// Facts that have no check of their own, but without which nothing can be planned.
fn unknown(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut look = |check, why: Option<String>, remedy: &str| {
        findings.extend(
            why.map(|why| Finding::ok(check, format!("unreadable: {why}"), "readable").failure(remedy)),
        );
    };
    look(
        "units",
        why(&facts.units),
        "run `systemctl show docker` on the host and repair what it complains of",
    );
    look("links", why(&facts.links), "run `cat /proc/net/dev /proc/net/route` on the host");
    look("files", why(&facts.files), "move away what stands in the file's place");
    look("folders", why(&facts.folders), "move away what stands in the folder's place");
    look(
        "places",
        why(&facts.places),
        "run `readlink -m` on the host with the data folder and repair what it complains of",
    );
    look("notes", why(&facts.notes), "look into the folder `.versions` in the data folder on the host");
    look("came-in", why(&facts.came_in), "look at `echo $SSH_CONNECTION` in a login");
    look("footing", why(&facts.footing), "run `iptables -S` and `iptables -t nat -S` on the host");
    look("hosts-file", why(&facts.hosts_file), "run `cat /etc/hosts` on the host");
    look(
        "release",
        why(&facts.release),
        &format!("remove {}; the way back to the last release goes with it", place::RELEASE),
    );
    look("daemon.json", why(&facts.daemon_json), "correct /etc/docker/daemon.json, or remove it");
    let controls = [
        ("virtualisation", why(&facts.virtualisation), "systemd-detect-virt"),
        ("sysctl", why(&facts.sysctl), "sysctl -a"),
        ("rights", why(&facts.limited), "stat /etc/passwd"),
        ("mounts", why(&facts.mounts), "cat /proc/self/mounts"),
        ("installed", why(&facts.installed), "dpkg-query -W"),
        ("algorithms", why(&facts.algorithms), "ssh -Q kex"),
        ("route", why(&facts.route6), "ip -6 route"),
        ("audit", why(&facts.audit), "auditctl -l"),
        ("traces", why(&facts.traces), "ls -l /etc/pam.d /boot/grub"),
        ("originals", why(&facts.originals), "ls -lR /var/lib/pryvctl/originals"),
    ];
    for (check, why, ask) in controls {
        look(check, why, &format!("run `{ask}` on the host and repair what it complains of"));
    }
    if let Fact::Known(Docker::Running { .. }) = facts.docker {
        let listing = "run `docker ps -a` on the host and look into `journalctl -u docker`";
        look("images", why(&facts.images), listing);
        look("networks", why(&facts.networks), listing);
        look("volumes", why(&facts.volumes), listing);
        look("containers", why(&facts.containers).or_else(|| why(&facts.foreign_containers)), listing);
    }
    findings
}

fn why<T>(fact: &Fact<T>) -> Option<String> {
    match fact {
        Fact::Unreadable(why) => Some(why.clone()),
        Fact::Known(_) | Fact::Absent => None,
    }
}

/// A fact that may say "absent", but must say something.
fn settled<T: Clone>(fact: &Fact<T>) -> Option<Option<T>> {
    match fact {
        Fact::Known(value) => Some(Some(value.clone())),
        Fact::Absent => Some(None),
        Fact::Unreadable(_) => None,
    }
}

fn state(facts: &Facts) -> Option<HostState> {
    let asleep = asleep(facts);
    let containers = told(&facts.containers, asleep)?;
    let notes = settled(&facts.notes)?.unwrap_or_default().into_iter().map(|(path, note)| (path, Some(note)));
    Some(HostState {
        os: facts.os.known()?.clone(),
        engine: if asleep.is_some() { Some(EngineState::default()) } else { engine(&facts.docker)? },
        asleep,
        footing: settled(&facts.footing)?,
        daemon_json: settled(&facts.daemon_json)?,
        files: notes.chain(facts.files.known()?.clone()).collect(),
        folders: facts.folders.known()?.clone(),
        places: containers.places.into_iter().chain(facts.places.known()?.clone()).collect(),
        came_in: settled(&facts.came_in)?,
        sshd: facts.sshd.known()?.clone(),
        tables: settled(&facts.tables)?.unwrap_or_default(),
        links: facts.links.known()?.clone(),
        conntrack: settled(&facts.conntrack)?.unwrap_or_default(),
        units: facts.units.known()?.clone(),
        networks: told(&facts.networks, asleep)?,
        volumes: told(&facts.volumes, asleep)?,
        images: told(&facts.images, asleep)?,
        containers: containers.states,
        foreign_containers: told(&facts.foreign_containers, asleep)?,
        commands: facts.commands.known()?.clone(),
        release: settled(&facts.release)?,
        written: written::state(facts),
        hosts_file: settled(&facts.hosts_file)?,
        virtualisation: settled(&facts.virtualisation)?,
        sysctl: settled(&facts.sysctl)?.unwrap_or_default(),
        rights: settled(&facts.limited)?.unwrap_or_default(),
        mounts: settled(&facts.mounts)?.unwrap_or_default(),
        installed: settled(&facts.installed)?,
        algorithms: settled(&facts.algorithms)?.unwrap_or_default(),
        route6: settled(&facts.route6)?,
        audit: settled(&facts.audit)?,
        traces: settled(&facts.traces)?.unwrap_or_default(),
        originals: settled(&facts.originals)?.unwrap_or_default(),
    })
}

/// What Docker tells; nothing while it sleeps.
fn told<T: Clone + Default>(fact: &Fact<T>, asleep: Option<Asleep>) -> Option<T> {
    match asleep {
        Some(_) => Some(T::default()),
        None => Some(settled(fact)?.unwrap_or_default()),
    }
}

/// Whether a Docker that does not answer can be woken. One that hangs is left to the administrator.
fn asleep(facts: &Facts) -> Option<Asleep> {
    let (Fact::Known(Docker::Silent(_)), Fact::Known(footing)) = (&facts.docker, &facts.footing) else {
        return None;
    };
    let unit = facts.units.known()?.get("docker.service")?;
    match (unit.exists && !unit.masked, footing.dockerd, footing.socket) {
        (false, _, _) | (true, true, true) => None,
        (true, false, _) => Some(Asleep::Stopped),
        (true, true, false) => Some(Asleep::Deaf),
    }
}

/// An engine without its command cannot be asked for its containers; it is planned for only where it has none.
fn engine(docker: &Fact<Docker>) -> Option<Option<EngineState>> {
    match settled(docker)? {
        None => Some(None),
        Some(Docker::Running { engine, .. } | Docker::NoCommand { engine, containers: 0 }) => {
            Some(Some(engine))
        }
        Some(Docker::NoCommand { .. } | Docker::Silent(_)) => None,
    }
}

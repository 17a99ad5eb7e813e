//! The tables at boot: files under `/etc/pryvctl` and units that load them before the network and Docker.
//!
//! These steps are not guarded and follow the guarded ones, so the boot file is written only after the new table was
//! confirmed: a reboot inside the window brings back the old one. Each table has a unit of its own: one that cannot be
//! loaded does not keep the other away.

use super::{
    file::{file, own},
    firewall,
    step::{FirewallStep, ServicesStep, Step, StepId, Undo},
};
use crate::{
    change::{Change, UnitNotAtBoot, UnitStart},
    facts::state::{HostState, UnitState},
    model::{
        command::filled,
        desired::Desired,
        place::{FIREWALL, FIREWALL_UNIT, SERVICES, SERVICES_UNIT},
    },
};

/// The unit of the filter table.
pub const UNIT: &str = "pryvctl-firewall.service";

/// The unit of the map of services.
pub const MAP_UNIT: &str = "pryvctl-services.service";

/// After the stock unit, because that one flushes everything when it starts; restarted and reloaded with it, because
/// then it flushes again. Without `ExecStop`: a stopped unit must not open the host.
fn unit(description: &str, after: &str, before: &str, runs: &[String]) -> String {
    let lines = |name: &str| runs.iter().map(|run| format!("{name}={run}\n")).collect::<String>();
    let places = [
        ("@DESCRIPTION@", description),
        ("@AFTER@", after),
        ("@BEFORE@", before),
        ("@STARTS@\n", &lines("ExecStart")),
        ("@RELOADS@\n", &lines("ExecReload")),
    ];
    filled(include_str!("boot/table.service"), places) + "\n"
}

/// Loads the table. Where it cannot be loaded and none stands, because its file is damaged, empty or gone, the host is
/// closed instead of open: administrators come in and find a unit that failed.
fn firewall_unit(desired: &Desired, state: &HostState) -> String {
    let stands = format!("/usr/sbin/nft list table inet {} >/dev/null 2>&1", firewall::TABLE);
    let closed = firewall::closed(desired, state);
    let load = format!(
        "/bin/sh -c '/usr/sbin/nft -j -f {FIREWALL} && {stands} || \
         {{ {stands} || /usr/sbin/nft \"{closed}\"; echo \"{FIREWALL} cannot be loaded\" >&2; exit 1; }}'"
    );
    unit("firewall", "", " ssh.service", &[load])
}

/// Loads the map, if there is one. Docker notices only at its own start that its rules are gone, so it is restarted where
/// it runs without any, however often it was started in the last minute; its containers live on.
fn map_unit() -> String {
    let docker = "-/bin/sh -c '/usr/sbin/nft list chains | grep -q \"nat hook prerouting priority dstnat;\" || \
                  ! systemctl -q is-active docker || { systemctl reset-failed docker; systemctl --no-block restart docker; }'";
    let load = format!("-/bin/sh -c '[ ! -e {SERVICES} ] || /usr/sbin/nft -f {SERVICES}'");
    unit("service map", " pryvctl-firewall.service", "", &[load, docker.to_owned()])
}

/// The steps that make the map of services come back at boot, also on a host that is hardened no more and still serves.
pub fn services(state: &HostState) -> Vec<Step> {
    let unit = file(StepId::Services(ServicesStep::Unit), &own(SERVICES_UNIT, map_unit(), 0o644), state);
    let start = start(StepId::Services(ServicesStep::Boot), MAP_UNIT, unit.is_some(), state);
    unit.into_iter().chain(start).collect()
}

/// The steps that make the tables come back at boot.
pub fn steps(desired: &Desired, state: &HostState) -> Vec<Step> {
    let table = own(FIREWALL, firewall::table(desired, state).document(), 0o600);
    let table = file(StepId::Firewall(FirewallStep::File), &table, state).map(|step| {
        // The table itself was explained when it was loaded.
        Step { why: vec![format!("{FIREWALL}: what was confirmed is loaded at boot")], ..step }
    });
    let unit = file(
        StepId::Firewall(FirewallStep::Unit),
        &own(FIREWALL_UNIT, firewall_unit(desired, state), 0o644),
        state,
    );
    let start = start(StepId::Firewall(FirewallStep::Boot), UNIT, unit.is_some(), state);
    // The map's own unit first: until then it is the other one that loads the map.
    services(state).into_iter().chain(table).chain(unit).chain(start).collect()
}

fn start(id: StepId, name: &'static str, changed: bool, state: &HostState) -> Option<Step> {
    let found: UnitState = state.system.units.get(name).copied().unwrap_or_default();
    if found.enabled && found.active && !changed {
        return None;
    }
    let word = |yes, is: &'static str, is_not: &'static str| if yes { is } else { is_not };
    let (enabled, active) =
        (word(found.enabled, "enabled", "not enabled"), word(found.active, "active", "not active"));
    let undo = if found.enabled {
        Undo::Nothing("it was enabled before")
    } else {
        Undo::change(Change::UnitNotAtBoot(UnitNotAtBoot(name)))
    };
    let step = Step::safe(id, Change::UnitStart(UnitStart(name)), undo);
    Some(step.because([format!("{name}: {enabled}, {active} -> enabled, active")]))
}

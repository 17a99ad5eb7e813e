//! The tables at boot: files under `/etc/pryvctl` and a unit that loads them before the network and Docker.
//!
//! These steps are not guarded and follow the guarded ones, so the boot file is written only after the new table was
//! confirmed: a reboot inside the window brings back the old one.

use super::{
    file::{file, own},
    firewall,
    step::{Action, Step, Undo},
};
use crate::{
    facts::state::{HostState, UnitState},
    model::{command::Command, desired::Desired, place},
};

/// The unit's name.
pub const UNIT: &str = "pryvctl-firewall.service";

/// After the stock unit, because that one flushes everything when it starts; restarted and reloaded with it, because
/// then it flushes again. Without `ExecStop`: a stopped unit must not open the host. Docker notices only at its own
/// start that its rules are gone, so it is restarted where it runs without any, however often it was started in the last
/// minute; its containers live on.
const UNIT_TEXT: &str = r#"# Written by pryvctl; changes are overwritten.
[Unit]
Description=pryvctl: firewall and service map
DefaultDependencies=no
After=local-fs.target nftables.service
Before=network-pre.target docker.service ssh.service
Wants=network-pre.target
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -j -f /etc/pryvctl/firewall.json
ExecStart=-/usr/sbin/nft -f /etc/pryvctl/services.nft
ExecStart=-/bin/sh -c '/usr/sbin/nft list chains | grep -q "nat hook prerouting priority dstnat;" || ! systemctl -q is-active docker || { systemctl reset-failed docker; systemctl --no-block restart docker; }'
ExecReload=/usr/sbin/nft -j -f /etc/pryvctl/firewall.json
ExecReload=-/usr/sbin/nft -f /etc/pryvctl/services.nft
ExecReload=-/bin/sh -c '/usr/sbin/nft list chains | grep -q "nat hook prerouting priority dstnat;" || ! systemctl -q is-active docker || { systemctl reset-failed docker; systemctl --no-block restart docker; }'

[Install]
WantedBy=sysinit.target
"#;

/// The step that lets the unit load the map of services alone, for a host that is hardened no more and still serves.
pub fn services_only(state: &HostState) -> Option<Step> {
    let without = |line: &&str| !line.contains(place::FIREWALL);
    let text: String = UNIT_TEXT.lines().filter(without).map(|line| format!("{line}\n")).collect();
    file("firewall.unit", &own(place::FIREWALL_UNIT, text, 0o644), state)
}

/// The steps that make the tables come back at boot.
pub fn steps(desired: &Desired, state: &HostState) -> Vec<Step> {
    let table = own(place::FIREWALL, firewall::table(desired, state).document(), 0o600);
    let table = file("firewall.file", &table, state).map(|step| {
        // The table itself was explained when it was loaded.
        Step { why: vec![format!("{}: what was confirmed is loaded at boot", place::FIREWALL)], ..step }
    });
    let unit = file("firewall.unit", &own(place::FIREWALL_UNIT, UNIT_TEXT, 0o644), state);
    let changed = unit.is_some();
    let found = state.units.get(UNIT).copied().unwrap_or_default();
    table.into_iter().chain(unit).chain(start(found, changed)).collect()
}

fn start(found: UnitState, changed: bool) -> Option<Step> {
    if found.enabled && found.active && !changed {
        return None;
    }
    let word = |yes, is: &'static str, is_not: &'static str| if yes { is } else { is_not };
    let (enabled, active) =
        (word(found.enabled, "enabled", "not enabled"), word(found.active, "active", "not active"));
    // It reads units again by itself.
    let script = format!("systemctl enable -q --now {UNIT}");
    let undo = if found.enabled {
        Undo::Nothing("it was enabled before")
    } else {
        Undo::Run(Command::root(format!("systemctl disable -q {UNIT}")))
    };
    let step = Step::safe("firewall.boot", Action::Run(Command::root(script)), undo);
    Some(step.because([format!("{UNIT}: {enabled}, {active} -> enabled, active")]))
}

//! The way out: what is ours goes, what is not stays, and data stays unless it was asked for.

use std::path::Path;

use super::{
    Plan, boot, cutover, firewall,
    leftover::{GRACE, Stopped, leftover},
    nftables::NFT,
    step::{Action, Step, Undo},
};
use crate::{
    facts::state::HostState,
    model::{
        command::{Command, quote},
        desired::Desired,
        place,
    },
};

/// What happens to named volumes. Folders of the host and what is in them always stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volumes {
    /// They stay, and a later install finds its data again.
    Keep,
    /// They are removed with everything in them.
    Remove,
}

/// The way from what is to a host without us. Packages, `daemon.json` and folders stay.
pub fn plan(desired: &Desired, state: &HostState, volumes: Volumes) -> Plan {
    let containers = state.containers.iter().flat_map(|found| leftover(found, Stopped::from(found), GRACE));
    let networks = state.networks.iter().filter(|(_, found)| found.ours).map(|(name, _)| network(name));
    let mut steps: Vec<Step> = containers.chain(networks).collect();
    match volumes {
        Volumes::Keep => {}
        Volumes::Remove => {
            let ours = desired.volumes.iter().filter(|name| state.volumes.contains(*name));
            steps.extend(ours.map(|name| volume(name)));
        }
    }
    steps.extend(desired.files.iter().filter_map(|file| removed(&file.path, state)));
    steps.extend(services(state));
    steps.extend(access(state));
    steps.extend(traces(desired, state));
    Plan { steps }
}

fn network(name: &str) -> Step {
    let script = format!("docker network rm {}", quote(name));
    let undo = Undo::Nothing("an install makes it again");
    Step::safe(format!("network.{name}"), Action::Run(Command::root(script)), undo)
        .because([format!("{name}: -> none")])
}

fn volume(name: &str) -> Step {
    let script = format!("docker volume rm {}", quote(name));
    let undo = Undo::Nothing("its data is gone, as asked");
    Step::safe(format!("volume.{name}"), Action::Run(Command::root(script)), undo)
        .because([format!("{name}: -> none, with everything in it")])
}

/// The step that removes a file, if it is there.
fn removed(path: &Path, state: &HostState) -> Option<Step> {
    removal(path, state, "")
}

/// The step that removes a file of our own, and its folder with the last of them.
fn removed_with_folder(path: &Path, state: &HostState) -> Option<Step> {
    let folder = path.parent()?.display().to_string();
    removal(path, state, &format!("; rmdir --ignore-fail-on-non-empty {}", quote(&folder)))
}

fn removal(path: &Path, state: &HostState, then: &str) -> Option<Step> {
    state.files.get(path)?.as_ref()?;
    let path = path.display().to_string();
    let undo = Undo::Nothing("an install writes it again");
    let action = Action::Run(Command::root(format!("rm -f {}{then}", quote(&path))));
    Some(Step::safe(format!("file.{path}"), action, undo).because([format!("{path}: -> none")]))
}

fn services(state: &HostState) -> Option<Step> {
    state.tables.get(cutover::table::TABLE)?;
    let script = format!("{NFT} delete table inet {}", cutover::table::TABLE);
    let undo = Undo::Nothing("an install makes it again");
    let step = Step::safe("services.table", Action::Run(Command::root(script)), undo);
    Some(step.because(["table inet pryvctl_services: -> none"]))
}

/// What stands between the world and sshd, under guard: who opens a door may find that another one was behind it.
fn access(state: &HostState) -> Vec<Step> {
    let mut steps = Vec::new();
    if state.tables.contains_key(firewall::TABLE) {
        let name = firewall::TABLE;
        let action = Action::Run(Command::root(format!("{NFT} delete table inet {name}")));
        steps.push(
            Step::safe("firewall.table", action, firewall::restore())
                .because(["table inet pryvctl: -> none; every port that listens is open again"])
                .guarded(firewall::keep()),
        );
    }
    if state.files.get(Path::new(place::SSHD_DROP_IN)).is_some_and(Option::is_some) {
        steps.push(sshd());
    }
    steps
}

fn sshd() -> Step {
    let (drop_in, main, guard) = (place::SSHD_DROP_IN, place::SSHD_CONFIG, place::GUARD);
    let reload = "/usr/sbin/sshd -t && systemctl reload ssh";
    // A line of ours in the main file would name a file that is not there any more.
    let script = format!(
        "set -e; new={main}.pryvctl-new; cp -p {main} $new; grep -vxF 'Include {drop_in}' {main} > $new || true; \
         mv -f $new {main}; rm -f {drop_in}; {reload}"
    );
    let save = format!("cp -p {drop_in} {guard}/sshd-drop-in && cp -p {main} {guard}/sshd_config");
    let undo = format!(
        "cp -p {guard}/sshd-drop-in {drop_in}.pryvctl-new && mv -f {drop_in}.pryvctl-new {drop_in} && \
         cp -p {guard}/sshd_config {main}.pryvctl-new && mv -f {main}.pryvctl-new {main} && {reload}"
    );
    Step::safe("sshd.drop-in", Action::Run(Command::root(script)), Undo::Run(Command::root(undo)))
        .because([format!("{drop_in}: -> none; sshd is as it was before")])
        .guarded(Command::root(save))
}

/// The unit, the files it loads, and how the registry was reached.
fn traces(desired: &Desired, state: &HostState) -> Vec<Step> {
    let unit = state.units.get(boot::UNIT).is_some_and(|unit| unit.exists);
    let unit = unit.then(|| {
        let (name, path, kept) = (boot::UNIT, place::FIREWALL_UNIT, place::KEPT);
        let script = format!(
            "systemctl disable -q --now {name}; rm -f {path}; systemctl daemon-reload
if [ -d {kept} ]; then find {kept} -depth -type d -empty -delete; fi"
        );
        let undo = Undo::Nothing("an install writes it again");
        let step = Step::safe("firewall.unit", Action::Run(Command::root(script)), undo);
        step.because([format!("{name}: -> none")])
    });
    let release = state.release.as_ref().map(|_| {
        let script = format!("rm -rf {0} {0}.new {0}.old", place::RELEASE);
        let undo = Undo::Nothing("what served before goes with what serves");
        let step = Step::safe("release.forget", Action::Run(Command::root(script)), undo);
        step.because([format!("{}: -> none", place::RELEASE)])
    });
    let ours = [place::FIREWALL, place::SERVICES].map(str::to_owned).into_iter();
    let ca = desired.registry.iter().map(|registry| place::registry_ca(&registry.address));
    let marks = desired.services.iter().map(|service| place::reload_pending(&service.name));
    let files = ours.chain(ca).chain(marks).filter_map(|path| removed_with_folder(Path::new(&path), state));
    let hosts_line = super::engine::without_hosts_line(desired, state);
    release.into_iter().chain(unit).chain(files).chain(hosts_line).collect()
}

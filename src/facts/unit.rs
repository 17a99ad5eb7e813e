//! How systemd's units are.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fact, Probe, strange};
use crate::model::{
    command::{Output, quote},
    desired::Desired,
    etc,
};

/// A systemd unit as found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct UnitState {
    /// The unit file exists.
    pub exists: bool,
    /// It is started at boot.
    pub enabled: bool,
    /// It is running, or ran through.
    pub active: bool,
    /// It cannot be started.
    pub masked: bool,
}

/// `systemctl show`, of these units.
pub struct Units(pub BTreeSet<String>);

/// What a platform rests on, whatever its inventory says.
const ALWAYS: [&str; 9] = [
    "containerd.service",
    "docker.service",
    "docker.socket",
    "nftables.service",
    "pryvctl-firewall.service",
    "pryvctl-guard.service",
    "pryvctl-services.service",
    "ssh.service",
    "ssh.socket",
];

impl Units {
    /// The units every platform rests on, and those among the desired files.
    pub fn of(desired: &Desired) -> Self {
        let paths = desired.files.iter().map(|file| &file.path);
        let ours = paths.filter(|path| path.parent().is_some_and(|parent| parent.as_os_str() == etc::UNITS));
        let ours = ours.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
        let units = desired.hardening.known.iter().filter_map(|control| control.kind.unit());
        let units = units.map(str::to_owned);
        Self(ALWAYS.map(str::to_owned).into_iter().chain(ours).chain(units).collect())
    }
}

impl Probe for Units {
    type Value = BTreeMap<String, UnitState>;

    fn question(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|name| quote(name)).collect();
        format!(
            "command -v systemctl >/dev/null || exit 44\n\
             systemctl show -p LoadState,UnitFileState,ActiveState -- {}",
            names.join(" ")
        )
    }

    // An alias answers with its target's name, so the blocks are told apart by their order.
    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let blocks: Vec<&str> = text.trim().split("\n\n").collect();
            if blocks.len() != self.0.len() {
                return Err(strange("systemctl show", text));
            }
            let states = self.0.iter().zip(blocks);
            states.map(|(name, block)| Ok((name.clone(), state(block)?))).collect()
        })
    }
}

fn state(block: &str) -> Result<UnitState, String> {
    let value = |key: &str| {
        let mut values = block.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        values.next().ok_or_else(|| strange("systemctl show", block))
    };
    Ok(UnitState {
        exists: value("LoadState")? != "not-found",
        enabled: matches!(value("UnitFileState")?, "enabled" | "alias" | "generated"),
        active: matches!(value("ActiveState")?, "active" | "reloading"),
        masked: value("LoadState")? == "masked",
    })
}

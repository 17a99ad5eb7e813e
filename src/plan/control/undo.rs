//! The way back: every object that a control changed, as it was recorded before. What others changed since stays.

mod file;
mod way;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use self::way::Way;
use super::{audit, mount, original, rights, sysctl, unit};
use crate::{
    change::{AuditDrop, Change, Modes, OriginalsRemoval, PackagePurge, Remounts, UnitsAsBefore},
    facts::state::{HostState, UnitState},
    model::{
        control::{Control, Kind},
        desired::Desired,
    },
    plan::{
        sshd,
        step::{ControlStep, OriginalsStep, Step, StepId, Undo},
    },
};

impl<'a> Way<'a> {
    /// The steps. Those that could cut our login come last.
    fn steps(&self) -> Vec<Step> {
        // Units go while their files are still there.
        let mut steps: Vec<Step> = self.units().into_iter().collect();
        let mut guarded = Vec::new();
        let (sources, others): (Vec<_>, Vec<_>) =
            file::paths(self).into_iter().partition(|path| file::is_source(path, self));
        let step = |path: &PathBuf| file::step(path, self);
        // What a program made of them in files of others goes first, and then those are looked at.
        let mut sources: Vec<Step> = sources.iter().filter_map(step).collect();
        if let Some(last) = sources.last_mut() {
            last.look_again = true;
        }
        steps.extend(sources);
        for path in others {
            let Some(step) = step(&path) else { continue };
            // What is ours in PAM's files goes before the packages, whose removal leaves alone what others changed.
            if file::is_sshds(&path) { guarded.push(step) } else { steps.push(step) }
        }
        steps.extend(self.rights());
        steps.extend(self.mounts());
        steps.extend(self.rules());
        steps.extend(self.packages());
        if !guarded.is_empty() {
            guarded.push(sshd::reload());
        }
        guarded.extend(self.kernel());
        steps.extend(guarded);
        steps
    }

    /// Gives back what was taken away; rights that others gave or took since stay.
    fn rights(&self) -> Option<Step> {
        let Self { given, kept, state, .. } = self;
        let found = |path: &Path| state.hardening.limited.values().find_map(|matched| matched.get(path));
        let changed = state.hardening.originals.rights.iter().filter_map(|(path, old)| {
            let now = found(path)?.mode;
            let all = given.iter().chain(kept).copied();
            let taken = rights::taken(path, old.mode, all, state);
            let wanted = rights::limited(path, old.mode, kept.iter().copied(), state);
            let ours =
                given.iter().any(|control| rights::matched_by(control, state).any(|other| other == path));
            (ours && now != wanted && taken.contains(&now)).then_some((path, now, wanted))
        });
        let changed: Vec<_> = changed.collect();
        let line =
            |(path, now, old): &(&PathBuf, u32, u32)| format!("{}: {now:04o} -> {old:04o}", path.display());
        let why = changed.iter().map(line).collect();
        let modes = changed.into_iter().map(|(path, _, old)| (path.clone(), old)).collect();
        back(StepId::Undo(ControlStep::Permissions), Change::Modes(Modes(modes)), why)
    }

    fn mounts(&self) -> Option<Step> {
        let ours = |path: &Path, option: &String| {
            self.goes(|control| {
                control.kind.mount().is_some_and(|mount| mount.path == path && mount.options.contains(option))
            })
        };
        let changed = self.state.hardening.originals.mounts.iter().filter_map(|(path, old)| {
            let old: Vec<&str> = old.split(',').collect();
            let now = self
                .state
                .hardening
                .mounts
                .get(path)?
                .options
                .iter()
                .filter(|option| ours(path, option))
                .cloned();
            let gained = mount::opposites(&now.collect::<Vec<_>>(), &old);
            (!gained.is_empty()).then(|| (path.clone(), gained))
        });
        let changed: Vec<_> = changed.collect();
        let line =
            |(path, options): &(PathBuf, Vec<String>)| format!("{}: {}", path.display(), options.join(","));
        let why = changed.iter().map(line).collect();
        back(StepId::Undo(ControlStep::Mount), Change::Remount(Remounts(changed)), why)
    }

    fn units(&self) -> Option<Step> {
        let state = self.state;
        let ours = |name: &str, found: UnitState| {
            self.goes(|control| {
                control.kind.unit().is_some_and(|unit| unit.name == name && unit::fits(unit.state, found))
            })
        };
        let (mut before, mut why) = (Vec::new(), Vec::new());
        for (name, (enabled, active)) in &state.hardening.originals.units {
            let found = state.system.units.get(name).copied().unwrap_or_default();
            let was_active = active == "active";
            let same = (found.masked, found.enabled, found.active)
                == (enabled == "masked", enabled == "enabled", was_active);
            if same || !found.exists || !ours(name, found) {
                continue;
            }
            before.push((name.clone(), enabled.clone(), was_active));
            why.push(format!("{name}: -> {enabled}, {active}"));
        }
        back(StepId::Undo(ControlStep::Units), Change::UnitsAsBefore(UnitsAsBefore(before)), why)
    }

    /// Our rules leave the kernel, whether the program that loaded them stays or goes.
    fn rules(&self) -> Option<Step> {
        let loaded = self.state.hardening.audit.as_ref()?;
        let names = |control: &Control, key: &str| {
            if let Kind::Audit(rules) = &control.kind { audit::keys(rules).contains(key) } else { false }
        };
        let ours = loaded.keys.iter().filter(|key| self.goes(|control| names(control, key)));
        let ours: Vec<String> = ours.cloned().collect();
        let why = ours.iter().map(|key| format!("rules with key {key}: -> none")).collect();
        back(StepId::Undo(ControlStep::Audit), Change::AuditDrop(AuditDrop(ours)), why)
    }

    /// Packages that came with us go again.
    fn packages(&self) -> Option<Step> {
        let (names, kept) = self.came_with_us();
        let list = names.join(" ");
        let own = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let purge = PackagePurge { names: own(names), kept: own(kept) };
        let undo = Undo::Nothing("a harden installs them again");
        (!list.is_empty()).then(|| {
            Step::safe(StepId::Undo(ControlStep::Packages), Change::PackagePurge(purge), undo).because([
                format!("{list}: -> not installed, unless others need them by now"),
                "accounts created by the packages stay, as Debian leaves them".to_owned(),
            ])
        })
    }

    /// Packages that came with us and with those that controls asked for, and those for which some of them stay. Nothing,
    /// where no control that goes asked for any.
    fn came_with_us(&self) -> (Vec<&'a str>, Vec<&'a str>) {
        let named = |controls: &[&'a Control]| -> BTreeSet<&'a str> {
            controls
                .iter()
                .filter_map(|control| control.kind.packages())
                .flatten()
                .map(String::as_str)
                .collect()
        };
        let (given, kept) = (named(&self.given), named(&self.kept));
        let came = self.state.hardening.originals.packages.iter().map(String::as_str);
        let came: Vec<&str> = came.filter(|name| !kept.contains(name)).collect();
        let goes = self.whole || came.iter().any(|name| given.contains(name));
        (if goes { came } else { Vec::new() }, kept.into_iter().collect())
    }

    /// Live kernel parameters that are as a control says and were not.
    fn parameters(&self) -> Vec<(&'a str, &'a str)> {
        let ours = |key: &str| self.goes(|control| sysctl::held(control, self.state).any(|held| held == key));
        let old = self.state.hardening.originals.sysctl.iter().filter(|(key, _)| ours(key));
        let changed =
            old.filter(|(key, old)| self.state.hardening.sysctl.get(*key).is_some_and(|now| now != *old));
        changed.map(|(key, old)| (key.as_str(), old.as_str())).collect()
    }

    /// They are set back under guard, as when they were set, but for those that the kernel keeps until the next boot.
    fn kernel(&self) -> Option<Step> {
        let mut changed = self.parameters();
        changed.retain(|(key, _)| !is_locked(key, self.state));
        let changed = changed.into_iter().map(|(key, old)| (key.to_owned(), old.to_owned())).collect();
        sysctl::change(StepId::Undo(ControlStep::Sysctl), changed, self.state)
    }
}

/// The steps that bring every object back; [`forget`] comes after everything else.
pub fn steps(desired: &Desired, state: &HostState) -> Vec<Step> {
    Way::whole(desired, state).steps()
}

/// The steps that bring back what is wanted no more. The rest is planned when they are done.
pub fn given_up(desired: &Desired, state: &HostState) -> Vec<Step> {
    let way = Way::given_up(desired, state);
    if way.given.is_empty() {
        return Vec::new();
    }
    let forgotten = original::forgotten(&way.given, state).looked_after();
    way.steps().into_iter().chain([forgotten]).collect()
}

fn back(id: StepId, change: Change, why: Vec<String>) -> Option<Step> {
    let undo = Undo::Nothing("a harden sets it again");
    (!why.is_empty()).then(|| Step::safe(id, change, undo).because(why))
}

fn is_locked(key: &str, state: &HostState) -> bool {
    state.hardening.sysctl.get(key).is_some_and(|now| sysctl::is_locked(key, now))
}

/// The last step: folders that came with us go, and the record with them.
pub fn forget(desired: &Desired, state: &HostState) -> Option<Step> {
    let gone = Change::OriginalsRemoval(OriginalsRemoval { folders: original::folders(state) });
    let undo = Undo::Nothing("everything in it is back in its place");
    let step = Step::safe(StepId::Originals(OriginalsStep::Remove), gone, undo);
    let locked = Way::whole(desired, state).parameters();
    let locked = locked.into_iter().filter(|(key, _)| is_locked(key, state));
    let locked = locked.map(|(key, _)| format!("{key}: the kernel keeps it until the next boot"));
    let why = std::iter::once("the record of originals is removed".to_owned()).chain(locked);
    (!state.hardening.originals.is_empty()).then(|| step.because(why))
}

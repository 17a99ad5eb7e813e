//! Wherever a host comes from, and wherever a run is killed, the next run arrives, and the one after it has nothing to
//! do. What served goes on serving on the way.

use std::path::PathBuf;

use proptest::prelude::*;

use super::{Goal, cutover::Switch, file, fixture, plan, simulated::carry_out, written};
use crate::{
    change::{ServiceMap, ServiceTable, services::table},
    facts::{
        state::HostState,
        written::{At, Listed, Written},
    },
    model::{
        desired::{Data, Desired, ManagedFolder, Service, Slot, UpdateOrder},
        place,
        secret::Secret,
    },
};

/// A wish: which version of each service is wanted, if any, and how the host is to be otherwise.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    versions: [Option<u8>; 3],
    tries: u8,
    open: bool,
    /// A file that only some inventories want, and where.
    secret: Option<u8>,
}

pub(super) fn wish() -> impl Strategy<Value = Wish> {
    let version = || proptest::option::weighted(0.8, 1..4u8);
    let secret = proptest::option::weighted(0.6, 0..3u8);
    ([version(), version(), version()], 3..5u8, any::<bool>(), secret)
        .prop_map(|(versions, tries, open, secret)| Wish { versions, tries, open, secret })
}

pub(super) fn desired(wish: &Wish) -> Desired {
    let mut desired = fixture::desired();
    let kinds: [(&str, UpdateOrder, &[u16]); 3] = [
        ("redis", UpdateOrder::StopFirst, &[6379]),
        ("core", UpdateOrder::StartFirst, &[443, 80]),
        ("inner", UpdateOrder::StartFirst, &[]),
    ];
    let numbered = kinds.into_iter().zip(wish.versions).zip(1..);
    desired.services = numbered
        .filter_map(|(((name, order, ports), version), number)| {
            let version = version?;
            let mut service = fixture::service(number, name, order, ports);
            service.hash = format!("{name}-{version}");
            service.spec.image = format!("registry.test:5000/{name}:{version}");
            if name == "redis" {
                service.data = Data::OneWay { backup: Vec::new() };
            }
            // An image without a health check is another case of waiting.
            service.spec.healthcheck = service.spec.healthcheck.filter(|_| version != 2);
            Some(service)
        })
        .collect();
    desired.hardening = fixture::hardening(wish.tries);
    desired.files[0].content = Secret::new(format!("tries: {}\n", wish.tries));
    if let Some(place) = wish.secret {
        let path = format!("/var/pryv/secret/{place}/key");
        desired.files.push(file::own(path, format!("secret {}\n", wish.tries), 0o600));
        let (path, mode) = (format!("/var/pryv/secret/{place}/log").into(), 0o700);
        desired.folders.push(ManagedFolder { path, mode, uid: 9999, gid: 9999 });
    }
    if !wish.open {
        desired.firewall.openings.pop();
    }
    desired
}

/// What happens to a host between two runs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mishap {
    Ends(usize),
    FallsIll(usize),
    IsPaused(usize),
    NeverStarted(usize),
    IsRemoved(usize),
    MapIsEmptied,
    TableIsLost(usize),
    FileIsLost(usize),
    UnitIsDisabled,
    DaemonJsonIsLost,
    RestartIsPending,
    JoinsOrLeavesSwarm,
    ListIsLost,
    RunIsKilledInWriter,
}

pub(super) fn mishap() -> impl Strategy<Value = Mishap> {
    let which = 0..6usize;
    prop_oneof![
        which.clone().prop_map(Mishap::Ends),
        which.clone().prop_map(Mishap::FallsIll),
        which.clone().prop_map(Mishap::IsPaused),
        which.clone().prop_map(Mishap::NeverStarted),
        which.clone().prop_map(Mishap::IsRemoved),
        Just(Mishap::MapIsEmptied),
        which.clone().prop_map(Mishap::TableIsLost),
        which.prop_map(Mishap::FileIsLost),
        Just(Mishap::UnitIsDisabled),
        Just(Mishap::DaemonJsonIsLost),
        Just(Mishap::RestartIsPending),
        Just(Mishap::JoinsOrLeavesSwarm),
        Just(Mishap::ListIsLost),
        Just(Mishap::RunIsKilledInWriter),
    ]
}

pub(super) fn befall(mishap: Mishap, state: &mut HostState, desired: &Desired) {
    let (status, which) = match mishap {
        Mishap::Ends(which) => ("exited", which),
        Mishap::IsPaused(which) => ("paused", which),
        Mishap::NeverStarted(which) => ("created", which),
        Mishap::FallsIll(which) => {
            if let Some(found) = state.docker.containers.get_mut(which) {
                found.health = found.health.as_ref().map(|_| "unhealthy".to_owned());
            }
            return;
        }
        Mishap::IsRemoved(which) => {
            if which < state.docker.containers.len() {
                state.docker.containers.remove(which);
            }
            return;
        }
        Mishap::MapIsEmptied => {
            let listing =
                ServiceTable::of(desired, state.net.conntrack.timeouts).listing(&ServiceMap::default());
            state.net.tables.entry(table::TABLE.to_owned()).and_modify(|table| *table = listing);
            return;
        }
        Mishap::TableIsLost(which) => {
            let name = state.net.tables.keys().nth(which % 2).cloned();
            name.map(|name| state.net.tables.remove(&name));
            return;
        }
        Mishap::FileIsLost(which) => {
            let lost =
                state.system.files.iter_mut().nth(which).filter(|(path, _)| !path.ends_with("sshd_config"));
            if let Some((path, file)) = lost {
                file.take();
                state.ours.written.files.entry(path.clone()).and_modify(|listed| listed.found = At::Nothing);
            }
            return;
        }
        Mishap::JoinsOrLeavesSwarm => {
            state.docker.engine.iter_mut().for_each(|engine| engine.swarm = !engine.swarm);
            return;
        }
        Mishap::ListIsLost => {
            // What is kept of others is not lost with it.
            let originals = std::mem::take(&mut state.ours.written.originals);
            let places = originals.keys().map(|path| {
                let found = state.file(path).cloned().map_or(At::Nothing, At::There);
                (path.clone(), Listed { wrote: Vec::new(), found })
            });
            let files = places.collect();
            state.ours.written = Written { files, originals, ..Written::default() };
            return;
        }
        Mishap::RunIsKilledInWriter => {
            state.ours.written.half.insert("/var/pryv/core/.pryvctl-new.0123456789abcdef".into());
            return;
        }
        Mishap::UnitIsDisabled => {
            state.system.units.clear();
            return;
        }
        Mishap::DaemonJsonIsLost => {
            state.docker.daemon_json = None;
            return;
        }
        Mishap::RestartIsPending => {
            state.system.files.insert(place::DOCKER_PENDING.into(), Some(fixture::found("", 0o600)));
            return;
        }
    };
    if let Some(found) = state.docker.containers.get_mut(which) {
        status.clone_into(&mut found.status);
    }
}

/// Whether all ports of a service lead to a container of it that runs.
fn serves(service: &Service, desired: &Desired, state: &HostState) -> bool {
    let map = Switch::of(desired, state).map;
    [Slot::A, Slot::B].into_iter().any(|slot| {
        let name = service.container(&desired.platform, slot);
        let runs =
            state.docker.containers.iter().any(|found| found.name == name && found.status == "running");
        runs && map.contains(&ServiceMap::to(service, slot))
    })
}

/// Carries out the first steps of a plan and holds it to its promise at each of them.
fn go(desired: &Desired, state: &mut HostState, steps: usize) {
    reach(desired, state, Goal::Install, steps);
}

fn reach(desired: &Desired, state: &mut HostState, goal: Goal, steps: usize) {
    let plan = plan(desired, state, goal).unwrap();
    let mut ids: Vec<String> = plan.steps.iter().map(|step| step.id.to_string()).collect();
    ids.sort_unstable();
    ids.windows(2).for_each(|pair| assert_ne!(pair[0], pair[1], "two steps have one id"));
    let record = state.ours.release.clone().unwrap_or_default();
    let stays = |service: &&Service| match goal {
        Goal::Rollback => record.containers.iter().any(|served| served.service == service.name.as_str()),
        Goal::Harden | Goal::Revert | Goal::Install | Goal::Repair(_) | Goal::Uninstall(_) => true,
    };
    let start_first =
        desired.services.iter().filter(|service| service.order == UpdateOrder::StartFirst).filter(stays);
    let serving: Vec<&Service> = start_first.filter(|service| serves(service, desired, state)).collect();
    for step in plan.steps.iter().take(steps) {
        carry_out(step, state, desired);
        for service in &serving {
            assert!(serves(service, desired, state), "{} stopped serving at {step}", service.name);
        }
    }
}

proptest! {
    // Each case is up to six whole runs.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn twice_is_once_from_anywhere(
        runs in proptest::collection::vec((wish(), 0..40usize, proptest::collection::vec(mishap(), 0..3)), 0..5),
        last in wish(),
        bare in any::<bool>(),
    ) {
        let mut state = if bare { fixture::bare() } else { fixture::with_docker() };
        let mut list_was_lost = false;
        for (wish, steps, mishaps) in runs {
            let desired = desired(&wish);
            go(&desired, &mut state, steps);
            list_was_lost |= mishaps.iter().any(|mishap| matches!(mishap, Mishap::ListIsLost));
            mishaps.into_iter().for_each(|mishap| befall(mishap, &mut state, &desired));
        }
        let desired = desired(&last);
        go(&desired, &mut state, usize::MAX);
        prop_assert_eq!(plan(&desired, &state, Goal::Install).unwrap().to_string(), "");
        for service in &desired.services {
            prop_assert!(serves(service, &desired, &state), "{} does not serve", service.name);
        }
        prop_assert!(state.ours.written.half.is_empty());
        // Where the list was lost, what a killed run was about to change is not known as ours for sure: it stays and is named.
        let named = written::staying(&desired, &state.ours.written);
        for path in state.ours.written.files.keys() {
            let wanted = desired.files.iter().any(|want| want.path == *path) || path.ends_with("ca.crt");
            let named = list_was_lost && named.iter().any(|(stays, _)| stays == path);
            prop_assert!(wanted || named, "{path:?} is left");
        }
    }
    #[test]
    fn what_others_had_comes_back_wherever_runs_are_cut_short(
        runs in proptest::collection::vec((wish(), 0..60usize, 0..30usize), 1..5), last in wish(),
    ) {
        let places = [0, 1, 2].map(|place| PathBuf::from(format!("/var/pryv/secret/{place}/key")));
        let theirs = fixture::found("theirs", 0o604);
        let mut state = fixture::with_docker();
        state.system.files.extend(places.iter().map(|path| (path.clone(), Some(theirs.clone()))));
        for (wish, steps, back) in runs {
            go(&desired(&wish), &mut state, steps);
            // What started only with the change stops with its way back, where there is one.
            let way = plan(&desired(&wish), &state, Goal::Rollback).unwrap_or_default();
            let back = way.steps.into_iter().take(back);
            back.for_each(|step| carry_out(&step, &mut state, &desired(&wish)));
            for path in &places {
                let kept = state.ours.written.originals.get(path) == Some(&theirs);
                prop_assert!(kept || state.file(path) == Some(&theirs), "{path:?}");
            }
        }
        let last = desired(&Wish { secret: None, ..last });
        go(&last, &mut state, usize::MAX);
        prop_assert_eq!(plan(&last, &state, Goal::Install).unwrap().to_string(), "");
        for path in &places {
            prop_assert_eq!(state.file(path).map(|found| &found.sha256), Some(&theirs.sha256), "{:?}", path);
        }
    }
    #[test]
    fn a_change_cut_short_anywhere_leads_back_to_what_served(
        first in wish(), second in wish(), steps in 0..60usize, back in 0..30usize, bare in any::<bool>(),
    ) {
        let mut state = if bare { fixture::bare() } else { fixture::with_docker() };
        go(&desired(&first), &mut state, usize::MAX);
        let before = state.clone();
        let next = desired(&second);
        go(&next, &mut state, steps);
        reach(&next, &mut state, Goal::Rollback, back);
        reach(&next, &mut state, Goal::Rollback, usize::MAX);
        prop_assert_eq!(plan(&next, &state, Goal::Rollback).unwrap().to_string(), "");
        if state.ours.release.is_some() {
            let serving = |state: &HostState| -> Vec<(String, String)> {
                let serving = state.docker.containers.iter().filter(|found| found.serves());
                let mut names: Vec<_> = serving.map(|found| (found.name.clone(), found.hash.clone())).collect();
                names.sort();
                names
            };
            prop_assert_eq!(serving(&state), serving(&before));
            prop_assert_eq!(Switch::of(&next, &state).map, Switch::of(&next, &before).map);
            let (old, conf) = (desired(&first), &next.files[0]);
            for want in old.files.iter().chain([conf]) {
                let file = |state: &HostState| state.file(&want.path).map(|file| file.sha256.clone());
                prop_assert_eq!(file(&state), file(&before), "{:?}", want.path);
            }
            for want in &old.folders {
                prop_assert!(state.ours.written.folders.contains_key(&want.path), "{:?}", want.path);
            }
        }
        // And from there forward again.
        go(&next, &mut state, usize::MAX);
        prop_assert_eq!(plan(&next, &state, Goal::Install).unwrap().to_string(), "");
    }
}

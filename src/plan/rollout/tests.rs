//! Whatever hosts there are and however they end, the promises hold.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::{
    desired::{OnFailure, Parallelism, Rollout},
    name::RoleName,
    role::{Upgrade, Zones},
};

fn name<N: std::str::FromStr>(text: &str) -> N
where
    N::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

fn candidate(host: &str, zone: &str, role: &str, rollout: Rollout) -> Candidate {
    Candidate {
        host: name(host),
        zone: name(zone),
        canary: false,
        roles: vec![name(role)],
        forward: vec![rollout],
        back: Vec::new(),
    }
}

fn upgrades(list: &[(&str, &[&str])]) -> BTreeMap<RoleName, Upgrade> {
    let upgrade = |after: &[&str]| Upgrade {
        after: after.iter().map(|role| name(role)).collect(),
        ..Upgrade::default()
    };
    list.iter().map(|(role, after)| (name(role), upgrade(after))).collect()
}

fn schedule(hosts: &[Candidate], upgrades: &BTreeMap<RoleName, Upgrade>) -> Schedule {
    let stages = stages(hosts, upgrades, Direction::Forward).unwrap();
    Schedule { stages, known: BTreeMap::new(), policy: None }
}

fn said(schedule: &Schedule) -> String {
    let (batches, why) = schedule.forecast();
    let line = |batch: &Batch| {
        let hosts: Vec<_> = batch.hosts.iter().map(HostName::as_str).collect();
        format!("{}: {}", batch.role, hosts.join(" "))
    };
    batches.iter().map(line).chain(why.map(|why| why.to_string())).collect::<Vec<_>>().join("\n")
}

/// A platform in two zones.
fn platform() -> (Vec<Candidate>, BTreeMap<RoleName, Upgrade>) {
    let two = Rollout { parallelism: Parallelism::Hosts(2), ..Rollout::default() };
    let one = Rollout::default();
    let hosts = vec![
        candidate("reg1", "eu", "register", one),
        candidate("reg2", "eu", "register-follower", one),
        candidate("web1", "eu", "static-web", one),
        candidate("co1", "eu", "core", two),
        candidate("co2", "ch", "core", two),
        candidate("co3", "eu", "core", two),
        candidate("co4", "eu", "core", two),
        candidate("co5", "ch", "core", two),
    ];
    let upgrades = upgrades(&[
        ("register", &["register-follower"]),
        ("static-web", &["register", "register-follower"]),
        ("core", &["register", "register-follower", "static-web"]),
    ]);
    (hosts, upgrades)
}

#[test]
fn roles_in_their_order_then_a_canary_then_zone_by_zone() {
    let (hosts, upgrades) = platform();
    insta::assert_snapshot!(said(&schedule(&hosts, &upgrades)), @r"
    register-follower: reg2
    register: reg1
    static-web: web1
    core: co1
    core: co3 co4
    core: co2 co5
    ");
    let back = stages(&hosts, &upgrades, Direction::Back).unwrap();
    assert_eq!(back.first().map(|stage| stage.role.as_str()), Some("core"));
}

#[test]
fn who_wants_to_be_the_canary_is_it_and_its_zone_follows() {
    let (mut hosts, upgrades) = platform();
    hosts[4].canary = true;
    let hosts = hosts[3..].to_vec();
    insta::assert_snapshot!(said(&schedule(&hosts, &upgrades)), @r"
    core: co2
    core: co5
    core: co1 co3
    core: co4
    ");
}

#[test]
fn a_role_may_allow_two_zones_at_once() {
    let (hosts, mut upgrades) = platform();
    upgrades.get_mut(&name::<RoleName>("core")).unwrap().zones = Zones::Together;
    let hosts = hosts[3..].to_vec();
    insta::assert_snapshot!(said(&schedule(&hosts, &upgrades)), @r"
    core: co1
    core: co3 co4
    core: co2 co5
    ");
    let mut mixed = hosts;
    mixed.remove(3);
    insta::assert_snapshot!(said(&schedule(&mixed, &upgrades)), @r"
    core: co1
    core: co3 co2
    core: co5
    ");
}

#[test]
fn a_percentage_is_rounded_down_but_never_to_nobody() {
    let third = Rollout { parallelism: Parallelism::Percent(33), ..Rollout::default() };
    let all: Vec<_> = (1..8).map(|number| candidate(&format!("h{number}"), "eu", "web", third)).collect();
    let budget = |hosts: usize| schedule(&all[..hosts], &BTreeMap::new()).stages[0].rules.budget;
    assert_eq!([budget(1), budget(2), budget(6), budget(7)], [1, 1, 1, 2]);
}

#[test]
fn an_unreachable_host_takes_its_place_in_the_budget() {
    let (hosts, upgrades) = platform();
    let mut schedule = schedule(&hosts[3..], &upgrades);
    schedule.known.insert(name("co3"), Ended::Unreachable);
    insta::assert_snapshot!(said(&schedule), @r"
    core: co1
    core: co4
    a host of core is down in another zone; two zones are never changed at the same time
    ");
    schedule.known.insert(name("co4"), Ended::Unreachable);
    insta::assert_snapshot!(said(&schedule), @"2 of 5 hosts of core are already down; at most 2 may be down");
}

#[test]
fn after_a_failure_hosts_stay_or_go_back_as_asked() {
    let (hosts, upgrades) = platform();
    let mut schedule = schedule(&hosts[3..], &upgrades);
    let done: Vec<Finished> =
        vec![vec![(name("co1"), Ended::Good)], vec![(name("co3"), Ended::Good), (name("co4"), Ended::Back)]];
    let mut back = |policy| {
        schedule.policy = policy;
        match schedule.next(&done) {
            Next::Stop(stop) => stop.back.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Next::Batch(batch) => format!("goes on with {}", batch.hosts[0]),
            Next::Done => "done".to_owned(),
        }
    };
    assert_eq!(back(None), "");
    assert_eq!(back(Some(Policy::RollbackBatch)), "co3");
    assert_eq!(back(Some(Policy::RollbackAll)), "co3 co1");
    assert_eq!(back(Some(Policy::Continue)), "goes on with co2");
}

#[test]
fn roles_that_wait_for_one_another_are_named() {
    let hosts =
        [candidate("a", "eu", "one", Rollout::default()), candidate("b", "eu", "two", Rollout::default())];
    let upgrades = upgrades(&[("one", &["two"]), ("two", &["one", "absent"])]);
    let circle = stages(&hosts, &upgrades, Direction::Forward).unwrap_err();
    assert_eq!(circle, Cycle("one, two".to_owned()));
}

fn ended() -> impl Strategy<Value = Ended> {
    prop_oneof![6 => Just(Ended::Good), 1 => Just(Ended::Untouched), 1 => Just(Ended::Back), 1 => Just(Ended::Down)]
}

fn rollout() -> impl Strategy<Value = Rollout> {
    let parallelism = prop_oneof![
        Just(Parallelism::All),
        (1..5u32).prop_map(Parallelism::Hosts),
        (1..=100u8).prop_map(Parallelism::Percent)
    ];
    let action = prop_oneof![Just(OnFailure::Pause), Just(OnFailure::Continue), Just(OnFailure::Rollback)];
    (parallelism, action, 0.0..=1.0).prop_map(|(parallelism, on_failure, max_failure_ratio)| Rollout {
        parallelism,
        on_failure,
        max_failure_ratio,
        ..Rollout::default()
    })
}

const ROLES: [&str; 4] = ["one", "two", "three", "four"];

prop_compose! {
    fn host()(zone in 0..3u8, roles in proptest::sample::subsequence(ROLES.to_vec(), 1..3), canary in any::<bool>(),
        rollouts in proptest::collection::vec(rollout(), 0..3)) -> Candidate {
        Candidate {
            host: name("h"), zone: name(&format!("z{zone}")), canary,
            roles: roles.into_iter().map(name).collect(), forward: rollouts, back: Vec::new(),
        }
    }
}

prop_compose! {
    fn any_schedule()(mut hosts in proptest::collection::vec(host(), 0..14), together in any::<bool>(),
        after in proptest::collection::vec(any::<bool>(), 6), away in proptest::collection::vec(0..14usize, 0..3),
        policy in proptest::option::of(prop_oneof![Just(Policy::Stop), Just(Policy::RollbackBatch),
            Just(Policy::RollbackAll), Just(Policy::Continue)])) -> Schedule {
        for (number, host) in hosts.iter_mut().enumerate() {
            host.host = name(&format!("h{number}"));
        }
        let mut upgrades: BTreeMap<RoleName, Upgrade> = BTreeMap::new();
        let pairs = (0..4).flat_map(|later| (0..later).map(move |earlier| (later, earlier)));
        for ((later, earlier), waits) in pairs.zip(after) {
            let upgrade = upgrades.entry(name(ROLES[later])).or_default();
            upgrade.zones = if together { Zones::Together } else { Zones::Apart };
            upgrade.after.extend(waits.then(|| name::<RoleName>(ROLES[earlier])));
        }
        let known = away.into_iter().filter(|number| *number < hosts.len());
        Schedule {
            known: known.map(|number| (hosts[number].host.clone(), Ended::Unreachable)).collect(),
            stages: stages(&hosts, &upgrades, Direction::Forward).unwrap(),
            policy,
        }
    }
}

/// What must hold at the moment a batch begins.
fn check(schedule: &Schedule, batch: &Batch, done: &[Finished]) {
    let ended = schedule.ended(done);
    let stage = schedule.stages.iter().find(|stage| stage.role == batch.role).unwrap();
    assert!(!batch.hosts.is_empty());
    assert!(batch.hosts.iter().all(|host| !ended.contains_key(host)), "a host has its turn twice");
    let away = stage.hosts.iter().filter(|own| {
        batch.hosts.contains(&own.host) || ended.get(&own.host).copied().is_some_and(Ended::is_away)
    });
    let away: Vec<&Candidate> = away.collect();
    assert!(away.len() <= stage.rules.budget, "above the budget");
    assert!(stage.hosts.len() - away.len() >= stage.hosts.len() - stage.rules.budget, "too few serve");
    let zones: BTreeSet<_> = away.iter().map(|own| &own.zone).collect();
    assert!(stage.rules.zones == Zones::Together || zones.len() <= 1, "two zones at once");
    let begun = done.iter().flatten().any(|(host, _)| stage.hosts.iter().any(|own| own.host == *host));
    assert!(begun || batch.hosts.len() == 1, "no canary");
    let earlier = schedule.stages.iter().take_while(|stage| stage.role != batch.role);
    for stage in earlier {
        assert!(stage.hosts.iter().all(|own| ended.contains_key(&own.host)), "an earlier stage waits");
    }
}

proptest! {
    #[test]
    fn the_promises_hold_from_the_first_batch_to_the_last(
        schedule in any_schedule(),
        fates in proptest::collection::vec(ended(), 14),
    ) {
        let hosts: BTreeSet<_> = schedule.stages.iter().flat_map(|stage| &stage.hosts).map(|own| &own.host).collect();
        let mut fates = fates.into_iter();
        let mut done: Vec<Finished> = Vec::new();
        let stop = loop {
            match schedule.next(&done) {
                Next::Batch(batch) => {
                    // Every batch has at least one host that had no turn yet, so it ends.
                    prop_assert!(done.len() < hosts.len());
                    check(&schedule, &batch, &done);
                    done.push(batch.hosts.into_iter().map(|host| (host, fates.next().unwrap())).collect());
                }
                Next::Done => break None,
                Next::Stop(stop) => break Some(stop),
            }
        };
        let left = schedule.left(&done);
        let told: Vec<_> = schedule.known.keys().chain(done.iter().flatten().map(|(host, _)| host)).chain(&left).collect();
        prop_assert_eq!(told.len(), hosts.len(), "a host is told twice or not at all");
        prop_assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), hosts);
        match stop {
            None => prop_assert!(left.is_empty(), "it is done and somebody waits"),
            Some(stop) => {
                let good = |host: &HostName| done.iter().flatten().any(|(own, ended)| own == host && *ended == Ended::Good);
                prop_assert!(stop.back.iter().all(good), "only what was changed goes back");
            }
        }
    }
}

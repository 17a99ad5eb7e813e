//! When something is repaired, and when it is only reported.

use proptest::prelude::*;

use super::*;

fn ledger(at_once: usize) -> Ledger {
    let mut ledger = Ledger::default();
    let zones = [("a1", "a"), ("a2", "a"), ("b1", "b")];
    let zones = zones.map(|(host, zone)| (host.parse().unwrap(), zone.to_owned()));
    ledger.follow(10, at_once, zones.into());
    ledger
}

fn drift(steps: &[&str]) -> BTreeMap<Repairable, Vec<String>> {
    let group = |step: &str| match step.split('.').next() {
        Some("firewall") => Repairable::Firewall,
        _ => Repairable::Services,
    };
    let mut drift: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for step in steps {
        drift.entry(group(step)).or_default().push((*step).to_owned());
    }
    drift
}

fn host(name: &str) -> HostName {
    name.parse().unwrap()
}

/// What is begun next.
fn begins(ledger: &mut Ledger, at: i64) -> String {
    ledger.begin(at).map_or_else(String::new, |(host, repairs)| format!("{host}: {repairs}"))
}

#[test]
fn what_comes_back_is_tried_three_times_and_then_reported() {
    let (mut ledger, a1) = (ledger(1), host("a1"));
    let mut begun = Vec::new();
    // Whoever spoils it does so at once, and somebody looks each second.
    for at in 0..HOUR {
        begun
            .extend(ledger.looked(&a1, at, drift(&["firewall.table"])).iter().map(|step| (at, step.clone())));
        if ledger.begin(at).is_some() {
            ledger.tried(&a1, at);
            begun.push((at, "tried".to_owned()));
        }
    }
    let tried = |at| (at, "tried".to_owned());
    assert_eq!(begun, [tried(0), tried(10), tried(60), (61, "firewall.table".to_owned())]);
    let sign = ledger.sign(&a1).unwrap();
    assert_eq!((sign.kind, sign.number), (SignKind::Unrepaired, Some(3.0)));
    insta::assert_snapshot!(sign.words, @"3 repairs did not hold: firewall.table came back each time");
    // It goes on once an hour, and is not over for the moment in which it holds.
    assert_eq!(begins(&mut ledger, 60 + HOUR), "a1: firewall");
    ledger.tried(&a1, 60 + HOUR);
    ledger.looked(&a1, 61 + HOUR, drift(&[]));
    assert!(ledger.sign(&a1).is_some());
    ledger.looked(&a1, 60 + 2 * HOUR, drift(&[]));
    assert_eq!(ledger.sign(&a1), None);
}

#[test]
fn it_is_over_when_somebody_else_puts_it_right() {
    let (mut ledger, a1) = (ledger(1), host("a1"));
    for at in 0..100 {
        ledger.looked(&a1, at, drift(&["firewall.table"]));
        if ledger.begin(at).is_some() {
            ledger.tried(&a1, at);
        }
    }
    assert!(ledger.sign(&a1).is_some());
    ledger.looked(&a1, 100, drift(&[]));
    assert_eq!(ledger.sign(&a1), None);
    // The tries of this hour still count.
    ledger.looked(&a1, 101, drift(&["firewall.table"]));
    assert_eq!(begins(&mut ledger, 102), "");
}

#[test]
fn what_does_not_hold_keeps_no_other_group_from_being_repaired() {
    let (mut ledger, a1) = (ledger(1), host("a1"));
    ledger.looked(&a1, 0, drift(&["firewall.table"]));
    assert_eq!(begins(&mut ledger, 0), "a1: firewall");
    ledger.tried(&a1, 0);
    ledger.looked(&a1, 1, drift(&["firewall.table", "service.core.start"]));
    assert_eq!(begins(&mut ledger, 1), "a1: services");
    ledger.tried(&a1, 1);
    assert_eq!(begins(&mut ledger, 10), "a1: firewall");
}

#[test]
fn what_is_in_the_way_is_no_try() {
    let (mut ledger, a1) = (ledger(1), host("a1"));
    ledger.looked(&a1, 0, drift(&["firewall.table"]));
    for at in [0, 10, 20, 30, 40] {
        ledger.looked(&a1, at, drift(&["firewall.table"]));
        assert_eq!(begins(&mut ledger, at), "a1: firewall");
        assert!(ledger.is_at_work(&a1));
        ledger.held_off(&a1, at);
        assert_eq!(begins(&mut ledger, at + 9), "");
    }
    ledger.looked(&a1, 50, drift(&[]));
    assert_eq!(begins(&mut ledger, 50), "");
}

#[test]
fn one_zone_at_a_time_and_who_waits_longest_first() {
    let mut ledger = ledger(2);
    for (at, name) in [(0, "b1"), (1, "a2"), (2, "a1")] {
        ledger.looked(&host(name), at, drift(&["firewall.table"]));
    }
    assert_eq!(begins(&mut ledger, 3), "b1: firewall");
    assert_eq!(begins(&mut ledger, 3), "");
    ledger.tried(&host("b1"), 4);
    assert_eq!(begins(&mut ledger, 4), "a2: firewall");
    assert_eq!(begins(&mut ledger, 4), "a1: firewall");
}

const HOSTS: [&str; 3] = ["a1", "a2", "b1"];

proptest! {
    #[test]
    fn never_two_zones_never_too_many_never_more_than_three_tries_an_hour(
        at_once in 1_usize..3,
        events in prop::collection::vec((0_i64..400, 0_usize..3, 0_u8..5), 1..300),
    ) {
        let mut ledger = ledger(at_once);
        let (mut at, mut tries, mut at_work) = (0, BTreeMap::<&str, Vec<i64>>::new(), Vec::<HostName>::new());
        for (pause, name, kind) in events {
            at += pause;
            let name = HOSTS[name];
            match kind {
                0 => drop(ledger.looked(&host(name), at, drift(&["firewall.table"]))),
                1 => drop(ledger.looked(&host(name), at, drift(&[]))),
                2 | 3 => {
                    if let Some((begun, repairs)) = ledger.begin(at) {
                        prop_assert!(!repairs.is_empty() && !at_work.contains(&begun));
                        at_work.push(begun);
                    }
                    let zones: std::collections::BTreeSet<_> =
                        at_work.iter().map(|host| host.as_str().chars().next()).collect();
                    prop_assert!(zones.len() <= 1 && at_work.len() <= at_once);
                }
                _ => if let Some(place) = at_work.iter().position(|host| host.as_str() == name) {
                    ledger.tried(&at_work.remove(place), at);
                    tries.entry(name).or_default().push(at);
                },
            }
        }
        for tries in tries.values() {
            for four in tries.windows(4) {
                prop_assert!(four[3] - four[0] >= HOUR, "{:?}", four);
            }
        }
    }
}

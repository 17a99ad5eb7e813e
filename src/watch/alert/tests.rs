use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::{
    message::{Event, Message},
    *,
};
use crate::{
    model::alert::{Condition, Limit, Rule, Severity, Side, shipped},
    watch::{
        measure::Measure,
        sign::{Sign, SignKind},
    },
};

fn host(name: &str) -> HostName {
    name.parse().unwrap()
}

/// A filesystem that is full above 10, and not below 5.
fn rule() -> Rule {
    Rule {
        id: "disk".to_owned(),
        severity: Severity::Critical,
        condition: Condition::Metric { sum: vec!["load1".to_owned()], of: None, part: None },
        limit: Some(Limit { side: Side::Above, at: 10.0, clear: 5.0 }),
        within: Duration::from_secs(60),
        clear_for: Duration::from_secs(60),
        gather: Duration::from_secs(10),
        remind: Some(Duration::from_secs(600)),
        title: "A disk is full".to_owned(),
        detail: "{part} has {value}".to_owned(),
        next: "Make room.".to_owned(),
    }
}

fn of_sign(kind: SignKind, within: u64, gather: u64) -> Rule {
    let (within, gather) = (Duration::from_secs(within), Duration::from_secs(gather));
    let condition = Condition::Sign(kind.name().to_owned());
    let (clear_for, remind, detail) = (Duration::ZERO, None, String::new());
    let id = kind.name().to_owned();
    Rule { id, condition, limit: None, within, clear_for, gather, remind, detail, ..rule() }
}

fn ground(hosts: &[(&str, &str)]) -> Ground {
    let zones = hosts.iter().map(|(name, zone)| (host(name), (*zone).to_owned()));
    Ground { platform: "acme".to_owned(), zones: zones.collect(), silences: Vec::new() }
}

fn engine(rules: Vec<Rule>) -> Engine {
    Engine::new(rules, ground(&[("a", "eu"), ("b", "eu"), ("c", "ch")]), Vec::new(), 0)
}

fn measured(engine: &mut Engine, at: i64, name: &str, value: f64) {
    engine.measured(at, &host(name), &[Measure { metric: "load1", part: "/".to_owned(), value }]);
}

fn away(engine: &mut Engine, at: i64, name: &str) {
    engine.away(at, &host(name), &Sign::new(SignKind::Away, "", "timeout"));
}

fn back(engine: &mut Engine, at: i64, name: &str) {
    engine.found(at, &host(name), Scope::Reach, Found::All(&[]));
}

fn told(turn: &Turn) -> Vec<(Event, String)> {
    turn.messages.iter().map(|message| (message.event, message.summary.clone())).collect()
}

/// What is told when these values come, one every ten seconds.
fn course(values: &[f64]) -> Vec<(usize, Event)> {
    let mut engine = engine(vec![Rule { remind: None, ..rule() }]);
    let mut all = Vec::new();
    for (step, value) in values.iter().enumerate() {
        let at = i64::try_from(step).unwrap() * 10;
        measured(&mut engine, at, "a", *value);
        all.extend(engine.tick(at).messages.iter().map(|message| (step, message.event)));
    }
    all
}

#[test]
fn an_alert_fires_once_and_is_over_once() {
    let mut values = vec![20.0; 30];
    values.extend([1.0; 30]);
    // A minute until it fires or is over, and ten seconds for others to join.
    assert_eq!(course(&values), [(7, Event::Firing), (37, Event::Over)]);
    assert_eq!(course(&[20.0, 20.0, 20.0, 20.0, 20.0, 1.0, 20.0, 20.0, 20.0, 20.0, 20.0, 1.0]), []);
}

#[test]
fn what_flaps_between_its_thresholds_goes_on() {
    let mut values = vec![20.0; 10];
    values.extend([6.0, 9.0, 12.0, 5.5, 10.0].repeat(20));
    assert_eq!(course(&values), [(7, Event::Firing)]);
    // It dips below the second threshold, and never for long enough.
    let mut values = vec![20.0; 10];
    values.extend([1.0, 1.0, 1.0, 20.0].repeat(20));
    assert_eq!(course(&values), [(7, Event::Firing)]);
}

#[test]
fn a_zone_that_is_away_is_one_message() {
    let mut engine = engine(vec![of_sign(SignKind::Away, 60, 30), of_sign(SignKind::Drift, 0, 10)]);
    engine.found(0, &host("a"), Scope::Look, Found::All(&[Sign::new(SignKind::Drift, "", "drifted")]));
    assert_eq!(engine.tick(10).messages.len(), 1);
    away(&mut engine, 100, "a");
    away(&mut engine, 119, "b");
    engine.found(119, &host("c"), Scope::Look, Found::All(&[]));
    let all: Vec<Message> = (100..400).flat_map(|at| engine.tick(at).messages).collect();
    let [message] = all.as_slice() else { panic!("{all:#?}") };
    assert_eq!(message.summary, "A disk is full: all 2 hosts of zone eu");
    insta::assert_snapshot!(message.text(), @r"
    A disk is full: all 2 hosts of zone eu

    * a (zone eu), since 1970-01-01T00:01:40Z: timeout
    * b (zone eu), since 1970-01-01T00:01:59Z: timeout

    What to do: Make room.

    Alert away of platform acme, critical, 1970-01-01T00:03:10Z
    ");
    // While a host is away, nothing else of it is over.
    back(&mut engine, 400, "a");
    back(&mut engine, 401, "b");
    let over: Vec<_> = (400..500).flat_map(|at| told(&engine.tick(at))).collect();
    assert_eq!(over, [(Event::Over, "Over: A disk is full: all 2 hosts of zone eu".to_owned())]);
    engine.found(500, &host("a"), Scope::Look, Found::All(&[]));
    let over: Vec<_> = (500..600).flat_map(|at| told(&engine.tick(at))).collect();
    assert_eq!(over, [(Event::Over, "Over: A disk is full: a".to_owned())]);
}

#[test]
fn a_look_is_all_that_holds() {
    let mut engine = engine(vec![of_sign(SignKind::Control, 0, 0)]);
    let signs = |parts: &[&str]| -> Vec<Sign> {
        parts.iter().map(|part| Sign::new(SignKind::Control, *part, "spoiled\nby hand")).collect()
    };
    engine.found(0, &host("a"), Scope::Look, Found::All(&signs(&["x", "y"])));
    assert_eq!(engine.tick(0).messages[0].hosts.len(), 2);
    engine.found(10, &host("a"), Scope::Look, Found::All(&signs(&["y", "z"])));
    let turn = engine.tick(10);
    assert_eq!(
        turn.messages.iter().map(|message| message.event).collect::<Vec<_>>(),
        [Event::Firing, Event::Over]
    );
    assert_eq!(
        turn.messages.iter().map(|message| message.hosts[0].part.as_str()).collect::<Vec<_>>(),
        ["z", "x"]
    );
    // A look that found the host away says nothing of the rest.
    engine.found(20, &host("a"), Scope::Look, Found::Some(&[Sign::new(SignKind::Away, "", "timeout")]));
    assert_eq!(engine.tick(20).messages, []);
    assert!(turn.messages[0].text().contains(r"spoiled\nby hand"), "{}", turn.messages[0].text());
}

/// What a look could not see has not ended; what it saw of that kind all the same holds.
#[test]
fn what_a_look_could_not_see_goes_on() {
    let mut engine = engine(vec![of_sign(SignKind::Control, 0, 0), of_sign(SignKind::Drift, 0, 0)]);
    let control = |part: &str| Sign::new(SignKind::Control, part, "spoiled");
    let all = [control("x"), Sign::new(SignKind::Drift, "", "drifted")];
    engine.found(0, &host("a"), Scope::Look, Found::All(&all));
    engine.tick(0);
    engine.found(10, &host("a"), Scope::Look, Found::But(&[control("y")], &[SignKind::Control]));
    let events: Vec<_> = engine.tick(10).messages.iter().map(|it| (it.event, it.alert.clone())).collect();
    assert_eq!(events, [(Event::Firing, "control".to_owned()), (Event::Over, "drift".to_owned())]);
    engine.found(20, &host("a"), Scope::Look, Found::All(&[control("y")]));
    let over = engine.tick(20).messages;
    assert_eq!((over.len(), over[0].event, over[0].hosts[0].part.as_str()), (1, Event::Over, "x"));
}

#[test]
fn a_threshold_is_for_the_number_of_a_sign() {
    let limit = Some(Limit { side: Side::Below, at: 14.0, clear: 14.0 });
    let mut engine = engine(vec![Rule { limit, ..of_sign(SignKind::Certificate, 0, 0) }]);
    let look = |engine: &mut Engine, at, days| {
        let sign = Sign::new(SignKind::Certificate, "443/tcp", "ends soon").number(days);
        engine.found(at, &host("a"), Scope::Look, Found::All(&[sign]));
        told(&engine.tick(at)).len()
    };
    assert_eq!(
        [look(&mut engine, 0, 20.0), look(&mut engine, 1, 10.0), look(&mut engine, 2, 90.0)],
        [0, 1, 1]
    );
}

#[test]
fn nobody_is_told_of_what_is_muted_before_the_mute_ends() {
    let mut ground = ground(&[("a", "eu"), ("b", "eu")]);
    let hosts = [host("a")].into();
    ground.silences.push(Silence { rule: None, hosts, until: 500, reason: "Moving".to_owned() });
    let mut engine = Engine::new(vec![of_sign(SignKind::Drift, 0, 0)], ground, Vec::new(), 0);
    let drift = [Sign::new(SignKind::Drift, "", "drifted")];
    engine.found(0, &host("a"), Scope::Look, Found::All(&drift));
    engine.found(0, &host("b"), Scope::Look, Found::All(&drift));
    assert_eq!(told(&engine.tick(0)), [(Event::Firing, "A disk is full: b".to_owned())]);
    assert_eq!(told(&engine.tick(499)), []);
    assert_eq!(told(&engine.tick(500)), [(Event::Firing, "A disk is full: a".to_owned())]);
    engine.found(600, &host("a"), Scope::Look, Found::All(&[]));
    assert_eq!(told(&engine.tick(600)), [(Event::Over, "Over: A disk is full: a".to_owned())]);
}

#[test]
fn what_was_muted_and_is_over_is_never_told() {
    let mut ground = ground(&[("a", "eu")]);
    let hosts = [host("a")].into();
    ground.silences.push(Silence { rule: None, hosts, until: 500, reason: "Moving".to_owned() });
    let mut engine = Engine::new(vec![of_sign(SignKind::Drift, 0, 0)], ground, Vec::new(), 0);
    engine.found(0, &host("a"), Scope::Look, Found::All(&[Sign::new(SignKind::Drift, "", "drifted")]));
    assert_eq!(told(&engine.tick(0)), []);
    engine.found(10, &host("a"), Scope::Look, Found::All(&[]));
    let turn = engine.tick(10);
    assert!(turn.messages.is_empty() && turn.changed.values().eq([&None]), "{turn:?}");
}

#[test]
fn a_host_that_is_not_watched_any_more_ends_its_alerts() {
    let mut engine = engine(vec![of_sign(SignKind::Drift, 0, 0)]);
    engine.found(0, &host("a"), Scope::Look, Found::All(&[Sign::new(SignKind::Drift, "", "drifted")]));
    engine.tick(0);
    let ground = ground(&[("b", "eu")]);
    engine.replace(vec![of_sign(SignKind::Drift, 0, 0)], ground, &[host("b")].into(), 10);
    let turn = engine.tick(10);
    assert_eq!(turn.messages[0].hosts[0].words, "the host is not watched any more");
    assert_eq!(turn.messages[0].event, Event::Over);
}

#[test]
fn a_reminder_names_all_that_goes_on() {
    let remind = Some(Duration::from_secs(100));
    let mut engine = engine(vec![Rule { remind, ..of_sign(SignKind::Drift, 0, 0) }]);
    let drift = [Sign::new(SignKind::Drift, "", "drifted")];
    engine.found(0, &host("a"), Scope::Look, Found::All(&drift));
    engine.tick(0);
    engine.found(50, &host("c"), Scope::Look, Found::All(&drift));
    engine.tick(50);
    let all: Vec<_> = (51..=200).flat_map(|at| told(&engine.tick(at))).collect();
    let reminder = (Event::Reminder, "A disk is full (still): a, c".to_owned());
    assert_eq!(all, [reminder.clone(), reminder]);
}

#[test]
fn every_kind_of_sign_and_every_metric_is_known() {
    let rules = shipped().unwrap();
    let kinds: Vec<&str> = SignKind::ALL.iter().map(|kind| kind.name()).collect();
    let mut named: Vec<&str> = Vec::new();
    let mut metrics: Vec<&str> = Vec::new();
    for rule in rules {
        match &rule.condition {
            Condition::Sign(kind) => named.push(kind),
            Condition::Metric { sum, of, .. } => metrics.extend(sum.iter().chain(of).map(String::as_str)),
            Condition::Trend { metric, .. } => metrics.push(metric),
        }
    }
    assert!(kinds.iter().all(|kind| named.contains(kind)), "no rule: {kinds:?} {named:?}");
    assert!(named.iter().all(|kind| kinds.contains(kind)), "no such sign: {named:?}");
    let measure = include_str!("../measure.rs");
    for metric in metrics {
        assert!(measure.contains(&format!("\"{metric}\"")), "{metric} is not measured");
    }
}

/// One moment: what each of three hosts measures, `None` being away, and how many seconds later it is.
type Moment = (i64, [Option<u8>; 3], bool);

fn moments() -> impl Strategy<Value = Vec<Moment>> {
    let value = prop_oneof![Just(None), Just(Some(1)), Just(Some(7)), Just(Some(20)), Just(Some(20))];
    proptest::collection::vec((1_i64..60, [value.clone(), value.clone(), value], any::<bool>()), 1..80)
}

/// All messages of a course; with `is_killed` the engine is made anew from what was kept, where the course says so.
fn messages(moments: &[Moment], is_killed: bool) -> Vec<Message> {
    let rules = || vec![rule(), of_sign(SignKind::Away, 30, 30)];
    let mut engine = engine(rules());
    let (mut kept, mut all, mut at) = (BTreeMap::new(), Vec::new(), 0);
    for (later, values, kill) in moments {
        at += later;
        for (name, value) in ["a", "b", "c"].into_iter().zip(values) {
            if let Some(value) = value {
                back(&mut engine, at, name);
                measured(&mut engine, at, name, f64::from(*value));
            } else {
                away(&mut engine, at, name);
            }
        }
        let turn = engine.tick(at);
        for (key, alert) in turn.changed {
            match alert {
                Some(alert) => drop(kept.insert(key, alert)),
                None => drop(kept.remove(&key)),
            }
        }
        all.extend(turn.messages);
        if *kill && is_killed {
            let ground = ground(&[("a", "eu"), ("b", "eu"), ("c", "ch")]);
            engine = Engine::new(rules(), ground, kept.clone().into_iter().collect(), at);
        }
    }
    all
}

proptest! {
    #[test]
    fn no_alert_fires_twice_without_an_end(moments in moments()) {
        let mut firing = std::collections::BTreeSet::new();
        for message in messages(&moments, true) {
            for part in message.hosts {
                let key = (message.alert.clone(), part.host, part.part);
                match message.event {
                    Event::Firing => prop_assert!(firing.insert(key)),
                    Event::Reminder => prop_assert!(firing.contains(&key)),
                    Event::Over => prop_assert!(firing.remove(&key)),
                    Event::Test => prop_assert!(false),
                }
            }
        }
    }

    #[test]
    fn a_restart_changes_nothing(moments in moments()) {
        let ids = |is_killed| messages(&moments, is_killed).into_iter().map(|one| one.id).collect::<Vec<_>>();
        prop_assert_eq!(ids(false), ids(true));
    }
}

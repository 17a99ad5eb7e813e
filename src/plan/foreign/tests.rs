use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::{
    facts::{
        Fact, Probe as _,
        filter::{Filters, Hook},
    },
    model::{
        command::{Exit, Output},
        desired::Protocol,
    },
};

/// A chain's name, its hook and policy, and its rules.
type Described<'a> = (&'a str, Option<(&'a str, &'a str)>, Vec<Value>);

/// Chains of `inet site`.
fn site(chains: &[Described]) -> Vec<Chain> {
    let mut objects = Vec::new();
    for (name, base, rules) in chains {
        let mut chain = json!({ "family": "inet", "table": "site", "name": name, "handle": 1 });
        if let Some((hook, policy)) = base {
            chain["type"] = json!("filter");
            chain["hook"] = json!(hook);
            chain["policy"] = json!(policy);
        }
        objects.push(json!({ "chain": chain }));
        for (handle, expr) in (2..).zip(rules) {
            let rule =
                json!({ "family": "inet", "table": "site", "chain": name, "handle": handle, "expr": expr });
            objects.push(json!({ "rule": rule }));
        }
    }
    read(&json!({ "nftables": objects }).to_string())
}

fn read(stdout: &str) -> Vec<Chain> {
    let output = Output { exit: Exit::Code(0), stdout: stdout.to_owned(), stderr: String::new() };
    match Filters.read(&output) {
        Fact::Known(chains) => chains,
        other @ (Fact::Absent | Fact::Unreadable(_)) => panic!("{other:?}"),
    }
}

fn is(left: Value, op: &str, right: Value) -> Value {
    json!({ "match": { "left": left, "op": op, "right": right } })
}

fn dport(right: Value) -> Value {
    is(json!({ "payload": { "protocol": "tcp", "field": "dport" } }), "==", right)
}

fn state(words: Value) -> Value {
    is(json!({ "ct": { "key": "state" } }), "in", words)
}

/// 8080/tcp of the host, which leads to port 80 of a container, comes in by eth0.
fn told(chains: &[Chain]) -> String {
    let uplinks = BTreeSet::from(["eth0"]);
    let packet =
        Packet { hook: Hook::Forward, protocol: Protocol::Tcp, dialled: 8080, seen: 80, uplinks: &uplinks };
    match fate(chains, packet) {
        Fate::Passes => "passes".to_owned(),
        Fate::Dropped(place) => format!("dropped: {place}"),
        Fate::Unsure(place) => format!("unsure: {place}"),
    }
}

fn forward(policy: &str, rules: Vec<Value>) -> String {
    told(&site(&[("fwd", Some(("forward", policy)), rules)]))
}

#[test]
fn a_policy_drops_what_no_rule_lets_pass() {
    let (accept, drop) = (json!({ "accept": null }), json!({ "drop": null }));
    let policy = "dropped: table inet site, chain fwd, policy drop";
    assert_eq!(forward("drop", vec![]), policy);
    assert_eq!(forward("accept", vec![]), "passes");
    assert_eq!(forward("drop", vec![json!([state(json!(["established", "related"])), accept])]), policy);
    assert_eq!(forward("drop", vec![json!([dport(json!({ "set": [22, 443] })), accept])]), policy);
    let range = json!({ "set": [22, { "range": [80, 90] }] });
    assert_eq!(forward("drop", vec![json!([dport(range), { "counter": null }, accept])]), "passes");
    let dnat = is(json!({ "ct": { "key": "status" } }), "in", json!("dnat"));
    assert_eq!(forward("drop", vec![json!([dnat, accept])]), "passes");
    let rule = "dropped: table inet site, chain fwd, the rule with handle 2";
    assert_eq!(forward("accept", vec![json!([drop])]), rule);
    assert_eq!(forward("accept", vec![json!([dport(json!(80)), { "reject": null }])]), rule);
    // The container's port, not the one that was dialled.
    assert_eq!(forward("accept", vec![json!([dport(json!(8080)), drop])]), "passes");
    let inside = is(json!({ "meta": { "key": "iifname" } }), "!=", json!("eth0"));
    assert_eq!(forward("accept", vec![json!([inside, drop])]), "passes");
}

#[test]
fn what_is_not_understood_is_not_called_sure() {
    let (accept, drop) = (json!({ "accept": null }), json!({ "drop": null }));
    let source = is(json!({ "payload": { "protocol": "ip", "field": "saddr" } }), "==", json!("@known"));
    assert_eq!(
        forward("drop", vec![json!([source, accept])]),
        "unsure: table inet site, chain fwd, policy drop"
    );
    assert_eq!(
        forward("accept", vec![json!([source, drop])]),
        "unsure: table inet site, chain fwd, the rule with handle 2"
    );
    let limited = json!([{ "limit": { "rate": 10, "per": "second" } }, accept]);
    assert!(forward("drop", vec![limited]).starts_with("unsure"));
}

/// As nft lists `-m rt --rt-type 0 -j DROP` of ufw's `ufw6-before-forward`.
#[test]
fn a_packet_with_a_routing_header_opens_no_connection() {
    let header = |name| json!([{ "xt": { "type": "match", "name": name } }, { "drop": null }]);
    assert_eq!(forward("accept", vec![header("rt")]), "passes");
    assert!(forward("accept", vec![header("addrtype")]).starts_with("unsure"));
}

#[test]
fn chains_and_maps_are_followed() {
    let by_state = json!([{ "vmap": { "key": { "ct": { "key": "state" } }, "data": { "set": [
        ["established", { "accept": null }], ["new", { "jump": { "target": "opened" } }],
    ] } } }]);
    let fwd = ("fwd", Some(("forward", "drop")), vec![by_state]);
    let opened = |rules| told(&site(&[fwd.clone(), ("opened", None, rules)]));
    assert_eq!(opened(vec![json!([dport(json!(80)), { "accept": null }])]), "passes");
    assert_eq!(opened(vec![]), "dropped: table inet site, chain fwd, policy drop");
    assert_eq!(
        opened(vec![json!([{ "drop": null }])]),
        "dropped: table inet site, chain opened, the rule with handle 2"
    );
    // One that leads to itself is none that the kernel takes, and none that is followed for ever.
    assert!(opened(vec![json!([{ "jump": { "target": "opened" } }])]).starts_with("dropped"));
}

/// Docker's own rules, as two versions of it write them.
#[test]
fn what_docker_writes_is_no_firewall_of_others() {
    for text in [
        include_str!("../../../tests/data/nft/docker-20.10.json"),
        include_str!("../../../tests/data/nft/docker-26.1.json"),
    ] {
        let mut chains = read(text);
        assert_eq!(told(&chains), "passes");
        for chain in &mut chains {
            if let Some(base) = &mut chain.base {
                base.drops = true;
            }
        }
        assert_eq!(told(&chains), "passes", "Docker sets the policy itself");
        let user = chains.iter_mut().find(|chain| chain.name == "DOCKER-USER").unwrap();
        let statements = vec![dport(json!(80)), json!({ "drop": null })];
        user.rules.insert(0, Rule { handle: 99, statements });
        assert!(told(&chains).contains("chain DOCKER-USER, the rule with handle 99"), "{}", told(&chains));
    }
}

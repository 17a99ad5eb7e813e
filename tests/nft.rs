//! What the planner writes, given to the real nft of this machine, in a network namespace of its own.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use pryvctl::plan::nftables::{differences, same};
use serde_json::{Value, json};

/// Runs a script as root of a new network namespace; its output, or what it complained about.
fn inside(script: &str) -> Result<String, String> {
    let mut child = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-ec", "PATH=$PATH:/usr/sbin; . /dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unshare is there");
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn data(name: &str) -> String {
    format!("{}/tests/data/nft/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(data(name)).unwrap()).unwrap()
}

/// The listing a document must lead to: what it adds.
fn added(document: &Value) -> Value {
    let commands = document["nftables"].as_array().unwrap();
    json!({ "nftables": commands[2..].iter().map(|command| command["add"].clone()).collect::<Vec<_>>() })
}

fn listed(script: &str) -> Value {
    serde_json::from_str(&inside(script).unwrap()).unwrap()
}

#[test]
fn what_is_loaded_is_listed_as_wanted_also_after_a_second_load() {
    for name in ["firewall.json", "firewall-swarm.json"] {
        let document = data(name);
        let found = listed(&format!(
            "nft -c -j -f {document}; nft -j -f {document}; nft -j -f {document}; nft -j -s list table inet pryvctl"
        ));
        assert_eq!(differences(&found, &added(&read(name))), Vec::<String>::new());
    }
    let document = data("services.nft");
    let found =
        listed(&format!("nft -f {document}; nft -f {document}; nft -j -s list table inet pryvctl_services"));
    assert_eq!(differences(&found, &read("services.listing.json")), Vec::<String>::new());
}

/// A bare host has no names of protocols; the names in a document are nft's own.
#[test]
fn a_swarms_rules_are_the_same_where_no_protocol_has_a_name() {
    let script = format!(
        "unshare --mount sh -ec 'mount --bind /dev/null /etc/protocols; nft -j -f {}; nft -j -s list table inet pryvctl'",
        data("firewall-swarm.json")
    );
    let found = listed(&script);
    assert!(!found.to_string().contains("\"esp\""), "{found}");
    assert_eq!(differences(&found, &added(&read("firewall-swarm.json"))), Vec::<String>::new());
}

#[test]
fn a_host_comes_into_a_swarm_and_leaves_it() {
    let (alone, member) = (data("firewall.json"), data("firewall-swarm.json"));
    let left = listed(&format!("nft -j -f {member}; nft -j -f {alone}; nft -j -s list table inet pryvctl"));
    assert_eq!(differences(&left, &added(&read("firewall.json"))), Vec::<String>::new());
}

#[test]
fn a_rule_or_element_changed_by_hand_is_seen() {
    let load = format!("nft -j -f {}; nft -f {}", data("firewall.json"), data("services.nft"));
    let wanted = added(&read("firewall.json"));
    for by_hand in [
        "nft insert rule inet pryvctl input tcp dport 8080 accept",
        "nft add element inet pryvctl open1 '{ 8080 }'",
        "nft flush chain inet pryvctl forward",
        "nft chain inet pryvctl input '{ policy accept; }'",
    ] {
        let found = listed(&format!("{load}; {by_hand}; nft -j -s list table inet pryvctl"));
        assert!(!same(&found, &wanted), "{by_hand}");
        assert!(!differences(&found, &wanted).is_empty(), "{by_hand}");
    }
    let swapped = "nft delete element inet pryvctl_services services '{ tcp . 443 }'";
    let found = listed(&format!("{load}; {swapped}; nft -j -s list table inet pryvctl_services"));
    assert!(!same(&found, &read("services.listing.json")));
}

#[test]
fn what_the_guard_saves_brings_the_old_table_back() {
    let script = format!(
        "load() {{ nft -j -f {}; }}
         save() {{ echo 'table inet pryvctl'; echo 'delete table inet pryvctl'; nft -s list table inet pryvctl; }}
         load; saved=$(mktemp); trap 'rm -f $saved' EXIT; save > $saved
         nft flush chain inet pryvctl input; nft -f $saved; nft -j -s list table inet pryvctl",
        data("firewall.json")
    );
    assert_eq!(differences(&listed(&script), &added(&read("firewall.json"))), Vec::<String>::new());
}

#[test]
fn a_document_with_an_error_changes_nothing() {
    let script = format!(
        "nft -j -f {}; before=$(nft -s list ruleset)
         echo '{{\"nftables\":[{{\"delete\":{{\"table\":{{\"family\":\"inet\",\"name\":\"pryvctl\"}}}}}},{{\"add\":{{\"rule\":{{\"family\":\"inet\",\"table\":\"none\",\"chain\":\"none\",\"expr\":[]}}}}}}]}}' | nft -j -f - 2>/dev/null && exit 1
         [ \"$before\" = \"$(nft -s list ruleset)\" ]",
        data("firewall.json")
    );
    assert_eq!(inside(&script), Ok(String::new()));
}

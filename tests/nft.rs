//! What the planner writes, given to the real nft of this machine, in a network namespace of its own.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use pryvctl::{
    change::nftables::{differences, same},
    facts::{Fact, Probe as _, filter::Filters},
    model::command::Output,
};
use serde_json::{Value, json};

/// Runs a script as root of a new network namespace; its output, or what it complained about.
pub fn inside(script: &str) -> Result<String, String> {
    within(&[], script)
}

/// The same in further namespaces.
pub fn within(further: &[&str], script: &str) -> Result<String, String> {
    let mut child = Command::new("unshare")
        .args(["--map-root-user", "--net"])
        .args(further)
        .args(["sh", "-ec", "PATH=$PATH:/usr/sbin; . /dev/stdin"])
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

pub fn data(name: &str) -> String {
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

/// Tables of others with a rule for each address that somebody banned, in nft's own words and in iptables'.
#[test]
fn thousands_of_rules_of_others_do_not_fill_a_survey() {
    let question = Filters.question();
    let look = |tail: &str| {
        // A batch has to fit into a socket's buffer.
        inside(&format!(
            "nft 'table inet site {{ chain banned {{ }}; chain last {{ ip6 saddr 2001:db8::1 drop; }}; chain onward {{
                type filter hook forward priority 0; policy drop;
                ip saddr 203.0.113.0/24 drop; tcp dport 3000 accept; jump banned; ip saddr 198.51.100.1 accept; }}; }}'
            for a in $(seq 1 64); do
                for b in $(seq 0 255); do echo \"add rule inet site banned ip saddr 203.0.$a.$b counter drop\"; done | nft -f -
            done
            {tail}
            ({question})"
        ))
    };
    let said = look("");
    let text = said.unwrap();
    assert!(text.len() < 10_000, "{}", text.len());
    let Fact::Known(chains) = Filters.read(&Output { stdout: text.clone(), ..Output::default() }) else {
        panic!("{text}");
    };
    let rules: Vec<(&str, usize)> = chains.iter().map(|it| (it.name.as_str(), it.rules.len())).collect();
    assert_eq!(rules, [("banned", 0), ("last", 0), ("onward", 3)]);
    assert!(chains[2].base.as_ref().unwrap().drops);
    // Those that are about everybody count, and that they are too many is said.
    let said = look(
        "for a in $(seq 1 40); do
            for b in $(seq 1 200); do echo \"add rule inet site onward tcp dport $b ip saddr != 203.0.113.1 accept\"; done | nft -f -
        done",
    );
    let why = said.unwrap_err();
    assert!(why.contains("the rules of table inet site are too many to be looked at"), "{why}");
}

#[test]
fn what_is_loaded_is_listed_as_wanted_also_after_a_second_load() {
    for name in ["firewall.json", "firewall-swarm.json", "firewall-bridge.json"] {
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

/// A host between the outside, which is `$uplink`, and two networks of containers: one that was there when the rules were
/// written, and one that somebody made later. Docker leads three ports of the host to a container, and one program listens
/// on the host itself. `reaches SPACE FROM TO PORT` says whether a connection comes to stand.
const HOST: &str = r#"
space() { unshare --net sleep 100 & until ! [ /proc/$!/ns/net -ef /proc/self/ns/net ]; do sleep 0.05; done; }
outside() { nsenter --target $outside --net "$@"; }
serve='use IO::Socket::INET; my %s;
for (@ARGV) { my $s = IO::Socket::INET->new(LocalPort => $_, Listen => 9) or die; $s{$s} = $s }
print "up\n"; close STDOUT; sleep 100'
reaches() { nsenter --target $1 --net perl -e 'use IO::Socket::INET;
exit !IO::Socket::INET->new(LocalAddr => $ARGV[0], PeerAddr => $ARGV[1], PeerPort => $ARGV[2], Timeout => 1)' $2 $3 $4 && echo yes || echo no; }
tied() { # SPACE INTERFACE ADDRESS...: the far end of an interface of ours
    ip link add $2 type veth peer name eth0 netns $1; ip link set $2 up
    nsenter --target $1 --net ip link set eth0 up; nsenter --target $1 --net ip link set lo up
    space=$1; shift 2; for address; do nsenter --target $space --net ip address add $address dev eth0; done
}
space; outside=$!; space; container=$!; space; later=$!
trap 'kill $outside $container $later $servers' EXIT
ip link set lo up; sysctl -qw net.ipv4.ip_forward=1
tied $outside port 10.0.0.6/24 10.0.0.99/24
if [ $uplink = up0 ]; then ip link set port down name $uplink; else ip link add $uplink type bridge; ip link set port master $uplink; fi
ip link set $uplink up; ip address add 10.0.0.5/24 dev $uplink; outside ip route add default via 10.0.0.5
outside ip address add 169.254.169.254/32 dev lo; ip route add 169.254.169.254 via 10.0.0.6
for network in "br-0123456789ab $container $subnet" "br-ffffffffffff $later 172.19.0"; do
    set -- $network
    tied $2 port$2 $3.2/24; ip link add $1 type bridge; ip link set port$2 master $1; ip link set $1 up
    ip address add $3.1/24 dev $1; nsenter --target $2 --net ip route add default via $3.1
done
nft "table ip docker { chain c { type nat hook prerouting priority -100; fib daddr type local tcp dport { 443, 5432, 6379 } dnat to $subnet.2; }; }"
nft -j -f $rules
servers=
up() { mkfifo up.$$; "$@" > up.$$ & servers="$servers $!"; read -r _ < up.$$; rm up.$$; }
cd $(mktemp -d)
up nsenter --target $container --net perl -e "$serve" 443 5432 6379
up perl -e "$serve" 80 9100
up nsenter --target $outside --net perl -e "$serve" 53 5000
"#;

/// The bridges of containers are known by what they are: an uplink whose name begins like one of them is outside.
#[test]
fn only_declared_ports_answer_whatever_the_uplink_is_called() {
    // In the second, the role of the container that comes later asks for the metadata of the cloud.
    for (uplink, rules, subnet, asks) in
        [("up0", "firewall.json", "172.18.0", "no"), ("br-wan", "firewall-bridge.json", "10.9.0", "yes")]
    {
        let ask = format!(
            "for ask in '$outside 10.0.0.99 10.0.0.5 443' '$outside 10.0.0.99 10.0.0.5 5432' '$outside 10.0.0.6 10.0.0.5 5432' \
                '$outside 10.0.0.99 {subnet}.2 5432' '$outside 10.0.0.99 10.0.0.5 6379' '$outside 10.0.0.6 10.0.0.5 6379' \
                '$outside 10.0.0.99 10.0.0.5 80' '$outside 10.0.0.99 10.0.0.5 9100' \
                '$container {subnet}.2 10.0.0.6 5000' '$later 172.19.0.2 10.0.0.6 5000' \
                '$container {subnet}.2 {subnet}.1 80' '$later 172.19.0.2 172.19.0.1 80' '$later 172.19.0.2 172.19.0.1 9100' \\
                '$$ 10.0.0.5 169.254.169.254 5000' '$container {subnet}.2 169.254.169.254 5000' \\
                '$container {subnet}.2 169.254.169.254 53' '$later 172.19.0.2 169.254.169.254 5000'
            do eval \"set -- $ask\"; echo \"$ask $(reaches $1 $2 $3 $4)\"; done"
        );
        let found = inside(&format!("uplink={uplink} rules={} subnet={subnet}\n{HOST}\n{ask}", data(rules)));
        let wanted = format!(
            "$outside 10.0.0.99 10.0.0.5 443 yes
$outside 10.0.0.99 10.0.0.5 5432 no
$outside 10.0.0.6 10.0.0.5 5432 no
$outside 10.0.0.99 {subnet}.2 5432 no
$outside 10.0.0.99 10.0.0.5 6379 no
$outside 10.0.0.6 10.0.0.5 6379 yes
$outside 10.0.0.99 10.0.0.5 80 yes
$outside 10.0.0.99 10.0.0.5 9100 no
$container {subnet}.2 10.0.0.6 5000 yes
$later 172.19.0.2 10.0.0.6 5000 yes
$container {subnet}.2 {subnet}.1 80 yes
$later 172.19.0.2 172.19.0.1 80 yes
$later 172.19.0.2 172.19.0.1 9100 no
$$ 10.0.0.5 169.254.169.254 5000 yes
$container {subnet}.2 169.254.169.254 5000 no
$container {subnet}.2 169.254.169.254 53 yes
$later 172.19.0.2 169.254.169.254 5000 {asks}
"
        );
        assert_eq!(found, Ok(wanted), "by {uplink}");
    }
}

/// What systemd runs when a unit starts, with these files in place.
fn started(unit: &str, files: &str) -> String {
    let unit = read_text(unit);
    // What it says to systemd is not for this machine's.
    let runs =
        unit.lines().filter_map(|line| line.strip_prefix("ExecStart=")).filter(|run| run.contains("nft -"));
    let runs = runs.filter(|run| !run.contains("systemctl"));
    let runs: String = runs.map(|run| format!("{} || failed=1\n", run.trim_start_matches('-'))).collect();
    let files = files.replace("DATA", &data(""));
    let script =
        format!("mount -t tmpfs none /etc; mkdir /etc/pryvctl\n{files}\nfailed=0\n{runs}echo $failed");
    format!(
        "cat > /tmp/guard-unit-$$ <<'END'\n{script}\nEND\nunshare --mount sh -e /tmp/guard-unit-$$; rm /tmp/guard-unit-$$\n"
    )
}

fn read_text(name: &str) -> String {
    std::fs::read_to_string(data(name)).unwrap()
}

const FIREWALL_UNIT: &str = "pryvctl-firewall.service";
const GOOD: &str = "cp DATAfirewall.json /etc/pryvctl/";

/// A file that a power cut, a full disk or a hand left: the host is closed but for administrators, and the unit failed.
#[test]
fn a_table_that_cannot_be_loaded_at_boot_closes_the_host() {
    for damage in [
        "true",
        ": > /etc/pryvctl/firewall.json",
        "head -c 700 DATAfirewall.json > /etc/pryvctl/firewall.json",
        r#"echo '{"nftables":[]}' > /etc/pryvctl/firewall.json"#,
    ] {
        let said = inside(&format!("{}nft list table inet pryvctl", started(FIREWALL_UNIT, damage))).unwrap();
        assert!(said.starts_with("1\n"), "{damage}: {said}");
        for line in [
            "iifname \"lo\" accept",
            "nd-neighbor-solicit",
            "ip saddr 10.0.0.0/8 tcp dport 22 accept",
            "ip6 saddr fd00:1::/64 tcp dport 22 accept",
        ] {
            assert!(said.contains(line), "{damage}: {line}: {said}");
        }
        assert!(!said.contains("443") && said.matches("policy drop;").count() == 2, "{said}");
    }
    let whole = format!("{}nft -j -s list table inet pryvctl", started(FIREWALL_UNIT, GOOD));
    let said = inside(&whole).unwrap();
    let listing = serde_json::from_str(said.strip_prefix("0\n").unwrap()).unwrap();
    assert_eq!(differences(&listing, &added(&read("firewall.json"))), Vec::<String>::new());
}

/// A reload that fails takes nothing away from what stands, and one that works ends what was closed.
#[test]
fn what_stands_is_not_closed_and_what_was_closed_is_replaced() {
    let listing = |first: &str, then: &str| {
        let (first, then) = (started(FIREWALL_UNIT, first), started(FIREWALL_UNIT, then));
        let said = inside(&format!("{first}{then}nft -j -s list table inet pryvctl")).unwrap();
        let (codes, listing) = said.split_at(4);
        (codes.to_owned(), serde_json::from_str(listing).unwrap())
    };
    for (first, then, codes) in [(GOOD, "true", "0\n1\n"), ("true", GOOD, "1\n0\n")] {
        let (said, listing) = listing(first, then);
        assert_eq!(said, codes);
        assert_eq!(differences(&listing, &added(&read("firewall.json"))), Vec::<String>::new());
    }
}

/// Each table comes up without the other.
#[test]
fn one_table_that_cannot_be_loaded_does_not_keep_the_other_away() {
    let services = started("pryvctl-services.service", "cp DATAservices.nft /etc/pryvctl/");
    let said = inside(&format!("{services}nft list tables")).unwrap();
    assert!(said.contains("table inet pryvctl_services") && !said.contains("table inet pryvctl\n"), "{said}");
}

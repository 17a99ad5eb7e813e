//! A first packet that is lost during a cut-over: its repetition reaches the container that serves by then.
//!
//! A client, a host and two containers, each a network namespace of its own, with the real table and the real drain.

use std::{fs, time::Duration};

use pryvctl::{
    change::{Drain, Kind as _, Leaving, ServiceMap, services::table},
    model::desired::Protocol,
};

use super::nft::{data, within};

/// Whatever a scene starts ends with it.
const ALONE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];

/// The client, the host and its two containers, and what each can do: `at WHOM COMMAND`, `ask` the host, `lose WHERE HOOK`
/// what opens a connection.
const SCENE: &str = r#"
space() { unshare --net sleep 120 & pid=$!
    until [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done; }
at() { whom=$1; shift; nsenter --net --target "$whom" "$@"; }
space; client=$pid; space; old=$pid; space; new=$pid
ip link set lo up
ip link add br0 type bridge
ip addr add 172.28.0.1/24 dev br0
ip link set br0 up
ip link add up0 type veth peer name eth0 netns "$client"
ip addr add 10.0.0.5/24 dev up0
ip link set up0 up
ip addr add fd00:1::5/64 dev up0 nodad
ip addr add fd00:28::1/64 dev br0 nodad
at "$client" ip addr add 10.0.0.9/24 dev eth0
at "$client" ip addr add fd00:1::9/64 dev eth0 nodad
at "$client" ip link set eth0 up
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
echo 1 >/proc/sys/net/ipv4/ip_forward
serve='$s = IO::Socket::IP->new(LocalHost => "::", LocalPort => 3000, V6Only => 0, Listen => 9) or die $!;
while ($c = $s->accept) { print $c "$ARGV[0]\n"; close $c }'
listens='exit !IO::Socket::IP->new(PeerHost => "127.0.0.1", PeerPort => 3000)'
container() {
    ip link add "$1" type veth peer name eth0 netns "$2"
    ip link set "$1" master br0 up
    at "$2" ip link set lo up
    at "$2" ip addr add "172.28.0.$3/24" dev eth0
    at "$2" ip addr add "fd00:28::$3/64" dev eth0 nodad
    at "$2" ip link set eth0 up
    at "$2" ip route add default via 172.28.0.1
    at "$2" ip route add default via fd00:28::1
    at "$2" perl -MIO::Socket::IP -e "$serve" "$1" &
    until at "$2" perl -MIO::Socket::IP -e "$listens"; do sleep 0.05; done
}
container old "$old" 2
container new "$new" 3
ask() { at "$client" perl -MIO::Socket::IP -e '
    $s = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => 443, Timeout => 15) or die "lost: $!\n";
    print scalar <$s>' "$1" 2>&1; }
lose() { at "$1" nft -f - <<NFT
table inet busy {
	chain $2 {
		type filter hook $2 priority 0;
		tcp flags syn counter drop
	}
}
NFT
}
docker() { echo "$old"; }
"#;

/// A family: the host's address, and how the kernel lists the old container's.
struct Family {
    host: &'static str,
    listed: &'static str,
    old: &'static str,
    new: &'static str,
}

const FAMILIES: [Family; 2] = [
    Family { host: "10.0.0.5", listed: "172.28.0.2", old: "172.28.0.2:3000", new: "172.28.0.3:3000" },
    Family {
        host: "fd00:1::5",
        listed: "fd00:0028:0000:0000:0000:0000:0000:0002",
        old: "[fd00:28::2]:3000",
        new: "[fd00:28::3]:3000",
    },
];

impl Family {
    fn map(to: &str) -> ServiceMap {
        ServiceMap::from_entries([((Protocol::Tcp, 443), to.parse().unwrap())])
    }

    fn cut_over(&self) -> String {
        turn(&Self::map(self.old), &Self::map(self.new))
    }

    /// What the client hears whose first packet was lost before `then` happened.
    fn heard(&self, table: &str, then: &str) -> String {
        let Self { host, listed, .. } = self;
        within(
            &ALONE,
            &format!(
                "{SCENE}
nft -f - <<'NFT'\n{table}NFT
[ \"$(ask {host})\" = old ]
lose \"$old\" input
answer=$(mktemp); trap 'rm -f $answer' EXIT
ask {host} >$answer & asker=$!
until grep -q 'SYN_SENT.*src={listed} ' /proc/net/nf_conntrack; do sleep 0.01; done
{then}
wait $asker || :
cat $answer"
            ),
        )
        .unwrap()
    }
}

fn turn(from: &ServiceMap, to: &ServiceMap) -> String {
    format!("nft -f - <<'NFT'\n{}NFT\n", table::transaction(from, to))
}

/// The script of the step that waits for the old container, in a shell of its own: it waits for all its children.
fn waits(seconds: u64) -> String {
    let leaving = Leaving {
        name: "acme_core_a".to_owned(),
        grace: Duration::from_secs(seconds),
        addresses: ["172.28.0.2", "fd00:28::2"].map(|address| address.parse().unwrap()).into(),
    };
    format!("(\n{}\n)", Drain(vec![leaving]).command().script)
}

/// The table as it is loaded, and as a kernel without timeouts loads it.
fn tables() -> [String; 2] {
    let table = fs::read_to_string(data("services.nft")).unwrap();
    let (before, rest) = table.split_once("\tct timeout brief4").unwrap();
    let (_, after) = rest.split_once("\tchain lookup {").unwrap();
    let without = format!("{before}\tchain lookup {{{after}");
    [table, without]
}

#[test]
fn a_repeated_packet_reaches_the_new_container() {
    let [table, _] = tables();
    for family in FAMILIES {
        let then = format!("{}\n{}\nip link del old", family.cut_over(), waits(30));
        assert_eq!(family.heard(&table, &then), "new\n", "{}", family.host);
    }
}

/// Only one may run: the map leads nowhere for a moment, in which nothing else of the client arrives.
#[test]
fn it_does_where_the_old_container_had_to_make_room() {
    let (nowhere, [table, _]) = (ServiceMap::default(), tables());
    for family in FAMILIES {
        let [old, new] = [family.old, family.new].map(Family::map);
        let then = format!(
            "lose \"$client\" output\n{}\nip link del old\n{}\nat \"$client\" nft delete table inet busy",
            turn(&old, &nowhere),
            turn(&nowhere, &new)
        );
        assert_eq!(family.heard(&table, &then), "new\n", "{}", family.host);
    }
}

/// Where the kernel cannot shorten the life of what is half open, the old container serves it before it goes. That it may
/// stop at once makes no difference. Its first repetition is lost, too.
#[test]
fn the_old_container_waits_for_what_is_half_open() {
    let [_, without] = tables();
    for family in FAMILIES {
        let then = format!(
            "{}
{{ until at \"$old\" nft list chain inet busy input | grep -q 'packets 2 '; do sleep 0.05; done
   at \"$old\" nft delete table inet busy; }} &
{}
ip link del old",
            family.cut_over(),
            waits(0)
        );
        assert_eq!(family.heard(&without, &then), "old\n", "{}", family.host);
    }
}

/// Its own health check, over any loopback address, is nobody who speaks with it: nothing is said of connections that are cut.
#[test]
fn a_container_that_speaks_with_itself_does_not_wait() {
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        let script = format!(
            "{SCENE}
at \"$old\" perl -MIO::Socket::IP -e '
    $s = IO::Socket::IP->new(LocalHost => \"::\", LocalPort => 4000, V6Only => 0, Listen => 9) or die $!;
    $c = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => 4000) or die $!;
    $| = 1; print \"open\\n\"; sleep' {address} >open &
until grep -qs open open; do sleep 0.05; done; rm open
{}",
            waits(3)
        );
        assert_eq!(within(&ALONE, &script), Ok(String::new()), "{address}");
    }
}

//! The firewall means it: a port that somebody publishes by hand is closed, and containers still reach what they need.

use std::{net::SocketAddr, thread, time::Duration};

use futures_util::future::join_all;
use tokio::{net::TcpStream, time::timeout};

use super::{
    guard::{BOOT, gateways, inventory, logs_in, until, until_or},
    outside::{FAMILIES, reaches},
    world::World,
};

const INVENTORY: &str = "
platform: guard
domain: walls.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hosts:
  old: { address: 192.0.2.11, zone: eu, roles: [web], lab: { image: debian12 } }
  new: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13 } }
";
/// Docker 20.10, and Docker 26.1.
const HOSTS: [&str; 2] = ["old", "new"];
const LONG: Duration = Duration::from_secs(60);

/// A server and a client in one: perl is on every Debian host.
const CONTAINERS: &str = r#"set -e
libraries=$(ldd /usr/bin/perl /bin/sh | grep -o '/[^ ]*' | grep -v : | sort -u | sed s,^/,,)
tar -chC / bin/sh usr/bin/perl usr/lib/x86_64-linux-gnu/perl-base $libraries | docker import - trial:1
cat > /root/serve.pl <<'END'
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 5432, Listen => 9, ReuseAddr => 1) or die;
while (my $client = $server->accept) { print $client "yes\n"; close $client }
END
docker network create trial
docker network create -o com.docker.network.bridge.name=named0 named
docker run -d --name server --network trial --restart always -p 5432:5432 -v /root/serve.pl:/serve.pl trial:1 perl /serve.pl
docker run -d --name client --network trial --restart always trial:1 perl -e 'sleep 100000'
docker run -d --name named --network named --restart always trial:1 perl -e 'sleep 100000'
"#;

#[test]
fn only_what_is_declared_answers_and_containers_still_work() {
    let world = World::up("t-walls", INVENTORY);
    each(|host| drop(world.on(host, CONTAINERS)));
    each(|host| published(&world, host, true));
    let hosts: Vec<_> = HOSTS.iter().map(|host| (*host, world.addresses(host).0)).collect();
    inventory(&world, "walls.yaml", &gateways(&world), &hosts);
    let harden = ["harden", "walls.yaml", "--yes"];
    let ran = world.run(&harden).ends_with(0);
    ran.says("old: port scan from here and new: 22 open, ")
        .says("new: port scan from here and old: 22 open, ");
    each(|host| closed_and_working(&world, host));

    each(|host| drop(world.on(host, "systemctl restart docker")));
    each(|host| closed_and_working(&world, host));

    each(|host| drop(world.on(host, "systemctl enable -q nftables; systemctl restart nftables")));
    each(|host| closed_and_working(&world, host));

    each(|host| world.docker("restart", host));
    each(|host| {
        let is_active = || world.on(host, "systemctl is-active docker || true") == "active\n";
        works(&world, host, BOOT, "docker is back", is_active);
        closed_and_working(&world, host);
    });

    a_table_that_cannot_be_loaded(&world, &harden);

    each(|host| drop(world.on(host, "nft flush ruleset")));
    let ran = world.run(&["plan", "walls.yaml"]);
    ran.says("table inet pryvctl: none -> everything from outside is dropped, except")
        .says("8080/tcp from everywhere (role web)");
    somebody_answers_in_its_place(&world, &harden);
    each(|host| published(&world, host, false));
    too_many_logins_at_once(&world);
    world.run(&harden).ends_with(0).says("old unchanged").says("new unchanged");
}

/// Waits until something works; where it does not, Docker's own words tell more.
#[track_caller]
fn works(world: &World, host: &str, within: Duration, what: &str, check: impl Fn() -> bool) {
    let journal = "systemctl list-jobs; journalctl -b -n 40 -o cat -u docker -u pryvctl-firewall";
    until_or(within, check, || format!("on {host}: {what}\n{}", world.on(host, journal)));
}

/// On both hosts at once.
fn each(what: impl Fn(&'static str) + Sync) {
    thread::scope(|both| {
        for host in HOSTS {
            let what = &what;
            both.spawn(move || what(host));
        }
    });
}

/// Whether a stranger reaches what was published by hand.
#[track_caller]
fn published(world: &World, host: &str, open: bool) {
    let stranger = HOSTS.into_iter().find(|other| *other != host).unwrap();
    for family in FAMILIES {
        assert_eq!(reaches(world, stranger, host, family, 5432), open, "{host} {family:?}");
    }
}

#[track_caller]
fn closed_and_working(world: &World, host: &str) {
    let own = world.addresses(host).0;
    let from = |container: &str, address: &str, port: u16| {
        let ask = format!(
            "use IO::Socket::INET; exit !IO::Socket::INET->new(PeerAddr => \"{address}\", PeerPort => {port}, Timeout => 2)"
        );
        world.on(host, &format!("docker exec {container} perl -e '{ask}' && echo yes || echo no")) == "yes\n"
    };
    let on_host = |address: &str| {
        world.on(
            host,
            &format!("timeout 2 bash -c '</dev/tcp/{address}/5432' 2>/dev/null && echo yes || echo no"),
        ) == "yes\n"
    };
    let outside = world.in_network(2);
    works(world, host, LONG, "client to the outside", || from("client", &outside, 5000));
    works(world, host, LONG, "named to the outside", || from("named", &outside, 5000));
    works(world, host, LONG, "client to server", || from("client", "server", 5432));
    works(world, host, LONG, "the host over loopback", || on_host("127.0.0.1"));
    works(world, host, LONG, "the host over its own address", || on_host(&own));
    published(world, host, false);
}

/// A host that starts with half of its table, or without it, is closed but for administrators; the next run mends it.
fn a_table_that_cannot_be_loaded(world: &World, harden: &[&str]) {
    let file = "/etc/pryvctl/firewall.json";
    let damage = [format!(": > {file}"), format!("head -c 700 {file} > {file}.half; mv {file}.half {file}")];
    for (host, damage) in HOSTS.iter().zip(&damage) {
        world.on(host, damage);
    }
    each(|host| world.docker("restart", host));
    each(|host| {
        until(BOOT, || logs_in(world, host));
        let is_active = || world.on(host, "systemctl is-active docker || true") == "active\n";
        works(world, host, BOOT, "docker is back", is_active);
        let units = "systemctl is-active pryvctl-firewall pryvctl-services || true";
        assert_eq!(world.on(host, units), "failed\nactive\n");
        published(world, host, false);
        let stranger = HOSTS.into_iter().find(|other| *other != host).unwrap();
        for family in FAMILIES {
            assert!(!reaches(world, stranger, host, family, 22), "{host} {family:?}");
        }
    });
    world.run(harden).ends_with(0).says("firewall.file").says("firewall.boot");
    for host in HOSTS {
        assert_eq!(world.on(host, "systemctl is-active pryvctl-firewall"), "active\n");
    }
    each(|host| closed_and_working(world, host));
}

/// A port that answers is found, whoever it is that answers: here the way from one host to the other leads astray.
fn somebody_answers_in_its_place(world: &World, harden: &[&str]) {
    let astray = format!(
        "printf 'table ip astray {{\nchain c {{\ntype nat hook output priority -100\n\
         ip daddr {} tcp dport 5432 redirect to :22\n}}\n}}\n' | nft -f -",
        world.addresses("old").0
    );
    world.on("new", &astray);
    let ran = world.run(harden).ends_with(5);
    ran.says("old exposed").says("5432/tcp answers new").says("new changed");
    world.on("new", "nft delete table ip astray");
}

/// More new connections at once than an administrator makes are dropped; the next second is another one. All of them leave
/// before the first is answered, however busy the machine is, and none is repeated within its time.
#[tokio::main(flavor = "current_thread")]
async fn too_many_logins_at_once(world: &World) {
    let address: SocketAddr = format!("{}:22", world.addresses("old").0).parse().unwrap();
    let knock = || async move {
        timeout(Duration::from_millis(900), TcpStream::connect(address)).await.is_ok_and(|said| said.is_ok())
    };
    let answered = join_all((0..40).map(|_| knock())).await.into_iter().filter(|answered| *answered).count();
    assert!((5..40).contains(&answered), "{answered}");
    let next = async { while !knock().await {} };
    timeout(LONG, next).await.expect("no login later, either");
}

//! What somebody does to a host by hand: each is said, and that it was put right, too.

use super::{Daemon, Receivers};
use crate::fleet::world::World;

/// Something that is done to a host, and undone.
pub struct Deed {
    pub host: &'static str,
    /// One of these alerts is about it.
    pub alerts: &'static [&'static str],
    /// The part of the host that the alert names; empty: any.
    pub part: &'static str,
    pub done: &'static str,
    pub undone: &'static str,
}

/// Those that can be done side by side.
pub const DEEDS: &[Deed] = &[
    Deed {
        host: "one",
        alerts: &["service-unhealthy"],
        part: "",
        done: "kill -STOP $(docker inspect -f '{{.State.Pid}}' $(docker ps -q --filter name=alerted_web_))",
        undone: "kill -CONT $(docker inspect -f '{{.State.Pid}}' $(docker ps -q --filter name=alerted_web_))",
    },
    Deed {
        host: "one",
        alerts: &["foreign-port"],
        part: "5432/tcp",
        done: "docker run -d --name by-hand -p 5432:5432 --entrypoint python3 \
               $(docker inspect -f '{{.Image}}' $(docker ps -q --filter name=alerted_web_)) -m http.server 5432 --bind :: \
               && nft delete table inet pryvctl",
        undone: "docker rm -f by-hand",
    },
    Deed {
        host: "one",
        alerts: &["disk-full"],
        part: "/mnt/small",
        done: "set -e
               [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
               for number in 0 1 2 3 4 5 6 7; do [ -e /dev/loop$number ] || mknod /dev/loop$number b 7 $number; done
               truncate -s 32M /root/small
               mkfs.ext4 -q /root/small
               mkdir -p /mnt/small
               mount -o loop /root/small /mnt/small
               dd if=/dev/zero of=/mnt/small/much bs=1M status=none || [ -s /mnt/small/much ]",
        undone: "rm /mnt/small/much",
    },
    // It is killed from the host, where it is a process like any other, more often than a service may fall.
    Deed {
        host: "two",
        alerts: &["restart-loop"],
        part: "",
        done: "web=$(docker ps -q --filter name=alerted_web_)
               for _ in $(seq 8); do
                   process=$(docker inspect -f '{{.State.Pid}}' $web)
                   [ \"$process\" = 0 ] || kill -9 \"$process\"
                   sleep 2
               done",
        undone: "web=$(docker ps -q --filter name=alerted_web_) && docker stop $web && docker start $web",
    },
    // What a controller leaves that has had the lock for three hours.
    Deed {
        host: "two",
        alerts: &["lock"],
        part: "",
        done: "systemd-run -q --unit=by-hand sh -c 'cd /run/pryvctl && exec 9>>lock && flock 9 \
               && printf \"%s\\n\" eve@elsewhere \"$(date -u -d \"3 hours ago\" +%FT%TZ)\" >lock && sleep 1000'",
        undone: "systemctl stop by-hand",
    },
];

/// Those after which a host is not what it was for a moment.
pub const LATER: &[Deed] = &[
    Deed {
        host: "one",
        alerts: &["docker-stopped"],
        part: "",
        done: "systemctl stop docker.socket docker",
        undone: "systemctl start docker.socket docker",
    },
    Deed {
        host: "two",
        alerts: &["host-key"],
        part: "",
        done: "mkdir /root/keys && mv /etc/ssh/ssh_host_* /root/keys && ssh-keygen -A && systemctl restart ssh",
        undone: "mv -f /root/keys/* /etc/ssh && systemctl restart ssh",
    },
];

/// Does all of them, waits until each is said, undoes them, and waits until each is said to be over.
pub fn each_is_said_and_over(world: &World, receivers: &mut Receivers, deeds: &[Deed]) {
    for deed in deeds {
        world.on(deed.host, deed.done);
    }
    for deed in deeds {
        receivers.says_of("firing", deed.host, deed.part, deed.alerts);
    }
    for deed in deeds {
        world.on(deed.host, deed.undone);
    }
    for deed in deeds {
        receivers.says_of("over", deed.host, deed.part, deed.alerts);
    }
}

/// Writes a role that serves a certificate which ends in so many days.
pub fn serve_certificate(world: &World, days: i64) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut wanted = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let end = time::OffsetDateTime::now_utc() + time::Duration::days(days);
    wanted.not_after = rcgen::date_time_ymd(end.year(), end.month().into(), end.day());
    let certificate = wanted.self_signed(&key).unwrap();
    let pem = format!("{}{}", key.serialize_pem(), certificate.pem()).replace('\n', "|");
    world.write("roles/tls/compose.yaml", &ROLE.replace("@PEM@", &pem));
}

/// The certificate is what the inventory says, so a new one comes with `install`.
pub fn a_certificate_is_renewed(world: &World, receivers: &mut Receivers, daemon: &Daemon) {
    receivers.says_of("firing", "one", "8443/tcp", &["certificate-soon"]);
    serve_certificate(world, 90);
    daemon.rereads();
    world.run(&["install", "inventory.yaml", &world.lab(), "--yes"]).ends_with(0);
    receivers.says_of("over", "one", "8443/tcp", &["certificate-soon"]);
    receivers.says_of("over", "one", "8443/tcp", &["certificate"]);
}

const ROLE: &str = "
services:
  tls:
    image: ${REGISTRY}/pryvio/core:1.9.2
    entrypoint: [python3, -c]
    command:
      - |
        import os, socket, ssl
        open('/dev/shm/pem', 'w').write(os.environ['PEM'].replace('|', '\\n'))
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain('/dev/shm/pem')
        server = socket.create_server(('', 8443))
        while True:
            client, _ = server.accept()
            client.settimeout(5)
            try:
                trust.wrap_socket(client, server_side=True).close()
            except OSError:
                client.close()
    environment: { PEM: '@PEM@' }
    ports: ['8443:8443']
    networks: [frontend]
    stop_grace_period: 1s
networks: { frontend: {} }

x-pryvctl:
  title: A server with a certificate
  needs: { memory: 100MB, cpus: 1 }
  open: [8443/tcp]
";

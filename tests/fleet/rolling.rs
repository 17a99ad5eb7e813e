//! What the tests of upgrades share: four hosts, a load that counts every lost request, and what a host may not keep.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{trouble::served, world::World};

/// In the order of their names, which is the order of an upgrade.
pub const HOSTS: [&str; 4] = ["four", "one", "three", "two"];
/// The version that is served first.
pub const OLD: &str = "1.9.2";
/// The version of an upgrade.
pub const NEW: &str = "1.9.3";

/// The one of the two that is not served now.
pub fn other(served: &str) -> &'static str {
    if served == OLD { NEW } else { OLD }
}

/// The lines of a journal that say what is done next, and not what was done.
pub fn what_is_next(journal: &str) -> Vec<serde_json::Value> {
    let lines = journal.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["what"] != "step-ended" && line["what"] != "anchored").collect()
}

pub const INVENTORY: &str = "
platform: trial
domain: trial.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hosts:
  four: { address: 192.0.2.14, zone: eu, roles: [web] }
  one: { address: 192.0.2.11, zone: eu, roles: [web] }
  three: { address: 192.0.2.13, zone: eu, roles: [web], lab: { image: debian13 } }
  two: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13 } }
";

/// How long a client waits: what is answered later than usual on a busy machine is late and not lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests to hosts, one after the other on a new connection each, until it is asked for its sum.
pub struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    lost: Arc<Mutex<Vec<String>>>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Begins; a client a host.
    pub fn on(world: &World, hosts: &[&str]) -> Self {
        let (stop, answered, lost) = (Arc::default(), Arc::default(), Arc::default());
        let mut load = Self { stop, answered, lost, clients: Vec::new() };
        for host in hosts {
            let address: SocketAddr = format!("{}:8080", world.addresses(host).0).parse().unwrap();
            let (stop, answered, lost) = (load.stop.clone(), load.answered.clone(), load.lost.clone());
            let host = (*host).to_owned();
            load.clients.push(thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    match request(address) {
                        Ok(()) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                        Err(why) => {
                            let waited = start.elapsed().as_secs_f32();
                            lost.lock().unwrap().push(format!("{host}, after {waited:.1} s: {why}"));
                        }
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            }));
        }
        load
    }

    /// Ends; asserts that no request was lost, and gives how many were answered.
    #[track_caller]
    pub fn none_lost(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.drain(..).for_each(|client| client.join().unwrap());
        let lost = self.lost.lock().unwrap();
        let answered = self.answered.load(Ordering::Relaxed);
        assert!(
            lost.is_empty(),
            "{} requests were lost of {answered}: {:?}",
            lost.len(),
            &lost[..lost.len().min(5)]
        );
        assert!(answered > 0, "nobody asked");
        answered
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What went wrong is said with when the connection stood, and with what had come by then.
fn request(address: SocketAddr) -> Result<(), String> {
    let start = Instant::now();
    let mut stream =
        TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| format!("connecting: {error}"))?;
    let stood = start.elapsed();
    let mut answer = String::new();
    let mut exchange = || {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /status HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")?;
        stream.read_to_string(&mut answer)
    };
    let ended = exchange();
    let from = stream.local_addr();
    ended.map_err(|error| format!("{error}; connected after {stood:.1?} from {from:?}; heard {answer:?}"))?;
    let first = answer.lines().next().unwrap_or("an empty answer");
    if first.contains(" 200 ") { Ok(()) } else { Err(first.to_owned()) }
}

/// Asserts that every host serves a version and keeps nothing it should not.
#[track_caller]
pub fn at(world: &World, hosts: &[&str], version: &str) {
    for host in hosts {
        assert_eq!(served(world, host).version, version, "on {host}");
        clean(world, host);
    }
}

/// One container that runs, one that is kept, one network, one element a family; no timer, no half a file, no unfinished
/// change.
#[track_caller]
pub fn clean(world: &World, host: &str) {
    let found = world.on(
        host,
        "all=$(docker ps --all --filter label=pryvctl.platform --format '{{.Names}} {{.Status}}')
         echo \"$all\" | grep ' Up ' | sed 1d
         echo \"$all\" | grep -v ' Up ' | sed 1d
         docker network ls --quiet --filter label=pryvctl.platform | sed 1d
         nft list map inet pryvctl_services services | grep -o 'tcp . [0-9]*' | sed 1d
         nft list map inet pryvctl_services services6 | grep -o 'tcp . [0-9]*' | sed 1d
         systemctl list-timers --all --no-legend 'pryvctl*'
         find /etc /var/lib/pryvctl /run/pryvctl -name '*.pryvctl-new*' -o -name 'release.new' -o -name 'release.old' \
           -o -name unfinished -o -name guard -o -name pause",
    );
    assert_eq!(found, "", "left on {host}");
}

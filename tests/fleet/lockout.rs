//! Every way we know to cut a login, each tried on a real host: what pryvctl itself does is taken back in time, and what
//! somebody else did is named.
//!
//! The trials are data: [`lockout_guarded`](super::lockout_guarded) has those that happen inside the guard,
//! [`lockout_moved`](super::lockout_moved) those on sshd's way to another port,
//! [`lockout_struck`](super::lockout_struck) those where something happens to pryvctl meanwhile, and
//! [`lockout_others`](super::lockout_others) those that are somebody else's doing.

use std::{
    collections::{BTreeSet, VecDeque},
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use super::{
    guard::{late, logs_in},
    lockout_guarded::{self, Cut},
    lockout_moved,
    lockout_others::{self, Deed},
    lockout_struck::{self, Blow},
    tenth::Tenth,
    world::World,
};

const INVENTORY: &str = "
platform: lockout
domain: lockout.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hosts:
  a: { address: 192.0.2.11, zone: eu, roles: [web], lab: { image: debian12, bare: true } }
  b: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13, bare: true } }
  c: { address: 192.0.2.13, zone: eu, roles: [web], lab: { image: debian12, bare: true } }
  d: { address: 192.0.2.14, zone: eu, roles: [web], lab: { image: debian13, bare: true } }
  e: { address: 192.0.2.15, zone: eu, roles: [web], lab: { image: debian12, bare: true } }
  f: { address: 192.0.2.16, zone: eu, roles: [web], lab: { image: debian13, bare: true } }
";
const HOSTS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// One way to lose a host.
pub struct Trial {
    /// What goes wrong, in words.
    pub name: &'static str,
    /// Who does it, and how.
    pub cause: Cause,
}

/// Who cuts the login, and what is expected then.
pub enum Cause {
    /// A change that pryvctl makes under guard: the host takes it back within the window and 5 s.
    Guarded(Cut),
    /// Something happens to pryvctl, or to the host, while it works.
    Struck(Blow),
    /// Somebody else: pryvctl names it and changes nothing.
    Others(Deed),
}

/// A host of the lab on which a trial takes place.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub world: &'a World,
    pub host: &'a str,
}

/// How a trial went.
struct Line {
    name: &'static str,
    host: String,
    seconds: f32,
    result: Result<String, String>,
}

/// For `make test`, in which two such platforms share two processors.
const TWO_HOSTS: &str = "
platform: lockout
domain: lockout.example.org
admin_networks: [192.0.2.0/24]
zones: { eu: {} }
roles: roles
hosts:
  a: { address: 192.0.2.11, zone: eu, roles: [web], lab: { image: debian12, bare: true } }
  b: { address: 192.0.2.12, zone: eu, roles: [web], lab: { image: debian13, bare: true } }
";

/// Every trial there is.
fn all() -> Vec<Trial> {
    let struck = lockout_struck::trials().into_iter().chain(lockout_moved::trials());
    struck.chain(lockout_guarded::trials()).chain(lockout_others::trials()).collect()
}

#[test]
#[ignore = "every trial on six hosts, some of which are late on a busy machine; `make trials` runs it"]
fn no_way_to_cut_a_login_lasts() {
    // A part of a name, or several with `|` between them, to try only these.
    let chosen = std::env::var("TRIALS").unwrap_or_default();
    let trials = all().into_iter().filter(|trial| chosen.split('|').any(|part| trial.name.contains(part)));
    let world = World::up("t-lockout", INVENTORY);
    try_all(&world, &HOSTS, trials.collect());
    if chosen.is_empty() {
        without_the_guard(&world);
    }
}

#[test]
fn a_tenth_of_the_ways_to_cut_a_login_does_not_last() {
    let tenth = Tenth::of_this_commit();
    let world = World::up("t-lockout-tenth", TWO_HOSTS);
    try_all(&world, &HOSTS[..2], tenth.of(all()).collect());
}

/// What people read of them.
#[test]
fn the_changelog_tells_how_many_trials_there_are() {
    let said = include_str!("../../CHANGELOG.md").split(" ways to cut a login").next().unwrap();
    assert_eq!(said.rsplit(' ').next().unwrap().parse(), Ok(all().len()));
    let names: BTreeSet<&str> = all().iter().map(|trial| trial.name).collect();
    assert_eq!(names.len(), all().len(), "two trials have one name");
}

/// Each trial on one of the hosts. Hosts on which one failed are made anew for the others.
fn try_all(world: &World, hosts: &[&'static str], trials: VecDeque<Trial>) {
    let (count, queue, lines) = (trials.len(), Mutex::new(trials), Mutex::new(Vec::new()));
    while !queue.lock().unwrap().is_empty() {
        let broken: Vec<&str> = thread::scope(|scope| {
            let (queue, lines) = (&queue, &lines);
            let worker = |host| scope.spawn(move || work(Place { world, host }, queue, lines));
            let workers: Vec<_> = hosts.iter().copied().map(worker).collect();
            workers.into_iter().filter_map(|worker| worker.join().unwrap()).collect()
        });
        world.renew("inventory.yaml", &broken);
    }
    let lines = lines.into_inner().unwrap();
    let passed = lines.iter().filter(|line| line.result.is_ok()).count();
    println!("{}{count} trials: {passed} passed", table(&lines));
    assert!(count > 0 && passed == count, "{}", table(&lines));
}

/// Takes one trial after the other. A host on which one failed takes no more, because nobody knows how it is, and is given.
fn work<'a>(place: Place<'a>, queue: &Mutex<VecDeque<Trial>>, lines: &Mutex<Vec<Line>>) -> Option<&'a str> {
    let before = picture(place);
    loop {
        let trial = queue.lock().unwrap().pop_front()?;
        let begun = Instant::now();
        let tried = catch_unwind(AssertUnwindSafe(|| {
            let said = match &trial.cause {
                Cause::Guarded(cut) => lockout_guarded::run(place, cut),
                Cause::Struck(blow) => blow(place),
                Cause::Others(deed) => lockout_others::run(place, deed),
            };
            restored(place, &before);
            said
        }));
        let result = tried.map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
        });
        let failed = result.is_err();
        let line = Line {
            name: trial.name,
            host: place.host.to_owned(),
            seconds: begun.elapsed().as_secs_f32(),
            result,
        };
        lines.lock().unwrap().push(line);
        if failed {
            return Some(place.host);
        }
    }
}

/// The host is as it was, and lets us in.
#[track_caller]
fn restored(place: Place, before: &str) {
    let begun = Instant::now();
    let mut now = picture(place);
    while now != before && begun.elapsed() < late() {
        thread::sleep(Duration::from_millis(200));
        now = picture(place);
    }
    if now != before {
        let lines = |text: &str, other: &str, sign: char| {
            let mut shown = String::new();
            for line in text.lines().filter(|line| !other.lines().any(|it| it == *line)) {
                writeln!(shown, "{sign} {line}").unwrap();
            }
            shown
        };
        let journal = place
            .world
            .on(place.host, "journalctl -n 40 -o short-precise -u ssh.service -u ssh.socket -u init.scope");
        panic!(
            "the host is not as it was:\n{}{}{journal}",
            lines(before, &now, '-'),
            lines(&now, before, '+')
        );
    }
    assert!(logs_in(place.world, place.host), "no login after the trial");
}

/// Everything that decides who gets in. The record of originals stays: `harden --undo` reads it, whatever became of the change.
fn picture(Place { world, host }: Place) -> String {
    world.on(
        host,
        "exec 2>/dev/null; cd /etc
         for file in passwd shadow group gshadow hosts.deny hosts.allow nologin shells pam.d/* security/* sudoers sudoers.d/* \\
             /run/nologin /root/.bashrc /home/*/.ssh/* /root/.ssh/* /home/* /root /root/.ssh /home/*/.ssh /usr/sbin/sshd; do
           [ -e $file ] && stat -c '%n %a %U:%G' $file && [ -f $file ] && sha256sum $file
         done
         find ssh pryvctl -type f -printf '%p %m %U:%G\\n' -exec sha256sum {} + | sort
         nft -s list ruleset inet; nft list tables; ip -o address show dev eth0 | cut -d'\\\\' -f1; ip route; ip -6 route | sort
         for unit in ssh.service ssh.socket pryvctl-firewall.service; do
           systemctl is-enabled $unit; systemctl is-active $unit
         done
         systemctl --no-legend --plain list-unit-files 'pryvctl*'; ls -A /var/lib/pryvctl | grep -vx originals; findmnt -no OPTIONS /var; true",
    )
}

fn table(lines: &[Line]) -> String {
    let mut table = String::new();
    for Line { name, host, seconds, result } in lines {
        let (word, said) = match result {
            Ok(said) => ("passed", said),
            Err(said) => ("FAILED", said),
        };
        writeln!(table, "  {word}  {host}  {seconds:5.1} s  {name}: {said}").unwrap();
    }
    table
}

/// The same steps without the guard: nobody takes them back, so these trials would fail.
fn without_the_guard(world: &World) {
    let cuts: Vec<_> = lockout_guarded::trials().into_iter().step_by(8).take(HOSTS.len()).collect();
    assert_eq!(cuts.len(), HOSTS.len());
    thread::scope(|scope| {
        for (host, trial) in HOSTS.into_iter().zip(cuts) {
            scope.spawn(move || {
                let Cause::Guarded(cut) = trial.cause else { unreachable!() };
                lockout_guarded::run_unguarded(Place { world, host }, &cut);
            });
        }
    });
}
